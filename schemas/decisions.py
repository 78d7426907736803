"""What people decide: the level of tension, where a place as written lies, which rules hold."""

from typing import Annotated

from pydantic import Field

from schemas.context import Period
from schemas.fields import CivilDay, Contract, FreeText, Slug
from schemas.incident import NamedArea
from schemas.rules import Rule
from schemas.vocabulary import Answer, Confidence, Direction, SignalForm


class Actor(Contract):
    """Who decided: a user's code and the agency that they act for."""

    user: Slug
    agency: Slug


class Assessment(Contract):
    """A level of tension that people set for an area and a period. It expires; an expired one is unknown, not calm."""

    area: NamedArea
    community: Slug | None = None
    period: Period
    scale: Slug
    level: Slug
    direction: Direction = Direction.UNKNOWN
    confidence: Confidence
    basis: Annotated[tuple[SignalForm, ...], Field(max_length=3)] = ()
    agencies: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=20)]
    dissent: Answer = Answer.NO
    rationale: FreeText | None = None
    expires: CivilDay
    by: Actor


class AreaConfirmation(Contract):
    """A place as written, by its reference in the log, lies in these areas from now on, in all that names it."""

    written: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    areas: Annotated[tuple[NamedArea, ...], Field(min_length=1, max_length=6)]
    by: Actor


class RulesChange(Contract):
    """All rules that hold from now on, as one set; a rule that is not in it no longer holds."""

    version: Annotated[int, Field(ge=1, le=1_000_000)]
    rules: Annotated[tuple[Rule, ...], Field(max_length=200)]


class Tick(Contract):
    """The clock of one partnership moved on to the event's time. Only the clock itself may say so."""
