"""Time and registers: how far each stage's clock is, and what a partnership has registered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("partnership", sa.Column("register_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("partnership", sa.Column("marking", sa.Text(), server_default="actual", nullable=False))
    op.add_column(
        "partnership",
        sa.Column(
            "replaying",
            sa.Text(),
            nullable=True,
            comment="what is being replayed into it, by the file's digest; none where it is live",
        ),
    )
    op.create_table(
        "stage_clock",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("ticked_at_us", sa.BigInteger(), nullable=False, comment="the last tick that the stage has handled"),
        sa.PrimaryKeyConstraint("stage", "partnership", name=op.f("pk_stage_clock")),
    )
    op.create_table(
        "register_entry",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_register_entry")),
        comment="entries of registers as they came; the last of a code holds",
    )
    op.create_index(
        op.f("ix_register_entry_partnership_register_code"),
        "register_entry",
        ["partnership", "register", "code"],
        unique=False,
    )
