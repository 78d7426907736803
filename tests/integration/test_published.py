"""The disclosure gate over a real ledger, on both databases: what is published, when, and that it then stays so."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from infra.db.counts import CountQuery, CountsError, Dimension
from infra.db.engine import transaction
from infra.db.geography import NewArea, import_areas
from infra.db.partnerships import create_partnership
from infra.db.published import NotPublishedError, Published, PublishedFigures
from streams.core.publication import Granularity
from tests.support.city import Bench
from tests.support.events import Raw, amendment, context, report, withdrawal
from tests.support.histories import note_import
from tests.support.rezoning import with_zones

FIRST, WEEKS = date(2025, 10, 6), 38
LAST_SUNDAY = date(2026, 6, 28)
"""The last that is over on the bench's clock, which stands on 1 July 2026."""
SETTLED = date(2026, 1, 4)
"""When the first 13 weeks are over."""
WEEK = timedelta(days=7)
WHOLE = (FIRST, date(2026, 6, 30))
YEAR = (date(2024, 12, 30), date(2025, 12, 31))
"""The weeks of 2025, and three days more."""
SOME = [("W1", 0.6), ("W2", 0.35), ("W3", 0.05)]
KINDS = [("race", 0.6), ("religion", 0.25), ("disability", 0.1), ("transgender", 0.05)]


def incident(id_: str, day: date, known: date, *, ward: str = "W1", strands: Sequence[str] = ("race",)) -> Raw:
    place = {"areas": [{"layer": "ward", "code": ward}]}
    return reported(id_, day, known, place, strands)


def reported(id_: str, day: date, known: date, place: Raw, strands: Sequence[str] = ("race",)) -> Raw:
    occurred = {"from": day.isoformat()}
    event = report(id_, occurred=occurred, reported=day.isoformat(), places=[place], strands=list(strands))
    return event | {"receivedtime": known.isoformat()}


def history(weekly: int, seed: int = 1, weeks: int = WEEKS) -> list[Raw]:
    """Return so many incidents a week on average, SYNTHETIC: some are reported late, and some have two strands."""
    chance = random.Random(seed)

    def drawn(among: Sequence[tuple[str, float]]) -> str:
        return chance.choices([name for name, _ in among], [share for _, share in among])[0]

    events = []
    for n in range(weekly * weeks):
        day = FIRST + timedelta(days=chance.randrange(7 * weeks))
        known = min(day + timedelta(days=int(chance.expovariate(1 / 4))), date(2026, 6, 30))
        strands = sorted({drawn(KINDS) for _ in range(chance.choice([1, 1, 1, 1, 2]))})
        events.append(incident(f"i{n}", day, known, ward=drawn(SOME), strands=strands))
    return events


def stocked(bench: Bench, events: Sequence[Raw]) -> int:
    """Return a partnership with some history, all of it counted."""
    city = bench.partnership()
    assert not [each for each in bench.hand_in(city, *events, trusted=True) if each.problems]
    bench.drain()
    return city


def asked(*by: str, layer: str = "city", window: tuple[date, date] = WHOLE, **how: str) -> CountQuery:
    as_of = date.fromisoformat(how["as_of"]) if "as_of" in how else None
    dimensions = tuple(Dimension(name) for name in by)
    return CountQuery(layer, *window, dimensions, how.get("kind", "incident"), how.get("basis", "occurred"), as_of)


@pytest.fixture
def figures(bench: Bench) -> PublishedFigures:
    return PublishedFigures(bench.engine, bench.clock)


def cells(published: Published) -> dict[tuple[str | int | None, ...], str | int | None]:
    return {row[:-1]: row[-1] for row in published.rows}


def test_a_figure_is_the_exact_count_as_known_when_it_was_published(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(24))
    by_week = figures.answer(city, asked("week"))
    assert by_week.columns == ("week", "count")
    assert by_week.published_by is Granularity.WEEK
    assert (by_week.cut_off, by_week.first, by_week.last) == (LAST_SUNDAY, FIRST, LAST_SUNDAY)
    assert [row[0] for row in by_week.rows] == [(FIRST + n * WEEK).isoformat() for n in range(WEEKS)]
    for monday, n in by_week.rows:
        sunday = date.fromisoformat(str(monday)) + timedelta(days=6)
        ((_, exact),) = bench.rows(city, "week", layer="city", as_of=f"{max(sunday, SETTLED)}", **only(monday, sunday))
        assert n == (exact if int(exact) >= 5 else None)
    by_month = figures.answer(city, asked("area", "month", layer="ward"))
    assert by_month.columns == ("area", "area_name", "month", "count")
    assert by_month.published_by is Granularity.MONTH
    shown = {key: n for key, n in cells(by_month).items() if n is not None}
    assert shown
    assert by_month.withheld == len(by_month.rows) - len(shown)
    assert {key[0] for key in cells(by_month)} == {"W1", "W2", "W3"}
    for (code, _, month), n in shown.items():
        weeks = [FIRST + k * WEEK for k in range(WEEKS) if f"{FIRST + k * WEEK + timedelta(days=3):%Y-%m}" == month]
        published = max(weeks[-1] + timedelta(days=6 + 14), SETTLED)
        window = only(weeks[0], weeks[-1] + timedelta(days=6))
        assert n == dict(by_code(bench.rows(city, "area", as_of=f"{published}", **window)))[code]


def only(first: object, last: object) -> dict[str, str]:
    """Return a window for exact counts."""
    return {"first": str(first), "last": str(last)}


def by_code(rows: Sequence[Sequence[object]]) -> list[tuple[object, object]]:
    return [(row[0], row[-1]) for row in rows]


def test_strands_are_published_for_the_city(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(24))
    published = figures.answer(city, asked("area", "strand", window=YEAR))
    assert (published.first, published.last) == (FIRST, date(2025, 12, 28))
    exact = dict(by_code(bench.rows(city, "strand", layer="city", last="2025-12-28", as_of="2026-01-25")))
    shown = {str(row[-2]): row[-1] for row in published.rows if row[-1] is not None}
    assert len(published.rows) == 10
    assert shown.items() <= exact.items()
    assert "race" in shown
    assert shown.keys() < exact.keys()


def days_of_life(bench: Bench, city: int, days: int) -> Iterator[date]:
    """Let reports come day by day: new ones, late ones, corrections, withdrawals. All of it is invented."""
    chance = random.Random(7)
    for n in range(days):
        now = datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(days=n)
        bench.clock.set(now)
        today = now.date()
        told = [
            report(
                f"live-{n}-{k}",
                occurred={"from": (today - timedelta(days=chance.choice([0, 0, 1, 3, 9, 40]))).isoformat()},
                reported=today.isoformat(),
                places=[{"areas": [{"layer": "ward", "code": chance.choice(["W1", "W2", "W3"])}]}],
                strands=[chance.choice(["race", "religion"])],
            )
            for k in range(4)
        ]
        told.append(amendment(f"correction-{n}", ("/centres/test", f"i{n}"), 2, occurred={"from": "2026-01-15"}))
        told.append(withdrawal(f"withdrawal-{n}", ("/centres/test", f"i{n + 100}"), 2))
        assert not [answer for answer in bench.hand_in(city, *told) if answer.problems]
        bench.tick(city)
        bench.drain()
        yield today


QUESTIONS = [
    asked("week", window=(FIRST, date(2026, 9, 1))),
    asked("area", "month", layer="ward", window=(FIRST, date(2026, 9, 1))),
    asked("area", layer="ward", window=(FIRST, date(2026, 9, 1))),
    asked("strand", window=(FIRST, date(2026, 9, 1))),
    asked("week", basis="received", window=(FIRST, date(2026, 9, 1))),
    asked(window=(FIRST, date(2026, 9, 1))),
]


def test_what_was_published_stays_and_nothing_else_is_told_in_the_week(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(21))
    seen: dict[date, list[Published]] = {}
    newest: dict[date, dict[str, date]] = {}
    for today in days_of_life(bench, city, 23):
        seen[today] = [figures.answer(city, question) for question in QUESTIONS]
        newest[today] = figures.newest(city, "ward")
        monday = today - timedelta(days=today.isoweekday() - 1)
        assert seen[today] == seen[max(monday, min(seen))]
        assert newest[today] == newest[max(monday, min(seen))]
        assert {each.cut_off for each in seen[today]} == {monday - timedelta(days=1)}
    assert len({repr(each) for each in seen.values()}) == 4
    again = PublishedFigures(bench.engine, bench.clock)
    for today, published in seen.items():
        # on a Sunday that day's end is still to come; as of its end it is over
        as_of = today if today.isoweekday() < 7 else today - timedelta(days=1)
        assert [again.answer(city, replace(question, as_of=as_of)) for question in QUESTIONS] == published
    later = cells(again.answer(city, QUESTIONS[0]))
    for each in seen.values():
        for key, n in cells(each[0]).items():
            assert later[key] == n


def test_every_answer_is_the_sum_of_cells_that_are_shown(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(21))
    finest = cells(figures.answer(city, asked("week")))
    wards = cells(figures.answer(city, asked("area", "month", layer="ward")))
    for start in range(0, 40, 3):
        for length in (5, 6, 7, 8, 13, 14, 15, 27, 28, 60, 100):
            window = (FIRST + timedelta(days=start), FIRST + timedelta(days=start + length))
            thursdays = [window[0] + timedelta(days=n) for n in range(length + 1)]
            inside = [(day - timedelta(days=3)).isoformat() for day in thursdays if day.isoweekday() == 4]
            (total,) = [row[-1] for row in figures.answer(city, asked(window=window)).rows] or [None]
            parts = [finest[(monday,)] for monday in inside]
            assert total == (None if None in parts or not parts else sum(int(n or 0) for n in parts))
            assert cells(figures.answer(city, asked("week", window=window))) == {
                (monday,): finest[(monday,)] for monday in inside
            }
            by_ward = figures.answer(city, asked("area", layer="ward", window=window))
            for (code, name), n in cells(by_ward).items():
                if n is None:
                    continue
                assert by_ward.first is not None
                assert by_ward.last is not None
                months = {f"{by_ward.first + timedelta(days=3):%Y-%m}", f"{by_ward.last - timedelta(days=3):%Y-%m}"}
                between = [k for k in wards if k[0] == code and min(months) <= str(k[2]) <= max(months)]
                assert n == sum(int(wards[key] or 0) for key in between)
                assert None not in [wards[key] for key in between]
                assert name == f"Ward {code[1:]}" if isinstance(code, str) else False


REFUSED = [
    (asked("day"), "by", "ask by week or month"),
    (asked("area", "centre"), "by", "centre"),
    (asked("category"), "by", "ask by strand"),
    (asked("strand", layer="ward"), "by", "ask for one of: city"),
    (asked("area", layer="small-area"), "layer", "ask for one of: city, ward"),
    (asked("area", layer="ward", basis="received"), "basis", "by the day occurred"),
    (asked("strand", basis="received"), "basis", "without strands"),
    (asked("week", kind="context"), "by", "ask by month"),
    (asked("strand", kind="context"), "by", "ask by category"),
    (asked("category", layer="ward", kind="context"), "by", "as small as wards"),
    (asked("area", kind="context", basis="received"), "basis", "incidents"),
]


def test_what_is_never_published_is_refused_and_says_what_can_be_asked(bench: Bench, figures: PublishedFigures) -> None:
    city = bench.partnership()
    for question, path, said in REFUSED:
        with pytest.raises(NotPublishedError, match=said) as refused:
            figures.answer(city, question)
        assert (refused.value.problem.code, refused.value.problem.path) == ("not-published", path)


def test_a_question_that_makes_no_sense_is_said_to_be_none(bench: Bench, figures: PublishedFigures) -> None:
    city = bench.partnership()
    with pytest.raises(CountsError, match="no layer hamlet; known layers: city, small-area, ward"):
        figures.answer(city, asked("area", layer="hamlet"))
    with pytest.raises(CountsError, match="before the first"):
        figures.answer(city, asked(window=(FIRST, FIRST - WEEK)))
    with pytest.raises(CountsError, match="only once"):
        figures.answer(city, asked("area", "area"))


def test_a_ledger_without_reports_has_no_rows(bench: Bench, figures: PublishedFigures) -> None:
    city = bench.partnership()
    for by in ((), ("area",), ("week",), ("area", "strand", "month")):
        published = figures.answer(city, asked(*by))
        assert (published.rows, published.first, published.provisional) == ([], None, True)
    assert figures.newest(city, "ward") == {}
    ancient = figures.answer(city, asked("week", window=(date.min, date.max), as_of="0001-01-01"))
    assert (ancient.rows, ancient.cut_off) == ([], date(1, 1, 7))


def test_a_zero_looks_like_what_is_withheld(bench: Bench, figures: PublishedFigures) -> None:
    def of(third: int) -> Published:
        events = [incident(f"{n}", FIRST + timedelta(days=n % 90), date(2026, 1, 3), ward="W1") for n in range(90)]
        events += [incident(f"o{n}", FIRST, FIRST, ward="W2") for n in range(80)]
        events += [incident(f"t{n}", FIRST, FIRST, ward="W3") for n in range(third)]
        return figures.answer(stocked(bench, events), asked("area", layer="ward", window=YEAR))

    nothing = of(0)
    assert [row[-1] for row in nothing.rows] == [None, 80, None]
    assert {repr(of(third).rows) for third in (1, 2, 4)} == {repr(nothing.rows)}


def test_nothing_is_published_before_it_is_counted(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(21))
    bench.clock.set(datetime(2026, 7, 5, 22, 59, tzinfo=UTC))  # a minute before the Sunday is over in London
    bench.hand_in(city, report("late-1", occurred={"from": "2026-07-01"}))
    bench.drain()
    assert figures.answer(city, asked("week")).cut_off == LAST_SUNDAY
    bench.clock.set(datetime(2026, 7, 5, 23, 4, tzinfo=UTC))
    assert figures.answer(city, asked("week")).cut_off == LAST_SUNDAY  # a unit may still be on its way
    bench.clock.set(datetime(2026, 7, 5, 23, 6, tzinfo=UTC))
    bench.hand_in(city, report("late-2", occurred={"from": "2026-07-02"}))
    assert figures.answer(city, asked("week")).cut_off == LAST_SUNDAY + WEEK  # what waits came later


def test_a_backlog_of_the_week_keeps_it_back(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(21))
    bench.hand_in(city, report("of-the-week", occurred={"from": "2026-07-01"}))
    bench.clock.set(datetime(2026, 7, 8, 12, tzinfo=UTC))
    bench.hand_in(city, report("after-it", occurred={"from": "2026-07-02"}))
    assert figures.answer(city, asked("week")).cut_off == LAST_SUNDAY
    bench.drain()
    assert figures.answer(city, asked("week")).cut_off == LAST_SUNDAY + WEEK


def test_a_tick_after_the_sunday_says_that_it_is_over(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(21))
    bench.clock.set(datetime(2026, 7, 5, 23, 1, tzinfo=UTC))
    bench.tick(city)
    bench.drain()
    assert figures.answer(city, asked("week")).cut_off == LAST_SUNDAY + WEEK


def test_history_loaded_at_once_is_published_on_the_next_sunday(bench: Bench, figures: PublishedFigures) -> None:
    city = bench.partnership()
    events = [{name: value for name, value in event.items() if name != "receivedtime"} for event in history(21)]
    bench.hand_in(city, *events, trusted=True, batch=note_import(bench, city))
    bench.drain()
    assert figures.answer(city, asked("area", layer="ward")).withheld == len(
        figures.answer(city, asked("area", layer="ward")).rows
    )
    bench.clock.set(datetime(2026, 7, 6, 12, tzinfo=UTC))
    loaded = figures.answer(city, asked("week", window=(FIRST, date(2026, 5, 31))))
    assert loaded.withheld == 0
    assert sum(int(n or 0) for _, n in loaded.rows) == bench.rows(city, layer="city", last="2026-05-31")[0][-1]
    # a few more of them later are late reports like any others
    bench.clock.set(datetime(2026, 7, 8, 12, tzinfo=UTC))
    more = [report(f"more-{n}", occurred={"from": "2026-01-15"}, reported="2026-01-15") for n in range(30)]
    bench.hand_in(city, *more, trusted=True, batch=note_import(bench, city))
    bench.drain()
    bench.clock.set(datetime(2026, 7, 13, 12, tzinfo=UTC))
    again = figures.answer(city, asked("week", window=(FIRST, date(2026, 5, 31))))
    assert (again.rows, again.cut_off) == (loaded.rows, loaded.cut_off + WEEK)


def test_wards_of_two_vintages_never_share_a_week(bench: Bench, figures: PublishedFigures) -> None:
    with transaction(bench.engine, write=True) as connection:
        city = create_partnership(connection, "vintages", "fictional", "Europe/London", bench.clock.now_us())
    bench.ledger.refresh()
    old, new = ([str(row[0]) for row in _codes(bench, city, layer)] for layer in ("ward-2014", "ward-2026"))
    events = []
    for n in range(1_500):
        day = FIRST + timedelta(days=n % 266)
        layer, codes = ("ward-2014", old) if day < date(2026, 5, 7) else ("ward-2026", new)
        events.append(reported(f"v{n}", day, day, {"areas": [{"layer": layer, "code": codes[n % 3]}]}))
    assert not [each for each in bench.hand_in(city, *events, trusted=True) if each.problems]
    bench.drain()
    before = figures.answer(city, asked("area", "month", layer="ward-2014"))
    after = figures.answer(city, asked("area", "month", layer="ward-2026"))
    assert {row[2] for row in before.rows} == {f"2025-{n}" for n in (10, 11, 12)} | {f"2026-0{n}" for n in range(1, 5)}
    assert {row[2] for row in after.rows} == {"2026-05", "2026-06"}
    assert {row[0] for row in before.rows if row[-1] is not None} <= set(old[:3])
    weeks = [row[0] for row in figures.answer(city, asked("week")).rows]
    assert "2026-05-04" not in weeks
    assert {"2026-04-27", "2026-05-11"} <= set(weeks)


def _codes(bench: Bench, partnership: int, layer: str) -> list[tuple[str, ...]]:
    geography = bench.ledger.partnership(partnership).geography
    number = geography.layer_by_name[layer].number
    return sorted((area.code,) for area in geography.areas if area.layer == number)


def test_zones_hide_one_another(bench: Bench, figures: PublishedFigures) -> None:
    city = with_zones(bench, ("W1", "Y"), ("W2", "Z"))
    events = [incident(f"y{n}", FIRST + timedelta(days=n % 84), date(2026, 1, 3), ward="W1") for n in range(120)]
    events += [incident(f"z{n}", FIRST + timedelta(days=n), date(2026, 1, 3), ward="W2") for n in range(3)]
    bench.hand_in(city, *events, trusted=True)
    bench.drain()
    assert cells(figures.answer(city, asked(window=YEAR))) == {(): 123}
    assert set(cells(figures.answer(city, asked("area", layer="zone", window=YEAR))).values()) == {None}
    assert set(cells(figures.answer(city, asked("area", layer="ward", window=YEAR))).values()) == {None}


def test_context_is_published_by_month_and_category(bench: Bench, figures: PublishedFigures) -> None:
    city = bench.partnership()
    told = [("Public order", "W1", 80), ("Public order", "W2", 60), ("Burglary", "W1", 50), ("Arson", "W2", 1)]
    events = [
        context(
            f"c{month}-{n}",
            category=category,
            count=count,
            period={"from": f"2026-0{month}-01", "to": f"2026-0{month}-28"},
            place={"areas": [{"layer": "ward", "code": ward}]},
        )
        for month in (4, 5, 6)
        for n, (category, ward, count) in enumerate(told)
    ]
    bench.hand_in(city, *events)
    bench.drain()
    bench.clock.set(datetime(2026, 7, 6, 12, tzinfo=UTC))
    by_month = figures.answer(city, asked("area", "month", layer="ward", kind="context"))
    shown = {key[0::2]: n for key, n in cells(by_month).items() if n is not None}
    # nothing lies in W3, and W1 stands in for it
    assert shown == {("W2", f"2026-0{month}"): 61 for month in (4, 5, 6)}
    by_category = figures.answer(city, asked("category", "month", kind="context"))
    # one of arson is not shown, and burglary stands in for it
    assert {key: n for key, n in cells(by_category).items() if n is not None} == {
        ("Public order", f"2026-0{month}"): 140 for month in (4, 5, 6)
    }
    assert figures.answer(city, asked("month", kind="context", as_of="2026-06-30")).rows == []  # none was known then
    assert figures.answer(city, asked("month")).rows == []


def test_the_day_received_is_published_for_the_city(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(24))
    by_week = figures.answer(city, asked("week", basis="received"))
    exact = by_code(bench.rows(city, "week", layer="city", basis="received"))
    assert {(week, n) for week, n in by_week.rows if n is not None} <= set(exact)
    assert by_week.withheld < 3


def test_without_a_city_all_of_the_coarsest_layer_is_one(bench: Bench, figures: PublishedFigures) -> None:
    with transaction(bench.engine, write=True) as connection:
        states = create_partnership(connection, "states", "none", "Europe/London", bench.clock.now_us())
        import_areas(connection, states, "state", [NewArea(code, code, None, None) for code in "ABC"], None, None)
    bench.ledger.refresh()
    events = []
    for n in range(400):
        place = {"areas": [{"layer": "state", "code": "ABC"[n % 3]}]}
        events.append(reported(f"s{n}", FIRST + timedelta(days=n % 84), date(2026, 1, 3), place))
    assert not [each for each in bench.hand_in(states, *events, trusted=True) if each.problems]
    bench.drain()
    window = (date(2025, 9, 29), date(2025, 12, 28))
    by_week = figures.answer(states, asked("week", layer="state", window=window))
    assert by_week.published_by is Granularity.WEEK
    assert sum(int(n or 0) for _, n in by_week.rows) == 400
    by_month = figures.answer(states, asked("area", "month", layer="state", window=window))
    assert by_month.published_by is Granularity.MONTH
    assert by_month.withheld == 0
    with pytest.raises(NotPublishedError):
        figures.answer(states, asked("week", layer="state", basis="received"))


def test_partnerships_are_apart_and_threads_see_the_same(bench: Bench, figures: PublishedFigures) -> None:
    one, other = stocked(bench, history(21, seed=1)), stocked(bench, history(21, seed=2))
    questions = [(city, question) for city in (one, other) for question in QUESTIONS] * 3
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda asked_of: figures.answer(*asked_of), questions))
    alone = PublishedFigures(bench.engine, bench.clock)
    assert answers == [alone.answer(*each) for each in questions]
    assert answers[0] != answers[len(QUESTIONS)]


def test_a_backfill_that_is_believed_is_seen(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(21))
    before = figures.answer(city, asked("week"))
    late = [incident(f"b{n}", date(2026, 2, 3), date(2026, 2, 4)) for n in range(10)]
    bench.hand_in(city, *late, trusted=True, batch=note_import(bench, city))
    bench.drain()
    after = cells(figures.answer(city, asked("week")))
    assert {
        key[0]: int(n or 0) - int(cells(before)[key] or 0) for key, n in after.items() if n != cells(before)[key]
    } == {"2026-02-02": 10}


def test_the_newest_evidence_is_of_what_is_published(bench: Bench, figures: PublishedFigures) -> None:
    city = stocked(bench, history(24))
    assert figures.newest(city, "city") == {"C": LAST_SUNDAY - timedelta(days=6)}
    by_month = cells(figures.answer(city, asked("area", "month", layer="ward")))
    last = max(str(key[2]) for key, n in by_month.items() if key[0] == "W1" and n is not None)
    assert f"{figures.newest(city, 'ward')['W1'] + timedelta(days=3):%Y-%m}" == last
    with pytest.raises(NotPublishedError):
        figures.newest(city, "small-area")
