"""bellwether serve: one process that does all that has to go on by itself."""

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

import structlog

from infra.cli.options import DatabaseUrl

if TYPE_CHECKING:
    from infra.db.ledger import SqlLedger
    from infra.settings import Settings

IDLE_WAIT_S = 0.1
AFTER_A_FAULT_S = 1.0


class Work(threading.Thread):
    """One of the works that go on beside one another; `failed` if it ended by a fault of ours."""

    def __init__(self, name: str, work: Callable[[], None], stop: threading.Event) -> None:
        super().__init__(name=name)
        self._work = work
        self._stop_all = stop
        self.failed = False

    def run(self) -> None:
        """Do the work until told to stop; when it ends by a fault of ours, all end, so that whoever watches sees it."""
        try:
            _go_on(self.name, self._work, self._stop_all)
        except BaseException:
            self.failed = True
            raise
        finally:
            self._stop_all.set()


def serve(database_url: DatabaseUrl = None) -> None:
    """Count what comes in, watch the rules, raise alerts and tell who must know, until stopped by Ctrl-C or SIGTERM.

    It serves every partnership of the ledger. What it was doing when it is stopped or killed goes on at the next start.
    """
    from infra.cli.faults import WorkFaultError
    from infra.cli.store import open_ledger, read_settings
    from infra.cli.tables import note

    settings, ledger, stop = read_settings(database_url), open_ledger(database_url), threading.Event()
    stop_on_signals(stop)
    works = start(ledger, settings, stop)
    note("serving; stop with Ctrl-C")
    stop.wait()
    for work in works:
        work.join()
    if failed := [work.name for work in works if work.failed]:
        raise WorkFaultError(f"a fault of Bellwether ended the {' and the '.join(failed)}; report it, and start again")
    note("stopped")


def start(ledger: "SqlLedger", settings: "Settings", stop: threading.Event) -> list[Work]:
    """Start the stages, the clock and the courier beside one another."""
    from infra.cli.couriers import make_courier
    from infra.cli.store import embedded_host
    from streams.hosts.clock import TICK_EVERY_S, LiveClock

    host, courier = embedded_host(ledger), make_courier(ledger, settings)
    clock = LiveClock(ledger, lambda: time.monotonic_ns() // 1_000)

    def keep_time() -> None:
        while not stop.is_set():
            clock.tick()
            stop.wait(TICK_EVERY_S)

    works = [
        Work("stages", lambda: host.run(stop, IDLE_WAIT_S), stop),
        Work("clock", keep_time, stop),
        Work("courier", lambda: courier.run(stop), stop),
    ]
    for work in works:
        work.start()
    return works


def stop_on_signals(stop: threading.Event) -> None:
    """Have Ctrl-C and SIGTERM ask for a stop; what is being written is finished first.

    A thread of its own hears them: a handler runs in the main thread, which may be waiting where no signal wakes it, or
    may hold the lock that it would need.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)

    def wake(_signal: int, _frame: FrameType | None) -> None:
        """Do nothing: that there is a handler has the signal written into the pipe."""

    def listen() -> None:
        os.read(heard, 1)
        stop.set()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    signal.signal(signal.SIGINT, wake)
    signal.signal(signal.SIGTERM, wake)


def _go_on(name: str, work: Callable[[], None], stop: threading.Event) -> None:
    """Do a work until told to stop, again after a fault that may pass: a ledger away, a stage that was stopped."""
    from streams.ports import StoreUnavailableError
    from streams.runner import StoppedError

    log = structlog.get_logger()
    while not stop.is_set():
        try:
            work()
        except StoreUnavailableError as error:
            log.error("waits for the ledger", work=name, code=error.problem.code, detail=error.problem.detail)
            stop.wait(AFTER_A_FAULT_S)
        except StoppedError:  # said when it was stopped; it goes on once somebody has resumed the stage
            stop.wait(AFTER_A_FAULT_S)
