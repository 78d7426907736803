"""`serve` is killed while two hundred clients post at once: every answer it gave is true, and nothing counts twice."""

import random
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from tests.bench.data import reports
from tests.support.cli import Cli
from tests.support.databases import postgresql_url
from tests.support.served import Served
from tests.system.ledgers import end_session, exact_loss, kill, wait_until
from tests.system.posting import LOOPBACK, Answer, Crowd, Sending, ask_all, free_port, post, posting, request

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

SEED = 20260701
CLIENTS = 200
SINGLES, BATCHES, MOST_IN_A_BATCH = 6, 2, 8
"""Of each client; one of its batches is sent again once all of it is answered."""
KILLS = {"sqlite": 6, "postgresql": 4}
REQUEST_TAKES_S = 0.05
LINES = 16
HASTY = 40
ALL_DAYS = ("--layer", "city", "--from", "2015-01-01", "--to", "2030-12-31", "--by", "area")
"""The invented reports are of 2016."""


class Identity(NamedTuple):
    """By what an event is known in a ledger."""

    source: str
    id: str


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cli(kind: str, tmp_path: Path, server_folder: Path) -> Cli:
    if kind == "sqlite":
        return Cli(tmp_path).with_ledger()
    made = Cli(tmp_path, postgresql_url(server_folder))
    assert made("db", "upgrade").code == 0
    return made


@pytest.fixture
def key(cli: Cli) -> str:
    made = cli("keys", "create", "--scope", "admin")
    assert made.code == 0, made.err
    return made.out.strip()


@pytest.fixture
def port() -> int:
    return free_port()


@contextmanager
def serving(cli: Cli, port: int) -> Iterator[Served]:
    """Run `serve` on a port that stays the same however often it is started; end it if it still runs."""
    served = Served(cli, "serve", "--port", port)
    try:
        yield served
    finally:
        end_session(served.process)
        for stream in (served.process.stdout, served.process.stderr):
            if stream is not None:
                stream.close()


def sendings_of_clients(chance: random.Random) -> list[list[Sending]]:
    """Return what each client sends: single events and small batches, in an order of its own."""
    sizes = [[1] * SINGLES + [chance.randint(2, MOST_IN_A_BATCH) for _ in range(BATCHES)] for _ in range(CLIENTS)]
    events = reports(sum(map(sum, sizes)), 300, seed=SEED)
    clients = []
    for own in sizes:
        sendings = [Sending([next(events).rstrip() for _ in range(size)]) for size in own]
        chance.shuffle(sendings)
        clients.append([*sendings, Sending(sendings[0].events, again=True)])
    return clients


def identity(raw: bytes) -> Identity:
    event = orjson.loads(raw)
    return Identity(event["source"], event["id"])


def test_serve_killed_while_two_hundred_clients_post_answers_all_of_them_truly(
    kind: str, cli: Cli, key: str, port: int
) -> None:
    chance = random.Random(SEED)
    clients = sendings_of_clients(chance)
    total = sum(map(len, clients))
    began = time.monotonic()
    with posting(port, key, clients, SEED) as crowd:
        for number in range(KILLS[kind]):
            target = chance.randrange(total * number // KILLS[kind], total * (number + 1) // KILLS[kind])
            with serving(cli, port) as served:
                wait_until(lambda: crowd.answered > target or crowd.is_done, 60)  # noqa: B023
                time.sleep(chance.random() * REQUEST_TAKES_S)
                assert not crowd.is_done
                assert served.process.poll() is None
                kill(served.process)
            exact_loss(cli.database_url)
        with serving(cli, port) as served:
            wait_until(lambda: crowd.is_done, 60)
            sendings = [sending for client in clients for sending in client]
            assert_answers_are_true(sendings)
            wait_until(lambda: exact_loss(cli.database_url).pending == 0, 60)
            assert_receipts_are_true(port, key, cli, sendings)
            stopped = served.stopped()
        assert (stopped.code, stopped.out, stopped.err) == (0, "", "stopped\n")
    report_on(cli, KILLS[kind], crowd, sendings, time.monotonic() - began)


def assert_answers_are_true(sendings: Sequence[Sending]) -> None:
    """Each event of each request was accepted, or was there already; and only what went unanswered may have been."""
    for sending in sendings:
        assert sending.answer is not None
        assert sending.answer.status == 202, sending.answer.body
        said = sending.answer.json()
        assert (said["rejected"], said["quarantined"]) == ([], [])
        assert said["accepted"] + said["duplicates"] == len(sending.events)
        if sending.again:
            assert said["accepted"] == 0
        elif not sending.unanswered:
            assert said["duplicates"] == 0


def assert_receipts_are_true(port: int, key: str, cli: Cli, sendings: Sequence[Sending]) -> None:
    """All is counted once, whatever came again: by the receipt of an event of each request, the ledger and the counts.

    An event arrived at least as often as it was answered, and at most as often as it was sent.
    """
    answered = Counter(identity(raw) for sending in sendings for raw in sending.events)
    in_vain = Counter(
        identity(raw) for sending in sendings for raw in sending.events for _ in range(sending.unanswered)
    )
    looked_at = [identity(sending.events[-1]) for sending in sendings if not sending.again]
    asked = [request("GET", f"/v1/events{source}/{id_}/receipt", key) for source, id_ in looked_at]
    for each, answer in zip(looked_at, ask_all(port, asked, LINES), strict=True):
        assert answered[each] <= 1 + read_receipt(answer) <= answered[each] + in_vain[each]
    loss = exact_loss(cli.database_url)
    assert (loss.counted, loss.quarantined, loss.pending) == (len(answered), 0, 0)
    assert answered.total() <= loss.received <= answered.total() + in_vain.total()
    counted = cli("counts", *ALL_DAYS)
    assert counted.code == 0, counted.err
    assert [row["count"] for row in counted.table()] == [str(len(answered))]


def read_receipt(answer: Answer) -> int:
    """Return how often an event was sent again."""
    said = answer.json()
    assert (answer.status, said["state"], said["set_aside"]) == (200, "counted", 0), said
    return int(said["sent_again"])


def report_on(cli: Cli, kills: int, crowd: Crowd, sendings: Sequence[Sending], took_s: float) -> None:
    """See that ledger and counts are clean, and print what the run came to."""
    ledger, verified = cli("ledger"), cli("verify")
    assert ledger.code == 0, ledger.err
    assert verified.code == 0, verified.err
    sums = Counter[str]()
    for row in ledger.table():
        sums.update({name: int(n) for name, n in row.items() if name not in {"source", "hour"}})
    again = sum(sending.unanswered for sending in sendings)
    sys.stdout.write(
        f"killed {kills} times within {took_s:.0f} s; {len(sendings)} requests answered, {again} times asked in vain"
        f" ({crowd.half_answers} half answers, {crowd.refused_for_now} refused for now); ledger {dict(sums)}\n"
    )


def test_a_client_that_hangs_up_in_mid_body_leaves_nothing(cli: Cli, key: str, port: int) -> None:
    chance = random.Random(SEED)
    events = [raw.rstrip() for raw in reports(HASTY, 300, seed=SEED)]
    with serving(cli, port) as served:
        for raw in events:
            whole = post(key, [raw])
            with closing(socket.create_connection((LOOPBACK, port))) as hasty:
                hasty.sendall(whole[: -chance.randint(1, len(raw))])
        answers = ask_all(port, [post(key, [raw]) for raw in events], LINES)
        assert [answer.json()["accepted"] for answer in answers] == [1] * HASTY
        stopped = served.stopped()
    assert (stopped.code, stopped.err) == (0, "stopped\n")
    loss = exact_loss(cli.database_url)
    assert (loss.received, loss.duplicate) == (HASTY, 0)


def test_a_stop_amid_posts_loses_no_answer_and_gives_no_half_of_one(cli: Cli, key: str, port: int) -> None:
    clients = sendings_of_clients(random.Random(SEED))
    sendings = [sending for client in clients for sending in client]
    with posting(port, key, clients, SEED) as crowd, serving(cli, port) as served:
        wait_until(lambda: crowd.answered > len(sendings) // 3, 60)
        stopped = served.stopped()
        assert not crowd.is_done
    assert (stopped.code, stopped.out, stopped.err) == (0, "", "stopped\n")
    assert crowd.half_answers == 0
    answered = [sending for sending in sendings if sending.answer is not None]
    assert_answers_are_true(answered)
    assert exact_loss(cli.database_url).received == sum(len(sending.events) for sending in answered)
