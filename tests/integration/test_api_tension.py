"""/v1/tension: levels that people set, unknown where none may be believed, and what the picture rests on."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.callers import Scope
from tests.support.alerting import acknowledge, act, alerts, close, put, stand_down, work_off
from tests.support.api import ApiBench, codes
from tests.support.city import Bench
from tests.support.events import Raw, amendment, envelope, report
from tests.support.registers import centre_entry, register
from tests.support.triggers import trigger

DAY_S = 24 * 3_600
WEEK = {"from": "2026-06-22", "to": "2026-06-28"}
W1: Raw = {"areas": [{"layer": "ward", "code": "W1"}]}
NOTHING = {"day": None, "age_days": None}


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench) as made:
        yield made


@pytest.fixture
def city(bench: Bench) -> int:
    """Return a city with one report, so that its clock runs; it is Wednesday, 1 July 2026."""
    number = bench.partnership()
    bench.hand_in(number, report("a"))
    go_on(bench, number)
    return number


def go_on(bench: Bench, city: int, days: float = 0) -> None:
    """Let time pass, and every stage see it."""
    bench.clock.advance(seconds=days * DAY_S)
    bench.tick(city)
    bench.drain()


def said(verb: str, id_: str, data: Raw, *, time: str = "2026-06-29T09:00:00Z", source: str = "/centres/test") -> Raw:
    return envelope(f"bellwether.{verb}.v1", id_, source, time, data)


def level(id_: str, name: str = "level-4", expires: str = "2026-07-10", **others: Any) -> Raw:
    data: Raw = {
        "area": {"layer": "ward", "code": "W1"},
        "period": {"from": "2026-06-29", "to": "2026-07-05"},
        "scale": "six-level",
        "level": name,
        "direction": "rising",
        "confidence": "medium",
        "basis": ["observed"],
        "agencies": ["council", "police"],
        "expires": expires,
        "by": {"user": "test-officer", "agency": "council"},
    }
    return said("assessment.set", id_, data | others, source="/decisions")


def exact(api: ApiBench, city: int) -> httpx.Client:
    return api.client(Scope.COUNTS_READ, Scope.COUNTS_EXACT, Scope.ALERTS_READ, partnership=city)


def gated(api: ApiBench, city: int) -> httpx.Client:
    return api.client(Scope.COUNTS_READ, partnership=city)


def shown(client: httpx.Client, layer: str = "ward") -> dict[str, Any]:
    answer = client.get("/v1/tension", params={"layer": layer})
    assert answer.status_code == 200, answer.text
    return {row["area"]: row for row in answer.json()["rows"]}


def test_an_area_shows_the_level_that_people_set_by_whom_and_until_when(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(city, level("l"))
    row = shown(gated(api, city))["W1"]
    assert (row["level"], row["scale"], row["direction"], row["confidence"]) == (
        *("level-4", "six-level", "rising", "medium"),
    )
    assert row["set_by"] == {"actor": "test-officer", "agency": "council"}
    assert (row["set_at"], row["until"], row["unknown_because"]) == ("2026-06-29T09:00:00.000000Z", "2026-07-10", None)
    assert (row["basis"], row["agencies"], row["dissent"]) == (["observed"], ["council", "police"], "no")
    assert row["review_suggested"] is False


def test_an_area_for_which_nobody_set_a_level_is_unknown(api: ApiBench, city: int) -> None:
    row = shown(gated(api, city))["W2"]
    assert (row["level"], row["unknown_because"], row["set_by"], row["until"]) == ("unknown", "not-set", None, None)
    assert (row["review_suggested"], row["reasons"]) == (False, [])


def test_a_level_that_ran_out_is_unknown_and_never_the_one_before_it(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(city, level("older", "level-2", "2026-08-31"))
    bench.hand_in(city, level("newer", "level-5", "2026-07-03"))
    client = gated(api, city)
    assert shown(client)["W1"]["level"] == "level-5"
    go_on(bench, city, days=2)  # 3 July, the last day on which it holds
    assert shown(client)["W1"]["level"] == "level-5"
    assert shown(client)["W1"]["reasons"] == ["assessment-expiring"]
    go_on(bench, city, days=1)
    row = shown(client)["W1"]
    assert (row["level"], row["unknown_because"], row["confidence"]) == ("unknown", "expired", None)
    assert (row["until"], row["set_by"]["actor"]) == ("2026-07-03", "test-officer")
    assert (row["review_suggested"], row["reasons"]) == (True, ["assessment-expired"])


def test_a_level_holds_from_the_day_on_which_its_period_begins(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(city, level("now", "level-2", "2026-08-31"))
    next_week = {"from": "2026-07-06", "to": "2026-07-12"}
    bench.hand_in(city, level("next", "level-5", "2026-07-12", period=next_week))
    assert shown(gated(api, city))["W1"]["level"] == "level-2"
    go_on(bench, city, days=5)
    assert shown(gated(api, city))["W1"]["level"] == "level-5"


def test_levels_for_a_community_stand_beside_that_for_all(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(city, level("all", "level-2"))
    bench.hand_in(city, level("some", "level-5", community="test-community"))
    row = shown(gated(api, city))["W1"]
    assert row["level"] == "level-2"
    assert [(each["community"], each["level"]) for each in row["communities"]] == [("test-community", "level-5")]


def test_a_picture_that_is_late_leaves_every_area_unknown(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(city, level("l"))
    go_on(bench, city)
    bench.clock.advance(seconds=300)
    assert shown(gated(api, city))["W1"]["level"] == "level-4"
    bench.clock.advance(seconds=1)
    answer = gated(api, city).get("/v1/tension", params={"layer": "ward"}).json()
    assert {(row["level"], row["unknown_because"]) for row in answer["rows"]} == {("unknown", "data-late")}
    assert answer["freshness"] == {"state": "late", "lag_minutes": 5}


def test_an_open_alert_suggests_a_review_where_it_is_and_above(api: ApiBench, bench: Bench, city: int) -> None:
    areas = {area.code: area.number for area in bench.ledger.partnership(city).geography.areas}
    small: dict[str, Any] = {"area": areas["S11"], "layer": "small-area", "area_code": "S11", "area_name": "Small 11"}
    put(bench, city, trigger("t", partnership=city, **small))
    work_off(bench)
    (alert,) = alerts(bench, city)
    reader, plain = exact(api, city), gated(api, city)
    for layer, code in (("small-area", "S11"), ("ward", "W1"), ("city", "C")):
        assert shown(reader, layer)[code]["alerts"] == [alert.id]
        assert shown(plain, layer)[code]["reasons"] == ["open-alert"]
        assert shown(plain, layer)[code]["alerts"] is None
    assert shown(reader)["W2"]["reasons"] == []
    act(bench, city, alert, acknowledge())
    assert shown(plain)["W1"]["reasons"] == ["open-alert"]
    act(bench, city, alert, stand_down())
    assert shown(plain)["W1"]["reasons"] == []
    act(bench, city, alert, close())
    assert shown(reader, "city")["C"]["alerts"] == []


def test_alerts_of_data_quality_are_no_reason(api: ApiBench, bench: Bench, city: int) -> None:
    area = next(each.number for each in bench.ledger.partnership(city).geography.areas if each.code == "W1")
    put(bench, city, trigger("t", partnership=city, area=area, alert_class="data-quality"))
    work_off(bench)
    assert shown(gated(api, city))["W1"]["reasons"] == []


def test_an_overdue_return_takes_confidence_from_the_areas_that_the_centre_serves(
    api: ApiBench, bench: Bench, city: int
) -> None:
    bench.hand_in(
        city,
        register("r1", centre_entry("library", [("ward", "W1")], return_days=7)),
        register("r2", centre_entry("clinic", [("small-area", "S21")], return_days=7)),
        level("l", expires="2026-08-31", confidence="high"),
    )
    go_on(bench, city, days=6)
    assert shown(gated(api, city))["W1"]["completeness"] == {"expected": 0, "overdue": 0, "centres": None}
    go_on(bench, city, days=9)
    rows = shown(exact(api, city))
    assert rows["W1"]["completeness"] == {"expected": 1, "overdue": 1, "centres": ["library"]}
    assert (rows["W1"]["confidence"], rows["W1"]["confidence_set"]) == ("low", "high")
    assert (rows["W1"]["level"], rows["W1"]["reasons"]) == ("level-4", ["return-overdue"])
    assert rows["W2"]["completeness"]["centres"] == ["clinic"]
    assert rows["W3"]["completeness"] == {"expected": 0, "overdue": 0, "centres": []}
    assert shown(exact(api, city), "city")["C"]["completeness"]["overdue"] == 2
    plain = gated(api, city).get("/v1/tension", params={"layer": "ward"}).json()
    assert plain["completeness"] == {"expected": 2, "overdue": 2, "centres": None}
    made = {"centre": "library", "period": {"from": "2026-07-01", "to": "2026-07-15"}, "nil": True}
    bench.hand_in(city, said("centre.returned", "n", made))
    assert shown(gated(api, city))["W1"]["reasons"] == []


def test_a_centre_that_serves_no_area_by_name_serves_the_city(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(city, register("r", centre_entry("hotline", return_days=7)))
    go_on(bench, city, days=15)
    assert {row["completeness"]["overdue"] for row in shown(gated(api, city)).values()} == {1}


def evidence(api: ApiBench, city: int, code: str = "W1", layer: str = "ward") -> dict[str, Any]:
    found: dict[str, Any] = shown(exact(api, city), layer)[code]["evidence"]
    return found


def test_the_newest_evidence_of_each_class_is_told_with_its_age(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(
        city,
        said("signal.observed", "o", {"period": WEEK, "place": W1}),
        said("signal.evidenced", "e", {"occurred": {"from": "2026-06-24"}, "place": W1}),
        said("signal.forecast", "f", {"expected": {"from": "2026-08-01", "to": "2026-08-02"}, "place": W1}),
    )
    assert evidence(api, city) == {
        "experienced": {"day": "2026-06-28", "age_days": 3},
        "evidenced": {"day": "2026-06-24", "age_days": 7},
        "potential": {"day": "2026-07-01", "age_days": 0},
        "incidents": {"day": "2026-06-29", "age_days": 2},
    }
    assert evidence(api, city, "C", "city") == evidence(api, city)
    assert set(map(str, evidence(api, city, "W2").values())) == {str(NOTHING)}


def test_of_a_signal_its_highest_revision_holds_whichever_came_first(api: ApiBench, bench: Bench, city: int) -> None:
    key = {"source": "/centres/test", "id": "o"}
    moved = {"period": {"from": "2026-06-15", "to": "2026-06-21"}, "place": W1}
    bench.hand_in(city, said("signal.amended", "o3", {"signal": key, "revision": 3, "observed": moved}))
    bench.hand_in(
        city,
        said("signal.observed", "o", {"period": WEEK, "place": W1}),
        said("signal.withdrawn", "o2", {"signal": key, "revision": 2, "reason": "entered-in-error"}),
    )
    assert evidence(api, city)["experienced"]["day"] == "2026-06-21"
    withdrawn = {"signal": key, "revision": 4, "reason": "entered-in-error"}
    bench.hand_in(city, said("signal.withdrawn", "o4", withdrawn))
    assert evidence(api, city)["experienced"] == NOTHING


def test_an_incident_that_was_corrected_is_evidence_where_it_now_is(api: ApiBench, bench: Bench, city: int) -> None:
    w2 = [{"areas": [{"layer": "ward", "code": "W2"}]}]
    bench.hand_in(city, amendment("a2", ("/centres/test", "a"), 2, places=w2))
    go_on(bench, city)
    assert evidence(api, city)["incidents"] == NOTHING
    assert evidence(api, city, "W2")["incidents"]["day"] == "2026-06-29"


def test_readers_without_exact_figures_see_evidence_by_week_up_to_the_last_sunday(
    api: ApiBench, bench: Bench, city: int
) -> None:
    bench.hand_in(city, said("signal.observed", "o", {"period": WEEK, "place": W1}))
    client = gated(api, city)
    assert {str(each) for each in shown(client)["W1"]["evidence"].values()} == {str(NOTHING)}  # told this week
    go_on(bench, city, days=5)  # Monday, 6 July
    before = client.get("/v1/tension", params={"layer": "ward"})
    answer = before.json()
    assert answer["cut_off"] == "2026-07-05T22:59:59.999999Z"
    row = next(row for row in answer["rows"] if row["area"] == "W1")
    assert row["evidence"]["experienced"] == {"day": "2026-06-22", "age_days": 13}
    assert row["evidence"]["incidents"] == NOTHING
    bench.hand_in(
        city,
        *(report(f"b{n}") for n in range(9)),
        said("signal.evidenced", "e", {"occurred": {"from": "2026-06-30"}, "place": W1}),
    )
    go_on(bench, city)
    assert client.get("/v1/tension", params={"layer": "ward"}).content == before.content


def test_of_areas_finer_than_wards_nothing_is_said_to_them(api: ApiBench, bench: Bench, city: int) -> None:
    s11: Raw = {"areas": [{"layer": "small-area", "code": "S11"}]}
    bench.hand_in(city, said("signal.observed", "o", {"period": WEEK, "place": s11}))
    go_on(bench, city, days=5)
    assert shown(gated(api, city), "small-area")["S11"]["evidence"]["experienced"] == NOTHING
    assert shown(gated(api, city))["W1"]["evidence"]["experienced"]["day"] == "2026-06-22"
    assert evidence(api, city, "S11", "small-area")["experienced"]["day"] == "2026-06-28"


def test_rows_come_in_pages_by_code(api: ApiBench, city: int) -> None:
    client = gated(api, city)
    first = client.get("/v1/tension", params={"layer": "ward", "limit": 2}).json()
    second = client.get("/v1/tension", params={"layer": "ward", "limit": 2, "cursor": first["next"]}).json()
    assert [row["area"] for row in first["rows"] + second["rows"]] == ["W1", "W2", "W3"]
    assert second["next"] is None


def test_levels_of_another_partnership_are_not_there(api: ApiBench, bench: Bench, city: int) -> None:
    other = bench.partnership()
    bench.hand_in(other, report("a"), level("l"))
    go_on(bench, other)
    assert shown(gated(api, city))["W1"]["level"] == "unknown"
    assert shown(gated(api, other))["W1"]["level"] == "level-4"


def test_what_cannot_be_asked_is_a_problem(api: ApiBench, city: int) -> None:
    client = gated(api, city)
    assert codes(client.get("/v1/tension")) == [("query.layer", "missing-field")]
    assert codes(client.get("/v1/tension?layer=parish")) == [("query.layer", "unknown-layer")]
    assert codes(client.get("/v1/tension?layer=ward&area=W1")) == [("query.area", "unknown-field")]
    assert api.client(Scope.ALERTS_READ, partnership=city).get("/v1/tension?layer=ward").status_code == 403
