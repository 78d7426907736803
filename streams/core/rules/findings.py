"""From what a rule finds to the trigger that says so."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from schemas.changes import Name, Rule
from schemas.triggers import Completeness, Evidence, Trigger
from schemas.vocabulary import AlertClass, HarmGrade, Marking, Severity
from streams.core.rules.ground import Ground

COUNT, SEVERE_EVENT, SILENCE, SIGNAL = "count", "severe-event", "silence", "signal"
CLOCK = "clock"
MOST_EVIDENCE = 20
ID_LENGTH = 32
FIELD_SEPARATOR = "\x1f"
"""No name may contain it, so two different lists of names never join to the same text."""

_REALITY = {marking.value: rank for rank, marking in enumerate(Marking)}
_SEVERITY_OF_KIND = {COUNT: Severity.AMBER, SILENCE: Severity.WATCH, SIGNAL: Severity.AMBER}
_SEVERITY_OF_HARM = {1: Severity.AMBER, 2: Severity.AMBER_HIGH, 3: Severity.RED}
HARM_RANK = {HarmGrade.MINOR.value: 1, HarmGrade.SERIOUS.value: 2, HarmGrade.CRITICAL.value: 3}


@dataclass(frozen=True)
class Occasion:
    """Why rules are judged now: an event at its recorded time, or, with CLOCK, the instant at which time decided."""

    cause: Name
    at_us: int
    position: int
    day: int


class Finding(NamedTuple):
    """What a rule finds in one area for one strand group.

    `days` is the period looked at; `rank` the harm by which a severity goes; `told` what was stated beside it.
    """

    rule: Rule
    kind: str
    reason: str
    area: int
    group: str
    observed: int
    threshold: int
    days: tuple[int, int]
    evidence: tuple[Evidence, ...] = ()
    marking: str = Marking.ACTUAL.value
    rank: int = 0
    told: tuple[tuple[str, str], ...] = ()


def most_real(markings: Iterable[str], default: str) -> str:
    """Return the marking of what holds all of these: that of the most real."""
    return min(markings, key=_REALITY.__getitem__, default=default)


def severity_of(rule: Rule, rank: int) -> str:
    """Return how soon somebody must answer: what the rule says, else by its kind, and by the harm there was."""
    if rule.severity is not None:
        return rule.severity
    if rule.kind == SEVERE_EVENT:
        return _SEVERITY_OF_HARM[rank].value
    return _SEVERITY_OF_KIND[rule.kind].value


def triggers_of(
    ground: Ground, occasion: Occasion, findings: Iterable[Finding], completeness: Completeness
) -> list[Trigger]:
    """Return one trigger a finding, in an order that depends on nothing but what they say."""
    made = [_trigger(ground, occasion, finding, completeness) for finding in findings]
    return sorted(made, key=lambda each: (each.rule, each.layer, each.area_code, each.strand_group, each.kind))


def _trigger(ground: Ground, occasion: Occasion, finding: Finding, completeness: Completeness) -> Trigger:
    rule, place = finding.rule, ground.place(finding.area)
    named = (ground.slug, occasion.cause.source, occasion.cause.id, rule.id, str(rule.version), place.layer)
    identity = FIELD_SEPARATOR.join((*named, place.code, finding.group, finding.kind))
    return Trigger(
        id=hashlib.sha256(identity.encode()).hexdigest()[:ID_LENGTH],
        kind=finding.kind,
        reason=finding.reason,
        at_us=occasion.at_us,
        position=occasion.position,
        partnership=ground.number,
        rule=rule.id,
        rule_version=rule.version,
        rule_kind=rule.kind,
        alert_class=AlertClass.DATA_QUALITY.value if rule.kind == SILENCE else rule.alert_class,
        severity=severity_of(rule, finding.rank),
        area=finding.area,
        layer=place.layer,
        area_code=place.code,
        area_name=place.name,
        strand_group=finding.group,
        observed=finding.observed,
        threshold=finding.threshold,
        first_day=finding.days[0],
        last_day=finding.days[1],
        cut_off_us=occasion.at_us,
        completeness=completeness,
        parameters=_parameters(rule) | dict(finding.told),
        evidence=finding.evidence[:MOST_EVIDENCE],
        marking=finding.marking,
    )


def _parameters(rule: Rule) -> dict[str, str | int]:
    """Return what a rule asks for, as it stood when it was judged."""
    match rule.kind:
        case "count":
            return {"count": rule.count, "days": rule.days}
        case "silence":
            return {"periods": rule.periods}
        case "severe-event":
            return {"harm": rule.harm or ""}
    asked = (
        ("forms", "+".join(rule.forms)),
        ("grade", rule.grade),
        ("reach", rule.reach),
        ("intensity", rule.intensity),
    )
    return {name: value for name, value in asked if value is not None}
