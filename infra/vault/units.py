"""The vault within one transaction of the ledger: what is new is sealed, what was sent again is compared."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from infra.db import tables
from infra.db.bulk import Bulk
from infra.vault.cases import NewCases, SealedCase, add_letters, cases_of
from infra.vault.data_keys import PSEUDONYMS, data_key
from infra.vault.keys import MasterKey, agree
from infra.vault.repeats import Repeats
from infra.vault.state import key_to_open, key_to_seal
from schemas.sealing import with_case
from streams.ports import DeadLetter
from streams.ports.vault import Incident, Resent, ToSeal

EVENT, LETTER = "event", "dead-letter"
_SEALED, _CASE = tables.sealed.sealed_event, tables.sealed.sealed_case
_SEALED_COLUMNS = ("event", "case_reference", "parts", "proof", "repeat")


class UnitVault:
    """Implements IntakeVault on an open connection, and seals dead letters."""

    def __init__(self, connection: Connection, bulk: Bulk, master: MasterKey | None) -> None:
        self._connection = connection
        self._bulk = bulk
        self._master = master

    def differing(self, resent: Sequence[Resent]) -> set[Resent]:
        """See IntakeVault. Raises SecretKeyError."""
        master = key_to_open(self._connection, self._master, hold=True)
        rows = self._connection.execute(
            select(_SEALED.c.event, _SEALED.c.proof, _CASE.c.case_reference, _CASE.c.wrapped_key)
            .join(_CASE, _CASE.c.case_reference == _SEALED.c.case_reference)
            .where(_SEALED.c.event.in_({each.event for each in resent}), _CASE.c.wrapped_key.is_not(None))
        )
        held = {
            row.event: (SealedCase(row.case_reference, bytes(row.wrapped_key)).opened(master), bytes(row.proof))
            for row in rows
        }
        return {
            each
            for each in resent
            if each.event in held
            for key, proof in [held[each.event]]
            if not agree(key.prove(each.parts), proof)
        }

    def seal(self, partnership: int, at_us: int, events: Sequence[ToSeal]) -> set[int]:
        """See IntakeVault. Raises SecretKeyError."""
        master = key_to_seal(self._connection, self._master, at_us)
        held = cases_of(self._connection, {each.incident for each in events if each.incident is not None})
        new = NewCases(master, at_us)
        pseudonyms = data_key(self._connection, master, partnership, PSEUDONYMS)
        repeats = Repeats(self._connection, self._bulk, pseudonyms, (each.apart for each in events))
        rows, bodies, refused = [], [], set()
        for each in events:
            case = None if each.incident is None else held.get(each.incident)
            if case is None:
                case = new.make(partnership, each.incident)
                if each.incident is not None:
                    held[each.incident] = case
            if case.is_forgotten:
                refused.add(each.event)
                continue
            key, parts = case.opened(master), each.apart.parts
            sealed = key.seal(parts, identity_text(each.identity), EVENT)
            repeat = repeats.note(case.reference, each.apart)
            rows.append((each.event, case.reference, sealed, key.prove(parts), repeat))
            body = with_case(each.body, case.reference, list(each.apart.consents))
            bodies.append({"event_number": each.event, "new_body": body})
        new.write(self._connection, self._bulk)
        self._bulk.insert(self._connection, _SEALED, _SEALED_COLUMNS, rows)
        repeats.write()
        self._note_cases(bodies)
        return refused

    def seal_letters(self, letters: Sequence[DeadLetter], at_us: int) -> "SealedLetters":
        """Return what dead letters may hold, each sealed under a case of its own. Raises SecretKeyError."""
        bodies, cases = [letter.body for letter in letters], [""] * len(letters)
        if self._master is not None:
            master = key_to_seal(self._connection, self._master, at_us)
            new = NewCases(master, at_us)
            for index, letter in enumerate(letters):
                if letter.body is not None:
                    case = new.make(letter.partnership, None)
                    bodies[index] = case.opened(master).seal(letter.body, "", LETTER)
                    cases[index] = case.reference
            new.write(self._connection, self._bulk)
        return SealedLetters(letters, bodies, cases)

    def _note_cases(self, bodies: list[dict[str, object]]) -> None:
        if bodies:
            event = tables.event
            self._connection.execute(
                update(event).where(event.c.number == bindparam("event_number")).values(body=bindparam("new_body")),
                bodies,
            )


class SealedLetters:
    """The bodies of some dead letters as they are stored, and the cases that they are sealed under."""

    def __init__(self, letters: Sequence[DeadLetter], bodies: Sequence[bytes | None], cases: Sequence[str]) -> None:
        """A case is empty where nothing was sealed."""
        self._letters = letters
        self.bodies = bodies
        self._cases = cases

    def note(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Note the cases beside the dead letters, once those have their numbers."""
        add_letters(
            connection,
            [
                {
                    "dead_letter": number,
                    "case_reference": case,
                    "incident_source": letter.incident[0] if letter.incident else None,
                    "incident_id": letter.incident[1] if letter.incident else None,
                }
                for number, case, letter in zip(numbers, self._cases, self._letters, strict=True)
                if case
            ],
        )


def identity_text(identity: Incident) -> str:
    """Return an event's identity as what is sealed of it is bound to."""
    return f"{identity[0]}/{identity[1]}"
