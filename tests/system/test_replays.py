"""A replay decides exactly the same, whatever else the ledger serves and however its work is cut.

Real data where it is at hand: ARVIG's list of attacks in Germany, played in its own time with a rule of counts.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import orjson
import pytest

from producers.simulator.shipped import city
from producers.simulator.simulation import simulate
from producers.sources.incidents import read_incidents
from producers.sources.mapping import load_mapping
from streams.core.days import Calendar
from tests.support.databases import postgresql_url, set_up, sqlite_url
from tests.support.events import Raw
from tests.support.playing import DAY_US, HOUR_US, Judged, Stage
from tests.support.public_files import MAPPING, public

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

GOLDEN = Path(__file__).parents[1] / "golden" / "arvig-alerts.json"
RULES: list[Raw] = [
    {"id": "five-in-seven", "kind": "count", "scope": {"layer": "state"}, "count": 5, "days": 7},
    {"id": "race-each", "kind": "count", "scope": {"layer": "state", "strands": "each"}, "count": 12, "days": 14},
]
OTHER_RULES: list[Raw] = [
    {"id": "severe", "kind": "severe-event", "scope": {"layer": "zone"}, "harm": "serious"},
    {"id": "returns", "kind": "silence", "periods": 1},
    {"id": "forecasts", "kind": "signal", "scope": {"layer": "city"}},
    {"id": "two-in-seven", "kind": "count", "scope": {"layer": "ward-2014"}, "count": 2, "days": 7},
]
OTHERS = 4


@cache
def arvig() -> tuple[bytes, ...]:
    with public("incidents/arvig_de_2014_2016.csv").open("rb") as stream:
        lines = list(read_incidents(stream, load_mapping(MAPPING), Calendar("Europe/London")))
    assert all(not line.problems for line in lines)
    return tuple(line.raw for line in lines)


@cache
def simulated(seed: int, days: int) -> tuple[bytes, ...]:
    by_day = simulate(city("fictional"), days, Random(seed), Calendar("Europe/London"))
    return tuple(orjson.dumps(event) for day in by_day for event in day)


def states(events: Sequence[bytes]) -> list[str]:
    named = (area["name"] for raw in events for place in orjson.loads(raw)["data"]["places"] for area in place["areas"])
    return sorted(set(named))


def played(url: str, partitions: int | None, batch_size: int, tick_us: int, *, others: int) -> tuple[Judged, Stage]:
    set_up(url, partitions)
    stage = Stage(url, batch_size)
    events = arvig()
    number = stage.partnership("arvig", "none", RULES, [("state", states(events))])
    histories: dict[int, Sequence[bytes]] = {number: events}
    for seed in range(others):
        other = stage.partnership(f"other-{seed}", "fictional", OTHER_RULES, [])
        histories[other] = simulated(seed, 21)
    stage.play(histories, tick_us)
    return stage.judged(number), stage


def test_attacks_are_alerts_with_numbered_updates_and_not_one_a_day(tmp_path: Path) -> None:
    judged, stage = played(sqlite_url(tmp_path), None, 500, DAY_US, others=0)
    assert [alert for alert in judged.alerts if alert["area"] == "Sachsen" and alert["strand_group"] == "any"]
    assert judged.triggers == sum(alert["updates"] for alert in judged.alerts)
    assert len(judged.alerts) < len(states(arvig())) * 2 + 1, "one open alert an area and strand group, until closed"
    assert {alert["deliveries"] > 0 for alert in judged.alerts} == {True}
    assert judged._asdict() == orjson.loads(GOLDEN.read_bytes())
    stage.engine.dispose()


class Way(NamedTuple):
    """Where and how a replay is worked off; `others` is how many other partnerships the ledger serves."""

    kind: str
    partitions: int | None
    batch_size: int
    tick_us: int
    others: int


@pytest.mark.parametrize(
    "way",
    [
        Way("sqlite", None, 1, DAY_US, 0),
        Way("sqlite", None, 7, DAY_US, OTHERS),
        Way("sqlite", None, 500, HOUR_US, OTHERS),
        Way("postgresql", 1, 50, DAY_US, OTHERS),
        Way("postgresql", 3, 500, DAY_US, OTHERS),
        Way("postgresql", 8, 5, DAY_US, OTHERS),
    ],
    ids=str,
)
def test_the_very_same_is_judged_beside_others_in_any_partitions_batches_and_ticks(
    way: Way, tmp_path: Path, server_folder: Path
) -> None:
    url = sqlite_url(tmp_path) if way.kind == "sqlite" else postgresql_url(server_folder)
    judged, stage = played(url, way.partitions, way.batch_size, way.tick_us, others=way.others)
    assert judged._asdict() == orjson.loads(GOLDEN.read_bytes())
    stage.engine.dispose()
