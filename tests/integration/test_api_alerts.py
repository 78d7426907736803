"""/v1/alerts: what needs an answer and why, as far as the caller may know, and saying who gives it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api.callers import Scope
from schemas.changes import Name
from schemas.triggers import FELL, Completeness, Evidence
from tests.support.alerting import alerts, life, put, work_off
from tests.support.api import ApiBench, codes
from tests.support.city import Bench
from tests.support.events import Raw, envelope, report
from tests.support.triggers import MINUTE_US, MONDAY_NOON_US, trigger

WHY = {"reason": "calls made, all calm"}
CLOSING = WHY | {"outcome": "real"}


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench) as made:
        yield made


@pytest.fixture
def city(bench: Bench) -> int:
    return bench.partnership()


def areas(bench: Bench, city: int) -> dict[str, int]:
    return {area.code: area.number for area in bench.ledger.partnership(city).geography.areas}


def raise_alert(bench: Bench, city: int, id_: str = "t1", at_us: int = MONDAY_NOON_US, **fields: Any) -> str:
    """Have an alert opened on an area, W1 unless said; return its id."""
    code = fields.get("area_code", "W1")
    before = {alert.id for alert in alerts(bench, city)}
    put(bench, city, trigger(id_, at_us, **({"partnership": city, "area": areas(bench, city)[code]} | fields)))
    work_off(bench)
    return next(alert.id for alert in alerts(bench, city) if alert.id not in before)


def officer(api: ApiBench, city: int, *, agency: str | None = "council", **rights: Any) -> httpx.Client:
    return api.client(Scope.ALERTS_READ, Scope.ALERTS_ACT, partnership=city, agency=agency, **rights)


def cleared(api: ApiBench, city: int) -> httpx.Client:
    return api.client(Scope.ALERTS_READ, Scope.COUNTS_EXACT, partnership=city, agency="council")


def listed(client: httpx.Client, **asked: Any) -> list[str]:
    answer = client.get("/v1/alerts", params=asked)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["rows"]]


def test_alerts_come_newest_first_and_say_in_short_why_they_are_there(api: ApiBench, bench: Bench, city: int) -> None:
    first = raise_alert(bench, city)
    second = raise_alert(bench, city, "t2", MONDAY_NOON_US + MINUTE_US, area_code="W2", area_name="Ward 2")
    rows = cleared(api, city).get("/v1/alerts").json()["rows"]
    assert [row["id"] for row in rows] == [second, first]
    assert (rows[0]["class"], rows[0]["state"], rows[0]["severity"]) == ("tension", "open", "amber")
    assert (rows[0]["area"], rows[0]["area_name"], rows[0]["rule"]) == ("W2", "Ward 2", "three-in-seven")
    assert rows[0]["why"] == {
        "update": "raised",
        "reason": "count-reached",
        "meaning": "the count has reached the threshold",
        "observed": 3,
        "threshold": 3,
        "period": {"from": "2026-06-23", "to": "2026-06-29"},
        "completeness": {"expected": 37, "overdue": 1, "centres": ["arvig"]},
        "cut_off": "2026-06-29T12:01:00Z",
    }


def test_filters_narrow_the_list(api: ApiBench, bench: Bench, city: int) -> None:
    one = raise_alert(bench, city)
    other = raise_alert(
        *(bench, city, "t2", MONDAY_NOON_US + 1),
        area_code="S21",
        layer="small-area",
        alert_class="safeguarding",
        severity="red",
    )
    client = officer(api, city)
    assert client.post(f"/v1/alerts/{one}/acknowledge").status_code == 200
    assert listed(client, state="acknowledged") == [one]
    assert listed(client, state=["open", "acknowledged"]) == [other, one]
    assert listed(client, **{"class": "safeguarding"}) == [other]
    assert listed(client, level="red") == [other]
    assert listed(client, level=["amber", "red"], layer="ward") == [one]
    assert listed(client, area="S21") == [other]
    assert listed(client, area="W9") == []


def test_pages_together_are_the_whole_list_while_new_alerts_come(api: ApiBench, bench: Bench, city: int) -> None:
    held = [
        raise_alert(bench, city, f"t{n}", MONDAY_NOON_US, strand_group=group)
        for n, group in enumerate(("race", "religion", "disability"))
    ]
    client = officer(api, city)
    first = client.get("/v1/alerts", params={"limit": 2}).json()
    raise_alert(bench, city, "later", MONDAY_NOON_US + 1, strand_group="any")
    second = client.get("/v1/alerts", params={"limit": 2, "cursor": first["next"]}).json()
    assert {row["id"] for row in first["rows"] + second["rows"]} == set(held)
    assert (len(first["rows"]), second["next"]) == (2, None)


def test_one_alert_is_shown_whole_and_that_it_was_read_is_kept(api: ApiBench, bench: Bench, city: int) -> None:
    alert = raise_alert(bench, city)
    put(
        bench,
        city,
        trigger("t2", MONDAY_NOON_US + MINUTE_US, partnership=city, observed=4, reason="new-evidence"),
    )
    work_off(bench)
    client = cleared(api, city)
    answer = client.get(f"/v1/alerts/{alert}", headers={"Bellwether-Purpose": "daily-briefing"}).json()
    assert [update["number"] for update in answer["updates"]] == [1, 2]
    assert answer["updates"][1]["changed"] == ["4 observed, it was 3 (+1)"]
    assert answer["updates"][0]["evidence"] == [{"source": "/centres/test", "id": "a", "n": 1}]
    assert answer["updates"][0]["rule"]["parameters"] == {"count": 3, "days": 7}
    assert [line["act"] for line in answer["life"]] == ["opened"]
    assert [row["recipient"] for row in answer["deliveries"]] == ["log-readers", "log-readers"]
    assert [note[1:] for note in api.access.notes] == [("read-alert", alert, "daily-briefing")]


def test_evidence_is_what_may_be_named_to_the_callers_agency(api: ApiBench, bench: Bench, city: int) -> None:
    felt = {"period": {"from": "2026-06-22", "to": "2026-06-28"}}
    signal = envelope("bellwether.signal.observed.v1", "felt", "/centres/test", "2026-06-30T10:00:00Z", felt)
    bench.hand_in(city, report("nobody-consented"), signal)
    bench.drain()
    names = [Name("/centres/test", id_) for id_ in ("nobody-consented", "felt")]
    alert = raise_alert(bench, city, evidence=tuple(Evidence(name, 1) for name in names))
    with_agency = cleared(api, city).get(f"/v1/alerts/{alert}").json()["updates"][0]
    assert ([each["id"] for each in with_agency["evidence"]], with_agency["left_out"]) == (["felt"], 1)
    assert "nobody-consented" not in officer(api, city).get(f"/v1/alerts/{alert}").text
    nobody = api.client(Scope.ALERTS_READ, Scope.COUNTS_EXACT, partnership=city)
    assert (update := nobody.get(f"/v1/alerts/{alert}").json()["updates"][0])["evidence"] == []
    assert update["left_out"] == 2


SMALL = ["three-in-seven", "observed, it was", '"observed":3', '"threshold":3', '"count":3', '"n":1', "reference"]


def test_without_exact_figures_nothing_tells_a_small_number_of_incidents(
    api: ApiBench, bench: Bench, city: int
) -> None:
    alert = raise_alert(bench, city, strand_group="race")
    for n in (4, 5, 6):
        put(
            bench,
            city,
            trigger(
                f"t{n}",
                MONDAY_NOON_US + n * MINUTE_US,
                partnership=city,
                observed=n,
                strand_group="race",
                evidence=tuple(Evidence(Name("/centres/test", f"e{i}"), 1) for i in range(n)),
            ),
        )
    fell = trigger("f", MONDAY_NOON_US + 9 * MINUTE_US, partnership=city, kind=FELL, observed=2, strand_group="race")
    put(bench, city, fell)
    work_off(bench)
    plain = officer(api, city)
    whole, row = plain.get(f"/v1/alerts/{alert}"), plain.get("/v1/alerts")
    for text in (whole.text, row.text):
        assert [each for each in SMALL if each in text.replace(" ", "")] == []
        assert '"race"' not in text
    update = whole.json()["updates"][1]
    assert (update["observed"], update["threshold"], update["left_out"]) == (None, None, None)
    assert update["rule"] == {"id": None, "version": None, "kind": "count", "parameters": {}}
    assert update["period"] == {"from": "2026-06-22", "to": "2026-07-05"}
    assert whole.json()["updates"][-1]["changed"] == ["below the threshold again"]
    assert (whole.json()["rule"], row.json()["rows"][0]["rule"]) == (None, None)
    assert (whole.json()["strand_group"], row.json()["rows"][0]["strand_group"]) == (None, None)
    assert '"observed":6' in cleared(api, city).get(f"/v1/alerts/{alert}").text


def test_a_rule_with_a_large_number_is_named_and_strands_are_told_of_the_city(
    api: ApiBench, bench: Bench, city: int
) -> None:
    alert = raise_alert(
        *(bench, city),
        area_code="C",
        layer="city",
        area_name="Testing",
        strand_group="race",
        rule="many",
        observed=31,
        threshold=30,
        parameters={"count": 30, "days": 28},
    )
    answer = officer(api, city).get(f"/v1/alerts/{alert}").json()
    assert (answer["rule"], answer["strand_group"]) == ("many", "race")
    assert (answer["updates"][0]["threshold"], answer["updates"][0]["observed"]) == (30, None)


def test_how_grave_a_single_incident_was_is_told_but_its_day_only_by_week(
    api: ApiBench, bench: Bench, city: int
) -> None:
    alert = raise_alert(
        *(bench, city),
        rule="severe",
        rule_kind="severe-event",
        reason="harm",
        observed=3,
        threshold=2,
        parameters={"harm": "serious"},
        first_day=20_633,
        last_day=20_633,
    )
    update = officer(api, city).get(f"/v1/alerts/{alert}").json()["updates"][0]
    assert (update["observed"], update["threshold"], update["rule"]["id"]) == (3, 2, "severe")
    assert update["period"] == {"from": "2026-06-29", "to": "2026-07-05"}


def test_what_single_centres_do_is_told_to_administrators_and_whoever_sees_exact_figures(
    api: ApiBench, bench: Bench, city: int
) -> None:
    alert = raise_alert(
        *(bench, city),
        alert_class="data-quality",
        rule="returns",
        rule_kind="silence",
        reason="return-overdue",
        observed=1,
        threshold=1,
        parameters={"periods": 2},
        completeness=Completeness(37, ("arvig",)),
        evidence=(Evidence(Name("/registers", "arvig-entry"), 0),),
    )
    plain = officer(api, city).get(f"/v1/alerts/{alert}").json()["updates"][0]
    assert (plain["completeness"], plain["evidence"]) == ({"expected": 37, "overdue": 1, "centres": None}, [])
    assert (plain["rule"]["id"], plain["observed"]) == ("returns", 1)
    admin = api.client(Scope.ADMIN, partnership=city, agency="council")
    for client in (admin, cleared(api, city)):
        update = client.get(f"/v1/alerts/{alert}").json()["updates"][0]
        assert update["completeness"]["centres"] == ["arvig"]
        assert [each["id"] for each in update["evidence"]] == ["arvig-entry"]


def test_a_task_force_sees_alerts_of_its_areas_and_of_what_lies_in_them(api: ApiBench, bench: Bench, city: int) -> None:
    numbers = areas(bench, city)
    mine = raise_alert(bench, city)
    below = raise_alert(bench, city, "t2", MONDAY_NOON_US + 1, area_code="S11", layer="small-area")
    elsewhere = raise_alert(bench, city, "t3", MONDAY_NOON_US + 2, area_code="W2")
    above = raise_alert(bench, city, "t4", MONDAY_NOON_US + 3, area_code="C", layer="city")
    ward = officer(api, city, areas=[numbers["W1"]])
    assert listed(ward) == [below, mine]
    assert ward.get(f"/v1/alerts/{below}").status_code == 200
    for other in (elsewhere, above):
        for answer in (
            ward.get(f"/v1/alerts/{other}"),
            ward.post(f"/v1/alerts/{other}/acknowledge"),
            ward.post(f"/v1/alerts/{other}/close", json=CLOSING),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "not-your-area")
    assert ward.post(f"/v1/alerts/{below}/acknowledge").status_code == 200
    whole = officer(api, city, areas=[numbers["C"]])
    assert listed(whole) == [above, elsewhere, below, mine]
    assert listed(officer(api, city, areas=[])) == []


def test_an_alert_goes_from_hand_to_hand_by_whoever_calls(api: ApiBench, bench: Bench, city: int) -> None:
    alert = raise_alert(bench, city, severity="watch")
    client = officer(api, city)
    answers = [
        client.post(f"/v1/alerts/{alert}/acknowledge"),
        client.post(f"/v1/alerts/{alert}/stand-down", json=WHY),
        client.post(f"/v1/alerts/{alert}/close", json=CLOSING),
    ]
    assert [answer.json() for answer in answers] == [
        {"id": alert, "act": "acknowledge", "state": "acknowledged", "unchanged": False},
        {"id": alert, "act": "stand-down", "state": "stood-down", "unchanged": False},
        {"id": alert, "act": "close", "state": "closed", "unchanged": False},
    ]
    lines = client.get(f"/v1/alerts/{alert}").json()["life"]
    assert [(line["act"], line["agency"], line["reason"], line["outcome"]) for line in lines[1:]] == [
        ("acknowledge", "council", None, None),
        ("stand-down", "council", WHY["reason"], None),
        ("close", "council", WHY["reason"], "real"),
    ]
    (actor,) = {line["actor"] for line in lines[1:]}
    assert actor == client.get(f"/v1/alerts/{alert}").json()["holder"]["actor"]
    assert actor == api.access.notes[-1][0]


def test_the_same_asked_again_changes_nothing(api: ApiBench, bench: Bench, city: int) -> None:
    alert = raise_alert(bench, city, severity="watch")
    client = officer(api, city)
    for act, body in (("acknowledge", {}), ("stand-down", WHY), ("close", CLOSING)):
        first, second = (client.post(f"/v1/alerts/{alert}/{act}", json=body) for _ in range(2))
        assert (first.status_code, first.json()["unchanged"]) == (200, False)
        assert (second.status_code, second.json()) == (200, first.json() | {"unchanged": True})
    (held,) = alerts(bench, city)
    assert [line[2] for line in life(bench, city, held)] == ["opened", "acknowledge", "stand-down", "close"]
    otherwise = client.post(f"/v1/alerts/{alert}/close", json=CLOSING | {"outcome": "duplicate"})
    assert (otherwise.status_code, otherwise.json()["possible"]) == (409, [])


@pytest.mark.parametrize(
    ("before", "act", "possible"),
    [
        ([], ("stand-down", WHY), ["acknowledge", "close"]),
        ([("close", CLOSING)], ("acknowledge", {}), []),
        ([("close", CLOSING)], ("stand-down", WHY), []),
        ([("acknowledge", {}), ("stand-down", WHY)], ("acknowledge", {}), ["close"]),
    ],
)
def test_what_is_not_possible_is_a_conflict_that_says_what_is(
    api: ApiBench, bench: Bench, before: list[tuple[str, Raw]], act: tuple[str, Raw], possible: list[str]
) -> None:
    city = bench.partnership()
    alert = raise_alert(bench, city)
    client = officer(api, city)
    for done, said in before:
        assert client.post(f"/v1/alerts/{alert}/{done}", json=said).status_code == 200
    answer = client.post(f"/v1/alerts/{alert}/{act[0]}", json=act[1])
    assert (answer.status_code, answer.json()["code"]) == (409, "not-possible")
    assert answer.json()["possible"] == possible


def test_what_another_has_acknowledged_is_theirs(api: ApiBench, bench: Bench, city: int) -> None:
    alert = raise_alert(bench, city)
    assert officer(api, city).post(f"/v1/alerts/{alert}/acknowledge").status_code == 200
    answer = officer(api, city, agency="police").post(f"/v1/alerts/{alert}/acknowledge")
    assert (answer.status_code, answer.json()["code"]) == (409, "held-by-another")


def test_of_many_who_acknowledge_at_once_one_has_it(api: ApiBench, bench: Bench, city: int) -> None:
    alert = raise_alert(bench, city, severity="watch")
    clients = [officer(api, city) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda client: client.post(f"/v1/alerts/{alert}/acknowledge"), clients))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    (held,) = alerts(bench, city)
    assert [line[2] for line in life(bench, city, held)] == ["opened", "acknowledge"]


@pytest.mark.parametrize(
    ("act", "body", "faults"),
    [
        ("stand-down", {}, [("body.reason", "missing-field")]),
        ("stand-down", {"reason": "  "}, [("body.reason", "not-one-line")]),
        ("stand-down", {"reason": "one\ntwo"}, [("body.reason", "not-one-line")]),
        ("stand-down", {"reason": "x" * 501}, [("body.reason", "out-of-range")]),
        ("stand-down", {"reason": 7}, [("body.reason", "wrong-type")]),
        ("close", WHY, [("body.outcome", "missing-field")]),
        ("close", CLOSING | {"outcome": "no idea"}, [("body.outcome", "unknown-value")]),
        ("close", CLOSING | {"actor": "somebody-else"}, [("body.actor", "unknown-field")]),
        ("acknowledge", {"agency": "police"}, [("body.agency", "unknown-field")]),
    ],
)
def test_what_cannot_be_said_with_an_act_is_a_problem_and_changes_nothing(
    api: ApiBench, bench: Bench, city: int, act: str, body: Raw, faults: list[tuple[str, str]]
) -> None:
    alert = raise_alert(bench, city)
    answer = officer(api, city).post(f"/v1/alerts/{alert}/{act}", json=body)
    assert answer.status_code == 422
    assert codes(answer) == faults
    assert "no idea" not in answer.text
    assert alerts(bench, city)[0].state == "open"


def test_an_alert_that_is_not_there_or_anothers_is_not_found(api: ApiBench, bench: Bench, city: int) -> None:
    theirs = raise_alert(bench, bench.partnership())
    client = officer(api, city)
    for id_ in ("0" * 32, theirs, "%27%20OR%201=1", "<script>"):
        for answer in (client.get(f"/v1/alerts/{id_}"), client.post(f"/v1/alerts/{id_}/close", json=CLOSING)):
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown-alert")
            assert "script" not in json.dumps(answer.json())
    assert api.access.notes == []
    assert listed(client) == []


def test_who_acts_needs_the_right_to_and_an_agency(api: ApiBench, bench: Bench, city: int) -> None:
    alert = raise_alert(bench, city)
    address = f"/v1/alerts/{alert}/acknowledge"
    assert api.stranger().post(address).status_code == 401
    reader = api.client(Scope.ALERTS_READ, partnership=city, agency="council")
    assert (reader.post(address).status_code, reader.get(f"/v1/alerts/{alert}").status_code) == (403, 200)
    assert api.client(Scope.COUNTS_READ, partnership=city).get("/v1/alerts").status_code == 403
    nobody = officer(api, city, agency=None).post(address)
    assert (nobody.status_code, nobody.json()["code"]) == (403, "no-agency")


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("state=opened", ("query.state[0]", "unknown-value")),
        ("class=tension&class=other", ("query.class[1]", "unknown-value")),
        ("level=7", ("query.level[0]", "unknown-value")),
        ("severity=red", ("query.severity", "unknown-field")),
        ("layer=a'b", ("query.layer", "wrong-form")),
        ("cursor=AAAA", ("query.cursor", "unknown-cursor")),
        ("limit=-1", ("query.limit", "out-of-range")),
    ],
)
def test_what_cannot_be_asked_is_a_problem(api: ApiBench, city: int, query: str, fault: tuple[str, str]) -> None:
    answer = officer(api, city).get(f"/v1/alerts?{query}")
    assert answer.status_code == 422
    assert codes(answer) == [fault]
