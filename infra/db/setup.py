"""Makes a new ledger: its partitions, heads and positions."""

from sqlalchemy import Connection, insert, select

from infra.db import tables
from schemas.topics import TOPICS
from streams.topology import TOPOLOGY

PARTITIONS = {"sqlite": 1, "postgresql": 8}


class PartitionsError(Exception):
    """A ledger keeps the number of partitions that it was made with."""


def make_ledger(connection: Connection, partitions: int | None, created_at_us: int) -> bool:
    """Give a ledger its partitions if it is new; say whether it was. Raises PartitionsError if it has others."""
    there = connection.execute(select(tables.ledger.c.partitions)).scalar_one_or_none()
    if there is not None:
        if partitions not in (None, there):
            raise PartitionsError(f"this ledger was made with {there} partitions, and keeps them")
        _complete(connection, there)
        return False
    wanted = partitions or PARTITIONS[connection.dialect.name]
    connection.execute(insert(tables.ledger), {"number": 1, "partitions": wanted, "created_at_us": created_at_us})
    _complete(connection, wanted)
    return True


def _complete(connection: Connection, partitions: int) -> None:
    """Add a head for each topic and a position for each stage that have none: a later version may bring new ones."""
    heads, positions = tables.log_head, tables.stage_position
    have_heads = {(row.topic, row.partition) for row in connection.execute(select(heads))}
    have_positions = {(row.stage, row.partition) for row in connection.execute(select(positions))}
    new_heads = [
        {"topic": topic.name, "partition": partition, "position": 0, "recorded_at_us": 0}
        for topic in TOPICS
        for partition in range(partitions)
        if (topic.name, partition) not in have_heads
    ]
    new_positions = [
        {"stage": step.stage.name, "partition": partition, "position": 0, "recorded_at_us": 0}
        for step in TOPOLOGY
        for partition in range(partitions)
        if (step.stage.name, partition) not in have_positions
    ]
    if new_heads:
        connection.execute(insert(heads), new_heads)
    if new_positions:
        connection.execute(insert(positions), new_positions)
