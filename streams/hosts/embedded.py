"""The embedded host: stages work the log off, one thread a partition where the ledger has several."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from streams.ports import Ledger
from streams.runner import Runner, StoppedError

LOOKS_AT_THE_FIRST = 20
"""How many looks at the first topic alone come between two at all of them."""


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
        handled, never = 0, threading.Event()
        while newly := self._pass(range(self._ledger.partitions), never):
            handled += newly
        return handled

    def run(self, stop: threading.Event, idle_wait_s: float) -> None:
        """Work until told to stop, looking again after a while where nothing waits.

        Raises as drain does. Once it is told to stop, batches that have begun are finished; the rest waits in the log.
        """
        while not stop.is_set():
            heads = self._first_heads()
            if not self._pass(self._waiting(), stop):
                self._await_news(heads, stop, idle_wait_s)

    def _await_news(self, heads: Mapping[int, int], stop: threading.Event, idle_wait_s: float) -> None:
        """Wait until something has entered since these heads were read; looking at the first topic alone is cheap.

        Not for long: another process may have died between two stages, and nothing enters for that.
        """
        for _ in range(LOOKS_AT_THE_FIRST):
            if stop.wait(idle_wait_s) or self._first_heads() != heads:
                return

    def _first_heads(self) -> Mapping[int, int]:
        return self._ledger.heads(self._runners[0].step.input.name)

    def _waiting(self) -> list[int]:
        """Look once at all heads and positions; return the partitions in which something waits."""
        positions = self._ledger.positions()
        return sorted(
            {
                partition
                for runner in self._runners
                for partition, head in self._ledger.heads(runner.step.input.name).items()
                if positions[runner.step.stage.name, partition] < head
            }
        )

    def _pass(self, partitions: Iterable[int], stop: threading.Event) -> int:
        working = [self._threads.submit(self._work, partition, stop) for partition in partitions]
        wait(working)  # all of them, before the first that failed is heard: none may work on unseen
        return sum(each.result() for each in working)

    def _work(self, partition: int, stop: threading.Event) -> int:
        """Work a partition off; a stage that is stopped is said so only after all others had their turn."""
        handled, stopped = 0, None
        for runner in self._runners:
            try:
                while not stop.is_set() and (newly := runner.work_off(partition, self._batch_size())):
                    handled += newly
            except StoppedError as error:
                stopped = stopped or error
        if stopped is not None:
            raise stopped
        return handled
