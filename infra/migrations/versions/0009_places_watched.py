"""Watch remembers where an incident lies, so that a rezoning can move it; signals are found by their place."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. What is held already was told without a place, and stays where it is."""
    op.add_column(
        "watch_incident",
        sa.Column(
            "place",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="number of the place that it counts in, 0 where not told",
        ),
    )
    tells_of_a_signal = sa.text(
        "type IN ('bellwether.signal.observed.v1', 'bellwether.signal.evidenced.v1',"
        " 'bellwether.signal.forecast.v1', 'bellwether.signal.amended.v1')"
    )
    op.create_index(
        "ix_event_place_of_signal",
        "event",
        ["place"],
        unique=False,
        sqlite_where=tells_of_a_signal,
        postgresql_where=tells_of_a_signal,
    )
