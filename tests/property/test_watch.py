"""Neither batches nor the spacing of ticks nor other partnerships change a single trigger, on both databases."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from schemas.changes import (
    Booked,
    CentreRegistered,
    Change,
    Delta,
    HeartbeatSeen,
    Name,
    PlaceMoved,
    Rebuilt,
    ReturnMade,
    Rule,
    RuleScope,
    RulesSet,
    SignalTold,
    Ticked,
    What,
)
from schemas.codec import decode_triggers, encode_changes
from schemas.triggers import Trigger
from streams.core.rules.ground import Ground
from streams.core.rules.held import State
from streams.core.rules.judge import Judge
from streams.ports import Record
from streams.stages.watch import Watch
from tests.support.city import Bench
from tests.support.databases import set_up
from tests.support.histories import PROPERTY
from tests.support.watching import HOUR_US, LONDON, at

CITIES = 2
MARKINGS = ("actual", "exercise", "test", "synthetic")
STRANDS = ("race", "religion", "disability")
WARDS = RuleScope("ward")
RULES = (
    Rule("two-in-three", "count", count=2, days=3, scope=WARDS),
    Rule("each-in-ten", "count", count=2, days=10, scope=RuleScope("city", strands="each")),
    Rule("some-in-one", "count", count=1, days=1, scope=RuleScope("ward", ("W1",), ("race", "religion"))),
    Rule("severe", "severe-event", harm="serious", scope=WARDS),
    Rule("minor", "severe-event", harm="minor", scope=RuleScope("city", strands="each")),
    Rule("late", "silence", periods=1),
    Rule("later", "silence", periods=3),
    Rule("signals", "signal", scope=WARDS, forms=("forecast", "observed", "evidenced")),
    Rule("strong", "signal", scope=RuleScope("city", strands="each"), intensity="tense", grade="2CP"),
)


class Told(NamedTuple):
    """Something that is told so many hours after what came before.

    Until it is told in a city, areas stand as indexes, and days count from the day on which it is told.
    """

    after_hours: float
    what: What
    marking: str


def _sometimes(of: st.SearchStrategy[int]) -> st.SearchStrategy[int | None]:
    return st.none() | of


names = st.builds(Name, st.just("/centres/test"), st.sampled_from(["a", "b", "c", "d"]))
days = st.sampled_from([0, 0, 0, -1, -2, -3, -6, -9, -28, -31, -60, 1, 2, 5])
strands = st.lists(st.sampled_from(STRANDS), unique=True, max_size=2).map(tuple)
areas = st.sampled_from([(1, 0), (2, 0), (3, 0), (0,), ()])
"""Indexes: 0 is the city, 1 to 3 its wards."""
deltas = st.builds(
    lambda n, day, dated, recording, where, which: Delta(n, day, day, dated, recording, where, which),
    st.sampled_from([1, 1, 1, 1, -1, 2]),
    days,
    st.sampled_from([True, True, True, False]),
    st.sampled_from(["reported", "reported", "reported", "proactive"]),
    areas,
    strands,
)
harms = st.sampled_from(["unknown", "none", "minor", "serious", "critical"])
stands = st.none() | st.just(UNSET) | deltas
"""Whatever stands of an incident, watch does not ask whether the counts agree."""
places = st.integers(1, 3)
bookings = st.builds(Booked, names, st.lists(deltas, max_size=3).map(tuple), harms, stands, places)
signals = st.builds(
    lambda signal, revision, form, where, groups, grade, intensity, span, ends, place: SignalTold(
        signal,
        revision,
        f"2026-03-02T09:00:0{revision}.000000Z",
        form,
        where,
        groups,
        grade,
        "street",
        intensity,
        span[0],
        span[0] + span[1],
        withdrawn=ends == "withdrawn",
        outcome="happened" if ends == "resolved" else "",
        place=place,
    ),
    names,
    st.integers(1, 3),
    st.sampled_from(["forecast", "forecast", "observed", "evidenced"]),
    areas,
    strands,
    st.sampled_from([None, "1AP", "2CC", "3DP", "1EP"]),
    st.sampled_from(["unknown", "uneasy", "tense", "hostile"]),
    st.tuples(days, st.integers(0, 9)),
    st.sampled_from(["", "", "", "withdrawn", "resolved"]),
    places,
)
centres = st.sampled_from(["north", "south"])
entries = st.builds(
    CentreRegistered,
    centres,
    _sometimes(st.integers(-10, 5)),
    _sometimes(st.integers(6, 60)),
    _sometimes(st.integers(1, 7)),
    _sometimes(st.integers(1, 5)),
    areas,
)
returns = st.builds(lambda code, last: ReturnMade(code, last - 6, last, False), centres, days)
signs = st.builds(HeartbeatSeen, centres, days)
rule_sets = st.builds(
    lambda kept, version: RulesSet(version, tuple(replace(rule, version=version) for rule in kept)),
    st.lists(st.sampled_from(RULES), unique_by=lambda rule: rule.id),
    st.integers(1, 3),
)
moves = st.builds(PlaceMoved, places, _sometimes(days), _sometimes(st.integers(0, 9)), areas)
rebuilds = st.builds(
    Rebuilt, st.just(2), st.lists(deltas, max_size=3).map(tuple), places=st.lists(moves, max_size=3).map(tuple)
)
sorts: dict[str, st.SearchStrategy[What]] = {
    "incident": bookings,
    "signal": signals,
    "centre": entries | returns | signs,
    "rules": rule_sets,
    "rebuild": rebuilds,
}
whats = st.sampled_from([*["incident"] * 9, *["signal"] * 4, *["centre"] * 3, "rules", "rebuild"]).flatmap(
    sorts.__getitem__
)
gaps = st.sampled_from([0.0, 0.0, 0.5, 5.0, 5.0, 11.0, 12.0, 12.0, 24.0, 24.0, 50.0, 200.0, 9_000.0])
histories = st.lists(st.builds(Told, gaps, whats, st.sampled_from(MARKINGS)), min_size=8, max_size=24)
tick_hours = st.lists(st.sampled_from([0.25, 1.0, 6.0, 12.0, 24.0, 100.0]), max_size=30)
END_HOURS = 24.0 * 90


def changes_of(history: Sequence[Told], city: int, numbers: Sequence[int]) -> list[Change]:
    """Return a history of one city: all rules and both centres are set up before its clock starts."""
    registered = [CentreRegistered(code, None, None, 7, 4, ()) for code in ("north", "south")]
    setting_up: list[What] = [RulesSet(1, RULES), *registered]
    made = [(0, what, "actual") for what in setting_up]
    now = at(0, 9)
    for told in history:
        now += int(told.after_hours * HOUR_US)
        made.append((now, _placed(told.what, numbers, LONDON.day_of_us(now)), told.marking))
    return [
        Change(0, city, n, at_us, Name("/events", f"e{n}"), what, marking)
        for n, (at_us, what, marking) in enumerate(made, start=1)
    ]


def _placed(what: What, numbers: Sequence[int], today: int) -> What:
    match what:
        case Booked(incident, told, harm, stands, place):
            moved = _moved([stands], numbers, today)[0] if isinstance(stands, Delta) else stands
            return Booked(incident, _moved(told, numbers, today), harm, moved, place)
        case Rebuilt(generation, told, places=moves):
            placed = tuple(
                PlaceMoved(
                    move.place,
                    None if move.first_day is None else move.first_day + today,
                    None if move.last_day is None else move.last_day + today,
                    _numbered(move.areas, numbers),
                )
                for move in moves
            )
            return Rebuilt(generation, _moved(told, numbers, today), places=placed)
        case SignalTold():
            return replace(
                what,
                areas=_numbered(what.areas, numbers),
                first_day=what.first_day + today,
                last_day=what.last_day + today,
            )
        case CentreRegistered():
            first, last = (None if day is None else day + today for day in (what.first_day, what.last_day))
            return replace(what, areas=_numbered(what.areas, numbers), first_day=first, last_day=last)
        case ReturnMade(centre, first_day, last_day, nil):
            what = ReturnMade(centre, first_day + today, last_day + today, nil)
        case HeartbeatSeen(centre, day):
            what = HeartbeatSeen(centre, day + today)
    return what


def _moved(told: Sequence[Delta], numbers: Sequence[int], today: int) -> tuple[Delta, ...]:
    return tuple(
        replace(each, day=each.day + today, known_day=today, areas=_numbered(each.areas, numbers)) for each in told
    )


def _numbered(indexes: Sequence[int], numbers: Sequence[int]) -> tuple[int, ...]:
    return tuple(numbers[index] for index in indexes)


def with_ticks(changes: Sequence[Change], hours: Sequence[float]) -> list[Change]:
    """Return changes with ticks so far apart between them, and a last one long after all; positions as in a log."""
    last_us = changes[-1].recorded_at_us + int(END_HOURS * HOUR_US)
    instants = itertools.accumulate(
        (int(each * HOUR_US) for each in itertools.cycle(hours or [1e6])), initial=at(0, 10)
    )
    ticks = [*itertools.takewhile(lambda us: us < last_us, itertools.islice(instants, 60)), last_us]
    ticked = [Change(0, changes[0].partnership, 0, us, Name("/clock", str(us)), Ticked()) for us in ticks]
    merged = sorted([*changes, *ticked], key=lambda each: each.recorded_at_us)
    return [replace(each, position=at) for at, each in enumerate(merged, start=1)]


def without_position(said: Sequence[object]) -> list[Trigger]:
    return [replace(each, position=0) for each in said if isinstance(each, Trigger)]


def judged_at_once(ground: Ground, changes: Sequence[Change]) -> list[Trigger]:
    """Return what one judge says that hears everything, with no tick but the last, and never writes anything down."""
    judge = Judge(ground, State())
    return without_position([each for change in with_ticks(changes, []) for each in judge.handle(change)])


@pytest.fixture
def store(empty_url: str) -> Iterator[Bench]:
    set_up(empty_url, partitions=1)
    made = Bench(empty_url)
    yield made
    made.engine.dispose()


def test_batches_ticks_and_other_partnerships_change_no_trigger(store: Bench) -> None:
    @settings(PROPERTY, max_examples=60)
    @given(
        st.lists(histories, min_size=CITIES, max_size=CITIES), st.lists(tick_hours, min_size=2, max_size=2), st.data()
    )
    def check(all_told: list[list[Told]], spacings: list[list[float]], data: st.DataObject) -> None:
        cities = [store.partnership() for _ in all_told]
        grounds = {city: ground_of(store, city) for city in cities}
        lone = {
            city: changes_of(history, city, numbers_of(grounds[city]))
            for city, history in zip(cities, all_told, strict=True)
        }
        queues = {city: with_ticks(lone[city], hours) for city, hours in zip(cities, spacings, strict=True)}
        said = play(store, queues, data)
        for city in cities:
            assert without_position(said[city]) == judged_at_once(grounds[city], lone[city])
            assert len({each.id for each in said[city]}) == len(said[city])

    check()


def play(store: Bench, queues: Mapping[int, list[Change]], data: st.DataObject) -> dict[int, list[Trigger]]:
    """Have the stage watch some cities' changes in any interleaving, rows and batches; return each city's triggers."""
    said: dict[int, list[Trigger]] = {city: [] for city in queues}
    rows: list[Record] = []
    waiting = {city: list(queue) for city, queue in queues.items()}
    while any(waiting.values()):
        city = data.draw(st.sampled_from([city for city, queue in waiting.items() if queue]))
        size = data.draw(st.integers(1, 12))
        batch, waiting[city] = waiting[city][:size], waiting[city][size:]
        last_us = batch[-1].recorded_at_us
        rows.append(Record(len(rows) + 1, city, 0, 0, False, last_us, last_us, encode_changes(batch)))
    stage = Watch()
    while rows:
        size = data.draw(st.integers(1, 6))
        work = stage.prepare(rows[:size], store.ledger)
        rows = rows[size:]
        emits = store.ledger.stage_unit(lambda unit, work=work: stage.apply(work, unit), 1)  # type: ignore[misc]
        for emit in emits:
            said[emit.partnership] += [each for each in decode_triggers(emit.body) if isinstance(each, Trigger)]
    return said


def ground_of(store: Bench, city: int) -> Ground:
    there = store.ledger.partnership(city)
    return Ground(there.number, there.slug, there.calendar, there.geography, there.marking)


def numbers_of(ground: Ground) -> list[int]:
    """Return the area numbers of the city and its wards."""
    by_code = {area.code: area.number for area in ground.geography.areas}
    return [by_code[code] for code in ("C", "W1", "W2", "W3")]
