"""Zones and lookups that change while reports come in: all is counted anew, on both databases."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from infra.db import tables
from infra.db.dead_letters import Replayer, list_dead_letters
from infra.db.engine import make_engine, transaction
from infra.db.geography import GeographyChange, NewArea
from streams.core.days import day_number
from streams.stages import rebuild
from tests.support.city import Bench
from tests.support.databases import STORE_TIMEOUT_S, set_up
from tests.support.events import amendment, context, link, report, withdrawal
from tests.support.fakes import Crash, DyingObserver
from tests.support.rezoning import (
    barriers,
    by_code,
    count_all,
    keep_up,
    rebuilt,
    rezone,
    told,
    with_zones,
    zones,
)
from tests.support.state import state

A, B = ("/centres/test", "a"), ("/centres/test", "b")
BEFORE = (("W1", "Y"), ("W2", "Y"))
AFTER = (("W1", "Z"), ("W2", "Y"), ("W3", "Z"))
W2, W3 = ([{"areas": [{"layer": "ward", "code": code}]}] for code in ("W2", "W3"))
HISTORY = [
    report("a"),
    report("b", places=W2, reported="2026-06-30T08:00:00Z"),
    report("c", places=W3, strands=["race", "religion"]),
    amendment("a2", A, 2, occurred={"from": "2026-06-20"}, strands=["religion"]),
    link("l", A, B),
    report("d", places=[{"kind": "online"}]),
    report("e", occurred={}),
    context("k", count=7),
    withdrawal("d2", ("/centres/test", "d"), 2),
    report("far", places=[{"kind": "outside"}]),
]
LATER = [
    report("f", places=W3),
    link("u", A, B, linked=False, revision=2),
    amendment("b2", B, 2, places=[{"areas": [{"layer": "small-area", "code": "S21"}]}]),
]


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let even a short history take several units."""
    monkeypatch.setattr(rebuild, "SLICE_CONTRIBUTIONS", 3)
    monkeypatch.setattr(rebuild, "SWEEP_CELLS", 20)


def counted(bench: Bench, city: int) -> dict[str, object]:
    """Return every count of a partnership, now and as of each day, without what aggregate has said."""
    held: dict[str, object] = dict(state(bench, city))
    for apart in ("changes", "log"):
        held.pop(apart)
    held["as of"] = [zones(bench, city, as_of=f"2026-07-0{day}") for day in range(1, 6)]
    held["received"] = zones(bench, city, basis="received")
    held["by centre"] = bench.rows(city, "area", "centre", "category", layer="zone")
    held["context"] = zones(bench, city, kind="context")
    return held


def test_rezoning_in_mid_stream_counts_as_if_the_new_lookups_had_been_there_from_the_beginning(bench: Bench) -> None:
    moved, always = with_zones(bench, *BEFORE), with_zones(bench, *BEFORE)
    rezone(bench, always, *AFTER)
    for day, events in enumerate((HISTORY[:4], HISTORY[4:], LATER), start=1):
        bench.clock.set(datetime(2026, 7, day, 12, tzinfo=UTC))
        for city in (moved, always):
            bench.hand_in(city, *events)
        if day == 2:
            count_all(bench, moved)
            assert zones(bench, moved) == [("Y", "Why", 2)]
            rezone(bench, moved, *AFTER)
    for city in (moved, always):
        count_all(bench, city)
    assert zones(bench, moved) == [("Y", "Why", 1), ("Z", "Zed", 4)]
    assert counted(bench, moved) == counted(bench, always)
    assert bench.verify() == []


def test_until_the_last_unit_every_question_is_answered_from_the_counts_as_they_were(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, *HISTORY)
    count_all(bench, city)
    before = counted(bench, city)
    rezone(bench, city, *AFTER)
    bench.hand_in(city, *LATER)
    seen = []

    class Asking(DyingObserver):
        def step(self, stage: str, partition: int, step: str) -> None:
            super().step(stage, partition, step)
            if step == "committed":
                assert bench.verify() == []
                seen.append(counted(bench, city)["count_day"] == before["count_day"])

    count_all(bench, city, observer=Asking(None))
    units_that_change_nothing = seen.index(False)
    assert units_that_change_nothing >= 4
    assert seen == [True] * units_that_change_nothing + [False, False]
    assert zones(bench, city) == [("Y", "Why", 1), ("Z", "Zed", 4)]


def test_a_worker_that_dies_between_any_two_steps_of_a_rebuild_changes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "SLICE_CONTRIBUTIONS", 6)
    monkeypatch.setattr(rebuild, "SWEEP_CELLS", 60)

    def prepared() -> int:
        city = with_zones(bench, *BEFORE)
        bench.hand_in(city, *HISTORY[:6])
        keep_up(bench, city)
        rezone(bench, city, ("W2", "Z"))
        keep_up(bench, city)
        rezone(bench, city, *AFTER)
        bench.hand_in(city, *HISTORY[6:], *LATER)
        return city

    undisturbed = prepared()
    counting = DyingObserver(None)
    count_all(bench, undisturbed, observer=counting)
    parts = [step for _, _, step in counting.steps].count("prepared")
    assert parts >= 7  # a beginning, two sweeps, two slices, the switch, what came later
    for last_step in range(1, len(counting.steps) + 1):
        city = prepared()
        with pytest.raises(Crash):
            count_all(bench, city, observer=DyingObserver(last_step))
        assert bench.verify(city) == []
        count_all(bench, city)
        assert counted(bench, city) == counted(bench, undisturbed)
    assert bench.verify() == []


def test_it_goes_on_where_the_one_before_it_died_and_counts_no_slice_twice(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, *HISTORY)
    count_all(bench, city)
    rezone(bench, city, *AFTER)
    units = 0
    while True:
        try:
            count_all(bench, city, observer=DyingObserver(6))  # four steps of one part, and two of the next
        except Crash:
            units += 1
            continue
        break
    assert units >= 4
    assert zones(bench, city) == [("Y", "Why", 1), ("Z", "Zed", 2)]
    assert bench.verify() == []


def test_a_worker_that_was_overtaken_within_a_rebuild_writes_nothing_twice(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, *HISTORY)
    count_all(bench, city)
    rezone(bench, city, *AFTER)

    class Overtaken(DyingObserver):
        def step(self, stage: str, partition: int, step: str) -> None:
            super().step(stage, partition, step)
            if step == "prepared" and len(self.steps) in (1, 5):
                with pytest.raises(Crash):
                    count_all(bench, city, observer=DyingObserver(8))

    count_all(bench, city, observer=Overtaken(None))
    assert zones(bench, city) == [("Y", "Why", 1), ("Z", "Zed", 2)]
    assert bench.verify() == []


def test_other_partnerships_of_the_partition_are_untouched(bench: Bench) -> None:
    city, other = with_zones(bench, *BEFORE), with_zones(bench, *BEFORE)
    for number in (city, other):
        bench.hand_in(number, *HISTORY)
        count_all(bench, number)
    before = state(bench, other)
    rezone(bench, city, *AFTER)
    bench.hand_in(other, report("z", places=W3))
    count_all(bench, city)
    count_all(bench, other)
    assert rebuilt(bench, other) == []
    assert zones(bench, other) == [("Y", "Why", 2)]
    assert len(state(bench, other)["changes"]) == len(before["changes"]) + 1
    assert bench.rows(other, "area") == [("W1", "Ward 1", 1), ("W2", "Ward 2", 1), ("W3", "Ward 3", 2)]
    assert bench.verify() == []


def test_what_moved_is_told_with_old_and_new_areas(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, report("a", occurred={"from": "2026-06-29"}), report("b", places=W2), context("k"))
    rezone(bench, city, *AFTER)
    count_all(bench, city)
    (said,) = rebuilt(bench, city)
    june_29 = day_number(datetime(2026, 6, 29, tzinfo=UTC).date())
    assert by_code(bench, city, said.deltas) == [(-1, june_29, "C W1 Y"), (1, june_29, "C W1 Z")]
    (change,) = (change for change in told(bench, city) if change.what == said)
    assert (change.cause.source, change.cause.id) == ("/geography", "version-7")


def test_what_moved_more_than_400_days_ago_is_counted_anew_and_not_told(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    edge = datetime(2026, 7, 1, tzinfo=UTC).date().toordinal() - 400
    days = [datetime.fromordinal(edge - back).date().isoformat() for back in (0, 1)]
    bench.hand_in(city, *(report(day, occurred={"from": day}, reported=day) for day in days))
    rezone(bench, city, *AFTER)
    count_all(bench, city)
    (said,) = rebuilt(bench, city)
    assert {delta.day for delta in said.deltas} == {edge - datetime(1970, 1, 1, tzinfo=UTC).toordinal()}
    assert zones(bench, city) == [("Z", "Zed", 2)]


def test_alike_contributions_are_told_together(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, *(report(f"r{number}") for number in range(8)))
    rezone(bench, city, *AFTER)
    count_all(bench, city)
    (said,) = rebuilt(bench, city)
    assert ([delta.n for delta in said.deltas], said.markings) == ([-8, 8], ())


def test_what_moved_keeps_the_marking_of_its_event(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, report("a"), report("x") | {"marking": "exercise"}, report("b", places=W2))
    rezone(bench, city, ("W1", "Z"))
    count_all(bench, city)
    (said,) = rebuilt(bench, city)
    assert sorted(zip(said.markings, (delta.n for delta in said.deltas), strict=True)) == [
        *(("actual", -1), ("actual", 1), ("exercise", -1), ("exercise", 1)),
    ]


def test_what_moves_nothing_is_a_record_and_no_rebuild(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, *HISTORY)
    count_all(bench, city)
    with transaction(bench.engine, write=True) as connection:
        change = GeographyChange(connection, city, bench.clock)
        change.add_areas("block", [NewArea("B1", "Block One", "W3", None)], None, None)
    bench.hand_in(city, report("b1", places=[{"areas": [{"layer": "block", "code": "B1"}]}]))
    assert barriers(bench, city) == 1
    count_all(bench, city)
    assert rebuilt(bench, city) == []
    assert bench.rows(city, "area", layer="block") == [("B1", "Block One", 1)]
    assert bench.verify() == []


def test_the_same_lookups_again_are_no_change(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, *HISTORY)
    assert rezone(bench, city, *BEFORE) == 0
    assert barriers(bench, city) == 0


def test_what_is_set_up_before_the_first_report_is_no_record(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    rezone(bench, city, *AFTER)
    assert barriers(bench, city) == 0
    bench.hand_in(city, report("a"))
    count_all(bench, city)
    assert zones(bench, city) == [("Z", "Zed", 1)]
    assert rebuilt(bench, city) == []


def test_while_a_replay_owns_the_clock_a_change_is_recorded_in_its_time(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, report("a"))
    partnership, log = tables.partnership, tables.log
    with transaction(bench.engine, write=True) as connection:
        connection.execute(partnership.update().where(partnership.c.number == city).values(replaying="a file"))
    bench.clock.set(datetime(2026, 9, 1, 12, tzinfo=UTC))
    rezone(bench, city, *AFTER)
    with transaction(bench.engine, write=False) as connection:
        recorded = connection.execute(select(log.c.recorded_at_us).where(log.c.partnership == city)).scalars().all()
    assert len(recorded) == 2
    assert len(set(recorded)) == 1


def test_a_city_may_come_after_the_first_report(bench: Bench) -> None:
    city = bench.partnership()
    with transaction(bench.engine, write=True) as connection:
        for table, column in ((tables.area_lookup, "to_area"), (tables.area, "number")):
            cities = select(tables.area.c.number).where(tables.area.c.code == "C", tables.area.c.partnership == city)
            connection.execute(table.delete().where(table.c[column].in_(cities)))
    bench.hand_in(city, *HISTORY)
    count_all(bench, city)
    assert bench.counts(city, "area", layer="city").unplaced == 4
    with transaction(bench.engine, write=True) as connection:
        change = GeographyChange(connection, city, bench.clock)
        change.add_areas("city", [NewArea("C", "Testing", None, None)], None, None)
    count_all(bench, city)
    assert bench.rows(city, "area", layer="city") == [("C", "Testing", 3)]
    assert bench.counts(city, "area", layer="city").unplaced == 1
    assert bench.verify() == []


def test_counts_of_old_generations_go_with_the_next_rebuild(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, *HISTORY)
    for lookups in (AFTER, BEFORE, AFTER, BEFORE):
        rezone(bench, city, *lookups)
        count_all(bench, city)
    series = tables.series
    with transaction(bench.engine, write=False) as connection:
        held = connection.execute(select(series.c.generation).where(series.c.partnership == city).distinct())
        generations = sorted(held.scalars())
        orphans = connection.execute(
            text("SELECT count(*) FROM count_day WHERE series NOT IN (SELECT number FROM series)")
        ).scalar_one()
    assert generations == [4, 5]
    assert orphans == 0
    assert bench.verify() == []


def test_a_record_whose_rebuild_fails_is_set_aside_and_can_be_replayed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, *HISTORY)
    rezone(bench, city, ("W2", "Z"))
    bench.hand_in(city, report("g", places=W2))
    with monkeypatch.context() as broken:
        broken.setattr(rebuild, "moved", lambda *_: (_ for _ in ()).throw(ZeroDivisionError))
        count_all(bench, city)
    assert zones(bench, city) == [("Y", "Why", 3)]
    assert bench.verify() == []
    (letter,) = list_dead_letters(bench.engine, city, settled=False)
    assert (letter.stage, letter.code, letter.event) == ("aggregate", "poison", None)
    rezone(bench, city, ("W1", "Z"))
    assert Replayer(bench.ledger, city).replay(letter.number) is None
    count_all(bench, city)
    assert zones(bench, city) == [("Z", "Zed", 3)]
    assert list_dead_letters(bench.engine, city, settled=False) == []
    assert bench.verify() == []


def test_a_ledger_from_before_there_were_versions_has_counted_by_the_newest(empty_url: str) -> None:
    engine = make_engine(empty_url, STORE_TIMEOUT_S)
    with transaction(engine, write=True) as connection:
        config = Config()
        config.set_main_option("script_location", "infra:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.execute(
            text(
                "INSERT INTO partnership (slug, time_zone, places, partition, geography_version, created_at_us)"
                " VALUES ('old', 'Europe/London', 'none', 0, 7, 1)"
            )
        )
        connection.execute(text("INSERT INTO place (partnership, precision, areas) VALUES (1, 'city', '')"))
    set_up(empty_url)
    with transaction(engine, write=False) as connection:
        assert connection.execute(select(tables.partnership.c.applied_geography)).scalar_one() == 7
        assert connection.execute(select(tables.place.c.written)).scalar_one() == ""
    engine.dispose()


def test_a_rebuild_that_was_given_up_does_not_spoil_the_next(bench: Bench) -> None:
    city = with_zones(bench, *BEFORE)
    bench.hand_in(city, *HISTORY)
    count_all(bench, city)
    rezone(bench, city, ("W2", "Z"))
    with pytest.raises(Crash):
        count_all(bench, city, observer=DyingObserver(12))
    partition = bench.ledger.partnership(city).partition
    with transaction(bench.engine, write=True) as connection:  # what the runner does with a record that fails
        position = tables.stage_position
        connection.execute(
            position.update()
            .where(position.c.stage == "aggregate", position.c.partition == partition)
            .values(position=position.c.position + 1)
        )
    assert zones(bench, city) == [("Y", "Why", 2)]
    assert bench.verify() == []
    rezone(bench, city, *AFTER)
    count_all(bench, city)
    assert zones(bench, city) == [("Y", "Why", 1), ("Z", "Zed", 2)]
    assert bench.verify() == []
