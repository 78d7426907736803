"""Alerting."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = sa.text("state <> 'closed'")
CLOCK_RUNS = sa.text("acknowledge_by_us IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "alert",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("alert_class", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("strand_group", sa.Text(), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False, comment="0 for the whole partnership"),
        sa.Column("area_name", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False, comment="the rule that opened it"),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("marking", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False, comment="of the last numbered update"),
        sa.Column(
            "updates", sa.Integer(), nullable=False, comment="the number of the last update; the opening is number 1"
        ),
        sa.Column("acknowledge_by_us", sa.BigInteger(), nullable=True, comment="none where no clock runs"),
        sa.Column("below_since_us", sa.BigInteger(), nullable=True, comment="since when no rule holds it up"),
        sa.Column("standing", sa.Text(), nullable=False, comment="the rules that hold it up, with spaces between"),
        sa.Column("holder", sa.Text(), nullable=True, comment="the user who acknowledged it"),
        sa.Column("holder_agency", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_alert_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_alert")),
        sa.UniqueConstraint("id", name=op.f("uq_alert_id")),
    )
    op.create_index(
        "ix_alert_open",
        "alert",
        ["partnership", "alert_class", "layer", "area_code", "strand_group"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_alert_clock",
        "alert",
        ["partnership", "acknowledge_by_us"],
        unique=False,
        sqlite_where=CLOCK_RUNS,
        postgresql_where=CLOCK_RUNS,
    )
    op.create_table(
        "alert_transition",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alert", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True, comment="none at the opening"),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True, comment="with agency: who did it; none where nobody acted"),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column(
            "after_trigger",
            sa.BigInteger(),
            nullable=True,
            comment="of a person's act: the last position of triggers handled before it",
        ),
        sa.ForeignKeyConstraint(["alert"], ["alert.number"], name=op.f("fk_alert_transition_alert")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_alert_transition")),
    )
    op.create_index(op.f("ix_alert_transition_alert"), "alert_transition", ["alert"], unique=False)
    op.create_table(
        "alert_update",
        sa.Column("alert", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("trigger_id", sa.Text(), nullable=False, comment="the trigger's id; each makes at most one update"),
        sa.Column("severity", sa.Text(), nullable=False, comment="the alert's, from this update on"),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the trigger"),
        sa.ForeignKeyConstraint(["alert"], ["alert.number"], name=op.f("fk_alert_update_alert")),
        sa.PrimaryKeyConstraint("alert", "number", name=op.f("pk_alert_update")),
        sa.UniqueConstraint("partnership", "trigger_id", name=op.f("uq_alert_update_partnership_trigger_id")),
    )
