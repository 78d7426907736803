"""Alerts: what was raised, what became of it, what people did."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from infra.db.tables.base import RowNumber, metadata, number_column, partnership_column

alert = Table(
    "alert",
    metadata,
    number_column(),
    partnership_column(),
    Column("id", Text, nullable=False, unique=True),
    Column("alert_class", Text, nullable=False),
    Column("layer", Text, nullable=False),
    Column("area_code", Text, nullable=False),
    Column("strand_group", Text, nullable=False),
    Column("area", Integer, nullable=False, comment="0 for the whole partnership"),
    Column("area_name", Text, nullable=False),
    Column("rule", Text, nullable=False, comment="the rule that opened it"),
    Column("severity", Text, nullable=False),
    Column("marking", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False, comment="of the last numbered update"),
    Column("updates", Integer, nullable=False, comment="the number of the last update; the opening is number 1"),
    Column("acknowledge_by_us", BigInteger, comment="none where no clock runs"),
    Column("below_since_us", BigInteger, comment="since when no rule holds it up"),
    Column("standing", Text, nullable=False, comment="the rules that hold it up, with spaces between"),
    Column("holder", Text, comment="the user who acknowledged it"),
    Column("holder_agency", Text),
)
Index(None, alert.c.partnership, alert.c.opened_at_us, alert.c.id)
_OPEN = text("state <> 'closed'")
_CLOCK_RUNS = text("acknowledge_by_us IS NOT NULL")
Index(
    "ix_alert_open",
    *(alert.c.partnership, alert.c.alert_class, alert.c.layer, alert.c.area_code, alert.c.strand_group),
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index(
    "ix_alert_clock",
    *(alert.c.partnership, alert.c.acknowledge_by_us),
    sqlite_where=_CLOCK_RUNS,
    postgresql_where=_CLOCK_RUNS,
)

alert_update = Table(
    "alert_update",
    metadata,
    Column("alert", RowNumber, ForeignKey("alert.number"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("partnership", Integer, nullable=False),
    Column("trigger_id", Text, nullable=False, comment="the trigger's id; each makes at most one update"),
    Column("severity", Text, nullable=False, comment="the alert's, from this update on"),
    Column("at_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the trigger"),
    UniqueConstraint("partnership", "trigger_id"),
)

alert_transition = Table(
    "alert_transition",
    metadata,
    number_column(),
    Column("alert", RowNumber, ForeignKey("alert.number"), nullable=False),
    Column("from_state", Text, comment="none at the opening"),
    Column("to_state", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, comment="with agency: who did it; none where nobody acted"),
    Column("agency", Text),
    Column("reason", Text, nullable=False),
    Column("outcome", Text),
    Column("after_trigger", BigInteger, comment="of a person's act: the last position of triggers handled before it"),
    Index(None, "alert"),
)
