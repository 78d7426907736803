"""What intake notes for readers besides incidents: the same from the events of an older ledger as from new ones."""

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from infra.db import tables
from infra.db.engine import transaction
from infra.db.tables import told
from tests.support.city import Bench
from tests.support.events import Raw, envelope, report
from tests.support.registers import centre_entry, register

NOTED = (told.assessment, told.signal_version, told.centre_heard)
KEY = {"source": "/centres/test", "id": "o"}
W1: Raw = {"areas": [{"layer": "ward", "code": "W1"}]}
LEVEL: Raw = {
    "area": {"layer": "ward", "name": "Ward 1"},
    "period": {"from": "2026-06-29", "to": "2026-07-05"},
    "scale": "six-level",
    "level": "level-4",
    "confidence": "low",
    "agencies": ["council"],
    "expires": "2026-07-10",
    "by": {"user": "test-officer", "agency": "council"},
}
WEEK = {"from": "2026-06-22", "to": "2026-06-28"}


def said(verb: str, id_: str, data: Raw, time: str = "2026-06-29T23:30:00Z") -> Raw:
    return envelope(f"bellwether.{verb}.v1", id_, "/centres/test", time, data)


EVENTS = (
    said("assessment.set", "l1", LEVEL),
    said("assessment.set", "l2", LEVEL | {"area": {"layer": "ward", "code": "W2"}, "community": "test-community"}),
    said("signal.observed", "o", {"period": WEEK, "place": W1}),
    said("signal.evidenced", "e", {"occurred": {"from": "2026-06-24T23:30:00Z"}, "place": W1}),
    said("signal.evidenced", "unknown-day", {"occurred": {}, "place": W1}),
    said("signal.forecast", "f", {"expected": {"from": "2026-07-04", "to": "2026-07-05"}}),
    said("signal.amended", "o2", {"signal": KEY, "revision": 2, "observed": {"period": WEEK, "place": W1}}),
    said("signal.withdrawn", "o3", {"signal": KEY, "revision": 3, "reason": "entered-in-error"}),
    said("centre.returned", "n1", {"centre": "library", "period": WEEK, "nil": True}),
    said("centre.returned", "n0", {"centre": "library", "period": {"from": "2026-06-15", "to": "2026-06-21"}}),
    said("centre.heartbeat", "h", {"centre": "library"}),
    said("centre.heartbeat", "h2", {"centre": "clinic"}, "2026-06-28T09:00:00Z"),
)


def held(bench: Bench) -> list[list[tuple[Any, ...]]]:
    with transaction(bench.engine, write=False) as connection:
        noted = [[tuple(row) for row in connection.execute(select(each).order_by(*each.primary_key))] for each in NOTED]
        started = select(tables.partnership.c.number, tables.partnership.c.started_at_us)
        return [*noted, sorted(tuple(row) for row in connection.execute(started))]


def test_an_upgrade_notes_of_the_events_that_are_there_what_intake_notes_of_new_ones(bench: Bench) -> None:
    one, other = bench.partnership(), bench.partnership("Europe/Athens")
    unheard = bench.partnership()
    for city in (one, other):
        bench.hand_in(city, register("r", centre_entry("library")))
        bench.hand_in(city, report("a"))
        bench.clock.advance(seconds=60)
        bench.hand_in(city, *EVENTS)
    before = held(bench)
    assert [len(rows) for rows in before] == [4, 12, 4, 3]
    assert dict(before[3])[unheard] == 0
    with transaction(bench.engine, write=True) as connection:
        for each in NOTED:
            each.drop(connection)
        for statement in (
            "DROP INDEX ix_event_rules",
            "DROP INDEX ix_alert_partnership_opened_at_us_id",
            "ALTER TABLE partnership DROP COLUMN started_at_us",
            "UPDATE alembic_version SET version_num = '0011'",
        ):
            connection.execute(text(statement))
    config = Config()
    config.set_main_option("script_location", "infra:migrations")
    with transaction(bench.engine, write=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0012")
    assert held(bench) == before


def test_a_partnerships_clock_started_with_its_first_report_and_stays_so(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, register("r", centre_entry("library")))
    first_us = bench.clock.now_us()
    bench.hand_in(city, report("a"))
    bench.clock.advance(seconds=60)
    bench.hand_in(city, report("b"))
    assert dict(held(bench)[3]) == {city: first_us}


def test_what_comes_late_takes_nothing_back(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, EVENTS[8], EVENTS[10])
    bench.hand_in(city, EVENTS[9], said("centre.heartbeat", "h3", {"centre": "library"}, "2026-06-01T09:00:00Z"))
    days = {"2026-06-28": 20_632, "2026-06-30": 20_634}
    assert held(bench)[2] == [(city, "library", days["2026-06-28"], days["2026-06-30"])]


def test_the_same_event_again_is_noted_once(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, *EVENTS)
    once = held(bench)
    bench.hand_in(city, *EVENTS)
    assert held(bench) == once
