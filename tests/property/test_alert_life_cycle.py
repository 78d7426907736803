"""However triggers are batched, ticks spaced and partnerships interleaved, the same becomes of the same alerts."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.policy.acts import POSSIBLE, PersonsAct, perform
from alerts.policy.clocks import acknowledge_by
from alerts.policy.grouping import City, Docket
from alerts.policy.lifecycle import SEVERITIES, Act, Alert, Happening, Person
from schemas.alerts import AlertEvent, AlertState
from schemas.triggers import FELL, RAISED, Moved, Trigger, Watched
from schemas.vocabulary import AlertOutcome, Severity
from tests.support.alerting import everything, put, told, work_off
from tests.support.city import Bench
from tests.support.histories import PROPERTY
from tests.support.triggers import HOUR_US, MINUTE_US, MONDAY_NOON_US, trigger

LONDON = ZoneInfo("Europe/London")
CITIES = {1: City("one", LONDON), 2: City("two", ZoneInfo("America/New_York"))}
STEPS_US = (0, 1, 20 * MINUTE_US, HOUR_US, 5 * HOUR_US, 30 * HOUR_US, 8 * 24 * HOUR_US)
"""Between two things that happen: less and more than each of the clocks."""
PURE = settings(PROPERTY, max_examples=150)
ANN, BOB = Person("ann", "council"), Person("bob", "police")


@dataclass(frozen=True)
class Asked:
    """A person does something to the open alert of an area, at a time."""

    at_us: int
    area_code: str
    act: PersonsAct


@dataclass
class Memory:
    """What the store would hold of all partnerships."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    heard: set[tuple[int, str]] = field(default_factory=set)
    happenings: list[Happening] = field(default_factory=list)

    def handle(self, batch: Sequence[Watched]) -> None:
        standing = [alert for alert in self.alerts.values() if alert.state is not AlertState.CLOSED]
        docket = Docket(CITIES, standing, self.heard)
        for item in batch:
            docket.hear(item)
        self._keep(docket.happenings)

    def ask(self, asked: Asked) -> None:
        for alert in list(self.alerts.values()):
            if alert.state is not AlertState.CLOSED and alert.key.area_code == asked.area_code:
                done = perform(alert, asked.act, asked.at_us, 0)
                self._keep(done if isinstance(done, tuple) else ())

    def _keep(self, happenings: Sequence[Happening]) -> None:
        self.happenings += happenings
        for happening in happenings:
            self.alerts[happening.alert.id] = happening.alert
            if happening.update is not None:
                self.heard.add((happening.update.partnership, happening.update.id))

    def by_alert(self) -> dict[str, list[Happening]]:
        found: defaultdict[str, list[Happening]] = defaultdict(list)
        for happening in self.happenings:
            found[happening.alert.id].append(happening)
        return found


@st.composite
def triggers(draw: st.DrawFn, partnership: int = 1, most: int = 12) -> list[Trigger]:
    """Return triggers of one partnership in order of time; some come twice."""
    at_us, found = MONDAY_NOON_US, []
    for number in range(draw(st.integers(1, most))):
        at_us += draw(st.sampled_from(STEPS_US))
        made = trigger(
            f"t{number}",
            at_us,
            partnership=partnership,
            kind=draw(st.sampled_from([RAISED, RAISED, FELL])),
            observed=draw(st.sampled_from([2, 3])),
            rule=draw(st.sampled_from(["three-in-seven", "severe"])),
            severity=draw(st.sampled_from(SEVERITIES)).value,
            area_code=draw(st.sampled_from(["W1", "W1", "W2"])),
            marking=draw(st.sampled_from(["actual", "synthetic"])),
        )
        found.append(made)
        if draw(st.integers(0, 5)) == 0:
            found.append(made)
    return found


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    act = draw(st.sampled_from([Act.ACKNOWLEDGE, Act.ACKNOWLEDGE, Act.STAND_DOWN, Act.CLOSE]))
    by = draw(st.sampled_from([ANN, BOB]))
    outcome = AlertOutcome.REAL if act is Act.CLOSE else None
    return Asked(0, draw(st.sampled_from(["W1", "W2"])), PersonsAct(act, by, "calls made", outcome))


@st.composite
def with_acts(draw: st.DrawFn, items: Sequence[Trigger]) -> list[Trigger | Asked]:
    """Return triggers with acts of people in between, at the time of the trigger before them or a little later."""
    script: list[Trigger | Asked] = []
    for item, following in pairwise([*items, None]):
        assert item is not None
        script.append(item)
        if draw(st.integers(0, 2)) == 0:
            latest = item.at_us + 9 * HOUR_US if following is None else following.at_us
            at_us = min(item.at_us + draw(st.sampled_from(STEPS_US)), latest)
            script.append(replace(draw(asked()), at_us=at_us))
    return script


@st.composite
def ticked(draw: st.DrawFn, script: Sequence[Trigger | Asked], partnership: int = 1) -> list[Watched | Asked]:
    """Return the same with ticks between, wherever and as many as may be."""
    found: list[Watched | Asked] = []
    for item, following in pairwise([*script, None]):
        assert item is not None
        found.append(item)
        if following is not None:
            times = draw(st.lists(st.integers(item.at_us, following.at_us), max_size=3))
            found += [Moved(partnership, at_us) for at_us in sorted(times)]
    return found


def run(script: Sequence[Watched | Asked], cuts: Iterator[bool], until_us: int) -> Memory:
    """Handle a script in batches that end where a cut is drawn, and at each act; then a last tick for everybody."""
    memory, batch = Memory(), list[Watched]()
    for item in script:
        if isinstance(item, Asked):
            memory.handle(batch)
            batch = []
            memory.ask(item)
            continue
        batch.append(item)
        if next(cuts):
            memory.handle(batch)
            batch = []
    memory.handle([*batch, *(Moved(number, until_us) for number in CITIES)])
    return memory


def ends(*scripts: Sequence[Watched | Asked]) -> int:
    return max(item.at_us for script in scripts for item in script) + 9 * 24 * HOUR_US


def never() -> Iterator[bool]:
    while True:
        yield False


@st.composite
def cuts(draw: st.DrawFn) -> Iterator[bool]:
    pattern = draw(st.lists(st.booleans(), min_size=1, max_size=7))

    def endless() -> Iterator[bool]:
        while True:
            yield from pattern

    return endless()


@PURE
@given(st.data())
def test_batches_and_ticks_change_nothing_of_what_happens_or_of_its_order(data: st.DataObject) -> None:
    items = data.draw(triggers())
    plain = run(items, never(), ends(items))
    other = run(data.draw(ticked(items)), data.draw(cuts()), ends(items))
    assert other.happenings == plain.happenings
    assert other.alerts == plain.alerts


@PURE
@given(st.data())
def test_with_people_in_between_the_same_becomes_of_each_alert(data: st.DataObject) -> None:
    script = data.draw(with_acts(data.draw(triggers())))
    plain = run(script, never(), ends(script))
    other = run(data.draw(ticked(script)), data.draw(cuts()), ends(script))
    assert other.by_alert() == plain.by_alert()
    assert other.alerts == plain.alerts


@PURE
@given(st.data())
def test_another_partnership_in_between_changes_nothing(data: st.DataObject) -> None:
    queues = [data.draw(triggers(number)) for number in CITIES]
    turns = data.draw(st.permutations([number for number, queue in enumerate(queues) for _ in queue]))
    waiting = [list(queue) for queue in queues]
    together = run([waiting[number].pop(0) for number in turns], data.draw(cuts()), ends(*queues))
    for number, queue in zip(CITIES, queues, strict=True):
        alone = run(queue, never(), ends(*queues))
        assert [each for each in together.happenings if each.alert.key.partnership == number] == alone.happenings


@PURE
@given(triggers())
def test_clocks_start_at_each_rise_of_severity_and_each_runs_out_once(items: list[Trigger]) -> None:
    happened = run(items, never(), ends(items)).happenings
    for area in ("W1", "W2"):
        starts, severity, heard = [], -1, set[str]()
        for item in items:
            is_new = item.area_code == area and item.id not in heard
            if is_new and item.kind == RAISED and (rank := SEVERITIES.index(Severity(item.severity))) > severity:
                severity = rank
                starts.append((item.at_us, acknowledge_by(SEVERITIES[rank], item.at_us, LONDON)))
            heard.add(item.id)
        expected = [due for (_, due), (stop, _) in pairwise([*starts, (ends(items), 0)]) if due <= stop]
        found = [each for each in happened if each.event is AlertEvent.OVERDUE and each.alert.key.area_code == area]
        assert [each.at_us for each in found] == expected


@PURE
@given(st.data())
def test_an_alert_lives_as_it_may(data: st.DataObject) -> None:
    script = data.draw(with_acts(data.draw(triggers())))
    memory = run(data.draw(ticked(script)), data.draw(cuts()), ends(script))
    open_ones = Counter(alert.key for alert in memory.alerts.values() if alert.state is not AlertState.CLOSED)
    assert all(n == 1 for n in open_ones.values())
    for lived in memory.by_alert().values():
        assert lived[0].event is AlertEvent.OPENED
        updates = [each.alert.updates for each in lived if each.update is not None]
        assert updates == list(range(1, len(updates) + 1))
        transitions = [each.transition for each in lived if each.transition is not None]
        assert transitions[0].before is None
        assert all(later.before is earlier.after for earlier, later in pairwise(transitions))
        assert lived[-1].alert.state is transitions[-1].after
        for before, after in pairwise(lived):
            _assert_may_follow(before, after)


def _assert_may_follow(before: Happening, after: Happening) -> None:
    was, is_now, update = before.alert, after.alert, after.update
    assert was.state is not AlertState.CLOSED
    assert SEVERITIES.index(is_now.severity) >= SEVERITIES.index(was.severity)
    if after.transition is not None and after.transition.by is not None:
        assert after.transition.act in POSSIBLE[was.state]
    if update is not None and update.kind == FELL:
        assert (is_now.state, is_now.severity, is_now.holder) == (was.state, was.severity, was.holder)
        assert after.delivery is None
    if update is not None and update.kind == RAISED:
        assert is_now.below_since_us is None
        assert after.delivery is not None
        assert is_now.state is not AlertState.STOOD_DOWN
    assert (is_now.below_since_us is None) or not is_now.standing
    assert (is_now.acknowledge_by_us is None) or is_now.state is AlertState.OPEN


def test_in_the_store_batches_and_ticks_change_nothing_either(bench: Bench) -> None:
    @settings(PROPERTY, max_examples=4)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        script = data.draw(triggers(most=8))
        plain = _became(bench, [script], 1_000, ends(script))
        items = [item for item in data.draw(ticked(script)) if not isinstance(item, Asked)]
        sizes = data.draw(st.lists(st.integers(1, 3), min_size=len(items), max_size=len(items)))
        rows = [items[at : at + size] for at, size in _spans(sizes, len(items))]
        assert _became(bench, rows, data.draw(st.integers(1, 4)), ends(script)) == plain

    check()


def _spans(sizes: Sequence[int], length: int) -> Iterator[tuple[int, int]]:
    at = 0
    for size in sizes:
        if at < length:
            yield at, size
            at += size


def _became(bench: Bench, rows: Sequence[Sequence[Watched]], batch_size: int, until_us: int) -> tuple[object, object]:
    """Return what a new partnership's alerts become, and what the log says of them, without the alerts' ids."""
    city = bench.partnership()
    for row in [*rows, [Moved(city, until_us)]]:
        put(bench, city, *(msgspec.structs.replace(item, partnership=city) for item in row))
    work_off(bench, batch_size)
    held = [
        (alert[1:], updates, life, sorted(delivery[1:] for delivery in deliveries))
        for alert, updates, life, deliveries in everything(bench, city)
    ]
    return sorted(held, key=repr), [
        msgspec.structs.replace(each, alert="", partnership=0) for each in told(bench, city)
    ]
