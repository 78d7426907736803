"""A receipt of what was put aside is found by its source and id, however much is put aside."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(op.f("ix_dead_letter_source_id"), "dead_letter", ["source", "id"], unique=False)
