"""Users: people who sign in, each of one partnership, with a role and an agency."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from infra.db import tables
from infra.db.access import AccessError, audit
from infra.db.access.keys import Doer
from infra.db.access.passwords import hashed
from infra.db.access.secret_texts import ID_PREFIX
from infra.db.engine import transaction
from infra.db.tables.access import access_session, access_user
from schemas.fields import Slug
from streams.core.access import Caller, Role
from streams.core.rights import RightsError, source_of
from streams.core.sign_in import SCOPES_OF_ROLE, Attempts, judge_password, judge_user

_code: TypeAdapter[str] = TypeAdapter(Slug)


class UserState(StrEnum):
    """Whether a user may sign in; a lock ends by itself, or with a new password."""

    ACTIVE = "active"
    LOCKED = "locked"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Person:
    """What a user shall be. `areas` are written layer:code; a task force without any answers for all areas."""

    code: str
    role: Role
    agency: str
    centre: str | None = None
    sources: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()


@dataclass(frozen=True)
class User:
    """A user as the ledger knows them."""

    number: int
    caller: Caller
    role: Role
    centre: str | None
    password_hash: str
    attempts: Attempts
    created_at_us: int
    disabled_at_us: int | None

    def state(self, now_us: int) -> UserState:
        """Return whether they may sign in now."""
        if self.disabled_at_us is not None:
            return UserState.DISABLED
        return UserState.LOCKED if self.attempts.are_locked(now_us) else UserState.ACTIVE


def create_user(engine: Engine, doer: Doer, person: Person, password: str, now_us: int) -> None:
    """Add a user. Raises RightsError for what a role cannot have or a weak password, AccessError for a code in use."""
    judge_user(person.role, person.centre, person.sources, person.areas)
    judge_password(password, person.code)
    if not _is_code(person.code) or person.code.startswith(ID_PREFIX) or person.code == audit.CONSOLE:
        raise RightsError(
            "a user's code has lower-case letters, digits and hyphens, at most 60;"
            f" it is not {audit.CONSOLE} and does not begin with {ID_PREFIX}, as keys do"
        )
    row = {
        "partnership": doer.partnership,
        "code": person.code,
        "role": person.role,
        "agency": person.agency,
        "centre": person.centre,
        "sources": " ".join(sorted(map(source_of, person.sources))),
        "password_hash": hashed(password),  # before the transaction: it takes long
        "created_at_us": now_us,
    }
    with transaction(engine, write=True) as connection:
        areas = _area_numbers(connection, doer.partnership, person.areas)
        try:
            connection.execute(insert(access_user), {**row, "areas": " ".join(map(str, areas)) or None})
        except IntegrityError:
            raise AccessError("there is a user of that code already; each keeps theirs for good") from None
        _note(connection, doer, audit.USER_CREATED, person.code, now_us)


def list_users(engine: Engine, partnership: int) -> list[User]:
    """Return a partnership's users by code, those that are disabled included."""
    own = select(access_user).where(access_user.c.partnership == partnership).order_by(access_user.c.code)
    with transaction(engine, write=False) as connection:
        return [user_of(row) for row in connection.execute(own)]


def find_user(connection: Connection, partnership: int, code: str) -> User | None:
    """Return a user, locked until the transaction ends; None where there is none of that code."""
    own = select(access_user).where(access_user.c.partnership == partnership, access_user.c.code == code)
    row = connection.execute(own.with_for_update()).one_or_none() if _is_code(code) else None
    return None if row is None else user_of(row)


def disable_user(engine: Engine, doer: Doer, code: str, now_us: int) -> None:
    """End a user's sessions and let them sign in no more, for good. Raises AccessError where there is none."""
    with transaction(engine, write=True) as connection:
        user = _own_user(connection, doer.partnership, code)
        if user.disabled_at_us is not None:
            return
        _change(connection, user, disabled_at_us=now_us)
        _note(connection, doer, audit.USER_DISABLED, code, now_us)


def set_password(engine: Engine, doer: Doer, code: str, password: str, now_us: int) -> None:
    """Give a user another password: their sessions end, and a lock is lifted. Raises AccessError, RightsError."""
    judge_password(password, code)
    password_hash = hashed(password)
    with transaction(engine, write=True) as connection:
        user = _own_user(connection, doer.partnership, code)
        if user.disabled_at_us is not None:
            raise AccessError("this user is disabled, for good; make another one with `bellwether users create`")
        _change(connection, user, password_hash=password_hash, failed_attempts=0, locked_until_us=0)
        _note(connection, doer, audit.PASSWORD_SET, code, now_us)


def user_of(row: Row[Any]) -> User:
    """Return a user from their row."""
    role = Role(row.role)
    return User(
        number=row.number,
        caller=Caller(
            actor=row.code,
            partnership=row.partnership,
            agency=row.agency,
            scopes=SCOPES_OF_ROLE[role],
            sources=frozenset(row.sources.split()),
            areas=None if row.areas is None else frozenset(map(int, row.areas.split())),
        ),
        role=role,
        centre=row.centre,
        password_hash=row.password_hash,
        attempts=Attempts(row.failed_attempts, row.locked_until_us),
        created_at_us=row.created_at_us,
        disabled_at_us=row.disabled_at_us,
    )


def area_names(engine: Engine, partnership: int) -> dict[int, str]:
    """Return a partnership's areas as people write them, layer:code, by number."""
    with transaction(engine, write=False) as connection:
        return _area_names(connection, partnership)


def _area_names(connection: Connection, partnership: int) -> dict[int, str]:
    rows = connection.execute(
        select(tables.layer.c.name, tables.area.c.code, tables.area.c.number)
        .join(tables.area, tables.area.c.layer == tables.layer.c.number)
        .where(tables.layer.c.partnership == partnership)
    )
    return {row.number: f"{row.name}:{row.code}" for row in rows}


def _area_numbers(connection: Connection, partnership: int, areas: Collection[str]) -> list[int]:
    """Return the numbers of areas, ascending. Raises AccessError where one is not there."""
    numbers = {name: number for number, name in _area_names(connection, partnership).items()} if areas else {}
    if not numbers.keys() >= set(areas):
        raise AccessError("write each area as LAYER:CODE; `bellwether areas list --layer LAYER` shows the codes")
    return sorted(numbers[area] for area in areas)


def _is_code(text: str) -> bool:
    try:
        _code.validate_python(text)
    except ValidationError:
        return False
    return True


def _own_user(connection: Connection, partnership: int, code: str) -> User:
    user = find_user(connection, partnership, code)
    if user is None:
        raise AccessError("there is no user of that code; `bellwether users list` shows those there are")
    return user


def _change(connection: Connection, user: User, **values: object) -> None:
    """Change a user, and end their sessions: what they were opened on holds no more."""
    connection.execute(update(access_user).where(access_user.c.number == user.number).values(**values))
    connection.execute(delete(access_session).where(access_session.c.user_number == user.number))


def _note(connection: Connection, doer: Doer, act: str, what: str, now_us: int) -> None:
    audit.write(connection, audit.Entry(doer.partnership, doer.actor, None, act, what), now_us)
