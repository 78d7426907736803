"""Cases and their keys: made, read, and destroyed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from infra.db import tables
from infra.db.bulk import Bulk
from infra.vault.erasing import overwrite_what_goes
from infra.vault.keys import CaseKey, MasterKey, SealBrokenError, new_key, new_reference
from streams.ports.vault import Incident

_CASE, _LETTER = tables.sealed.sealed_case, tables.sealed.sealed_letter
MOST_ASKED_AT_ONCE = 500
_CASE_COLUMNS = (
    *("case_reference", "partnership", "incident_source", "incident_id", "wrapped_by", "wrapped_key", "made_at_us"),
)


class SealedCase(NamedTuple):
    """A case as it is held; without a key it has been forgotten."""

    reference: str
    wrapped_key: bytes | None

    @property
    def is_forgotten(self) -> bool:
        """Whether its key was destroyed."""
        return self.wrapped_key is None

    def opened(self, master: MasterKey) -> CaseKey:
        """Return the case's key, opened. Raises SealBrokenError, also where it was forgotten."""
        if self.wrapped_key is None:
            raise SealBrokenError("the case was forgotten; its key is no more")
        return CaseKey.of(self.reference, master.unwrap(self.wrapped_key, self.reference.encode()))


def cases_of(connection: Connection, incidents: Iterable[Incident]) -> dict[Incident, SealedCase]:
    """Return the cases that incidents have already."""
    wanted, found = sorted(incidents), {}
    for start in range(0, len(wanted), MOST_ASKED_AT_ONCE):
        part = wanted[start : start + MOST_ASKED_AT_ONCE]
        rows = select(_CASE).where(tuple_(_CASE.c.incident_source, _CASE.c.incident_id).in_(part))
        for row in connection.execute(rows):
            found[row.incident_source, row.incident_id] = _case(row.case_reference, row.wrapped_key)
    return found


def find_case(connection: Connection, reference: str) -> SealedCase | None:
    """Return a case by its reference."""
    wanted = select(_CASE.c.case_reference, _CASE.c.wrapped_key).where(_CASE.c.case_reference == reference)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _case(row.case_reference, row.wrapped_key)


def case_of_incident(connection: Connection, partnership: int, source: str, id_: str) -> str | None:
    """Return the case of an incident, if it has one."""
    wanted = (
        select(_CASE.c.case_reference)
        .join(tables.source, tables.source.c.number == _CASE.c.incident_source)
        .where(_CASE.c.partnership == partnership, tables.source.c.uri == source, _CASE.c.incident_id == id_)
    )
    found: str | None = connection.execute(wanted).scalar_one_or_none()
    return found


class NewCases:
    """Cases that a unit makes; they are written together at its end."""

    def __init__(self, master: MasterKey, at_us: int) -> None:
        self._master = master
        self._at_us = at_us
        self._rows: list[tuple[object, ...]] = []

    def make(self, partnership: int, incident: Incident | None) -> SealedCase:
        """Make a case with a random reference and a random key."""
        reference = new_reference()
        wrapped = self._master.wrap(new_key(), reference.encode())
        source, id_ = incident or (None, None)
        self._rows.append((reference, partnership, source, id_, self._master.fingerprint, wrapped, self._at_us))
        return SealedCase(reference, wrapped)

    def write(self, connection: Connection, bulk: Bulk) -> None:
        """Store them."""
        bulk.insert(connection, _CASE, _CASE_COLUMNS, self._rows)


def destroy_keys(connection: Connection, references: Sequence[str], at_us: int) -> int:
    """Destroy the keys of cases and the pseudonyms of their victims; return how many there still were."""
    pseudonym = tables.sealed.victim_pseudonym
    overwrite_what_goes(connection)
    connection.execute(delete(pseudonym).where(pseudonym.c.case_reference.in_(references)))
    return connection.execute(
        update(_CASE)
        .where(_CASE.c.case_reference.in_(references), _CASE.c.wrapped_key.is_not(None))
        .values(wrapped_key=None, wrapped_by=None, forgotten_at_us=at_us)
    ).rowcount


def case_of_letter(connection: Connection, dead_letter: int) -> str | None:
    """Return the case under which a dead letter's body is sealed, if it is."""
    wanted = select(_LETTER.c.case_reference).where(_LETTER.c.dead_letter == dead_letter)
    found: str | None = connection.execute(wanted).scalar_one_or_none()
    return found


def let_letter_go(connection: Connection, dead_letter: int) -> None:
    """Destroy the case under which a settled dead letter's body was sealed, if it was."""
    case = case_of_letter(connection, dead_letter)
    if case is not None:
        overwrite_what_goes(connection)
        connection.execute(delete(_LETTER).where(_LETTER.c.dead_letter == dead_letter))
        connection.execute(delete(_CASE).where(_CASE.c.case_reference == case))


def add_letters(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Note under which cases dead letters are sealed, and which incidents they are about."""
    if rows:
        connection.execute(insert(_LETTER), list(rows))


def _case(reference: str, wrapped_key: bytes | None) -> SealedCase:
    return SealedCase(reference, None if wrapped_key is None else bytes(wrapped_key))
