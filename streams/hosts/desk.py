"""The intake desk: whoever hands events in, from a file or over HTTP, does it here and gets an answer for each."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas import codec
from schemas.problems import Problem, RefusedError
from streams.core.strands import SHIPPED_STRANDS, StrandRegister
from streams.ports import IntakeLedger, IntakeUnit
from streams.stages.examination import Candidate, Examiner
from streams.stages.intake import Admission, Outcome, admit, number_names


class Answer(NamedTuple):
    """What became of one event handed in: an outcome, or, where it was refused, none; and why."""

    outcome: Outcome | None
    problems: tuple[Problem, ...] = ()


class IntakeDesk:
    """Takes events of one partnership into the ledger."""

    def __init__(self, ledger: IntakeLedger, partnership: int, strands: StrandRegister = SHIPPED_STRANDS) -> None:
        self._ledger = ledger
        self._partnership = partnership
        self._strands = strands

    def take(self, events: Sequence[bytes], *, trusted: bool, import_batch: int | None = None) -> list[Answer]:
        """Take events in one unit, in order, and answer each.

        `trusted` believes receivedtime. Whatever is refused does not hinder the rest. Raises StoreUnavailableError,
        and then none of them is in.
        """
        self._ledger.refresh()
        partnership = self._ledger.partnership(self._partnership)
        examiner = Examiner(partnership, self._strands, self._ledger.clock_us(self._partnership), trusted=trusted)
        judged = [_judge(examiner, raw) for raw in events]
        candidates = [each for each in judged if isinstance(each, Candidate)]
        admissions = iter(self._admit(candidates, import_batch) if candidates else ())
        return [_answer(next(admissions)) if isinstance(each, Candidate) else Answer(None, each) for each in judged]

    def _admit(self, candidates: Sequence[Candidate], import_batch: int | None) -> list[Admission]:
        partnership, names = self._ledger.partnership(self._partnership), self._ledger.names
        number_names(names, partnership, candidates)

        def unit_of_work(unit: IntakeUnit) -> list[Admission]:
            return admit(unit, names, partnership, candidates, import_batch)

        return self._ledger.intake_unit(unit_of_work, len(candidates))


def _judge(examiner: Examiner, raw: bytes) -> Candidate | tuple[Problem, ...]:
    try:
        return examiner.examine(codec.decode(raw))
    except RefusedError as error:
        return error.problems


def _answer(admission: Admission) -> Answer:
    return Answer(admission.outcome, (admission.problem,) if admission.problem else ())
