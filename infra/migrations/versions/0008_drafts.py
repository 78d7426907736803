"""Drafts: what somebody is still writing, sealed under a key of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sealed_draft",
        sa.Column("draft", sa.Text(), nullable=False, comment="random; derived from nothing"),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment="a user's code: nobody else sees the draft"),
        sa.Column("wrapped_by", sa.Text(), nullable=False, comment="fingerprint of the secret key"),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column(
            "content",
            sa.LargeBinary(),
            nullable=False,
            comment="sealed under the key beside it, another one at every save",
        ),
        sa.Column("saved_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("draft", name=op.f("pk_sealed_draft")),
        comment="what somebody is still writing; it belongs to no case yet",
    )
    op.create_index(op.f("ix_sealed_draft_partnership_owner"), "sealed_draft", ["partnership", "owner"], unique=False)
    op.create_index(op.f("ix_sealed_draft_wrapped_by_draft"), "sealed_draft", ["wrapped_by", "draft"], unique=False)
    op.create_index(op.f("ix_sealed_draft_expires_at_us"), "sealed_draft", ["expires_at_us"], unique=False)
