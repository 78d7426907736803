"""What has to be so for the service to be ready, each condition by its name."""

import threading
import time
from collections.abc import Iterator, Sequence

from sqlalchemy import Engine, select

from api.deps import Condition
from infra.cli.works import Work
from infra.db import tables
from infra.db.engine import transaction
from infra.db.row_security import shortfall
from infra.migrations import current_revision, newest_revision
from streams.ports import StoreUnavailableError

BELIEVED_S = 1.0
"""How long what was found of the store is believed: anybody may ask, and must not keep it busy by that."""
ASKED_ALREADY = Condition("store", False, "it was asked already, and has not answered yet")


class Conditions:
    """Tells, each time it is called, which conditions are met. It waits for the store, but never twice at once."""

    def __init__(
        self, engine: Engine, works: Sequence[Work], stop: threading.Event, *, believed_s: float = BELIEVED_S
    ) -> None:
        self._engine = engine
        self._works = works
        self._stop = stop
        self._believed_s = believed_s
        self._needed = newest_revision()
        self._asking = threading.Lock()
        self._of_store: list[Condition] = [ASKED_ALREADY]
        self._asked_at_s = float("-inf")

    def __call__(self) -> list[Condition]:
        """Return all conditions."""
        going_on = Condition("going-on", not self._stop.is_set(), "it is being stopped" if self._stop.is_set() else "")
        return [going_on, *self._store_now(), *map(_running, self._works)]

    def _store_now(self) -> list[Condition]:
        if self._asking.acquire(blocking=False):
            try:
                if time.monotonic() - self._asked_at_s >= self._believed_s:
                    self._of_store = _of_store(self._engine, self._needed)
                    self._asked_at_s = time.monotonic()
            finally:
                self._asking.release()
        elif time.monotonic() - self._asked_at_s >= self._believed_s:
            return [ASKED_ALREADY]
        return self._of_store


def _of_store(engine: Engine, needed: str) -> list[Condition]:
    try:
        return list(_looked_at(engine, needed))
    except StoreUnavailableError as error:
        return [Condition("store", False, f"the ledger cannot be used: {error.problem.code}")]


def _looked_at(engine: Engine, needed: str) -> Iterator[Condition]:
    current = current_revision(engine)
    yield Condition("store", True)
    if current != needed:
        yield Condition("schema", False, "run `bellwether db upgrade`")
        return
    yield Condition("schema", True)
    stopped = ", ".join(_stopped_stages(engine))
    detail = f"{stopped} stopped; see `bellwether stage list`, and resume it once that is mended"
    yield Condition("stages-not-stopped", not stopped, detail if stopped else "")
    open_ = shortfall(engine) is not None
    yield Condition("row-security", not open_, "run `bellwether db upgrade`, and do as its log says" if open_ else "")


def _stopped_stages(engine: Engine) -> list[str]:
    table = tables.stage_position
    wanted = select(table.c.stage).where(table.c.stopped_because.is_not(None)).distinct().order_by(table.c.stage)
    with transaction(engine, write=False) as connection:
        return list(connection.execute(wanted).scalars())


def _running(work: Work) -> Condition:
    detail = "" if work.is_alive() else "it has ended"
    return Condition(f"{work.name}-running", not detail, detail)
