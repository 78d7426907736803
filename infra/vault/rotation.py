"""Rotation: every wrapped key is wrapped anew under another secret key. Nothing that is sealed is touched.

It goes in slices, each a transaction of its own. Killed, it is run again and goes on: each row says by which key it is
wrapped. Meanwhile nothing can be sealed or opened, and whoever tries is told to wait.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, tuple_, update

from infra.db import tables
from infra.db.engine import transaction
from infra.vault.data_keys import key_name
from infra.vault.drafts import draft_name
from infra.vault.keys import SETTING, MasterKey, SecretKeyError
from infra.vault.state import VAULT

SLICE = 200
OLD_SETTING = "BELLWETHER_OLD_SECRET_KEY"
_STATE, _KEY = tables.sealed.vault, tables.sealed.data_key
_CASE, _DRAFT = tables.sealed.sealed_case, tables.sealed.sealed_draft
Progress = Callable[[int], None]


def rotate(engine: Engine, old: MasterKey, new: MasterKey, progress: Progress) -> int:
    """Wrap all keys anew, from the old secret key to the new one; return how many there were.

    `progress` is told how many each slice had. Raises SecretKeyError where the keys are not the right two; nothing was
    changed then.
    """
    if not _begin(engine, old, new):
        return 0
    rotated = 0
    for wrap_slice in (_data_keys, _cases, _drafts):
        while newly := _slice(engine, old, new, wrap_slice):
            rotated += newly
            progress(newly)
    with transaction(engine, write=True) as connection:
        connection.execute(update(_STATE).values(fingerprint=new.fingerprint, rotating_to=None))
    return rotated


def _begin(engine: Engine, old: MasterKey, new: MasterKey) -> bool:
    """Note the rotation, once every unit that seals under the old key has ended; False if it is all done already."""
    with transaction(engine, write=True) as connection:
        state = connection.execute(select(_STATE).where(_STATE.c.number == VAULT).with_for_update()).one_or_none()
        if state is None:
            raise SecretKeyError("secret-key-missing", "nothing is sealed in this ledger yet: set the new key, no more")
        if state.fingerprint == new.fingerprint and state.rotating_to is None:
            return False
        if state.fingerprint != old.fingerprint:
            raise SecretKeyError(
                "secret-key-wrong",
                f"{OLD_SETTING} is the key {old.fingerprint}, and this ledger is sealed with {state.fingerprint};"
                " nothing was changed",
            )
        if state.rotating_to not in (None, new.fingerprint):
            raise SecretKeyError(
                "secret-key-wrong",
                f"{SETTING} is the key {new.fingerprint}, and a rotation to {state.rotating_to} has begun; end that",
            )
        connection.execute(update(_STATE).values(rotating_to=new.fingerprint))
    return True


def _slice(
    engine: Engine, old: MasterKey, new: MasterKey, wrap_slice: Callable[[Connection, MasterKey, MasterKey], int]
) -> int:
    with transaction(engine, write=True) as connection:
        return wrap_slice(connection, old, new)


def _data_keys(connection: Connection, old: MasterKey, new: MasterKey) -> int:
    rows = _next(connection, select(_KEY).where(_KEY.c.wrapped_by == old.fingerprint))
    for row in rows:
        wrapped = _anew(row, key_name(row.partnership, row.purpose), old, new)
        connection.execute(
            update(_KEY)
            .where(tuple_(_KEY.c.partnership, _KEY.c.purpose) == (row.partnership, row.purpose))
            .values(wrapped_key=wrapped, wrapped_by=new.fingerprint)
        )
    return len(rows)


def _cases(connection: Connection, old: MasterKey, new: MasterKey) -> int:
    rows = _next(
        connection, select(_CASE).where(_CASE.c.wrapped_by == old.fingerprint).order_by(_CASE.c.case_reference)
    )
    for row in rows:
        connection.execute(
            update(_CASE)
            .where(_CASE.c.case_reference == row.case_reference)
            .values(wrapped_key=_anew(row, row.case_reference.encode(), old, new), wrapped_by=new.fingerprint)
        )
    return len(rows)


def _drafts(connection: Connection, old: MasterKey, new: MasterKey) -> int:
    rows = _next(
        connection,
        select(_DRAFT.c.draft, _DRAFT.c.wrapped_key)
        .where(_DRAFT.c.wrapped_by == old.fingerprint)
        .order_by(_DRAFT.c.draft),
    )
    for row in rows:
        connection.execute(
            update(_DRAFT)
            .where(_DRAFT.c.draft == row.draft)
            .values(wrapped_key=_anew(row, draft_name(row.draft), old, new), wrapped_by=new.fingerprint)
        )
    return len(rows)


def _next(connection: Connection, wanted: Any) -> list[Row[Any]]:
    return list(connection.execute(wanted.limit(SLICE).with_for_update()))


def _anew(row: Row[Any], name: bytes, old: MasterKey, new: MasterKey) -> bytes:
    return new.wrap(old.unwrap(bytes(row.wrapped_key), name), name)
