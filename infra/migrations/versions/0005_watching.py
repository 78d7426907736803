"""Watching: what watch remembers of each partnership, and what its rules have said."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "watch_centre",
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partnership", "code", name=op.f("pk_watch_centre")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watch_clock",
        sa.Column("partnership", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "started_at_us",
            sa.BigInteger(),
            nullable=True,
            comment="when the partnership's clock started, as watch saw it",
        ),
        sa.Column("next_due_us", sa.BigInteger(), nullable=True, comment="when time alone will next change a verdict"),
        sa.Column("kept_from_day", sa.Integer(), nullable=False, comment="what is about earlier days has been dropped"),
        sa.PrimaryKeyConstraint("partnership", name=op.f("pk_watch_clock")),
    )
    op.create_table(
        "watch_incident",
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("harm", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("areas", sa.Text(), nullable=False),
        sa.Column("strands", sa.Text(), nullable=False),
        sa.Column("cause_source", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.Column("marking", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("partnership", "source", "id", name=op.f("pk_watch_incident")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_watch_incident_partnership_day"), "watch_incident", ["partnership", "day"], unique=False)
    op.create_table(
        "watch_item",
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("recording", sa.Text(), nullable=False),
        sa.Column("areas", sa.Text(), nullable=False, comment="area numbers with spaces between"),
        sa.Column("strands", sa.Text(), nullable=False, comment="codes with spaces between"),
        sa.Column("n", sa.Integer(), nullable=False, comment="booked, or taken back where negative"),
        sa.Column("cause_source", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.Column("marking", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("partnership", "day", "position", "ordinal", name=op.f("pk_watch_item")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watch_rules",
        sa.Column("partnership", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partnership", name=op.f("pk_watch_rules")),
    )
    op.create_table(
        "watch_signal",
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kept_day", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partnership", "source", "id", name=op.f("pk_watch_signal")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_watch_signal_partnership_kept_day"), "watch_signal", ["partnership", "kept_day"], unique=False
    )
    op.create_table(
        "watch_verdict",
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("strand_group", sa.Text(), nullable=False),
        sa.Column("cause_source", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("above", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("marking", sa.Text(), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=True),
        sa.Column("kept_day", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint(
            "partnership", "rule", "area", "strand_group", "cause_source", "cause_id", name=op.f("pk_watch_verdict")
        ),
        sqlite_with_rowid=False,
    )
