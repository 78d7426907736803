"""Sessions: a user signs in with a password, and is known by a random token until they sign out or the time is up."""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from infra.db.access import audit
from infra.db.access.passwords import is_right
from infra.db.access.secret_texts import new_token, read_token
from infra.db.access.users import User, find_user, user_of
from infra.db.engine import transaction
from infra.db.tables.access import access_session, access_user
from streams.core.access import Caller
from streams.core.sign_in import LONGEST_PASSWORD, MINUTE_US, Attempts, is_open, session_ends_us


class Refusal(StrEnum):
    """Why somebody was not let in. A page says the same for both, so that nobody learns which users there are."""

    WRONG = "wrong"
    LOCKED = "locked"


class SignedIn(NamedTuple):
    """A session that was just opened: `token` is for the browser alone, `csrf` for the forms of its pages."""

    token: str
    csrf: str
    caller: Caller
    expires_at_us: int


class Session(NamedTuple):
    """A session that is open."""

    caller: Caller
    csrf: str
    expires_at_us: int


def sign_in(engine: Engine, partnership: int, code: str, password: str, now_us: int) -> SignedIn | Refusal:
    """Open a session where the password is right; an attempt is counted before the password is looked at.

    So attempts made at once cannot be more than those made one by one. The answer takes as long whether there is such
    a user or not.
    """
    with transaction(engine, write=True) as connection:
        user = _may_try(find_user(connection, partnership, code))
        locked = user is not None and user.attempts.are_locked(now_us)
        if user is not None and not locked:
            _count(connection, user, user.attempts.one_more(now_us))
    known = None if user is None or locked else user.password_hash
    right = len(password) <= LONGEST_PASSWORD and is_right(password, known)
    if locked:
        return Refusal.LOCKED  # not noted: whoever goes on guessing could fill the audit
    if user is None:
        return Refusal.WRONG
    with transaction(engine, write=True) as connection:
        same = _may_try(find_user(connection, partnership, code))
        if right and same is not None and same.password_hash == known:
            return _open(connection, same, now_us)
        _note(connection, user.caller, audit.SIGN_IN_REFUSED, now_us)
    return Refusal.WRONG


def find_session(engine: Engine, token: str, now_us: int) -> Session | None:
    """Return whose session a token is, and note once a minute that it is used; None for one that is over or unknown."""
    digest = read_token(token)
    if digest is None:
        return None
    with transaction(engine, write=False) as connection:
        row = _session_row(connection, digest)
    if row is None or not is_open(row.expires_at_us, row.last_seen_at_us, now_us) or row.disabled_at_us is not None:
        return None
    if now_us - row.last_seen_at_us >= MINUTE_US:
        with transaction(engine, write=True) as connection:
            seen = update(access_session).where(access_session.c.digest == digest).values(last_seen_at_us=now_us)
            connection.execute(seen)
    return Session(user_of(row).caller, row.csrf, row.expires_at_us)


def end_session(engine: Engine, token: str, now_us: int) -> None:
    """End a session; one that is over already stays so."""
    digest = read_token(token)
    if digest is None:
        return
    with transaction(engine, write=True) as connection:
        row = _session_row(connection, digest)
        if row is not None:
            connection.execute(delete(access_session).where(access_session.c.digest == digest))
            _note(connection, user_of(row).caller, audit.SIGNED_OUT, now_us)


def _open(connection: Connection, user: User, now_us: int) -> SignedIn:
    _count(connection, user, Attempts())
    connection.execute(delete(access_session).where(access_session.c.expires_at_us <= now_us))
    token, csrf, expires_at_us = new_token(), new_token().text, session_ends_us(now_us)
    row = {
        "digest": token.digest,
        "partnership": user.caller.partnership,
        "user_number": user.number,
        "csrf": csrf,
        "created_at_us": now_us,
        "last_seen_at_us": now_us,
        "expires_at_us": expires_at_us,
    }
    connection.execute(insert(access_session), row)
    _note(connection, user.caller, audit.SIGNED_IN, now_us)
    return SignedIn(token.text, csrf, user.caller, expires_at_us)


def _may_try(user: User | None) -> User | None:
    return None if user is None or user.disabled_at_us is not None else user


def _count(connection: Connection, user: User, attempts: Attempts) -> None:
    counted = {"failed_attempts": attempts.failed, "locked_until_us": attempts.locked_until_us}
    connection.execute(update(access_user).where(access_user.c.number == user.number).values(counted))


def _session_row(connection: Connection, digest: bytes) -> Row[Any] | None:
    """Return a session with its user."""
    session = access_session.c
    wanted = (
        select(access_user, session.csrf, session.last_seen_at_us, session.expires_at_us)
        .join(access_session, session.user_number == access_user.c.number)
        .where(session.digest == digest)
    )
    return connection.execute(wanted).one_or_none()


def _note(connection: Connection, caller: Caller, act: str, now_us: int) -> None:
    entry = audit.Entry(caller.partnership, caller.actor, caller.agency, act, caller.actor)
    audit.write(connection, entry, now_us)
