"""Deliveries: task forces, which alerts are theirs, and what became of each message to each of their members."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from infra.db.tables.base import RowNumber, metadata, number_column, partnership_column

task_force = Table(
    "task_force",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("partnership", "code"),
)

task_force_member = Table(
    "task_force_member",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("task_force", Integer, ForeignKey("task_force.number"), nullable=False),
    Column("member", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("channel", Text, nullable=False, comment="a name; its URL, which may hold a password, is never stored"),
    UniqueConstraint("task_force", "member", "channel"),
)

route = Table(
    "route",
    metadata,
    Column("number", Integer, primary_key=True),
    partnership_column(),
    Column("alert_class", Text, nullable=False),
    Column("layer", Text, comment="none: everywhere"),
    Column("area_code", Text, comment="none: all of the layer"),
    Column("severity", Text, nullable=False),
    Column("escalates", Boolean, nullable=False, comment="leads there only what is overdue"),
    Column("task_force", Integer, ForeignKey("task_force.number"), nullable=False),
    Index(None, "partnership"),
)

delivery = Table(
    "delivery",
    metadata,
    number_column(),
    Column("id", Text, nullable=False, unique=True, comment="the key by which a receiver tells a message sent again"),
    partnership_column(),
    Column("alert", RowNumber, ForeignKey("alert.number"), nullable=False),
    Column("update_number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at_us", BigInteger, nullable=False),
    Column("leased_until_us", BigInteger, nullable=False, server_default="0", comment="a courier has it until then"),
    Column("first_tried_at_us", BigInteger),
    Column("ended_at_us", BigInteger),
    Column("last_result", Text),
    Index(None, "alert", "recipient", "channel", "number"),
    Index(
        "ix_delivery_waiting",
        "due_at_us",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

delivery_attempt = Table(
    "delivery_attempt",
    metadata,
    Column("delivery", RowNumber, ForeignKey("delivery.number"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger, comment="none: not ended, or the courier was killed before it could be noted"),
    Column("result", Text),
    Column("reason", Text),
)
