"""Forgetting a case: its key is destroyed, and with it all that was sealed; codes and counts stay.

The case is listed in a file outside the database before anything is destroyed. A crash in between, or a backup that
brings the key back, is finished by applying that list again.
"""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, or_, select

from infra.db import tables
from infra.db.engine import transaction
from infra.vault import audit
from infra.vault.cases import destroy_keys
from infra.vault.erasing import leave_no_trace
from schemas.topics import EVENTS
from streams.core.consent import Allowed
from streams.core.days import instant_of

_CASE, _SEALED, _LETTER = tables.sealed.sealed_case, tables.sealed.sealed_event, tables.sealed.sealed_letter
_LINE = re.compile(r"([0-9a-f]{32})\t[^\t\n]+\n?")
MOST_AT_ONCE = 200
RESTORE_CHECK = "restore-check"


class ForgettingError(Exception):
    """A case cannot be forgotten as asked, or the list of what was forgotten cannot be read or written."""


class Forgetter(NamedTuple):
    """Who has a case forgotten, and why; the reason is kept and names no person."""

    actor: str
    reason: str


class ForgottenList:
    """The list of forgotten cases, one a line: the case, a tab, and when. It is kept apart from the database."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, cases: Iterable[str], at_us: int) -> None:
        """Add cases, so that they stay added whatever happens next. Raises ForgettingError."""
        lines = "".join(f"{case}\t{instant_of(at_us)}\n" for case in cases).encode()
        try:
            if self._ends_within_a_line():
                lines = b"\n" + lines
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if os.write(descriptor, lines) != len(lines):
                    raise ForgettingError(f"{self._file.name} could not be written whole; make room, then try again")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise ForgettingError(
                f"{self._file.name} cannot be written: {error.strerror}; nothing was forgotten"
            ) from None

    def _ends_within_a_line(self) -> bool:
        """Whether somebody was cut short while writing: what comes next must not be taken for the rest of it."""
        try:
            return self._file.read_bytes()[-1:] not in (b"", b"\n")
        except FileNotFoundError:
            return False

    def read(self) -> list[str]:
        """Return the cases listed; none where there is no list yet. Raises ForgettingError, with the line."""
        try:
            text = self._file.read_text(encoding="ascii")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError):
            raise ForgettingError(f"{self._file.name} cannot be read") from None
        cases = {}
        for number, line in enumerate(text.splitlines(keepends=True), start=1):
            found = _LINE.fullmatch(line)
            if found is None:
                raise ForgettingError(f"{self._file.name}, line {number}: not a case, a tab and a time; mend it first")
            cases[found[1]] = True
        return list(cases)


def forget(engine: Engine, partnership: int, reference: str, who: Forgetter, listed: ForgottenList, at_us: int) -> int:
    """Forget a case, with the dead letters about its incident; return how many keys were destroyed.

    Raises ForgettingError where there is no such case, or the list cannot be written; nothing was destroyed then.
    """
    with transaction(engine, write=True) as connection:
        _lock_out_intake(connection, partnership)
        references = _with_letters(connection, partnership, reference)
        listed.add(references, at_us)
        destroyed = destroy_keys(connection, references, at_us)
        audit.write(connection, _entry(partnership, reference, who), at_us)
    leave_no_trace(engine)
    return destroyed


def destroy_listed(engine: Engine, listed: ForgottenList, at_us: int) -> int:
    """Destroy again what a restored backup has brought back of the cases listed; return how many there were."""
    cases, again = listed.read(), 0
    who = Forgetter(RESTORE_CHECK, "a restored backup had brought it back, or a crash had left it")
    for start in range(0, len(cases), MOST_AT_ONCE):
        with transaction(engine, write=True) as connection:
            held = connection.execute(
                select(_CASE.c.case_reference, _CASE.c.partnership)
                .where(
                    _CASE.c.case_reference.in_(cases[start : start + MOST_AT_ONCE]), _CASE.c.wrapped_key.is_not(None)
                )
                .order_by(_CASE.c.case_reference)
                .with_for_update()
            ).all()
            again += destroy_keys(connection, [row.case_reference for row in held], at_us)
            for row in held:
                audit.write(connection, _entry(row.partnership, row.case_reference, who), at_us)
    if again:
        leave_no_trace(engine)
    return again


def forgotten_unlisted(engine: Engine, listed: ForgottenList) -> int:
    """Return how many cases the ledger has forgotten that the list does not name: it is not the list of this ledger."""
    named = set(listed.read())
    with transaction(engine, write=False) as connection:
        found = connection.execute(select(_CASE.c.case_reference).where(_CASE.c.wrapped_key.is_(None))).scalars()
        return sum(case not in named for case in found)


def _lock_out_intake(connection: Connection, partnership: int) -> None:
    """Wait for intake's units of this partnership, and keep new ones waiting: none may be sealing under this key."""
    head = tables.log_head
    partition = (
        select(tables.partnership.c.partition).where(tables.partnership.c.number == partnership).scalar_subquery()
    )
    connection.execute(
        select(head.c.position).where(head.c.topic == EVENTS.name, head.c.partition == partition).with_for_update()
    )


def _with_letters(connection: Connection, partnership: int, reference: str) -> Sequence[str]:
    """Return a case, and those under which dead letters about the same incident or events are sealed."""
    wanted = select(_CASE).where(_CASE.c.case_reference == reference, _CASE.c.partnership == partnership)
    case = connection.execute(wanted).one_or_none()
    if case is None:
        raise ForgettingError("there is no such case in this partnership; a case is 32 hex digits")
    if case.wrapped_key is None:
        raise ForgettingError("this case was forgotten already")
    event, source, letter = tables.event, tables.source, tables.dead_letter
    events = (
        select(source.c.uri, event.c.id)
        .join(source, source.c.number == event.c.source)
        .join(_SEALED, _SEALED.c.event == event.c.number)
        .where(_SEALED.c.case_reference == reference)
    )
    about = {tuple(row) for row in connection.execute(events)}
    if case.incident_source is not None:
        uri = connection.execute(select(source.c.uri).where(source.c.number == case.incident_source)).scalar_one()
        about.add((uri, case.incident_id))
    rows = connection.execute(
        select(_LETTER.c.case_reference, _LETTER.c.incident_source, _LETTER.c.incident_id, letter.c.source, letter.c.id)
        .join(letter, letter.c.number == _LETTER.c.dead_letter)
        .where(
            letter.c.partnership == partnership,
            or_(
                _LETTER.c.incident_id.in_([id_ for _, id_ in about]),
                letter.c.id.in_([id_ for _, id_ in about]),
            ),
        )
    )
    letters = {
        row.case_reference
        for row in rows
        if not about.isdisjoint({(row.incident_source, row.incident_id), (row.source, row.id)})
    }
    return [reference, *sorted(letters)]


def _entry(partnership: int, reference: str, who: Forgetter) -> audit.Entry:
    return audit.Entry(
        partnership=partnership,
        case_reference=reference,
        act=audit.FORGOTTEN,
        actor=who.actor,
        decision=Allowed.NOTHING,
        reason=audit.FORGOTTEN,
        purpose=who.reason,
    )
