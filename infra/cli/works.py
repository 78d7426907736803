"""The works that go on beside one another in one process, and how all of them are stopped."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

import structlog

AFTER_A_FAULT_S = 1.0


class Work(threading.Thread):
    """One of the works that go on beside one another; `failed` if it ended by a fault of ours."""

    def __init__(
        self, name: str, work: Callable[[], None], stop: threading.Event, until: threading.Event | None = None
    ) -> None:
        """`stop` asks all works to end. With `until` this one goes on after that, until it is its turn."""
        super().__init__(name=name)
        self._work = work
        self._stop_all = stop
        self._until = until or stop
        self.failed = False

    def run(self) -> None:
        """Do the work until told to stop; when it ends by a fault of ours, all end, so that whoever watches sees it."""
        try:
            _go_on(self.name, self._work, self._until)
        except BaseException:
            self.failed = True
            raise
        finally:
            self._stop_all.set()


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
