"""Many callers, one commit: while one batch is being written, whatever else is handed in forms the next."""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple

from streams.hosts.desk import Answer, IntakeDesk

MOST_EVENTS = 1_000


class _Handed(NamedTuple):
    events: Sequence[bytes]
    answers: "Future[list[Answer]]"


class SharedCommit:
    """An intake desk that many threads may stand at. Nobody waits for company: a lone caller is served at once."""

    def __init__(self, desk: IntakeDesk) -> None:
        self._desk = desk
        self._handed: queue.Queue[_Handed | None] = queue.Queue()
        self._clerk = threading.Thread(target=self._serve, name="intake", daemon=True)
        self._clerk.start()

    def take(self, events: Sequence[bytes], timeout_s: float) -> list[Answer]:
        """Hand events in and wait for their answers. Raises StoreUnavailableError, or TimeoutError."""
        handed = _Handed(events, Future())
        self._handed.put(handed)
        return handed.answers.result(timeout_s)

    def close(self) -> None:
        """Serve who waits, and stop."""
        self._handed.put(None)
        self._clerk.join()

    def _serve(self) -> None:
        while (first := self._handed.get()) is not None:
            group, last = self._gather(first)
            self._answer(group)
            if last:
                return

    def _gather(self, first: _Handed) -> tuple[list[_Handed], bool]:
        """Return all that waits now, up to a unit's worth, and whether that was the end."""
        group, events = [first], len(first.events)
        while events < MOST_EVENTS:
            try:
                handed = self._handed.get_nowait()
            except queue.Empty:
                break
            if handed is None:
                return group, True
            group.append(handed)
            events += len(handed.events)
        return group, False

    def _answer(self, group: Sequence[_Handed]) -> None:
        try:
            answers = iter(self._desk.take([event for handed in group for event in handed.events], trusted=False))
            for handed in group:
                handed.answers.set_result([next(answers) for _ in handed.events])
        except BaseException as error:  # noqa: BLE001 - each caller must hear of it, whatever it is
            for handed in group:
                if not handed.answers.done():
                    handed.answers.set_exception(error)
