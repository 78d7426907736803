"""Stages that lag: a history handed in moment by moment, with each stage run as far as it is said, when it is said."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace

from schemas.codec import decode_triggers
from schemas.topics import TRIGGERS
from schemas.triggers import Trigger
from streams.runner import Runner
from tests.support.alerting import everything, told
from tests.support.city import Bench
from tests.support.events import Raw, envelope, report

AGGREGATE, WATCH, ALERTING = range(3)
SOURCE = "/centres/test"


class Run(NamedTuple):
    """A stage, by its place in the topology, works off so many records at most."""

    stage: int
    most: int


class Moment(NamedTuple):
    """At an instant an event is handed in, or, without one, the clock ticks; then some stages run."""

    at: datetime
    event: Raw | None
    runs: Sequence[Run] = ()


def play(bench: Bench, city: int, moments: Sequence[Moment], *, at_once: bool) -> None:
    """Play a history. Where each moment is worked off at once, what it says of runs is passed over."""
    partition, runners = bench.ledger.partnership(city).partition, bench.runners()
    for moment in moments:
        bench.clock.set(moment.at)
        if moment.event is None:
            bench.tick(city)
        else:
            (answer,) = bench.hand_in(city, moment.event)
            assert answer.outcome is not None, answer
        if at_once:
            _work_off(runners, partition)
            continue
        for stage, most in moment.runs:
            runners[stage].work_off(partition, most)
    _work_off(runners, partition)


def _work_off(runners: Sequence[Runner], partition: int) -> None:
    """Have each stage in turn work off all that waits for it."""
    for runner in runners:
        while runner.work_off(partition, 1_000):
            pass


def triggers(bench: Bench, city: int) -> list[Trigger]:
    """Return all triggers of a partnership, in order, without their positions."""
    partition = bench.ledger.partnership(city).partition
    records = bench.ledger.read_log(TRIGGERS.name, partition, 1, 1_000_000)
    said = [each for record in records if record.partnership == city for each in decode_triggers(record.body)]
    return [replace(each, position=0) for each in said if isinstance(each, Trigger)]


def came_to(bench: Bench, city: int) -> dict[str, Sequence[Any]]:
    """Return all that a history came to: triggers, alerts with their lives and deliveries, the loss ledger."""
    return {
        "triggers": triggers(bench, city),
        "alerts": everything(bench, city),
        "told": told(bench, city),
        "loss": bench.loss(city),
    }


def written(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def day(at: datetime, days: int = 0) -> str:
    return (at + timedelta(days=days)).date().isoformat()


def ward(code: str) -> Raw:
    return {"areas": [{"layer": "ward", "code": code}]}


def rules(at: datetime, kept: Sequence[Raw], version: int = 1) -> Raw:
    data = {"version": version, "rules": list(kept)}
    return envelope("bellwether.rule.changed.v1", f"rules-{version}", "/rules", written(at), data)


def incident_data(at: datetime, *, days_ago: int = 0, in_ward: str = "W1", **said: Any) -> Raw:
    """Return what is said at an instant of an incident that happened some days before."""
    occurred = {"from": written(at - timedelta(days=days_ago))}
    return {"occurred": occurred, "reported": written(at), "places": [ward(in_ward)]} | said


def reported(id_: str, at: datetime, **said: Any) -> Raw:
    return report(id_, time=written(at), **incident_data(at, **said))


def forecast(id_: str, at: datetime, first: int, last: int, **said: Any) -> Raw:
    data = {"place": ward("W1"), "expected": {"from": day(at, first), "to": day(at, last)}} | said
    return envelope("bellwether.signal.forecast.v1", id_, SOURCE, written(at), data)


def nil_return(id_: str, at: datetime, centre: str, days: int = 7) -> Raw:
    data = {"centre": centre, "period": {"from": day(at, 1 - days), "to": day(at)}, "nil": True}
    return envelope("bellwether.centre.returned.v1", id_, SOURCE, written(at), data)
