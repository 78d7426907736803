"""Whose a key is, asked by every request, and the audit of what they read: what the API needs of access."""

import contextlib
import hmac
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import structlog
from sqlalchemy import Engine, or_, update
from sqlalchemy.exc import SQLAlchemyError

from infra.clock import Clock
from infra.db.access import audit
from infra.db.access.keys import Key, find_key
from infra.db.access.secret_texts import read_key
from infra.db.engine import transaction
from infra.db.tables.access import access_key
from streams.core.access import Caller
from streams.core.rights import KeyState
from streams.ports import StoreUnavailableError

REMEMBERED_S = 5.0
"""How long what was read of a key is believed: a revoked one is let in no longer than that."""
NOTED_EVERY_US = 60_000_000


class _Remembered(NamedTuple):
    key: Key
    read_at_s: float


class SqlAccess:
    """Implements the API's Access on the store. `monotonic_s` tells how long ago something was read."""

    def __init__(self, engine: Engine, clock: Clock, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._monotonic_s = monotonic_s
        self._remembered: dict[str, _Remembered] = {}
        self._uses = _Uses(engine)

    def caller(self, secret: str) -> Caller | None:
        """Return who a bearer key belongs to; None for one that is unknown, expired or revoked."""
        shown = read_key(secret)
        key = None if shown is None else self._key(shown.id)
        if shown is None or key is None or not hmac.compare_digest(shown.digest, key.digest):
            return None
        now_us = self._clock.now_us()
        if key.state(now_us) is not KeyState.IN_FORCE:
            return None
        self._uses.note(shown.id, now_us)
        return key.caller

    def note(self, caller: Caller, act: str, what: str, purpose: str | None) -> None:
        """Note what a caller reads or exports, and why. Raises StoreUnavailableError: then nothing may be shown."""
        entry = audit.Entry(caller.partnership, caller.actor, caller.agency, act, what, purpose)
        with transaction(self._engine, write=True) as connection:
            audit.write(connection, entry, self._clock.now_us())

    def close(self) -> None:
        """Write what is still to be noted; to be called once nobody asks any more."""
        self._uses.close()

    def _key(self, key_id: str) -> Key | None:
        """Return a key; only what is there is remembered, so made-up ids take no room."""
        known, now_s = self._remembered.get(key_id), self._monotonic_s()
        if known is not None and now_s - known.read_at_s < REMEMBERED_S:
            return known.key
        key = find_key(self._engine, key_id)
        if key is not None:
            self._remembered[key_id] = _Remembered(key, now_s)
        return key


class _Uses:
    """Notes when keys were last used, by a thread of its own: no request waits for it, or fails by it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._noted_us: dict[str, int] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="last-used")

    def note(self, key_id: str, now_us: int) -> None:
        """Have a use written, unless one was within the last minute."""
        noted_us = self._noted_us.get(key_id)
        if noted_us is not None and now_us - noted_us < NOTED_EVERY_US:
            return
        self._noted_us[key_id] = now_us
        with contextlib.suppress(RuntimeError):  # the process is ending
            self._writer.submit(self._write, key_id, now_us)

    def close(self) -> None:
        self._writer.shutdown()

    def _write(self, key_id: str, now_us: int) -> None:
        last = access_key.c.last_used_at_us
        long_ago = or_(last.is_(None), last <= now_us - NOTED_EVERY_US)
        used = update(access_key).where(access_key.c.id == key_id, long_ago).values(last_used_at_us=now_us)
        try:
            with transaction(self._engine, write=True) as connection:
                connection.execute(used)
        except (StoreUnavailableError, SQLAlchemyError) as error:
            structlog.get_logger().warning("use of a key not noted", key=key_id, failure=type(error).__name__)
