"""From what is handed in to what rules say of it, on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from infra.db.engine import transaction
from schemas.codec import decode_triggers
from schemas.topics import TRIGGERS
from schemas.triggers import Moved, Trigger, Watched
from streams.stages.watch import STAGE
from tests.support.city import Bench
from tests.support.events import Raw, amendment, envelope, link, report, withdrawal
from tests.support.rezoning import rezone, with_zones

A = ("/centres/test", "a")
TIME = "2026-06-30T10:00:00Z"


def rules(*rules: Raw, version: int = 1) -> Raw:
    return envelope(
        "bellwether.rule.changed.v1", f"rules-{version}", "/rules", TIME, {"version": version, "rules": list(rules)}
    )


def centre(code: str, **data: Any) -> Raw:
    entry = {"register": "centre", "code": code, "title": "A centre", "return_days": 7} | data
    return envelope("bellwether.register.changed.v1", f"entry-{code}", "/register", TIME, {"entry": entry})


def returned(id_: str, code: str, first: str, last: str) -> Raw:
    data = {"centre": code, "period": {"from": first, "to": last}, "nil": True}
    return envelope("bellwether.centre.returned.v1", id_, "/centres/test", TIME, data)


def forecast(id_: str, first: str, last: str, **data: Any) -> Raw:
    body = {"place": {"areas": [{"layer": "ward", "code": "W1"}]}, "expected": {"from": first, "to": last}} | data
    return envelope("bellwether.signal.forecast.v1", id_, "/centres/test", TIME, body)


TWO_IN_SEVEN = {"id": "two", "kind": "count", "count": 2, "days": 7, "scope": {"layer": "ward"}}
SEVERE = {"id": "severe", "kind": "severe-event", "harm": "serious", "scope": {"layer": "ward"}}
SIGNALS = {"id": "signals", "kind": "signal", "scope": {"layer": "ward"}}
SILENT = {"id": "silent", "kind": "silence", "periods": 2}


def watched(bench: Bench, partnership: int) -> list[Watched]:
    """Return all that watch has said of a partnership, in order."""
    partition = bench.ledger.partnership(partnership).partition
    records = bench.ledger.read_log(TRIGGERS.name, partition, 1, 1_000_000)
    return [each for row in records if row.partnership == partnership for each in decode_triggers(row.body)]


def triggers(bench: Bench, partnership: int) -> list[Trigger]:
    return [each for each in watched(bench, partnership) if isinstance(each, Trigger)]


def said(found: Sequence[Trigger]) -> list[tuple[str, str, str, int]]:
    return [(each.kind, each.reason, each.area_code, each.observed) for each in found]


def later(bench: Bench, **how: float) -> None:
    bench.clock.advance(seconds=timedelta(**how).total_seconds())


def test_reports_that_cross_a_threshold_and_one_withdrawn(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, rules(TWO_IN_SEVEN), report("a"), report("b"), report("c"))
    bench.hand_in(city, withdrawal("a2", A, 2), withdrawal("b2", ("/centres/test", "b"), 2))
    bench.drain()
    assert said(triggers(bench, city)) == [
        ("raised", "count-reached", "W1", 2),
        ("raised", "new-evidence", "W1", 3),
        ("fell", "count-corrected", "W1", 1),
    ]
    (first, *_) = triggers(bench, city)
    assert [each.name.id for each in first.evidence] == ["b", "a"]
    assert (first.layer, first.area_name, first.rule, first.rule_version) == ("ward", "Ward 1", "two", 1)


def test_what_is_said_does_not_depend_on_when_watch_comes_to_it(bench: Bench) -> None:
    cities = [bench.partnership(), bench.partnership()]
    for city, drains in zip(cities, (True, False), strict=True):
        for event in (rules(TWO_IN_SEVEN), report("a"), report("b"), withdrawal("a2", A, 2), report("c")):
            bench.hand_in(city, event)
            if drains:
                bench.drain()
    bench.drain()
    one, other = (
        [(each.kind, each.reason, each.at_us, each.observed, each.evidence) for each in triggers(bench, city)]
        for city in cities
    )
    assert one == other
    assert len(one) == 3


def test_a_severe_report_a_forecast_and_its_lapse(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, rules(SEVERE, SIGNALS), report("a", harm={"injury": "critical"}))
    bench.hand_in(city, forecast("f", "2026-07-04", "2026-07-05", grade="2BP"))
    bench.drain()
    later(bench, days=9)
    bench.tick(city)
    bench.drain()
    raised_harm, raised_signal, lapsed = triggers(bench, city)
    assert (raised_harm.reason, raised_harm.severity) == ("harm", "red")
    assert (raised_signal.reason, raised_signal.area_code) == ("signal", "W1")
    assert lapsed.reason == "signal-lapsed"
    assert lapsed.at_us == int(datetime(2026, 7, 5, 23, tzinfo=UTC).timestamp() * 1_000_000)  # midnight in London


def test_a_centre_that_says_nothing_is_overdue_and_one_that_returns_nil_is_not(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, rules(SILENT), centre("north", serves=[{"layer": "ward", "code": "W2"}]), centre("south"))
    bench.hand_in(city, report("a"))
    bench.drain()
    later(bench, days=10)
    bench.hand_in(city, returned("r", "south", "2026-07-01", "2026-07-08"))
    later(bench, days=12)
    bench.tick(city)
    bench.drain()
    assert said(triggers(bench, city)) == [("raised", "return-overdue", "W2", 1)]
    (overdue,) = triggers(bench, city)
    assert (overdue.alert_class, overdue.completeness.expected, overdue.completeness.overdue) == (
        "data-quality",
        2,
        ("north",),
    )
    bench.hand_in(city, returned("r2", "north", "2026-07-01", "2026-07-21"))
    bench.drain()
    assert said(triggers(bench, city))[1:] == [("fell", "return-made", "W2", 0)]


def test_new_rules_judge_what_is_held_from_their_place_on(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a", harm={"weapon": "serious"}), report("b"), forecast("f", "2026-07-01", "2026-07-09"))
    bench.drain()
    assert triggers(bench, city) == []
    bench.hand_in(city, rules(TWO_IN_SEVEN, SEVERE, SIGNALS))
    bench.drain()
    assert [(each.rule, each.reason) for each in triggers(bench, city)] == [
        ("severe", "harm"),
        ("signals", "signal"),
        ("two", "count-reached"),
    ]
    bench.hand_in(city, rules(TWO_IN_SEVEN, version=2))
    bench.drain()
    assert [(each.rule, each.kind) for each in triggers(bench, city)[3:]] == [("severe", "fell"), ("signals", "fell")]


def test_an_amendment_moves_an_incident_between_wards(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, rules(TWO_IN_SEVEN, SEVERE), report("a", harm={"injury": "serious"}), report("b"))
    moved = [{"areas": [{"layer": "ward", "code": "W2"}]}]
    bench.hand_in(city, amendment("a2", A, 2, places=moved, harm={"injury": "serious"}))
    bench.drain()
    assert said(triggers(bench, city))[2:] == [
        ("fell", "harm-withdrawn", "W1", 0),
        ("raised", "harm", "W2", 2),
        ("fell", "count-corrected", "W1", 1),
    ]


def test_an_amendment_of_the_harm_alone_raises_and_falls(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, rules(SEVERE), report("a", harm={"injury": "minor"}))
    bench.hand_in(city, amendment("a3", A, 3, harm={"injury": "minor", "threat": "critical"}))
    bench.hand_in(city, amendment("a2", A, 2, harm={"injury": "none"}))  # late: another version holds
    bench.drain()
    assert said(triggers(bench, city)) == [("raised", "harm", "W1", 3)]
    bench.hand_in(city, amendment("a4", A, 4, harm={"injury": "minor"}))
    bench.hand_in(city, withdrawal("a5", A, 5))
    bench.drain()
    assert said(triggers(bench, city))[1:] == [("fell", "harm-withdrawn", "W1", 0)]


def test_linked_reports_each_stand_for_their_own_harm_until_withdrawn(bench: Bench) -> None:
    city = bench.partnership()
    b = ("/centres/test", "b")
    bench.hand_in(city, rules(SEVERE), report("a", harm={"injury": "serious"}), report("b", harm={"injury": "minor"}))
    bench.hand_in(city, link("l", b, A), amendment("b2", b, 2, harm={"injury": "critical"}))
    bench.hand_in(city, link("u", b, A, linked=False, revision=2), link("l2", A, b, revision=3))
    bench.drain()
    assert said(triggers(bench, city)) == [("raised", "harm", "W1", 2), ("raised", "harm", "W1", 3)]
    bench.hand_in(city, withdrawal("a2", A, 2))
    bench.hand_in(city, withdrawal("b3", b, 3))
    bench.drain()
    assert said(triggers(bench, city))[2:] == [("fell", "harm-withdrawn", "W1", 3), ("fell", "harm-withdrawn", "W1", 0)]


def test_ticks_are_handed_on_after_all_that_was_due_and_in_a_row_only_the_last(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, rules(TWO_IN_SEVEN), report("a"), report("b"))
    for _ in range(3):
        later(bench, days=1)
        bench.tick(city)
    bench.drain()
    later(bench, days=10)
    bench.tick(city)
    bench.drain()
    kinds = [type(each).__name__ if isinstance(each, Moved) else each.reason for each in watched(bench, city)]
    assert kinds == ["count-reached", "Moved", "window-emptied", "Moved"]
    last = watched(bench, city)[-1]
    assert isinstance(last, Moved)
    assert last.at_us == bench.clock.now_us() == bench.ticked_at_us(city)[STAGE]


def test_partnerships_in_one_partition_share_no_verdict(bench: Bench) -> None:
    mine, other = bench.partnership(), bench.partnership()
    bench.hand_in(mine, rules(TWO_IN_SEVEN), report("a"))
    bench.hand_in(other, rules(TWO_IN_SEVEN), report("a"))
    bench.hand_in(other, report("b"))
    bench.drain()
    assert triggers(bench, mine) == []
    assert len(triggers(bench, other)) == 1


def test_what_is_older_than_400_days_is_dropped_when_a_new_day_begins(bench: Bench) -> None:
    city = bench.partnership()
    signal = forecast("f", "2026-07-01", "2026-07-02")
    bench.hand_in(city, rules(SEVERE), report("a", harm={"injury": "serious"}), signal)
    bench.hand_in(city, report("old", occurred={"from": "2024-01-01"}, reported="2024-01-01"))
    bench.drain()
    assert held(bench) == {"watch_item": 1, "watch_incident": 1, "watch_signal": 1, "watch_verdict": 1}
    later(bench, days=398)
    bench.tick(city)
    bench.drain()
    assert held(bench)["watch_item"] == 1
    later(bench, days=5)
    bench.tick(city)
    bench.drain()
    assert held(bench) == {"watch_item": 0, "watch_incident": 0, "watch_signal": 0, "watch_verdict": 0}


def held(bench: Bench) -> dict[str, int]:
    tables = ("watch_item", "watch_incident", "watch_signal", "watch_verdict")
    with transaction(bench.engine, write=False) as connection:
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}  # noqa: S608 - our own names


def test_a_rezoning_takes_severe_incidents_and_signals_with_it_and_tells_nobody_again(bench: Bench) -> None:
    city = with_zones(bench, ("W1", "Z"))
    zone = {"layer": "zone"}
    bench.hand_in(city, rules(SEVERE | {"scope": zone}, SIGNALS | {"scope": zone}))
    bench.hand_in(city, report("a", harm={"threat": "serious"}), forecast("march", "2026-07-20", "2026-07-21"))
    bench.drain()
    rezone(bench, city, ("W1", "Y"))
    bench.hand_in(city, amendment("a2", A, 2, harm={"threat": "serious"}, types=["abuse"]))
    bench.drain()
    assert said(triggers(bench, city)) == [("raised", "harm", "Z", 2), ("raised", "signal", "Z", 1)]
    bench.hand_in(city, withdrawal("a3", A, 3))
    later(bench, days=40)
    bench.tick(city)
    bench.drain()
    assert said(triggers(bench, city))[2:] == [("fell", "harm-withdrawn", "Y", 0), ("fell", "signal-lapsed", "Y", 0)]
