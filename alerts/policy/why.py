"""Why an alert is there, for whoever must answer it: as values, and as plain sentences. It never names a person."""

from datetime import date, timedelta
from typing import Any

from alerts.policy.clocks import EPOCH
from schemas.triggers import FELL, Trigger
from schemas.vocabulary import HarmGrade

EPOCH_DAY = EPOCH.date()
REASONS = {
    "count-reached": "the count has reached the threshold",
    "new-evidence": "more evidence came while the count was at or above the threshold",
    "count-corrected": "corrections have taken the count below the threshold",
    "window-emptied": "older incidents have left the period, and the count is below the threshold",
    "harm": "an incident was reported with harm as grave as the rule names, or graver",
    "harm-withdrawn": "the report of harm was withdrawn, or is now less grave",
    "return-overdue": "a centre's return is overdue",
    "heartbeat-overdue": "a centre has given no sign of life in time",
    "return-made": "the overdue return was made",
    "heartbeat-seen": "the centre has given a sign of life",
    "centre-closed": "the centre is closed, and no return is expected any more",
    "signal": "a signal came that is as strong as the rule names, or stronger",
    "signal-amended": "the signal was amended, and is weaker than the rule names",
    "signal-lapsed": "the days for which it was forecast are over",
    "signal-resolved": "it was resolved whether the forecast came true",
    "signal-withdrawn": "the signal was withdrawn",
    "rule-changed": "the rule was changed",
}
"""What each reason of a trigger means."""
HARM = tuple(HarmGrade)
TOLD = "told-"
"""Before the names of those parameters of a trigger that a signal states, not its rule."""
NEWEST = 5
"""How many references of evidence a sentence names; the values have them all."""


def why(trigger: Trigger, previous: Trigger | None) -> dict[str, Any]:
    """Return what a trigger rests on, and what changed since the one before it, if there was one.

    `told` is what a signal says of itself, where it is a signal that raised.
    """
    told = {name.removeprefix(TOLD): value for name, value in trigger.parameters.items() if name.startswith(TOLD)}
    asked = {name: value for name, value in trigger.parameters.items() if not name.startswith(TOLD)}
    return {
        "update": trigger.kind,
        "reason": trigger.reason,
        "observed": trigger.observed,
        "threshold": trigger.threshold,
        "severity": trigger.severity,
        "marking": trigger.marking,
        "area": {"layer": trigger.layer, "code": trigger.area_code, "name": trigger.area_name},
        "strand_group": trigger.strand_group,
        "period": {"from": _day(trigger.first_day), "to": _day(trigger.last_day)},
        "rule": {
            "id": trigger.rule,
            "version": trigger.rule_version,
            "kind": trigger.rule_kind,
            "parameters": dict(sorted(asked.items())),
        },
        "told": dict(sorted(told.items())),
        "completeness": {"expected": trigger.completeness.expected, "overdue": list(trigger.completeness.overdue)},
        "cut_off": instant(trigger.cut_off_us),
        "changed": [] if previous is None else _changed(trigger, previous),
        "evidence": [{"source": each.name.source, "id": each.name.id, "n": each.n} for each in trigger.evidence],
    }


def sentences(card: dict[str, Any]) -> list[str]:
    """Return a why-card as sentences, each by itself."""
    rule, area, period = card["rule"], card["area"], card["period"]
    lines = [
        f"What: {REASONS.get(card['reason'], card['reason'])}.",
        f"Seen: {_against(card)}",
        f"Where: {area['name']} ({area['layer']} {area['code']}); strands: {card['strand_group']}.",
        f"Period: {period['from']} to {period['to']}.",
        f"Rule: {rule['id']}, version {rule['version']}, of kind {rule['kind']} ({_pairs(rule['parameters'])}).",
        f"Completeness: {_completeness(card['completeness'])}",
        f"Data cut-off: {card['cut_off']}.",
    ]
    if card["changed"]:
        lines.append(f"Since the last update: {'; '.join(card['changed'])}.")
    if card["evidence"]:
        newest = ", ".join(f"{each['source']} {each['id']}" for each in card["evidence"][:NEWEST])
        more = len(card["evidence"]) - NEWEST
        lines.append(f"Newest evidence: {newest}{f', and {more} more' if more > 0 else ''}.")
    return lines


def instant(at_us: int) -> str:
    """Return an instant as ISO text with Z, to the second."""
    return (EPOCH + timedelta(microseconds=at_us)).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _against(card: dict[str, Any]) -> str:
    observed, threshold, kind = card["observed"], card["threshold"], card["rule"]["kind"]
    if kind == "count":
        return f"{_number(observed, 'incident')}; the rule asks for {threshold} or more."
    if kind == "severe-event":
        return f"harm graded {HARM[observed]}; the rule asks for {HARM[threshold]} or graver."
    if kind == "silence":
        return f"{_number(observed, 'overdue centre')} serving the area; the rule asks for {threshold} or more."
    if card["told"]:
        return f"a signal with {_pairs(card['told'])}."
    return f"{observed or 'nothing'} left of what held it up."


def _number(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _completeness(completeness: dict[str, Any]) -> str:
    expected, overdue = completeness["expected"], completeness["overdue"]
    if not expected:
        return "no return was expected by then."
    if not overdue:
        return f"all {expected} centres that were expected to have made their return had."
    return f"of {expected} centres expected to have made their return, {len(overdue)} had not: {', '.join(overdue)}."


def _changed(trigger: Trigger, previous: Trigger) -> list[str]:
    changes = []
    if trigger.rule != previous.rule:
        changes.append(f"rule {trigger.rule} speaks; before it was {previous.rule}")
    elif trigger.rule_version != previous.rule_version:
        changes.append(f"the rule is now version {trigger.rule_version}, it was {previous.rule_version}")
    if trigger.rule == previous.rule and trigger.observed != previous.observed:
        changes.append(
            f"{trigger.observed} observed, it was {previous.observed} ({trigger.observed - previous.observed:+})"
        )
    changes += severity_change(trigger, previous)
    if new := {each.name for each in trigger.evidence} - {each.name for each in previous.evidence}:
        changes.append(f"{_number(len(new), 'new reference')} of evidence")
    overdue, before = set(trigger.completeness.overdue), set(previous.completeness.overdue)
    if newly := sorted(overdue - before):
        changes.append(f"now overdue: {', '.join(newly)}")
    if returned := sorted(before - overdue):
        changes.append(f"no longer overdue: {', '.join(returned)}")
    return [*changes, *standing_change(trigger, previous)]


def severity_change(trigger: Trigger, previous: Trigger) -> list[str]:
    """Return that it is more or less severe than before, if it is."""
    if trigger.severity == previous.severity or trigger.kind == FELL:
        return []
    return [f"severity {trigger.severity}, it was {previous.severity}"]


def standing_change(trigger: Trigger, previous: Trigger) -> list[str]:
    """Return that it has fallen below its threshold, or risen to it, since before."""
    if trigger.kind == previous.kind:
        return []
    return ["below the threshold again" if trigger.kind == FELL else "at or above the threshold again"]


def _day(number: int) -> str:
    return date.fromordinal(number + EPOCH_DAY.toordinal()).isoformat()
