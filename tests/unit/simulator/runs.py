"""Simulations as tests look at them; the last few are kept."""

from collections.abc import Iterator
from functools import cache, lru_cache
from random import Random

import orjson

from producers.simulator.course import Course, Span
from producers.simulator.shipped import city
from producers.simulator.simulation import simulate
from schemas.upcast import RawEvent
from streams.core.days import Calendar

LONDON = Calendar("Europe/London")
PLACES = ("milton-keynes", "fictional")
TEN_YEARS, YEAR = 3653, 365
RUNS_KEPT = 4
here = cache(city)


@lru_cache(RUNS_KEPT)
def run(places: str = "milton-keynes", days: int = YEAR, seed: int = 1, *, persons: bool = False) -> list[RawEvent]:
    """Return all events of a simulation."""
    by_day = simulate(here(places), days, Random(seed), LONDON, persons=persons)
    return [event for events in by_day for event in events]


def lines(events: list[RawEvent]) -> bytes:
    """Return events as the command writes them."""
    return b"".join(orjson.dumps(event) + b"\n" for event in events)


def of_type(events: list[RawEvent], noun_verb: str) -> list[RawEvent]:
    """Return the events of a type such as `incident.reported`."""
    return [event for event in events if event["type"] == f"bellwether.{noun_verb}.v1"]


def key(event: RawEvent) -> tuple[str, str]:
    """Return an event's name."""
    return event["source"], event["id"]


def named(reference: RawEvent) -> tuple[str, str]:
    """Return the name that another event gives."""
    return reference["source"], reference["id"]


def entries(events: list[RawEvent], register: str) -> list[RawEvent]:
    """Return a register's entries with the instant at which each was received."""
    changes = of_type(events, "register.changed")
    return [
        event["data"]["entry"] | {"received": event["receivedtime"]}
        for event in changes
        if event["data"]["entry"]["register"] == register
    ]


def occurrences(events: list[RawEvent]) -> list[RawEvent]:
    """Return one report for each occurrence: all but those linked, and not unlinked, to another."""
    unlinked = {named(event["data"]["incident"]) for event in of_type(events, "incident.unlinked")}
    linked = {named(event["data"]["incident"]) for event in of_type(events, "incident.linked")} - unlinked
    return [event for event in of_type(events, "incident.reported") if key(event) not in linked]


def booked_days(events: list[RawEvent]) -> Iterator[int]:
    """Return, for each of some reports, the day on which what it reports began, or else was reported."""
    return (LONDON.day_of(event["data"]["occurred"].get("from") or event["data"]["reported"]) for event in events)


def course(days: int) -> Course:
    """Return when things happen in a span."""
    return Course.of(Span(days))
