"""As-of answers give what was known then, and nothing that comes later changes them but a backfill that they name."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from infra.db import tables
from infra.db.dead_letters import Replayer, list_dead_letters
from infra.db.engine import transaction
from streams.stages.intake import Outcome
from tests.support.city import Bench
from tests.support.events import report
from tests.support.histories import PROPERTY, Fact, Name, histories, note_import, work_off
from tests.support.oracle import Question, Reply, answered, expected

FIRST_DAY = date(2026, 6, 30)
LONDON = ZoneInfo("Europe/London")
TIMES_OF_DAY = (time(0, 0, 1), time(0, 30), time(12), time(23, 30), time(23, 59, 59))
"""In London, where 30 June at 23:30 is still 30 June, and 22:30 in UTC."""


class Turn(NamedTuple):
    """Some facts handed in on a day, at some time of it; believed as to when they were received, if `trusted`."""

    facts: list[Fact]
    day: date
    at: time
    trusted: bool


@st.composite
def turns(draw: st.DrawFn, *, with_backfills: bool) -> list[Turn]:
    """Return a history handed in over some days; facts may come twice."""
    facts = draw(histories())
    waiting = list(draw(st.permutations([*facts, *draw(st.lists(st.sampled_from(facts), max_size=2))])))
    handed, day = [], FIRST_DAY
    while waiting:
        size = draw(st.integers(1, 4))
        trusted = with_backfills and draw(st.booleans())
        handed.append(Turn(waiting[:size], day, draw(st.sampled_from(TIMES_OF_DAY)), trusted))
        waiting = waiting[size:]
        day += timedelta(days=draw(st.integers(0, 2)))
    return sorted(handed, key=lambda turn: (turn.day, turn.at))


class Diary:
    """Hands turns in, keeps what was answered at the end of each day, and from which day each fact was known."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.city = bench.partnership()
        self.known: dict[Name, date] = {}
        self.facts: list[Fact] = []
        self.backfills: list[tuple[int, date, date]] = []
        self.kept: dict[date, dict[Question, Reply]] = {}

    def live(self, handed: list[Turn]) -> None:
        for number, turn in enumerate(handed):
            self._bench.clock.set(datetime.combine(turn.day, turn.at, LONDON).astimezone(UTC))
            self._take(turn)
            end = handed[number + 1].day if number + 1 < len(handed) else turn.day + timedelta(days=1)
            for later in range((end - turn.day).days):
                day = turn.day + timedelta(days=later)
                self.kept[day] = answered(self._bench, self.city)
                assert answered(self._bench, self.city, day) == self.kept[day]

    def _take(self, turn: Turn) -> None:
        raws = [fact.raw(with_receivedtime=turn.trusted) for fact in turn.facts]
        batch = note_import(self._bench, self.city) if turn.trusted else None
        answers = self._bench.hand_in(self.city, *raws, trusted=turn.trusted, batch=batch)
        claimed = []
        for fact, answer in zip(turn.facts, answers, strict=True):
            if answer.outcome is Outcome.ACCEPTED:
                known = min(turn.day, fact.received.day) if turn.trusted else turn.day
                self.known[fact.identity] = known
                self.facts.append(fact)
                claimed.append(known)
            else:
                assert answer.outcome is Outcome.DUPLICATE
        if batch is not None and claimed:
            self.backfills.append((batch, min(claimed), turn.day))
        work_off(self._bench, self.city, 3)

    def named(self, as_of: date) -> set[int]:
        """Return the numbers of the backfills that an answer names."""
        return {each.number for each in self._bench.counts(self.city, "area", as_of=as_of.isoformat()).backfills}


def test_an_earlier_day_is_answered_for_ever_as_it_was_at_its_end(bench: Bench) -> None:
    @settings(PROPERTY, max_examples=12)
    @given(turns(with_backfills=False))
    def check(handed: list[Turn]) -> None:
        diary = Diary(bench)
        diary.live(handed)
        for day, kept in diary.kept.items():
            assert answered(bench, diary.city, day) == kept == expected(diary.facts, diary.known, day)
            assert diary.named(day) == set()

    check()
    assert bench.verify() == []


def test_only_a_backfill_changes_an_earlier_answer_and_that_answer_names_it(bench: Bench) -> None:
    @settings(PROPERTY, max_examples=12)
    @given(turns(with_backfills=True))
    def check(handed: list[Turn]) -> None:
        diary = Diary(bench)
        diary.live(handed)
        for day, kept in diary.kept.items():
            now = answered(bench, diary.city, day)
            assert now == expected(diary.facts, diary.known, day)
            named = diary.named(day)
            assert named == {batch for batch, known, recorded in diary.backfills if known <= day < recorded}
            if not named:
                assert now == kept

    check()
    assert bench.verify() == []


def test_the_received_basis_is_never_revised(bench: Bench) -> None:
    received = [question for question in expected([], {}) if question[0] == "received"]

    @settings(PROPERTY, max_examples=8)
    @given(turns(with_backfills=False))
    def check(handed: list[Turn]) -> None:
        diary = Diary(bench)
        diary.live(handed)
        in_the_end = answered(bench, diary.city)
        for day, kept in diary.kept.items():
            for question in received:
                before = {row for row in in_the_end[question][0] if "day" in question[2] and str(row[-2]) <= str(day)}
                assert before <= set(kept[question][0])
                assert {row[:-1] for row in kept[question][0]} <= {row[:-1] for row in in_the_end[question][0]}

    check()


def test_a_clock_that_goes_back_takes_neither_recorded_time_nor_history_back(bench: Bench) -> None:
    @settings(PROPERTY, max_examples=10)
    @given(st.data(), turns(with_backfills=False))
    def check(data: st.DataObject, handed: list[Turn]) -> None:
        diary = Diary(bench)
        for number, turn in enumerate(handed):
            back = data.draw(st.integers(0, 10)) if number else 0
            yesterday = latest_day(bench, diary.city) - timedelta(days=1) if number else turn.day - timedelta(days=1)
            before = answered(bench, diary.city, yesterday)
            bench.clock.set(datetime.combine(turn.day, turn.at, LONDON).astimezone(UTC) - timedelta(days=back))
            bench.hand_in(diary.city, *(fact.raw(with_receivedtime=False) for fact in turn.facts))
            work_off(bench, diary.city)
            recorded = recorded_times(bench, diary.city)
            assert recorded == sorted(recorded)
            assert answered(bench, diary.city, yesterday) == before

    check()
    assert bench.verify() == []


def recorded_times(bench: Bench, partnership: int) -> list[int]:
    """Return the recorded times of a partnership's log, in order of position."""
    log = tables.log
    wanted = (
        select(log.c.recorded_at_us)
        .where(log.c.partnership == partnership, log.c.topic == "events")
        .order_by(log.c.position)
    )
    with transaction(bench.engine, write=False) as connection:
        return list(connection.execute(wanted).scalars())


def latest_day(bench: Bench, partnership: int) -> date:
    """Return the London day of the last recorded time."""
    since = timedelta(microseconds=recorded_times(bench, partnership)[-1])
    return (datetime(1970, 1, 1, tzinfo=UTC) + since).astimezone(LONDON).date()


def test_an_event_is_judged_by_the_partnerships_own_clock_which_does_not_go_back(bench: Bench) -> None:
    city = bench.partnership()
    now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    bench.clock.set(now)
    a, b = (
        report(id_, time="2026-07-01T11:00:00Z", reported="2026-07-01T10:00:00Z", occurred={"from": "2026-07-01"})
        for id_ in ("a", "b")
    )
    bench.hand_in(city, a)
    bench.clock.set(now - timedelta(days=1))
    (answer,) = bench.hand_in(city, b)
    assert answer.outcome is Outcome.ACCEPTED


def test_a_backfill_is_named_from_the_first_day_that_it_claims_even_if_that_is_day_zero(bench: Bench) -> None:
    city = bench.partnership()
    batch = note_import(bench, city)
    for id_, day in (("a", "1970-01-01"), ("b", "2026-06-30")):
        old = report(id_, reported=day, occurred={"from": day}) | {"receivedtime": day}
        (answer,) = bench.hand_in(city, old, trusted=True, batch=batch)
        assert answer.outcome is Outcome.ACCEPTED
    work_off(bench, city)
    then = bench.counts(city, "area", first="1970-01-01", as_of="1970-01-01")
    assert then.rows == [("W1", "Ward 1", 1)]
    assert [backfill.number for backfill in then.backfills] == [batch]


def test_a_dead_letter_that_is_replayed_into_an_earlier_day_is_named_as_the_backfill_that_it_is(bench: Bench) -> None:
    city = bench.partnership()
    batch = note_import(bench, city)
    ahead = report("a", time="2026-07-02T12:00:00Z") | {"receivedtime": "2026-06-30"}
    (answer,) = bench.hand_in(city, ahead, trusted=True, batch=batch)
    assert answer.outcome is Outcome.QUARANTINED
    before = bench.counts(city, "area", as_of="2026-07-01")
    bench.clock.set(datetime(2026, 7, 3, 12, tzinfo=UTC))
    (letter,) = list_dead_letters(bench.engine, city, settled=False)
    assert Replayer(bench.ledger, city).replay(letter.number) is None
    work_off(bench, city)
    after = bench.counts(city, "area", as_of="2026-07-01")
    assert after.rows == before.rows or [backfill.number for backfill in after.backfills] == [batch]
