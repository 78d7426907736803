"""Deliveries: task forces, routes, and what became of each message to each recipient."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "task_force",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_task_force_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_task_force")),
        sa.UniqueConstraint("partnership", "code", name=op.f("uq_task_force_partnership_code")),
    )
    op.create_table(
        "task_force_member",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("task_force", sa.Integer(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column(
            "channel",
            sa.Text(),
            nullable=False,
            comment="a name; its URL, which may hold a password, is never stored",
        ),
        sa.ForeignKeyConstraint(["task_force"], ["task_force.number"], name=op.f("fk_task_force_member_task_force")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_task_force_member")),
        sa.UniqueConstraint(
            "task_force", "member", "channel", name=op.f("uq_task_force_member_task_force_member_channel")
        ),
    )
    op.create_table(
        "route",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("alert_class", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=True, comment="none: everywhere"),
        sa.Column("area_code", sa.Text(), nullable=True, comment="none: all of the layer"),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("escalates", sa.Boolean(), nullable=False, comment="leads there only what is overdue"),
        sa.Column("task_force", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_route_partnership")),
        sa.ForeignKeyConstraint(["task_force"], ["task_force.number"], name=op.f("fk_route_task_force")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_route")),
    )
    op.create_index(op.f("ix_route_partnership"), "route", ["partnership"], unique=False)
    _create_delivery()
    op.create_table(
        "delivery_attempt",
        sa.Column(
            "delivery", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column(
            "ended_at_us",
            sa.BigInteger(),
            nullable=True,
            comment="none: not ended, or the courier was killed before it could be noted",
        ),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.number"], name=op.f("fk_delivery_attempt_delivery")),
        sa.PrimaryKeyConstraint("delivery", "attempt", name=op.f("pk_delivery_attempt")),
    )


def _create_delivery() -> None:
    waiting = sa.text("state = 'waiting'")
    op.create_table(
        "delivery",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False, comment="the key by which a receiver tells a message sent again"),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("alert", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("update_number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.Column(
            "leased_until_us",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="a courier has it until then",
        ),
        sa.Column("first_tried_at_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=True),
        sa.Column("last_result", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["alert"], ["alert.number"], name=op.f("fk_delivery_alert")),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_delivery_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_delivery")),
        sa.UniqueConstraint("id", name=op.f("uq_delivery_id")),
    )
    op.create_index(
        op.f("ix_delivery_alert_recipient_channel_number"),
        "delivery",
        ["alert", "recipient", "channel", "number"],
        unique=False,
    )
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["due_at_us"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
