"""`serve`, `api` and `demo` over HTTP: they answer, wait for nobody for ever, and finish what is under way."""

import re
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from sqlalchemy import insert, select

from api.callers import Scope
from api.deps import Limits, Read, Taken
from api.event_examples import MediaType
from infra.cli import listening as listening_module
from infra.db import tables
from infra.db.engine import make_engine, transaction
from tests.support.api import ApiBench
from tests.support.city import Bench
from tests.support.cli import TIMEOUT_S, Cli
from tests.support.databases import postgresql_url
from tests.support.events import Raw, report
from tests.support.served import listening, serving
from tests.system.ledgers import wait_until

CITY = [{"areas": [{"layer": "city", "code": "E06000042"}]}]
CENTRE = "/centres/test"
CONTENT = {"Content-Type": MediaType.EVENT}


@pytest.fixture(params=["sqlite", "postgresql"])
def cli(request: pytest.FixtureRequest, tmp_path: Path, server_folder: Path) -> Cli:
    if request.param == "sqlite":
        return Cli(tmp_path).with_ledger()
    made = Cli(tmp_path, postgresql_url(server_folder))
    assert made("db", "upgrade").code == 0
    return made


def key_for(cli: Cli, *scopes: str) -> str:
    made = cli("keys", "create", *(each for scope in scopes for each in ("--scope", scope)))
    assert made.code == 0, made.err
    return made.out.strip()


def event(id_: str) -> Raw:
    return report(id_, places=CITY)


def post(client: httpx.Client, *ids: str) -> httpx.Response:
    body = orjson.dumps([event(id_) for id_ in ids])
    return client.post("/v1/events", content=body, headers={"Content-Type": MediaType.BATCH})


def receipt(client: httpx.Client, id_: str) -> Raw:
    found = client.get(f"/v1/events{CENTRE}/{id_}/receipt")
    assert found.status_code == 200, found.text
    body: Raw = found.json()
    return body


def test_serve_takes_counts_and_tells_and_stops_when_asked(cli: Cli) -> None:
    key = key_for(cli, f"events:write:{CENTRE}")
    with serving(cli, "serve") as served:
        client = served.client(key)
        assert post(client, "a", "b", "a").json()["accepted"] == 2
        wait_until(lambda: receipt(client, "b")["state"] == "counted", TIMEOUT_S)
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert ready.status_code == 200, ready.text
        named = {each["name"] for each in ready.json()["conditions"]}
        assert {"store", "schema", "stages-running", "clock-running", "courier-running", "drafts-running"} <= named
        assert served.client().get(f"/v1/events{CENTRE}/a/receipt").status_code == 401
        stopped = served.stopped()
    assert (stopped.code, stopped.err.splitlines()[-1]) == (0, "stopped")
    assert cli("ledger").table()[0]["counted"] == "2"
    assert cli("verify").code == 0


def test_a_key_that_is_revoked_while_it_runs_opens_nothing_soon_after(cli: Cli) -> None:
    key = key_for(cli, "admin")
    with serving(cli, "serve") as served:
        client = served.client(key)
        assert client.get("/metrics").status_code == 200
        id_ = cli("keys", "list").table()[0]["id"]
        assert cli("keys", "revoke", id_).code == 0
        wait_until(lambda: client.get("/metrics").status_code == 401, TIMEOUT_S)


def test_the_api_alone_takes_what_others_count(cli: Cli) -> None:
    key = key_for(cli, "admin")
    with serving(cli, "api") as served:
        client = served.client(key)
        assert post(client, "a").json()["accepted"] == 1
        assert receipt(client, "a")["state"] == "pending"
        with serving(cli, "serve"):
            wait_until(lambda: receipt(client, "a")["state"] == "counted", TIMEOUT_S)
        assert client.get("/readyz").status_code == 200
        assert served.stopped().code == 0


def test_what_was_expired_of_drafts_is_gone_once_it_serves(cli: Cli) -> None:
    draft = tables.sealed.sealed_draft
    row = {"draft": "old", "partnership": 1, "owner": "a-lee", "wrapped_by": "", "wrapped_key": b"", "content": b""}
    engine = make_engine(cli.database_url, TIMEOUT_S)
    with transaction(engine, write=True) as connection:
        connection.execute(insert(draft), row | {"saved_at_us": 1, "expires_at_us": 2})
        connection.execute(insert(draft), row | {"draft": "new", "saved_at_us": 1, "expires_at_us": 2**60})

    def left() -> Sequence[str]:
        with transaction(engine, write=False) as connection:
            return connection.execute(select(draft.c.draft)).scalars().all()

    with serving(cli, "serve"):
        wait_until(lambda: left() == ["new"], TIMEOUT_S)
    engine.dispose()


def test_a_port_that_is_taken_is_wrong_use(tmp_path: Path) -> None:
    cli = Cli(tmp_path).with_ledger()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for command in ("serve", "api"):
            refused = cli.alone(command, "--port", port)
            assert refused.code == 2
            assert f"port {port} of 127.0.0.1 cannot be opened" in refused.err
        refused = cli.alone("api", "--metrics-port", port)
        assert refused.code == 2
        assert f"port {port} for metrics cannot be opened" in refused.err


def test_metrics_have_a_port_of_their_own_where_that_is_asked_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    cli = Cli(tmp_path).with_ledger()
    with serving(cli, "serve", "--metrics-port", port) as served:
        served.client().get("/healthz")
        read = httpx.get(f"http://127.0.0.1:{port}/metrics")
        assert 'bellwether_requests_total{method="GET",route="/healthz",status="2xx"} 1.0' in read.text


def test_the_demo_prints_a_key_for_each_scope_and_serves(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    with serving(cli, "demo", "--days", "3", "--port", "0") as served:
        keys: dict[str, str] = {}
        assert served.process.stdout is not None
        for line in served.process.stdout:
            if (found := re.fullmatch(r"\s+(\S+)\s+(bw_\S+)\s+", line)) is not None:
                keys[found[1]] = found[2]
            if line.startswith("For example"):
                break
        assert keys.keys() == {*Scope, "events:write:/synthetic/try-it"}
        assert served.client(keys["admin"]).get("/metrics").status_code == 200
        assert served.client(keys["counts:read"]).get("/metrics").status_code == 403
        assert served.client(keys["events:write:/synthetic/try-it"]).get("/metrics").status_code == 403


class HeldBack:
    """An intake that answers once it is let."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.came, self.may_answer = threading.Event(), threading.Event()

    def hand_in(self, partnership: int, events: Sequence[Read]) -> "Future[Sequence[Taken]]":
        held: Future[Sequence[Taken]] = Future()

        def answer() -> None:
            self.may_answer.wait(TIMEOUT_S)
            held.set_result(self._real.hand_in(partnership, events).result(TIMEOUT_S))

        threading.Thread(target=answer).start()
        self.came.set()
        return held


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench) as made:
        yield made


def headers_of(api: ApiBench, city: int) -> dict[str, str]:
    return {**api.client(Scope.ADMIN, partnership=city).headers, **CONTENT}


def test_what_is_under_way_when_it_is_told_to_stop_is_finished_and_nothing_new_is_taken(
    bench: Bench, api: ApiBench
) -> None:
    city, stop = bench.partnership(), threading.Event()
    held = HeldBack(api.desks)
    api.with_deps(intake=held)
    headers = headers_of(api, city)
    answers: list[httpx.Response] = []
    with listening(api.app, stop) as url:

        def hand_in() -> None:
            answers.append(httpx.post(f"{url}/v1/events", content=orjson.dumps(report("a")), headers=headers))

        under_way = threading.Thread(target=hand_in)
        under_way.start()
        assert held.came.wait(TIMEOUT_S)
        stop.set()
        wait_until(lambda: not accepts(url), TIMEOUT_S)
        assert answers == []
        held.may_answer.set()
        under_way.join(TIMEOUT_S)
    assert [each.json()["accepted"] for each in answers] == [1]


def accepts(url: str) -> bool:
    try:
        with connected(url):
            return True
    except ConnectionRefusedError:
        return False


def connected(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), timeout=TIMEOUT_S)


def test_whoever_sends_no_head_or_half_of_one_is_not_waited_for(api: ApiBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening_module, "HEAD_SECONDS", 0.1)
    with listening(api.app, threading.Event()) as url:
        with connected(url) as silent, connected(url) as slow:
            slow.sendall(b"GET /healthz HTTP/1.1\r\nHo")
            assert silent.recv(1) == b""
            assert slow.recv(1) == b""
        with connected(url) as late:
            late.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert late.recv(12) == b"HTTP/1.1 200"
            late.sendall(b"GET /hea")
            rest = b"".join(iter(lambda: late.recv(65_536), b""))
            assert b"alive" in rest
            assert b"HTTP/1.1" not in rest


def test_a_head_that_is_too_large_is_refused(api: ApiBench) -> None:
    with listening(api.app, threading.Event()) as url, connected(url) as wordy:
        wordy.sendall(b"GET /healthz HTTP/1.1\r\nX-Wordy: " + b"a" * 1_000_000)
        assert wordy.recv(12) == b"HTTP/1.1 400"


def test_whoever_hangs_up_in_mid_body_leaves_nothing_and_disturbs_nobody(bench: Bench, api: ApiBench) -> None:
    city = bench.partnership()
    headers = headers_of(api, city)
    body = orjson.dumps(report("a"))
    with listening(api.app, threading.Event()) as url:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() != "host")
        with connected(url) as hasty:
            hasty.sendall(f"POST /v1/events HTTP/1.1\r\nHost: a\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode())
            hasty.sendall(body[:50])

        def gone() -> bool:
            labels = {"route": "/v1/events", "method": "POST", "status": "gone"}
            return api.registry.get_sample_value("bellwether_requests_total", labels) == 1

        wait_until(gone, TIMEOUT_S)
        assert bench.loss(city) == []
        assert httpx.post(f"{url}/v1/events", content=body, headers=headers).json()["accepted"] == 1


def test_a_body_over_the_limit_is_answered_before_the_connection_closes(bench: Bench, api: ApiBench) -> None:
    headers = headers_of(api, bench.partnership())
    with listening(api.app, threading.Event()) as url:
        refused = httpx.post(f"{url}/v1/events", content=b" " * 6_000_000, headers=headers)
        assert (refused.status_code, refused.headers["connection"]) == (413, "close")


def test_where_a_request_came_from_is_believed_of_nobody_unless_said(bench: Bench) -> None:
    with ApiBench(bench, Limits(refused_a_minute=3)) as api, listening(api.app, threading.Event()) as url:
        statuses = [
            httpx.get(f"{url}/v1/nothing", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
            for number in range(5)
        ]
    assert statuses == [401, 401, 401, 429, 429]
