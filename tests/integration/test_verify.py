"""Verification finds every cell that is not what the events say, and blames the right partnership."""

import pytest
from sqlalchemy import text

from infra.db.engine import transaction
from tests.support.city import Bench
from tests.support.events import amendment, report


@pytest.mark.parametrize(
    ("damage", "table"),
    [
        ("UPDATE count_day SET n = n + 1", "count_day"),
        ("DELETE FROM triangle", "triangle"),
        ("UPDATE contribution SET day = day - 1", "contribution"),
        ("DELETE FROM log WHERE topic = 'changes'", "log"),
        ("INSERT INTO count_day (series, day, area, n) VALUES (987654, 1, 1, 1)", "count_day"),
    ],
)
def test_each_damage_is_found(bench: Bench, damage: str, table: str) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"), amendment("a2", ("/centres/test", "a"), 2, strands=["religion"]))
    bench.drain()
    assert bench.verify() == []
    with transaction(bench.engine, write=True) as connection:
        connection.execute(text(damage))
    assert {difference.table for difference in bench.verify()} == {table}


def test_one_partnership_can_be_verified_by_itself(bench: Bench) -> None:
    sound, damaged = bench.partnership(), bench.partnership()
    for city in (sound, damaged):
        bench.hand_in(city, report("a"))
    bench.drain()
    with transaction(bench.engine, write=True) as connection:
        connection.execute(
            text("UPDATE count_day SET n = 5 WHERE series IN (SELECT number FROM series WHERE partnership = :p)"),
            {"p": damaged},
        )
    assert bench.verify(sound) == []
    assert bench.verify(damaged) != []
    assert len(bench.verify()) == len(bench.verify(damaged))
