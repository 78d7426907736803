"""Whatever goes wrong is a problem with a code and what to do: never a stack trace, and never what was sent."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import httpx
import orjson
import pytest
import structlog
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI, Query

from api import faults
from api.callers import Caller, Scope
from api.deps import Read, Taken
from api.event_examples import MediaType
from api.headers import DEFAULTS
from tests.support.api import ApiBench, InProcess, codes
from tests.support.away import impatient, store_away
from tests.support.city import Bench
from tests.support.databases import set_up, sqlite_url
from tests.support.events import report

CENTRE = "/centres/test"
PLANTED = "PLANTED-NAME"
RECEIPT = "/v1/events/centres/test/a/receipt"
STORE_TIMEOUT_S = 0.2


@pytest.fixture
def city(bench: Bench) -> int:
    return bench.partnership()


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench) as made:
        yield made


@pytest.fixture
def admin(api: ApiBench, city: int) -> httpx.Client:
    return api.client(Scope.ADMIN, partnership=city)


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """Return the log lines of a test, of every level, whatever the process logs otherwise."""
    before = structlog.get_config()
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as lines:
        yield lines
    structlog.configure(**before)


def post(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/events", content=orjson.dumps(report("a")), headers={"Content-Type": MediaType.EVENT})


def problem(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "code", "detail"} <= body.keys()
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


class Failing:
    """An intake with a fault of ours, whose words hold content."""

    def hand_in(self, partnership: int, events: Sequence[Read]) -> "Future[Sequence[Taken]]":
        raise ValueError(PLANTED)


class FailingAccess:
    """Keys that cannot be looked up for a fault of ours."""

    def caller(self, secret: str) -> Caller | None:
        raise KeyError(secret)

    def note(self, caller: Caller, act: str, what: str, purpose: str | None) -> None:
        raise NotImplementedError


def test_an_address_or_method_that_is_not_there_is_a_problem_and_needs_a_key_first(
    api: ApiBench, admin: httpx.Client
) -> None:
    assert problem(admin.get(f"/v1/{PLANTED}")) == (404, "not-found")
    wrong = admin.delete("/v1/events")
    assert problem(wrong) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "POST"
    stranger = api.stranger()
    for address in (f"/v1/{PLANTED}", "/v1/events", "/metrics", "/nothing"):
        refused = stranger.get(address)
        assert problem(refused) == (401, "no-valid-key")
        assert refused.headers["www-authenticate"].startswith("Bearer")
    for header in ("Bearer", "Bearer ", "Basic abc", f"Bearer {PLANTED}", "bearer  x y"):
        assert problem(stranger.get("/v1/events", headers={"Authorization": header}))[0] == 401


def test_the_store_away_is_503_with_a_time_to_come_back_on_every_route_and_then_all_goes_on(
    database_url: str,
) -> None:
    bench = impatient(database_url, STORE_TIMEOUT_S)
    city = bench.partnership()
    with ApiBench(bench) as api:
        admin = api.client(Scope.ADMIN, partnership=city, agency="council")
        assert post(admin).json()["accepted"] == 1
        with store_away(bench):
            answers = [post(admin), *(admin.get(address) for address in reads_of_the_store(api))]
        assert {problem(answer) for answer in answers} == {(503, "store-unavailable")}
        assert all(answer.headers["retry-after"] == "5" for answer in answers)
        assert len(answers) > 1
        assert post(admin).json()["duplicates"] == 1
        assert admin.get(RECEIPT).status_code == 200
    bench.engine.dispose()


NEEDED = {"layer": "ward", "by": "area", "from": "2026-01-01", "to": "2026-06-30"}


def reads_of_the_store(api: ApiBench) -> list[str]:
    """Return an address of every read that the contract has and that needs the store."""
    found = []
    for path, operations in api.app.openapi()["paths"].items():
        if path.startswith("/v1/") and "get" in operations:
            asked = [each["name"] for each in operations["get"].get("parameters", []) if each["in"] == "query"]
            query = "&".join(f"{name}={NEEDED[name]}" for name in asked if name in NEEDED)
            address = RECEIPT if path.endswith("/receipt") else re.sub(r"\{\w+\}", "a", path)
            found.append(f"{address}?{query}")
    return found


def test_a_ledger_that_somebody_holds_is_503_and_is_written_once_it_is_let_go(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    set_up(url)
    bench = impatient(url, STORE_TIMEOUT_S)
    with ApiBench(bench) as api:
        admin = api.client(Scope.ADMIN, partnership=bench.partnership())
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            held = post(admin)
            holder.execute("ROLLBACK")
        assert problem(held) == (503, "store-unavailable")
        assert held.headers["retry-after"] == "5"
        assert post(admin).json()["accepted"] == 1
    bench.engine.dispose()


def test_a_fault_of_ours_is_500_and_its_words_go_nowhere(api: ApiBench, city: int, lines: list[Any]) -> None:
    client = api.with_deps(intake=Failing()).client(Scope.ADMIN, partnership=city)
    answer = post(client)
    assert problem(answer) == (500, "fault")
    (fault,) = [line for line in lines if line["event"] == "fault"]
    assert (fault["type"], fault["request_id"]) == ("ValueError", answer.headers["x-request-id"])
    assert re.fullmatch(r".*test_api_faults\.py:\d+", fault["ours"])
    assert PLANTED not in answer.text + repr(lines)


def test_a_fault_before_any_route_is_a_problem_as_well(api: ApiBench, lines: list[Any]) -> None:
    stranger = api.with_deps(access=FailingAccess()).stranger()
    answer = stranger.get("/v1/events", headers={"Authorization": f"Bearer {PLANTED}"})
    assert problem(answer) == (500, "fault")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert PLANTED not in answer.text + repr(lines)


def test_every_answer_has_an_id_and_headers_that_protect(api: ApiBench, admin: httpx.Client) -> None:
    given = "5f0c1c0a-7d1e-4d0e-9f7a-0123456789ab"
    for answer in (
        admin.get("/v1/nothing", headers={"X-Request-Id": given}),
        api.stranger().get("/healthz", headers={"X-Request-Id": given}),
        api.stranger().get("/v1/nothing", headers={"X-Request-Id": given}),
    ):
        assert answer.headers["x-request-id"] == given
        assert DEFAULTS.items() <= {name.title(): value for name, value in answer.headers.items()}.items()
    made = [admin.get("/healthz", headers={"X-Request-Id": PLANTED}).headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    assert PLANTED not in made


def test_the_log_names_route_and_caller_and_nothing_that_was_sent(admin: httpx.Client, lines: list[Any]) -> None:
    admin.get(f"/v1/events/centres/{PLANTED}/{PLANTED}/receipt?x={PLANTED}", headers={"X-Planted": PLANTED})
    admin.get(f"/v1/{PLANTED}")
    admin.request(PLANTED, "/v1/events")
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["route"], line["method"], line["status"]) for line in requests] == [
        ("/v1/events/{source}/{id}/receipt", "GET", 404),
        ("none", "GET", 404),
        ("/v1/events", "other", 405),
    ]
    assert all(line["actor"].startswith("key-") for line in requests)
    assert PLANTED not in repr(lines)


def asked(app: FastAPI, address: str) -> httpx.Response:
    with start_blocking_portal() as portal:
        return httpx.Client(transport=InProcess(app, portal), base_url="http://testserver").get(address)


def test_what_is_wrong_in_a_query_is_told_by_its_path_and_not_repeated() -> None:
    app = FastAPI()
    faults.add_handlers(app)

    @app.get("/")
    def read(
        day: Annotated[date, Query(alias="from")],
        rows: Annotated[int, Query(ge=1, le=10)] = 1,
        flag: bool = False,
        code: Annotated[str, Query(pattern="^[a-z]+$", max_length=5)] = "a",
    ) -> str:
        return f"{day} {rows} {flag} {code}"

    assert codes(asked(app, "/")) == [("query.from", "missing-field")]
    answer = asked(app, f"/?from={PLANTED}&rows={PLANTED}&flag={PLANTED}&code={PLANTED}")
    assert problem(answer) == (422, "invalid-input")
    assert codes(answer) == [
        ("query.from", "wrong-type"),
        ("query.rows", "wrong-type"),
        ("query.flag", "wrong-type"),
        ("query.code", "out-of-range"),
    ]
    assert PLANTED not in answer.text
    assert codes(asked(app, "/?from=2026-02-30&rows=0&code=A")) == [
        ("query.from", "wrong-type"),
        ("query.rows", "out-of-range"),
        ("query.code", "wrong-form"),
    ]
    assert asked(app, "/?from=2026-02-03&rows=3").status_code == 200
