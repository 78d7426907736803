"""Over a real socket: slow and vanishing callers, several requests at once, odd methods, headers that contradict."""

import threading
from collections.abc import Iterator

import orjson
import pytest

from api.callers import Scope
from api.deps import Limits
from api.event_examples import MediaType
from tests.support.api import ApiBench
from tests.support.city import Bench
from tests.support.cli import TIMEOUT_S
from tests.support.events import report
from tests.support.served import listening
from tests.support.wire import Wire, head
from tests.system.ledgers import wait_until

CENTRE = "/centres/test"
BODY_SECONDS = 0.3
RECEIPT = "GET /v1/events/centres/test/{}/receipt"
Field = tuple[str, str]
EVENT: Field = ("Content-Type", MediaType.EVENT)
NO_REQUESTS = [
    b"GET\r\n\r\n",
    b"GET /healthz HTTP/9.9\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost testserver\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nX-Nul: a\x00b\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n",
    b"GET /healthz HTTP/1.1\r\n" + b"X-Wordy: a\r\n" * 6_000,
    b"<script>alert('hostile')</script>\r\n\r\n",
]


@pytest.fixture
def city(bench: Bench) -> int:
    return bench.partnership()


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench, Limits(body_seconds=BODY_SECONDS)) as made:
        yield made


@pytest.fixture
def url(api: ApiBench) -> Iterator[str]:
    with listening(api.app, threading.Event()) as url:
        yield url


@pytest.fixture
def key(api: ApiBench, city: int) -> Field:
    return "Authorization", api.client(Scope.ADMIN, partnership=city).headers["Authorization"]


def posting(key: Field, body: bytes, *fields: Field) -> bytes:
    return head("POST /v1/events", key, EVENT, ("Content-Length", str(len(body))), *fields) + body


def requests_that_ended(api: ApiBench, status: str) -> float:
    labels = {"route": "/v1/events", "method": "POST", "status": status}
    return api.registry.get_sample_value("bellwether_requests_total", labels) or 0


def test_a_body_that_trickles_is_given_up_and_nothing_of_it_is_taken(
    bench: Bench, city: int, url: str, key: Field
) -> None:
    body = orjson.dumps(report("a"))
    with Wire(url) as slow, Wire(url) as other:
        slow.say(head("POST /v1/events", key, EVENT, ("Content-Length", str(len(body)))))
        assert slow.trickle(body) < len(body)
        late = slow.hear()
        assert late.problem() == (408, "body-late")
        assert late.headers["connection"] == "close"
        assert slow.is_over()
        assert bench.loss(city) == []
        assert other.say(posting(key, body)).hear().status == 202


def test_whoever_hangs_up_in_mid_chunk_leaves_nothing(
    bench: Bench, api: ApiBench, city: int, url: str, key: Field
) -> None:
    body = orjson.dumps(report("a"))
    with Wire(url) as hasty:
        hasty.say(
            head("POST /v1/events", key, EVENT, ("Transfer-Encoding", "chunked")), b"%x\r\n" % len(body), body[:9]
        )
    wait_until(lambda: requests_that_ended(api, "gone") == 1, TIMEOUT_S)
    assert bench.loss(city) == []
    with Wire(url) as other:
        assert other.say(posting(key, body)).hear().status == 202


def test_whoever_hangs_up_before_the_answer_has_been_heard_all_the_same(
    bench: Bench, api: ApiBench, city: int, url: str, key: Field
) -> None:
    body = orjson.dumps(report("a"))
    with Wire(url) as hasty:
        hasty.say(posting(key, body))
    wait_until(lambda: requests_that_ended(api, "2xx") + requests_that_ended(api, "gone") == 1, TIMEOUT_S)
    with Wire(url) as again:
        heard = orjson.loads(again.say(posting(key, body)).hear().content)
    assert heard["accepted"] + heard["duplicates"] == 1
    assert sum(row.received - row.duplicate for row in bench.loss(city)) == 1


def test_requests_that_come_at_once_are_answered_in_their_order(url: str, key: Field) -> None:
    good, bad = orjson.dumps(report("a")), b"{"
    with Wire(url) as wire:
        wire.say(
            posting(key, good),
            head(RECEIPT.format("a"), key),
            posting(key, bad),
            head("GET /v1/nothing", key),
            head(RECEIPT.format("a")),
            head("GET /healthz"),
        )
        assert wire.hear().status == 202
        assert orjson.loads(wire.hear().content)["state"] == "pending"
        assert wire.hear().problem() == (400, "malformed-json")
        assert wire.hear().problem() == (404, "not-found")
        assert wire.hear().problem() == (401, "no-valid-key")
        assert wire.hear().status == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PUT", "PROPFIND"])
def test_methods_that_are_not_taken_are_said_to_be_so_and_echo_nothing(url: str, key: Field, method: str) -> None:
    with Wire(url) as wire:
        for address in ("/v1/events", "/v1/counts", "/healthz"):
            wire.say(head(f"{method} {address}", key, ("X-Marked", "synthetic-mark")))
            heard = wire.hear(bodiless=method == "HEAD")
            assert heard.status == 405
            assert heard.headers["allow"]
            assert b"synthetic-mark" not in heard.content
            assert method == "HEAD" or heard.problem() == (405, "method-not-allowed")
        heard = wire.say(head(f"{method} /v1/events")).hear(bodiless=method == "HEAD")
        assert heard.status == 401


@pytest.mark.parametrize(
    "sent", NO_REQUESTS, ids=lambda sent: sent[:24].decode("latin-1").encode("unicode_escape").decode()
)
def test_what_is_no_request_is_a_problem_or_the_end_and_disturbs_nobody(url: str, key: Field, sent: bytes) -> None:
    with Wire(url) as wire, Wire(url) as other:
        heard = wire.say(sent).hear()
        assert heard.problem() in {(400, "malformed-request"), (401, "no-valid-key")}
        assert b"hostile" not in heard.content
        assert heard.status == 401 or wire.is_over()
        assert other.say(head("GET /healthz", key)).hear().status == 200


def test_headers_that_are_there_twice_never_let_anybody_further_in(
    bench: Bench, city: int, url: str, key: Field
) -> None:
    made_up = ("Authorization", "Bearer synthetic")
    body = orjson.dumps(report("a"))
    with Wire(url) as wire:
        assert wire.say(head("GET /v1/rules", made_up, key)).hear().problem() == (401, "no-valid-key")
        for twice in (
            ("Content-Type", "text/plain"),
            ("Host", "elsewhere.example"),
            ("X-Request-Id", "synthetic mark"),
        ):
            heard = wire.say(posting(key, body, twice)).hear()
            assert heard.status in {202, 415}
            assert "synthetic mark" not in repr(heard)
    assert sum(row.received - row.duplicate for row in bench.loss(city)) <= 1


def test_a_caller_without_a_key_is_not_asked_for_the_body(url: str) -> None:
    with Wire(url) as wire:
        waits = ("Expect", "100-continue")
        heard = wire.say(head("POST /v1/events", EVENT, ("Content-Length", "4000000"), waits)).hear()
        assert heard.problem() == (401, "no-valid-key")
