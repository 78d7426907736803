"""/v1/ledger, /v1/rules and /v1/centres: what administrators see."""

from collections.abc import Iterator

import httpx
import pytest

from api.callers import Scope
from streams.core.days import from_us
from tests.support.api import ApiBench, codes
from tests.support.city import Bench
from tests.support.events import Raw, envelope, report
from tests.support.registers import centre_entry, register

DAY_S = 24 * 3_600
RULES: list[Raw] = [
    {"id": "severe", "kind": "severe-event", "harm": "serious", "scope": {"layer": "ward"}},
    {"id": "three-in-seven", "version": 2, "kind": "count", "count": 3, "days": 7, "enabled": False},
]


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench) as made:
        yield made


@pytest.fixture
def city(bench: Bench) -> int:
    return bench.partnership()


def admin(api: ApiBench, city: int) -> httpx.Client:
    return api.client(Scope.ADMIN, partnership=city, agency="council")


def said(verb: str, id_: str, data: Raw, time: str = "2026-06-29T09:00:00Z") -> Raw:
    return envelope(f"bellwether.{verb}.v1", id_, "/centres/test", time, data)


def go_on(bench: Bench, city: int, days: float) -> None:
    bench.clock.advance(seconds=days * DAY_S)
    bench.tick(city)
    bench.drain()


def test_the_ledger_accounts_for_all_that_was_received(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(city, report("a"), report("b"), report("a", strands=["religion"]))
    bench.drain()
    bench.hand_in(city, report("a"), report("c", source="/centres/other"))
    answer = admin(api, city).get("/v1/ledger").json()
    assert answer["rows"] == [row._asdict() | {"adds_up": True} for row in bench.loss(city)]
    assert [(row["source"], row["received"], row["pending"]) for row in answer["rows"]] == [
        ("/centres/other", 1, 1),
        ("/centres/test", 4, 0),
    ]
    assert (answer["adds_up"], answer["cut_off"]) == (True, "2026-07-01T12:00:00.000000Z")


def test_the_ledger_comes_in_pages(api: ApiBench, bench: Bench, city: int) -> None:
    for n in range(5):
        bench.hand_in(city, report("a", source=f"/centres/s{n}"))
    client = admin(api, city)
    rows, cursor = [], None
    while True:
        page = client.get("/v1/ledger", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        rows += page["rows"]
        if (cursor := page["next"]) is None:
            break
    assert [row["source"] for row in rows] == [f"/centres/s{n}" for n in range(5)]


def test_the_rules_that_hold_are_those_of_the_last_set(api: ApiBench, bench: Bench, city: int) -> None:
    client = admin(api, city)
    assert client.get("/v1/rules").json() == {"version": 0, "rows": []}
    bench.hand_in(city, said("rule.changed", "r1", {"version": 1, "rules": RULES[:1]}))
    bench.hand_in(city, said("rule.changed", "r2", {"version": 2, "rules": RULES}))
    answer = client.get("/v1/rules").json()
    assert answer["version"] == 2
    assert [(row["id"], row["version"], row["enabled"]) for row in answer["rows"]] == [
        ("severe", 1, True),
        ("three-in-seven", 2, False),
    ]
    assert answer["rows"][0]["class"] == "tension"
    assert (answer["rows"][1]["count"], answer["rows"][1]["days"]) == (3, 7)


def test_centres_say_what_they_last_said_and_what_they_owe(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(
        city,
        register("r1", centre_entry("library", [("ward", "W1")], return_days=7, heartbeat_days=1)),
        register("r2", centre_entry("clinic", source="/centres/clinic")),
        report("a"),
    )
    period = {"from": "2026-06-25", "to": "2026-07-01"}
    bench.hand_in(
        city,
        said("centre.returned", "n1", {"centre": "library", "period": period, "nil": True}),
        said("centre.heartbeat", "h1", {"centre": "library"}, "2026-06-30T23:30:00Z"),
        said("centre.heartbeat", "h2", {"centre": "library"}, "2026-06-29T09:00:00Z"),
    )
    client = admin(api, city)
    clinic, library = client.get("/v1/centres").json()["rows"]
    assert (library["last_return"], library["last_heartbeat"], library["overdue"]) == ("2026-07-01", "2026-07-01", [])
    assert library["serves"] == [{"layer": "ward", "code": "W1", "name": None}]
    assert (library["return_days"], library["heartbeat_days"], library["is_open"]) == (7, 1, True)
    assert (clinic["source"], clinic["last_return"], clinic["overdue"]) == ("/centres/clinic", None, [])
    go_on(bench, city, days=3)
    assert client.get("/v1/centres").json()["rows"][1]["overdue"] == ["heartbeat"]
    go_on(bench, city, days=12)
    answer = client.get("/v1/centres").json()
    assert answer["rows"][1]["overdue"] == ["return", "heartbeat"]
    assert answer["completeness"] == {"expected": 1, "overdue": 1, "centres": ["library"]}
    assert {note[1:3] for note in api.access.notes} == {("read-centre", "all")}


def test_an_entry_that_changes_makes_nobody_late(api: ApiBench, bench: Bench, city: int) -> None:
    bench.hand_in(city, register("r1", centre_entry("library")), report("a"))
    go_on(bench, city, days=60)
    bench.hand_in(city, register("r2", centre_entry("library", return_days=7), time="2026-08-30T10:00:00Z"))
    client = admin(api, city)

    def owes() -> list[str]:
        (row,) = client.get("/v1/centres").json()["rows"]
        found: list[str] = row["overdue"]
        return found

    assert owes() == []
    go_on(bench, city, days=13)
    assert owes() == []
    go_on(bench, city, days=1)
    assert owes() == ["return"]
    closed = centre_entry("library", return_days=7, last="2026-09-12")
    bench.hand_in(city, register("r3", closed, time="2026-09-12T10:00:00Z"))
    go_on(bench, city, days=0)
    assert owes() == []


@pytest.mark.parametrize("days", range(0, 40, 3))
def test_completeness_is_what_watch_would_say_with_a_trigger(api: ApiBench, bench: Bench, city: int, days: int) -> None:
    rule: Raw = {"id": "one", "kind": "count", "count": 1, "days": 7, "scope": {"layer": "city"}}
    bench.hand_in(
        city,
        said("rule.changed", "rules", {"version": 1, "rules": [rule]}),
        register("r1", centre_entry("early", return_days=7)),
        register("r2", centre_entry("late", return_days=10, first="2026-07-09")),
        register("r3", centre_entry("closing", return_days=5, last="2026-07-20")),
    )
    bench.hand_in(city, report("start", occurred={"from": "2026-05-01"}))
    go_on(bench, city, days=8)
    period = {"from": "2026-07-01", "to": "2026-07-08"}
    bench.hand_in(city, said("centre.returned", "n", {"centre": "early", "period": period, "nil": True}))
    bench.hand_in(city, register("r4", centre_entry("closing", return_days=6, last="2026-07-20")))
    go_on(bench, city, days=days)
    today = from_us(bench.clock.now_us()).date().isoformat()
    bench.hand_in(city, report("now", occurred={"from": today}, reported=today))
    go_on(bench, city, days=0)
    client = api.client(Scope.ADMIN, Scope.COUNTS_EXACT, partnership=city, agency="council")
    (row,) = client.get("/v1/alerts").json()["rows"]
    assert row["why"]["completeness"] == client.get("/v1/centres").json()["completeness"]


def test_another_partnerships_are_not_there(api: ApiBench, bench: Bench, city: int) -> None:
    other = bench.partnership()
    bench.hand_in(
        other,
        register("r1", centre_entry("theirs")),
        said("rule.changed", "r", {"version": 1, "rules": RULES}),
        report("a"),
    )
    client = admin(api, city)
    assert [client.get(f"/v1/{name}").json()["rows"] for name in ("ledger", "rules", "centres")] == [[], [], []]


@pytest.mark.parametrize("name", ["ledger", "rules", "centres"])
def test_only_administrators_see_it(api: ApiBench, city: int, name: str) -> None:
    everything_else = [scope for scope in Scope if scope is not Scope.ADMIN]
    assert api.stranger().get(f"/v1/{name}").status_code == 401
    refused = api.client(*everything_else, partnership=city, agency="council").get(f"/v1/{name}?x=1")
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong-scope")
    assert codes(admin(api, city).get(f"/v1/{name}?x=1")) == [("query.x", "unknown-field")]
