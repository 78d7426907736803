"""Puts a server of ours, or the bare one, under load over HTTP, and says how long its answers took.

Client and server share the machine's cores, so the client does as little as can be: see tests.system.posting.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.city import started
from tests.bench.stores import bellwether
from tests.bench.table import Result
from tests.system.posting import Answer, Line, NoAnswerError, free_port, request

READY_WITHIN_S = 60.0
ENDS_WITHIN_S = 30.0
LOOK_AGAIN_S = 0.05
UNLIMITED = "1000000"
"""Requests a minute: what is measured is the server, not the limit on a key."""


def key_for(url: str, scope: str, partnership: str = "milton-keynes") -> str:
    """Return a new key of a ledger."""
    words = ("--scope", scope, "--agency", "council", "--partnership", partnership)
    return bellwether("keys", "create", *words, url=url).stdout.strip()


@contextmanager
def served(url: str) -> Iterator[int]:
    """Run `serve` with all its works, as a user does; give its port once it is ready."""
    os.environ["BELLWETHER_REQUESTS_A_MINUTE"] = UNLIMITED  # as a user sets it: whatever is started inherits it
    port = free_port()
    with _ended_well(started("serve", "--port", str(port), url=url)):
        _await(port, request("GET", "/readyz", ""))
        yield port


@contextmanager
def bare(store: Path) -> Iterator[int]:
    """Run the bare app; give its port once it listens."""
    port = free_port()
    with _ended_well(subprocess.Popen([sys.executable, "-m", "tests.bench.bare_app", str(store), str(port)])):
        _await(port, request("GET", "/openapi.json", ""))
        yield port


@contextmanager
def _ended_well(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        code = process.wait(ENDS_WITHIN_S)
    if code != 0:
        raise RuntimeError("the server did not end well")


def _await(port: int, asked: bytes) -> None:
    async def is_ready() -> bool:
        line = Line(port)
        try:
            return (await line.ask(asked)).status == 200
        except NoAnswerError:
            return False
        finally:
            line.close()

    deadline = time.monotonic() + READY_WITHIN_S
    while not asyncio.run(is_ready()):
        if time.monotonic() > deadline:
            raise TimeoutError("the server was not ready in time")
        time.sleep(LOOK_AGAIN_S)


def steadily(port: int, requests: Sequence[bytes], a_second: float, lines: int, expected: int) -> list[float]:
    """Send requests at a steady rate over some connections; return how many ms each answer took from when it was due.

    So a server that stalls is charged for all that had to wait meanwhile. Raises RuntimeError for any other status.
    """
    took: list[float] = []

    async def share(first: int, began: float) -> None:
        line = Line(port)
        for number in range(first, len(requests), lines):
            due = began + number / a_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            checked(await line.ask(requests[number]), expected)
            took.append((time.perf_counter() - due) * 1_000)
        line.close()

    asyncio.run(_shares(share, lines))
    return took


def as_fast_as_can_be(port: int, requests: Sequence[bytes], lines: int, expected: int) -> tuple[float, list[float]]:
    """Send requests over some connections, each the next once it is answered; return requests/s, and ms of each."""
    took: list[float] = []

    async def share(first: int, _began: float) -> None:
        line = Line(port)
        for asked in requests[first::lines]:
            began = time.perf_counter()
            checked(await line.ask(asked), expected)
            took.append((time.perf_counter() - began) * 1_000)
        line.close()

    began = time.perf_counter()
    asyncio.run(_shares(share, lines))
    return len(requests) / (time.perf_counter() - began), took


async def _shares(share: Callable[[int, float], Coroutine[Any, Any, None]], lines: int) -> None:
    began = time.perf_counter()
    async with asyncio.TaskGroup() as clients:
        for first in range(lines):
            clients.create_task(share(first, began))


def checked(answer: Answer, expected: int) -> Answer:
    """Return an answer. Raises RuntimeError for another status than is expected."""
    if answer.status != expected:
        raise RuntimeError(f"answered {answer.status}: {answer.body[:500].decode(errors='replace')}")
    return answer


def quantiles(name: str, took_ms: Sequence[float]) -> list[Result]:
    """Return p50 and p99."""
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    return [Result(name, cuts[49], "ms p50"), Result(name, cuts[98], "ms p99")]
