"""Many callers, one commit: while one batch is being written, whatever else is handed in forms the next."""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple

from streams.hosts.desk import Answer, IntakeDesk, Read, read
from streams.ports import StoreUnavailableError

MOST_EVENTS = 1_000


class _Handed(NamedTuple):
    events: Sequence[Read]
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
        return self.hand_in([read(raw) for raw in events]).result(timeout_s)

    def hand_in(self, events: Sequence[Read]) -> "Future[list[Answer]]":
        """Hand events in that have been read, and return their answers to come; nobody waits here.

        They raise StoreUnavailableError where the store is away. Who stops waiting for them changes nothing: what was
        handed in is taken all the same.
        """
        handed = _Handed(events, Future())
        handed.answers.set_running_or_notify_cancel()
        self._handed.put(handed)
        return handed.answers

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
        """Take a group together; where that fails for a fault of ours, each by itself, so that only one suffers it."""
        try:
            answers = iter(self._desk.take_read([each for handed in group for each in handed.events], trusted=False))
            for handed in group:
                handed.answers.set_result([next(answers) for _ in handed.events])
        except StoreUnavailableError as error:
            _fail(group, error)
        except BaseException as error:  # noqa: BLE001 - each caller must hear of it, whatever it is
            if len(group) == 1:
                _fail(group, error)
            else:
                for handed in group:
                    self._answer([handed])


def _fail(group: Sequence[_Handed], error: BaseException) -> None:
    for handed in group:
        handed.answers.set_exception(error)
