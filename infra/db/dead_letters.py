"""The workbench: what could not be used, and what a person decides about it."""

from typing import Any

from sqlalchemy import Engine, Row, select, update

from infra.db import tables
from infra.db.columns import DISCARDED, DUPLICATE, OPEN, REPLAYED
from infra.db.engine import transaction
from infra.db.ledger import SqlLedger
from infra.vault.cases import let_letter_go
from infra.vault.keys import SealBrokenError
from infra.vault.opening import ForgottenError
from schemas import codec
from schemas.problems import Problem, RefusedError
from streams.ports import IntakeUnit, LogRow
from streams.stages import intake
from streams.stages.examination import Examiner
from streams.stages.intake import Outcome


class DeadLetterError(Exception):
    """A dead letter that is not there, or is settled already."""


def list_dead_letters(engine: Engine, partnership: int, *, settled: bool) -> list[Row[Any]]:
    """Return a partnership's dead letters, the oldest first; those settled too if asked."""
    table = tables.dead_letter
    wanted = select(table).where(table.c.partnership == partnership).order_by(table.c.number)
    if not settled:
        wanted = wanted.where(table.c.state == OPEN)
    with transaction(engine, write=False) as connection:
        return list(connection.execute(wanted))


def show_dead_letter(engine: Engine, partnership: int, number: int) -> Row[Any]:
    """Return one dead letter. Raises DeadLetterError."""
    table = tables.dead_letter
    with transaction(engine, write=False) as connection:
        found = connection.execute(
            select(table).where(table.c.partnership == partnership, table.c.number == number)
        ).one_or_none()
    if found is None:
        raise DeadLetterError(f"there is no dead letter {number}")
    return found


def dead_letter_body(ledger: SqlLedger, letter: Row[Any]) -> bytes | None:
    """Return what a dead letter holds, opened by the vault where it is sealed; None once it is settled.

    Raises DeadLetterError where it was forgotten, and SecretKeyError, which names the key that is needed.
    """
    body = None if letter.body is None else bytes(letter.body)
    try:
        with transaction(ledger.engine, write=False) as connection:
            return ledger.open_letter(connection, letter.number, body)
    except (ForgottenError, SealBrokenError) as error:
        raise DeadLetterError(str(error)) from None


def discard_dead_letter(engine: Engine, partnership: int, number: int, because: str, at_us: int) -> None:
    """Settle a dead letter for good: the reason stays in the list, the bytes go. Raises DeadLetterError."""
    table = tables.dead_letter
    with transaction(engine, write=True) as connection:
        done = connection.execute(
            update(table)
            .where(table.c.partnership == partnership, table.c.number == number, table.c.state == OPEN)
            .values(state=DISCARDED, settled_at_us=at_us, settled_because=because, body=None)
        )
        if done.rowcount:
            let_letter_go(connection, number)
    if done.rowcount == 0:
        raise DeadLetterError(f"there is no open dead letter {number}")


class Replayer:
    """Hands dead letters in again: to intake where they came no further, else to the stage, at a new position."""

    def __init__(self, ledger: SqlLedger, partnership: int) -> None:
        self._ledger = ledger
        self._partnership = partnership

    def replay(self, number: int) -> Problem | None:
        """Replay one dead letter; return why it was refused again, if it was. Raises DeadLetterError."""
        letter = show_dead_letter(self._ledger.engine, self._partnership, number)
        if letter.state != OPEN:
            raise DeadLetterError(f"dead letter {number} is settled already: {letter.state}")
        if letter.stage == intake.STAGE:
            return self._to_intake(letter)
        self._to_stage(letter)
        return None

    def _to_intake(self, letter: Row[Any]) -> Problem | None:
        partnership, names = self._ledger.partnership(self._partnership), self._ledger.names
        trusted, now_us = letter.known_at_us is not None, self._ledger.clock_us(self._partnership)
        body = dead_letter_body(self._ledger, letter) or b""
        try:
            examiner = Examiner(partnership, now_us, trusted=trusted, vault=self._ledger.vault(self._partnership))
            candidate = examiner.examine(codec.decode(body))
        except RefusedError as error:
            return error.problems[0]
        if candidate.quarantine is not None:
            return candidate.quarantine
        intake.number_names(names, partnership, [candidate])
        import_batch = self._import_batch(letter.number)

        def unit_of_work(unit: IntakeUnit) -> Problem | None:
            admission = intake.readmit(unit, names, partnership, candidate, import_batch)
            if admission.outcome is Outcome.QUARANTINED:
                return admission.problem
            state = REPLAYED if admission.outcome is Outcome.ACCEPTED else DUPLICATE
            if not unit.settle(letter.number, state, admission.event):
                raise DeadLetterError(f"dead letter {letter.number} was settled by somebody else meanwhile")
            return None

        return self._ledger.intake_unit(unit_of_work, 1)

    def _import_batch(self, number: int) -> int | None:
        """Return the import that a dead letter came with, after which a backfill is named."""
        arrival = tables.arrival
        wanted = select(arrival.c.import_batch).where(arrival.c.dead_letter == number)
        with transaction(self._ledger.engine, write=False) as connection:
            found: int | None = connection.execute(wanted).scalar_one_or_none()
        return found

    def _to_stage(self, letter: Row[Any]) -> None:
        """Give the record a new position in its topic: the stage meets it there, known when it was known."""
        topic = letter.topic
        if topic is None:
            raise DeadLetterError(f"dead letter {letter.number} is no record; mend what it names, then discard it")
        partnership = self._ledger.partnership(self._partnership)
        body = dead_letter_body(self._ledger, letter) if letter.event is None else None

        def unit_of_work(unit: IntakeUnit) -> None:
            if not unit.settle(letter.number, REPLAYED, letter.event):
                raise DeadLetterError(f"dead letter {letter.number} was settled by somebody else meanwhile")
            head = unit.lock_head(topic, partnership)
            row = LogRow(letter.event, head.recorded_at_us, letter.known_at_us, first=False, body=body)
            unit.append(topic, partnership, head, [row])

        self._ledger.intake_unit(unit_of_work, 1)
