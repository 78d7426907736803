"""Keys by which programs call: made, listed, rotated and revoked. Of a key only a digest is kept."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, insert, select, update

from infra.db.access import AccessError, audit
from infra.db.access.secret_texts import NewKey, is_key_id, new_key
from infra.db.engine import transaction
from infra.db.tables.access import access_key
from streams.core.access import Caller
from streams.core.rights import KeyState, Rights, judge_key, key_state, read_rights

HOUR_US = 3_600_000_000


class Doer(NamedTuple):
    """Who makes or changes a key or user, in which partnership."""

    partnership: int
    actor: str = audit.CONSOLE


@dataclass(frozen=True)
class Order:
    """What a key shall be: `expires_at_us` is the first instant at which it is no longer in force, None for never."""

    rights: Rights
    agency: str | None = None
    name: str = ""
    expires_at_us: int | None = None


@dataclass(frozen=True)
class Key:
    """A key as the ledger knows it."""

    caller: Caller
    digest: bytes
    name: str
    created_at_us: int
    expires_at_us: int | None
    revoked_at_us: int | None
    last_used_at_us: int | None

    def order(self) -> Order:
        """Return what was ordered when it was made."""
        rights = Rights(self.caller.scopes, self.caller.sources)
        return Order(rights, self.caller.agency, self.name, self.expires_at_us)

    def state(self, now_us: int) -> KeyState:
        """Return whether it is in force."""
        return key_state(self.expires_at_us, self.revoked_at_us, now_us)


def create_key(engine: Engine, doer: Doer, order: Order, now_us: int) -> NewKey:
    """Make a key; its text is in the answer and nowhere else. Raises RightsError where it would act for no agency."""
    judge_key(order.rights, order.agency)
    with transaction(engine, write=True) as connection:
        made = _insert(connection, doer.partnership, order, now_us)
        _note(connection, doer, audit.KEY_CREATED, made.id, now_us)
    return made


def list_keys(engine: Engine, partnership: int) -> list[Key]:
    """Return a partnership's keys, the oldest first, those that are over included."""
    own = select(access_key).where(access_key.c.partnership == partnership)
    with transaction(engine, write=False) as connection:
        rows = connection.execute(own.order_by(access_key.c.created_at_us, access_key.c.id))
        return [_key_of(row) for row in rows]


def find_key(engine: Engine, key_id: str) -> Key | None:
    """Return a key by its id, of whatever partnership."""
    with transaction(engine, write=False) as connection:
        row = connection.execute(select(access_key).where(access_key.c.id == key_id)).one_or_none()
    return None if row is None else _key_of(row)


def revoke_key(engine: Engine, doer: Doer, key_id: str, now_us: int) -> None:
    """End a key now, for ever; one that was revoked already stays as it is. Raises AccessError where there is none."""
    with transaction(engine, write=True) as connection:
        if _own_key(connection, doer.partnership, key_id).revoked_at_us is not None:
            return
        connection.execute(update(access_key).where(access_key.c.id == key_id).values(revoked_at_us=now_us))
        _note(connection, doer, audit.KEY_REVOKED, key_id, now_us)


def rotate_key(engine: Engine, doer: Doer, key_id: str, overlap_hours: int, now_us: int) -> NewKey:
    """Make a key with the same rights and end, and let the old one run out after the overlap.

    Raises AccessError where there is none, or it is over: what is over gives no rights to pass on.
    """
    with transaction(engine, write=True) as connection:
        old = _own_key(connection, doer.partnership, key_id)
        if old.state(now_us) is not KeyState.IN_FORCE:
            raise AccessError("this key is over, so it cannot be rotated; make one with `bellwether keys create`")
        made = _insert(connection, doer.partnership, old.order(), now_us)
        runs_out_us = now_us + overlap_hours * HOUR_US
        if old.expires_at_us is None or runs_out_us < old.expires_at_us:
            connection.execute(update(access_key).where(access_key.c.id == key_id).values(expires_at_us=runs_out_us))
        _note(connection, doer, audit.KEY_ROTATED, f"{key_id} {made.id}", now_us)
    return made


def _insert(connection: Connection, partnership: int, order: Order, now_us: int) -> NewKey:
    made = new_key()
    row = {
        "id": made.id,
        "partnership": partnership,
        "name": order.name,
        "digest": made.digest,
        "scopes": " ".join(order.rights.names()),
        "agency": order.agency,
        "created_at_us": now_us,
        "expires_at_us": order.expires_at_us,
    }
    connection.execute(insert(access_key), row)
    return made


def _own_key(connection: Connection, partnership: int, key_id: str) -> Key:
    """Return a key of a partnership, locked until the transaction ends."""
    own = select(access_key).where(access_key.c.id == key_id, access_key.c.partnership == partnership)
    row = connection.execute(own.with_for_update()).one_or_none() if is_key_id(key_id) else None
    if row is None:
        raise AccessError("there is no key of that id; `bellwether keys list` shows those there are")
    return _key_of(row)


def _key_of(row: Row[Any]) -> Key:
    rights = read_rights(row.scopes.split())
    return Key(
        caller=Caller(row.id, row.partnership, row.agency, rights.scopes, rights.sources),
        digest=bytes(row.digest),
        name=row.name,
        created_at_us=row.created_at_us,
        expires_at_us=row.expires_at_us,
        revoked_at_us=row.revoked_at_us,
        last_used_at_us=row.last_used_at_us,
    )


def _note(connection: Connection, doer: Doer, act: str, what: str, now_us: int) -> None:
    audit.write(connection, audit.Entry(doer.partnership, doer.actor, None, act, what), now_us)
