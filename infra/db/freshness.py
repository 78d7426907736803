"""How fresh each partnership's picture is, for every reader."""

from sqlalchemy import Connection, select

from infra.db import tables
from streams.core.freshness import Freshness, freshness
from streams.topology import TOPOLOGY


def read_freshness(connection: Connection, now_us: int) -> dict[int, Freshness]:
    """Return by partnership how far behind the slowest of all stages is."""
    clock = tables.stage_clock
    ticked = {(row.stage, row.partnership): row.ticked_at_us for row in connection.execute(select(clock))}
    return {
        row.number: freshness(
            now_us,
            row.recorded_at_us,
            [ticked.get((step.stage.name, row.number)) for step in TOPOLOGY],
            live=row.replaying is None,
        )
        for row in connection.execute(select(tables.partnership))
    }
