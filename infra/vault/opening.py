"""What is sealed is opened here, and only for those who hold the secret key."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from infra.db import tables
from infra.vault.cases import SealedCase, case_of_letter, find_case
from infra.vault.keys import MasterKey
from infra.vault.state import key_to_open
from infra.vault.units import EVENT, LETTER, identity_text
from schemas.sealing import Sealed, opened

_SEALED, _CASE = tables.sealed.sealed_event, tables.sealed.sealed_case


class ForgottenError(Exception):
    """What was sealed cannot be opened any more, by anybody: its case was forgotten."""


def open_parts(connection: Connection, master: MasterKey, events: Sequence[int]) -> dict[int, Sealed]:
    """Return the sealed values of events; what was forgotten is not among them. Raises SealBrokenError."""
    rows = connection.execute(
        select(
            *(_SEALED.c.event, _SEALED.c.parts, _CASE.c.case_reference, _CASE.c.wrapped_key),
            *(tables.event.c.source, tables.event.c.id),
        )
        .join(_CASE, _CASE.c.case_reference == _SEALED.c.case_reference)
        .join(tables.event, tables.event.c.number == _SEALED.c.event)
        .where(_SEALED.c.event.in_(events), _CASE.c.wrapped_key.is_not(None))
    )
    return {
        row.event: opened(
            SealedCase(row.case_reference, bytes(row.wrapped_key))
            .opened(master)
            .open(bytes(row.parts), identity_text((row.source, row.id)), EVENT)
        )
        for row in rows
    }


def open_letter(connection: Connection, master: MasterKey | None, dead_letter: int, body: bytes | None) -> bytes | None:
    """Return what a dead letter holds, opened where it is sealed.

    Raises SecretKeyError, which names the key that is needed; ForgottenError; SealBrokenError.
    """
    reference = case_of_letter(connection, dead_letter)
    if reference is None or body is None:
        return body
    case = find_case(connection, reference)
    if case is None or case.is_forgotten:
        raise ForgottenError(f"what dead letter {dead_letter} held was forgotten; discard it")
    return case.opened(key_to_open(connection, master)).open(body, "", LETTER)
