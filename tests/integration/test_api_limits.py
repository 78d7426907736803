"""Limits on one request and on one caller: each is a problem that says what to do, and nobody else is hindered."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from starlette.types import Message

from api.callers import Caller, Scope
from api.deps import Limits, Read, Taken
from api.event_examples import MediaType
from tests.support.api import ApiBench, InProcess
from tests.support.city import Bench
from tests.support.events import report

CENTRE = "/centres/test"
SOON_S = 0.05


@pytest.fixture
def city(bench: Bench) -> int:
    return bench.partnership()


class Monotonic:
    """A steady clock that tests move on."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class NeverTakes:
    """An intake that does not come to answer."""

    def hand_in(self, partnership: int, events: Sequence[Read]) -> "Future[Sequence[Taken]]":
        return Future()


def limited(bench: Bench, **limits: Any) -> ApiBench:
    return ApiBench(bench, Limits(**limits))


def post(client: httpx.Client, id_: str = "a") -> httpx.Response:
    return client.post("/v1/events", content=orjson.dumps(report(id_)), headers={"Content-Type": MediaType.EVENT})


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


class Conversation:
    """A request whose body comes in parts, and stops coming after them; what the app answers."""

    def __init__(self, app: FastAPI, key: str, parts: Sequence[bytes], *, goes_away: bool = False) -> None:
        self._parts = list(parts)
        self._goes_away = goes_away
        self.sent: list[Message] = []
        headers = [(b"authorization", f"Bearer {key}".encode()), (b"content-type", MediaType.EVENT.encode())]
        scope = {"type": "http", "method": "POST", "path": "/v1/events", "query_string": b"", "headers": headers}
        scope |= {"client": ("127.0.0.1", 1), "server": ("testserver", 80), "scheme": "http", "root_path": ""}
        asyncio.run(app(scope, self._receive, self._send))

    @property
    def code(self) -> tuple[int, str, str | None]:
        """Return status, code, and whether the connection is to close."""
        start, body = self.sent
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], orjson.loads(body["body"])["code"], headers.get("connection")

    async def _receive(self) -> Message:
        if self._parts:
            return {"type": "http.request", "body": self._parts.pop(0), "more_body": True}
        if self._goes_away:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


def test_a_body_that_is_too_slow_is_given_up_and_nothing_of_it_is_taken(bench: Bench, city: int) -> None:
    with limited(bench, body_seconds=SOON_S) as api:
        key = api.access.add(Caller("slow", city, None, frozenset(), frozenset({CENTRE})))
        body = orjson.dumps(report("a"))
        assert Conversation(api.app, key, [body[:9]]).code == (408, "body-late", "close")
        assert bench.loss(city) == []


def test_a_body_without_a_length_is_cut_off_at_the_limit(bench: Bench, city: int) -> None:
    with limited(bench, body_bytes=1_000) as api:
        key = api.access.add(Caller("large", city, None, frozenset(), frozenset({CENTRE})))
        endless = [b" " * 900] * 1_000_000
        assert Conversation(api.app, key, endless).code == (413, "too-large", "close")
        client = api.client(partnership=city, sources=[CENTRE])
        assert post(client).status_code == 202
        large = client.post("/v1/events", content=b" " * 1_001, headers={"Content-Type": MediaType.EVENT})
        assert code_of(large) == (413, "too-large")


def test_bodies_that_together_take_too_much_room_wait_and_the_room_comes_back(bench: Bench, city: int) -> None:
    body = orjson.dumps(report("a"))
    with limited(bench, all_bodies_bytes=2 * len(body), body_seconds=SOON_S) as api:
        key = api.access.add(Caller("wide", city, None, frozenset(), frozenset({CENTRE})))
        assert Conversation(api.app, key, [body] * 3).code == (503, "busy", "close")
        assert Conversation(api.app, key, [body] * 2).code == (408, "body-late", "close")
        assert post(api.client(partnership=city, sources=[CENTRE])).json()["accepted"] == 1


def test_whoever_goes_away_in_mid_body_leaves_nothing_half_done(bench: Bench, city: int) -> None:
    with ApiBench(bench) as api:
        key = api.access.add(Caller("gone", city, None, frozenset(), frozenset({CENTRE})))
        body = orjson.dumps(report("a"))
        assert Conversation(api.app, key, [body], goes_away=True).sent == []
        labels = {"route": "/v1/events", "method": "POST", "status": "gone"}
        assert api.registry.get_sample_value("bellwether_requests_total", labels) == 1
        assert bench.loss(city) == []
        assert post(api.client(partnership=city, sources=[CENTRE])).json()["accepted"] == 1


def test_an_answer_that_takes_too_long_says_what_may_have_happened(bench: Bench, city: int) -> None:
    with limited(bench, answer_seconds=SOON_S) as api:
        api.with_deps(intake=NeverTakes())
        answer = post(api.client(partnership=city, sources=[CENTRE]))
        assert code_of(answer) == (503, "answer-late")
        assert answer.headers["retry-after"] == "5"
        assert "will not count twice" in answer.json()["detail"]


@pytest.fixture
def steady() -> Monotonic:
    return Monotonic()


@pytest.fixture
def few(bench: Bench, steady: Monotonic) -> Iterator[ApiBench]:
    with limited(bench, requests_a_minute=3, refused_a_minute=3) as api:
        yield api.with_deps(monotonic_s=steady)


def test_a_key_that_asks_too_often_waits_and_no_other_does(few: ApiBench, city: int, steady: Monotonic) -> None:
    busy, quiet = (few.client(Scope.ADMIN, partnership=city, sources=[CENTRE]) for _ in range(2))
    assert [post(busy, f"r{n}").status_code for n in range(5)] == [202, 202, 202, 429, 429]
    refused = post(busy)
    assert code_of(refused) == (429, "too-many-requests")
    assert refused.headers["retry-after"] == "20"
    assert post(quiet, "q").status_code == 202
    steady.now_s += 20
    assert [post(busy, f"s{n}").status_code for n in range(2)] == [202, 429]


def test_an_address_without_a_valid_key_is_heard_less_and_those_with_one_as_before(
    few: ApiBench, city: int, steady: Monotonic
) -> None:
    known = few.client(Scope.ADMIN, partnership=city)
    assert post(known).status_code == 202
    stranger = few.stranger()
    assert [stranger.get("/v1/anything").status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    new = few.client(Scope.ADMIN, partnership=city)
    assert code_of(post(new)) == (429, "too-many-requests")
    assert post(known).status_code == 202
    elsewhere = InProcess(few.app, few.portal, "192.0.2.7")
    assert httpx.Client(transport=elsewhere, base_url="http://testserver").get("/v1/anything").status_code == 401
    assert stranger.get("/healthz").status_code == 200
    steady.now_s += 20
    assert post(new).status_code == 202


def test_addresses_of_one_ipv6_network_are_one(few: ApiBench) -> None:
    def ask(address: str) -> int:
        transport = InProcess(few.app, few.portal, address)
        return httpx.Client(transport=transport, base_url="http://testserver").get("/v1/anything").status_code

    assert [ask(f"2001:db8:0:1::{number}") for number in range(5)] == [401, 401, 401, 429, 429]
    assert ask("2001:db8:0:2::1") == 401


def test_a_key_that_opened_once_and_no_longer_does_counts_as_none(few: ApiBench, city: int) -> None:
    client = few.client_of(Caller("user", city, None, frozenset({Scope.ADMIN})))
    assert post(client).status_code == 202
    few.access.callers.clear()
    assert [post(client).status_code for _ in range(5)] == [401, 401, 401, 429, 429]
