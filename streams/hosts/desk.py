"""The intake desk: whoever hands events in, from a file or over HTTP, does it here and gets an answer for each."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas import codec
from schemas.events import Event, RegisterChanged
from schemas.problems import Problem, RefusedError
from streams.ports import IntakeLedger, IntakeUnit
from streams.stages.examination import Candidate, Examiner
from streams.stages.intake import Admission, Outcome, admit, number_names

Read = Event | tuple[Problem, ...]
"""An event, or why it is none."""


class Answer(NamedTuple):
    """What became of one event handed in: an outcome, or, where it was refused, none; and why."""

    outcome: Outcome | None
    problems: tuple[Problem, ...] = ()


class IntakeDesk:
    """Takes events of one partnership into the ledger."""

    def __init__(self, ledger: IntakeLedger, partnership: int) -> None:
        self._ledger = ledger
        self._partnership = partnership

    def take(self, events: Sequence[bytes], *, trusted: bool, import_batch: int | None = None) -> list[Answer]:
        """Take events in order and answer each.

        All in one unit, but that a change of a register ends one, since what follows is judged by it. `trusted`
        believes receivedtime. Whatever is refused does not hinder the rest. Raises StoreUnavailableError, and then
        nothing is sure to be in: hand all of it in again.
        """
        return self.take_read([read(raw) for raw in events], trusted=trusted, import_batch=import_batch)

    def take_read(self, events: Sequence[Read], *, trusted: bool, import_batch: int | None = None) -> list[Answer]:
        """Take events that have been read already, or refused then. Answers and raises as take does."""
        return [answer for unit in _units(events) for answer in self._take_unit(unit, trusted, import_batch)]

    def play(self, events: Sequence[bytes], ticks_us: Sequence[int]) -> list[Answer]:
        """Take events as if each came when it was received (or else made), with the clock ticking in between.

        Events and ticks are in order of time. Answers and raises as take does.
        """
        answers: list[Answer] = []
        waiting = list(ticks_us)
        units = _units([_received(read(raw)) for raw in events]) or [[]]
        for number, unit in enumerate(units, start=1):
            last_us = max((self._received_us(event) for event in unit if not isinstance(event, tuple)), default=0)
            ticks = waiting if number == len(units) else [at for at in waiting if at < last_us]
            waiting = waiting[len(ticks) :]
            answers += self._take_unit(unit, trusted=True, import_batch=None, played_ticks=ticks)
        return answers

    def _received_us(self, event: Event) -> int:
        calendar = self._ledger.partnership(self._partnership).calendar
        return calendar.last_us(event.receivedtime or event.time)

    def _take_unit(
        self,
        events: Sequence[Read],
        trusted: bool,
        import_batch: int | None,
        played_ticks: Sequence[int] | None = None,
    ) -> list[Answer]:
        self._ledger.refresh()
        partnership = self._ledger.partnership(self._partnership)
        now_us, plays = self._ledger.clock_us(self._partnership), played_ticks is not None
        vault = self._ledger.vault(self._partnership)
        examiner = Examiner(partnership, now_us, trusted=trusted, plays=plays, vault=vault)
        judged = [_judge(examiner, event) for event in events]
        candidates = [each for each in judged if isinstance(each, Candidate)]
        admissions = iter(self._admit(candidates, import_batch, played_ticks) if candidates or played_ticks else ())
        return [_answer(next(admissions)) if isinstance(each, Candidate) else Answer(None, each) for each in judged]

    def _admit(
        self, candidates: Sequence[Candidate], import_batch: int | None, played_ticks: Sequence[int] | None
    ) -> list[Admission]:
        partnership, names = self._ledger.partnership(self._partnership), self._ledger.names
        number_names(names, partnership, candidates)

        def unit_of_work(unit: IntakeUnit) -> list[Admission]:
            return admit(unit, names, partnership, candidates, import_batch, played_ticks)

        return self._ledger.intake_unit(unit_of_work, len(candidates))


def _units(events: Sequence[Read]) -> list[list[Read]]:
    """Return events in runs, each up to a change of a register, since what follows is judged by that."""
    units: list[list[Read]] = []
    ended = True
    for event in events:
        if ended:
            units.append([])
        units[-1].append(event)
        ended = isinstance(event, RegisterChanged)
    return units


def _received(event: Read) -> Read:
    if isinstance(event, tuple) or event.receivedtime is not None:
        return event
    return event.model_copy(update={"receivedtime": event.time})


def read(raw: bytes) -> Read:
    """Return an event, or why it is none."""
    try:
        return codec.decode(raw)
    except RefusedError as error:
        return error.problems


def _judge(examiner: Examiner, event: Read) -> Candidate | tuple[Problem, ...]:
    if isinstance(event, tuple):
        return event
    try:
        return examiner.examine(event)
    except RefusedError as error:
        return error.problems


def _answer(admission: Admission) -> Answer:
    return Answer(admission.outcome, (admission.problem,) if admission.problem else ())
