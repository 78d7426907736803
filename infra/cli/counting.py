"""How an import has its events counted while it goes on: here in between, or by a second process beside it.

A second process uses the second core; it starts only where the file is long enough to be worth the start. If the
import is killed, the second process counts what was accepted, and ends.
"""

import gc
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Protocol

from infra.cli.faults import WorkFaultError
from infra.cli.store import Store, counting_host
from schemas.topics import EVENTS
from streams.stages.aggregate import STAGE as AGGREGATE

WORTH_A_PROCESS_BYTES = 8 << 20
FURTHEST_BEHIND_EVENTS = 5_000
LOOK_AGAIN_S = 0.005
GARBAGE_THRESHOLD = 50_000
"""A batch makes some ten thousand objects and drops them: a tenth of the time would go into looking for cycles."""


class Counting(Protocol):
    """Counts what an import has taken in."""

    def keep_up(self) -> None:
        """Return when counting is near enough behind for more to be taken in."""
        ...


@contextmanager
def counting(store: Store, file_bytes: int) -> Iterator[Counting]:
    """Count while the block runs; at its end, all that it took in is counted. Raises WorkFaultError, StoppedError."""
    if file_bytes < WORTH_A_PROCESS_BYTES:
        inline = _Inline(store)
        yield inline
        inline.keep_up()
        return
    _collect_seldom()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=_count_beside, args=(store.engine.url.render_as_string(hide_password=False), theirs), daemon=False
    )
    with _interrupts_ignored():
        child.start()
    theirs.close()
    try:
        yield _Beside(store, child.is_alive)
    finally:
        ours.close()
        child.join()
    if child.exitcode != 0:
        raise WorkFaultError("counting stopped before its end; see above, then run the same command again")


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl-C here and, for good, in whatever process is started meanwhile, from its very beginning.

    Whoever interrupts an import thus still has counted what was accepted.
    """
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _collect_seldom() -> None:
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


class _Inline:
    def __init__(self, store: Store) -> None:
        self._host = counting_host(store.ledger)

    def keep_up(self) -> None:
        self._host.drain()


class _Beside:
    def __init__(self, store: Store, is_alive: Callable[[], bool]) -> None:
        self._store = store
        self._is_alive = is_alive

    def keep_up(self) -> None:
        ledger = self._store.ledger
        partition = ledger.partnership(self._store.partnership).partition
        while (
            ledger.heads(EVENTS.name)[partition] - ledger.peek(AGGREGATE, partition).position > FURTHEST_BEHIND_EVENTS
        ):
            if not self._is_alive():
                raise WorkFaultError("counting has stopped; see above, then run the same command again")
            time.sleep(LOOK_AGAIN_S)


def _count_beside(database_url: str, parent: Connection) -> None:
    """Work the log off until the parent is done or gone, and then what is left."""
    from infra.cli.faults import explained
    from infra.cli.store import open_ledger

    _collect_seldom()
    stop = threading.Event()

    def watch_parent() -> None:
        try:
            parent.recv()
        except EOFError:
            stop.set()

    threading.Thread(target=watch_parent, daemon=True).start()
    with explained():
        host = counting_host(open_ledger(database_url))
        host.run(stop, LOOK_AGAIN_S)
        host.drain()
