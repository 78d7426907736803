"""Who may call what: every route, every scope, keys that are none or over, and the keys of another partnership."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import httpx
import orjson
import pytest
from fastapi import FastAPI, Response

from api.callers import WRITES, Scope
from api.doorway import PUBLIC as PUBLIC_ADDRESSES
from api.event_examples import MediaType
from infra.db.access.keys import Doer, Order, create_key, list_keys, revoke_key
from streams.core.rights import Rights
from tests.support.alerting import alerts
from tests.support.api import ApiBench
from tests.support.city import Bench
from tests.support.events import amendment, report, withdrawal
from tests.support.full_city import FullCity, full_city
from tests.support.hostile import UNLIMITED
from tests.support.problems import problem
from tests.support.routes import ADMIN, MAY_CALL, PUBLIC, WRITES_SOURCE, Call, calls_of

AGENCY = "council"
EVERY_SCOPE = (WRITES_SOURCE, *Scope)
UNDECLARED = "/v1/undeclared"
CALM = {"reason": "calls made, all calm"}
WAYS_IN = (
    "",
    "?",
    "/",
    "//",
    "/%2e%2e",
    "/%2e%2e/healthz",
    "%2f..%2fhealthz",
    ";/healthz",
    "%00",
    "?healthz",
    "#/healthz",
)
BAD_REQUESTS: list[tuple[str, str, bytes, dict[str, str]]] = [
    ("GET", "/v1/nothing", b"", {}),
    ("DELETE", "/v1/events", b"", {}),
    ("HEAD", "/v1/counts", b"", {}),
    ("OPTIONS", "/v1/counts", b"", {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}),
    ("POST", "/v1/events", b"{", {"Content-Type": MediaType.EVENT}),
    ("POST", "/v1/events", b"{}", {"Content-Type": "text/plain"}),
    ("POST", "/v1/events", b"[" + b"{}," * 1_001 + b"{}]", {"Content-Type": MediaType.BATCH}),
    ("POST", "/v1/events", b" " * 6_000_000, {"Content-Type": MediaType.EVENT}),
    ("POST", "/v1/alerts/x/close", b"{", {"Content-Type": "application/json"}),
    ("GET", "/v1/counts?from=0&by=nothing", b"", {}),
    ("GET", "/v1/alerts/" + "x" * 1_000, b"", {}),
    ("GET", "/v1/areas?cursor=made-up", b"", {"If-None-Match": "*"}),
]


class Town(NamedTuple):
    """An app over one full city, and what it is full of."""

    bench: Bench
    api: ApiBench
    city: FullCity

    def client(self, *scopes: str) -> httpx.Client:
        """Return a client whose key has some scopes, and no other."""
        sources = [self.city.source] if WRITES_SOURCE in scopes else []
        others = [Scope(each) for each in scopes if each != WRITES_SOURCE]
        return self.api.client(*others, partnership=self.city.partnership, sources=sources, agency=AGENCY)

    def with_key(self, text: str) -> httpx.Client:
        """Return a client with that for a key."""
        client = self.api.stranger()
        client.headers["Authorization"] = f"Bearer {text}"
        return client

    def key(self, lasts_us: int) -> str:
        """Return a key for everything that is over after so long."""
        rights = Rights(frozenset(Scope), frozenset({self.city.source}))
        now_us = self.bench.clock.now_us()
        order = Order(rights, AGENCY, "synthetic", now_us + lasts_us)
        return create_key(self.bench.engine, Doer(self.city.partnership), order, now_us).text


@pytest.fixture
def town(bench: Bench) -> Iterator[Town]:
    city = full_city(bench, "zircon")
    with ApiBench(bench, UNLIMITED) as api:
        yield Town(bench, api, city)


def do(client: httpx.Client, city: FullCity, call: Call) -> httpx.Response:
    """Make a call as it should be made."""
    query = {"layer": city.layer, "by": "area", "from": "2026-01-01", "to": "2026-06-30"}
    wanted = {"/v1/counts": query, "/v1/tension": {"layer": city.layer}}.get(call.path, {})
    is_receipt = call.path.endswith("/receipt")
    path = call.path.replace("{source}", city.source[1:]).replace("{id}", city.event if is_receipt else city.alert)
    if call.path == "/v1/events":
        body = orjson.dumps(report("again", source=city.source))
        return client.post(path, content=body, headers={"Content-Type": MediaType.EVENT})
    if call.method == "POST":
        return client.post(path, json=CALM | ({"outcome": "real"} if path.endswith("/close") else {}))
    return client.request(call.method, path, params=wanted)


def undeclared(app: FastAPI) -> list[Call]:
    """Return the calls whose routes let in everybody, and should not."""
    return [call for call, scopes in calls_of(app).items() if not scopes and call.path not in PUBLIC_ADDRESSES]


def test_every_route_says_who_may_call_it_and_the_table_is_the_interfaces(town: Town) -> None:
    assert undeclared(town.api.app) == []
    assert calls_of(town.api.app) == MAY_CALL


def test_a_route_that_says_nothing_would_be_found_wherever_it_is_added(town: Town) -> None:
    town.api.app.get(UNDECLARED)(lambda: None)
    town.api.app.post(UNDECLARED, include_in_schema=False)(lambda: None)
    town.api.app.add_route("/v1/bare", lambda _: Response(), methods=["PUT"])
    assert undeclared(town.api.app) == [Call("GET", UNDECLARED), Call("POST", UNDECLARED), Call("PUT", "/v1/bare")]


def test_the_contract_says_the_same(town: Town) -> None:
    said = {
        Call(method.upper(), path): {scope for each in operation.get("security", []) for scope in each["HTTPBearer"]}
        for path, operations in town.api.app.openapi()["paths"].items()
        for method, operation in operations.items()
    }
    assert said.keys() == MAY_CALL.keys() - {Call("GET", "/openapi.json")}
    assert {call: scopes | ADMIN if scopes else PUBLIC for call, scopes in said.items()} == {
        call: MAY_CALL[call] for call in said
    }


@pytest.mark.parametrize("call", MAY_CALL, ids=" ".join)
def test_a_call_is_open_to_its_scopes_and_to_no_other(town: Town, call: Call) -> None:
    for scope in EVERY_SCOPE:
        answer = do(town.client(scope), town.city, call)
        if not MAY_CALL[call] or scope in MAY_CALL[call]:
            assert answer.status_code in {200, 202} | ({409} if call.method == "POST" else set()), answer.text
        else:
            assert problem(answer) == (403, "wrong-scope"), scope
    assert do(town.client(*(set(EVERY_SCOPE) - MAY_CALL[call])), town.city, call).status_code == (
        403 if MAY_CALL[call] else 200
    )
    nobody = town.api.client(partnership=town.city.partnership)
    assert do(nobody, town.city, call).status_code == (403 if MAY_CALL[call] else 200)


def test_no_key_and_keys_that_are_over_open_nothing_but_what_is_public(town: Town) -> None:
    expired, revoked, in_force = town.key(1_000_000), town.key(10**12), town.key(10**12)
    keys = list_keys(town.bench.engine, town.city.partnership)
    revoked_id = next(key.caller.actor for key in keys if key.caller.actor.removeprefix("key-") in revoked)
    revoke_key(town.bench.engine, Doer(town.city.partnership), revoked_id, town.bench.clock.now_us())
    town.bench.clock.advance(seconds=1)
    for call in MAY_CALL:
        assert do(town.with_key(in_force), town.city, call).status_code != 401
        for client in (town.api.stranger(), town.with_key(expired), town.with_key(revoked), town.with_key("bw_x")):
            answer = do(client, town.city, call)
            if MAY_CALL[call]:
                assert problem(answer) == (401, "no-valid-key")
                assert answer.headers["www-authenticate"].startswith("Bearer")
            else:
                assert answer.status_code == 200


def test_without_a_key_nothing_else_is_looked_at(town: Town) -> None:
    strangers = town.api.stranger(), town.with_key(town.key(0))
    before = town.bench.loss(town.city.partnership)
    said = set()
    for client, (method, address, body, headers) in product(strangers, BAD_REQUESTS):
        answer = client.request(method, address, content=body, headers=headers)
        assert answer.status_code == 401, (method, address)
        said.add(answer.content)
    assert len(said - {b""}) == 1
    assert town.bench.loss(town.city.partnership) == before


def test_no_way_of_writing_an_address_makes_it_public(town: Town) -> None:
    stranger = town.api.stranger()
    private = {call.path for call in MAY_CALL if MAY_CALL[call] and "{" not in call.path}
    for path, more in product(sorted(private), WAYS_IN):
        assert stranger.get(path + more).status_code == 401, path + more
    for public, more in product(
        sorted(PUBLIC_ADDRESSES), ("/", "//", "/../v1/rules", "%2f..%2fv1%2frules", "/v1/rules")
    ):
        assert stranger.get(public + more).status_code == 401, public + more
    for path in sorted(private):
        for written in (path.upper(), f"/{path}", f"/.{path}", path.replace("/", "%2f"), f"/healthz/..{path}"):
            assert stranger.get(written).status_code == 401, written


def test_with_the_wrong_scope_neither_ids_nor_parameters_are_looked_at(town: Town) -> None:
    for call, scopes in MAY_CALL.items():
        if not scopes:
            continue
        client = town.client(*(set(EVERY_SCOPE) - scopes))
        path = call.path.replace("{source}", "nothing").replace("{id}", "nothing")
        for query in ("", "?layer=%00&from=x&cursor=y&nothing=z"):
            answer = client.request(call.method, path + query, json={"nothing": 1} if call.method == "POST" else None)
            assert problem(answer) == (403, "wrong-scope"), (call, query)


@pytest.fixture
def other(town: Town) -> tuple[httpx.Client, FullCity]:
    """Return another city of the same ledger, and a client who may do everything there."""
    city = full_city(town.bench, "beryl")
    return town.api.client(*Scope, partnership=city.partnership, sources=[city.source], agency=AGENCY), city


def everything_read(client: httpx.Client, city: FullCity, strange: FullCity) -> Iterator[httpx.Response]:
    """Return every answer to a client who asks for its own, in pages of one too, and for what is not its own."""
    year = {"from": "2026-01-01", "to": "2026-12-31"}
    by = ("area", "strand", "category", "centre", "month", "area,strand")
    lists: list[tuple[str, dict[str, str]]] = [
        *(("/v1/layers", {}), ("/v1/areas", {}), ("/v1/areas", {"format": "geojson"}), ("/v1/alerts", {})),
        *(("/v1/ledger", {}), ("/v1/rules", {}), ("/v1/centres", {}), ("/metrics", {}), ("/readyz", {})),
        *(("/v1/tension", {"layer": layer}) for layer in (city.layer, strange.layer, "ward", "city")),
        *(
            ("/v1/counts", year | {"layer": layer, "by": each, "kind": kind, "format": form})
            for layer in (city.layer, strange.layer, "ward")
            for each in by
            for kind in ("incident", "context")
            for form in ("json", "csv")
        ),
        *(("/v1/alerts", {"layer": strange.layer}), ("/v1/alerts", {"area": strange.area_code})),
        *((f"/v1/alerts/{alert}", {}) for alert in (city.alert, strange.alert)),
        *((f"/v1/events{each.source}/{each.event}/receipt", {}) for each in (city, strange)),
    ]
    for path, asked in lists:
        yield client.get(path, params=asked)
        yield from pages(client, path, asked)


def pages(
    client: httpx.Client, path: str, asked: dict[str, str], cursor: str | None = None
) -> Iterator[httpx.Response]:
    if path in {"/v1/areas", "/v1/alerts", "/v1/ledger", "/v1/centres", "/v1/tension"}:
        answer = client.get(path, params=asked | {"limit": "1"} | ({"cursor": cursor} if cursor else {}))
        yield answer
        if answer.status_code == 200 and answer.json().get("next"):
            yield from pages(client, path, asked, answer.json()["next"])


def seen(answer: httpx.Response) -> str:
    return answer.text + repr(answer.headers.raw)


def test_what_a_city_is_full_of_is_seen_by_its_own_keys(town: Town, other: tuple[httpx.Client, FullCity]) -> None:
    own = town.client(*EVERY_SCOPE)
    answers = list(everything_read(own, town.city, other[1]))
    shown = "".join(map(seen, answers))
    kinds = ("layer", "area", "rule", "centre", "strand", "officer", "agency", "report", "alert")
    assert {kind for kind in kinds if f"{town.city.name}-{kind}" in shown} == set(kinds) - {"report", "alert"}
    assert town.city.alert in shown
    assert f"{town.city.name} category" in shown
    assert town.city.source in shown


def test_nothing_of_another_partnership_is_ever_seen(town: Town, other: tuple[httpx.Client, FullCity]) -> None:
    client, city = other
    answers = list(everything_read(client, city, town.city))
    assert len([answer for answer in answers if answer.status_code == 200]) > len(MAY_CALL)
    for answer in answers:
        assert town.city.name not in seen(answer)
        assert town.city.alert not in seen(answer)


def test_a_cursor_of_another_partnership_shows_nothing_of_it(town: Town, other: tuple[httpx.Client, FullCity]) -> None:
    client, _ = other
    theirs = town.client(*EVERY_SCOPE)
    used = 0
    for path in ("/v1/areas", "/v1/ledger", "/v1/centres", "/v1/alerts"):
        for page in pages(theirs, path, {}):
            if cursor := page.json()["next"]:
                answer = client.get(path, params={"cursor": cursor})
                used += answer.status_code == 200
                assert town.city.name not in seen(answer)
                assert answer.status_code == 422 or all(
                    row in client.get(path).json()["rows"] for row in answer.json()["rows"]
                )
    assert used > 0


def test_what_is_another_partnerships_is_as_if_it_were_not_there(
    town: Town, other: tuple[httpx.Client, FullCity]
) -> None:
    client, city = other
    receipt = "/v1/events{}/{}/receipt"
    for theirs, nothing in (
        (f"/v1/alerts/{town.city.alert}", f"/v1/alerts/{'0' * len(town.city.alert)}"),
        (receipt.format(town.city.source, town.city.event), receipt.format(city.source, "nothing")),
        (f"/v1/tension?layer={town.city.layer}", "/v1/tension?layer=nothing"),
        (f"/v1/areas?layer={town.city.layer}", "/v1/areas?layer=nothing"),
        (f"/v1/counts?layer={town.city.layer}&by=area&from=2026-01-01&to=2026-01-02",
         "/v1/counts?layer=nothing&by=area&from=2026-01-01&to=2026-01-02"),
        (f"/v1/alerts?area={town.city.area_code}", "/v1/alerts?area=nothing"),
    ):  # fmt: skip
        answers = [client.get(theirs), client.get(nothing)]
        assert answers[0].status_code == answers[1].status_code
        assert answers[0].content == answers[1].content
    for act in ("acknowledge", "stand-down", "close"):
        answer = client.post(
            f"/v1/alerts/{town.city.alert}/{act}", json=CALM | ({"outcome": "real"} if act == "close" else {})
        )
        assert problem(answer) == (404, "unknown-alert")
    assert [alert.state for alert in alerts(town.bench, town.city.partnership)] == ["open"]


def test_what_is_handed_in_under_anothers_name_stays_in_its_own_partnership(
    town: Town, other: tuple[httpx.Client, FullCity]
) -> None:
    client, city = other
    before = (town.bench.loss(town.city.partnership), town.bench.rows(town.city.partnership, "strand"))
    of = (town.city.source, town.city.event)
    place = [{"areas": [{"layer": "ward", "code": "W1"}]}]
    events = [
        report(of[1], source=of[0], places=place),
        amendment("a", of, 2, source=of[0], strands=["religion"], places=place),
        withdrawal("w", (of[0], f"{of[1]}-1"), 2, source=of[0]),
    ]
    answer = client.post("/v1/events", content=orjson.dumps(events), headers={"Content-Type": MediaType.BATCH})
    assert answer.json() == {"accepted": len(events), "duplicates": 0, "rejected": [], "quarantined": []}
    town.bench.drain()
    assert (town.bench.loss(town.city.partnership), town.bench.rows(town.city.partnership, "strand")) == before
    elsewhere = report(
        "b", source=city.source, places=[{"areas": [{"layer": town.city.layer, "code": town.city.area_code}]}]
    )
    refused = client.post("/v1/events", content=orjson.dumps(elsewhere), headers={"Content-Type": MediaType.EVENT})
    assert problem(refused) == (422, "all-rejected")
    assert town.city.name not in seen(refused)
    assert WRITES not in seen(refused)
