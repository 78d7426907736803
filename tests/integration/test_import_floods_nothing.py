"""Ten years imported in one go: what is told is what the last thirty days justify, and no more."""

from datetime import UTC, datetime
from random import Random

from infra.db.engine import transaction
from infra.db.partnerships import create_partnership
from producers.simulator.shipped import city
from producers.simulator.simulation import simulate
from streams.core.days import Calendar
from streams.stages.intake import Outcome
from tests.support.alerting import alerts, view
from tests.support.city import Bench
from tests.support.events import Raw
from tests.support.histories import note_import
from tests.support.lagging import reported, rules, triggers

NOW = datetime(2026, 12, 15, 12, tzinfo=UTC)
"""More than thirty days after the last day that is simulated."""
TEN_YEARS_DAYS = 3_652
IN_A_ZONE = [{"areas": [{"layer": "lsoa-2021", "code": "X01000019"}]}]
ZONE = {"layer": "zone"}
RULES: list[Raw] = [
    {"id": "three", "kind": "count", "count": 3, "days": 7, "scope": ZONE},
    {"id": "each", "kind": "count", "count": 3, "days": 30, "scope": ZONE | {"strands": "each"}},
    {"id": "severe", "kind": "severe-event", "harm": "serious", "scope": ZONE},
    {"id": "signals", "kind": "signal", "scope": ZONE},
    {"id": "late", "kind": "silence", "periods": 1},
]
AT_ONCE = 2_000


def ten_years() -> list[Raw]:
    """Return incidents, signals and registers of ten years, without the returns that there are so many of."""
    by_day = simulate(city("fictional"), TEN_YEARS_DAYS, Random(7), Calendar("Europe/London"))
    return [event for day in by_day for event in day if ".centre." not in event["type"]]


def recent(id_: str, days_ago: int, **said: object) -> Raw:
    return reported(id_, NOW, days_ago=days_ago, places=IN_A_ZONE, **said)


def test_ten_years_imported_raise_what_the_last_thirty_days_justify(bench: Bench) -> None:
    with transaction(bench.engine, write=True) as connection:
        number = create_partnership(connection, "sorrelmere", "fictional", "Europe/London", bench.clock.now_us())
    bench.ledger.refresh()
    bench.clock.set(NOW)
    history = ten_years()
    grave = [event for event in history if {"serious", "critical"} & set(event["data"].get("harm", {}).values())]
    assert len(history) > 8_000
    assert len(grave) > 100
    now = [
        *(recent(f"now-{n}", n) for n in range(3)),
        recent("grave", 30, harm={"injury": "serious"}, strands=["religion"]),
        recent("long-ago", 31, harm={"injury": "critical"}),
    ]
    bench.hand_in(number, rules(NOW, RULES))
    half, batch = len(history) // 2, note_import(bench, number)
    events = [*history[:half], *now, *history[half:]]
    for first in range(0, len(events), AT_ONCE):
        answers = bench.hand_in(number, *events[first : first + AT_ONCE], trusted=True, batch=batch)
        assert {answer.outcome for answer in answers} == {Outcome.ACCEPTED}
    bench.drain()
    told = [(each.rule, each.reason, each.strand_group, each.observed) for each in triggers(bench, number)]
    assert sorted(told) == [
        ("each", "count-reached", "race", 3),
        ("severe", "harm", "any", 2),
        ("three", "count-reached", "any", 3),
    ]
    assert [(len(view(bench, number, each).updates), each.key.strand_group) for each in alerts(bench, number)] == [
        (2, "any"),
        (1, "race"),
    ]
