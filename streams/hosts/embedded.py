"""The embedded host: stages work the log off, one thread a partition where the ledger has several."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from streams.ports import Ledger
from streams.runner import Runner

IDLE_WAIT_S = 0.02


class EmbeddedHost:
    """Runs every stage over every partition of one ledger, in this process."""

    def __init__(self, ledger: Ledger, runners: Sequence[Runner], batch_size: Callable[[], int]) -> None:
        """`batch_size` is asked before each batch, so that it can follow how long units have held the writer."""
        self._ledger = ledger
        self._runners = runners
        self._batch_size = batch_size
        self._threads = ThreadPoolExecutor(ledger.partitions, "stage")

    def drain(self) -> int:
        """Work off all that the log holds, and what comes of it; return how many records that were.

        Raises StoppedError if a stage stops, StoreUnavailableError if the ledger cannot be used.
        """
        handled = 0
        while newly := self._pass():
            handled += newly
        return handled

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, and then until nothing is left."""
        while not stop.is_set():
            if not self._pass():
                stop.wait(IDLE_WAIT_S)
        self.drain()

    def _pass(self) -> int:
        working = [self._threads.submit(self._work, partition) for partition in range(self._ledger.partitions)]
        wait(working)  # all of them, before the first that failed is heard: none may work on unseen
        return sum(each.result() for each in working)

    def _work(self, partition: int) -> int:
        handled = 0
        for runner in self._runners:
            while newly := runner.work_off(partition, self._batch_size()):
                handled += newly
        return handled
