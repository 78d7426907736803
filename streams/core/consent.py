"""Consent: what people have answered, what holds of it now, and what an agency may therefore be shown.

Silence is never consent. For the police the question about the police decides, for any other agency the question
that names it; whatever is not plainly yes is not.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from schemas.people import Consent, Person
from schemas.vocabulary import ConsentGiven, ConsentTo, PersonRole

POLICE_WORDS = {"police", "constabulary"}
_STRICTEST_FIRST = tuple(
    each.value
    for each in (
        *(ConsentGiven.NO, ConsentGiven.PREFER_NOT_TO_SAY, ConsentGiven.UNKNOWN),
        *(ConsentGiven.ANONYMISED_ONLY, ConsentGiven.YES),
    )
)


class Answered(NamedTuple):
    """One answer to one question: with whom (and, for an agency, which), what, and on which day."""

    to: str
    given: str
    on: str
    agency: str | None = None

    @property
    def question(self) -> "Question":
        """What was asked."""
        return self.to, self.agency


Question = tuple[str, str | None]
POLICE: Question = (ConsentTo.POLICE.value, None)
STATISTICS: Question = (ConsentTo.STATISTICS.value, None)


class AnswersGiven(NamedTuple):
    """What one event says of consents; the greatest (time, source, id) that answers a question decides it."""

    order: tuple[str, str, str]
    answers: tuple[Answered, ...]


class Allowed(StrEnum):
    """How much of a case an agency may be shown."""

    RECORD = "record"
    CODES = "codes"
    NOTHING = "nothing"


class Decision(NamedTuple):
    """How much may be shown, and why: a code for the log of disclosures."""

    allowed: Allowed
    reason: str


def answered(consents: Iterable[Consent]) -> tuple[Answered, ...]:
    """Return consents as plain answers."""
    return tuple(Answered(each.to.value, each.given.value, each.on, each.agency) for each in consents)


def merged(people: Sequence[Person]) -> tuple[Answered, ...]:
    """Return what holds for all victims: the strictest answer to each question that any of them was asked.

    Whoever did not answer a question that another did has said nothing, which is not yes. Where no victim is named,
    all but suspects count as those who must be asked.
    """
    victims = [person for person in people if person.role is PersonRole.VICTIM]
    asked = victims or [person for person in people if person.role is not PersonRole.SUSPECT]
    each_says = [strictest(answered(person.consents)) for person in asked]
    found = []
    for question in sorted({answer.question for says in each_says for answer in says}, key=_order):
        answers = [answer for says in each_says for answer in says if answer.question == question]
        if len(answers) < len(asked):
            answers.append(max(answers, key=lambda answer: answer.on)._replace(given=ConsentGiven.UNKNOWN.value))
        found.append(min(answers, key=_strictness))
    return tuple(found)


def strictest(answers: Iterable[Answered]) -> tuple[Answered, ...]:
    """Return one answer a question: of several given at once the strictest."""
    held: dict[Question, Answered] = {}
    for answer in answers:
        other = held.get(answer.question)
        if other is None or _strictness(answer) < _strictness(other):
            held[answer.question] = answer
    return tuple(held[question] for question in sorted(held, key=_order))


def standing(own: Iterable[Answered], changes: Iterable[AnswersGiven]) -> tuple[Answered, ...]:
    """Return the consents of a case as they stand: its own, then each change, in order of (time, source, id)."""
    held = {answer.question: answer for answer in strictest(own)}
    for change in sorted(changes):
        held |= {answer.question: answer for answer in strictest(change.answers)}
    return tuple(held[question] for question in sorted(held, key=_order))


def is_police(agency: str) -> bool:
    """Whether an agency's code names a police force, such as `police` or `thames-valley-police`."""
    return not POLICE_WORDS.isdisjoint(agency.split("-"))


def may_receive(agency: str, consents: Iterable[Answered], *, override: bool) -> Decision:
    """Decide how much of a case an agency may be shown.

    `override` says that somebody who may has authorised it for serious harm. For the police the answer about the
    police decides, and one that names the force can only narrow it.
    """
    if override:
        return Decision(Allowed.RECORD, "serious-harm-override")
    by_question = {answer.question: answer.given for answer in strictest(consents)}
    named = by_question.get((ConsentTo.AGENCY.value, agency))
    if not is_police(agency):
        return _by_answer(named)
    decisions = [_by_answer(by_question.get(POLICE))]
    if named is not None:
        decisions.append(_by_answer(named))
    return min(decisions, key=lambda decision: _LEAST_FIRST.index(decision.allowed))


def statistics_answer(answers: Iterable[Answered]) -> str | None:
    """Return what was answered about statistics, if that was asked."""
    return next((answer.given for answer in strictest(answers) if answer.question == STATISTICS), None)


_LEAST_FIRST = (Allowed.NOTHING, Allowed.CODES, Allowed.RECORD)


def _by_answer(given: str | None) -> Decision:
    if given == ConsentGiven.YES:
        return Decision(Allowed.RECORD, "consent")
    if given == ConsentGiven.ANONYMISED_ONLY:
        return Decision(Allowed.CODES, "consent-anonymised-only")
    if given == ConsentGiven.NO:
        return Decision(Allowed.NOTHING, "consent-refused")
    return Decision(Allowed.NOTHING, "consent-not-given")


def _strictness(answer: Answered) -> tuple[int, str]:
    return _STRICTEST_FIRST.index(answer.given), answer.on


def _order(question: Question) -> tuple[str, str]:
    return question[0], question[1] or ""
