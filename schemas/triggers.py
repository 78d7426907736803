"""What watch says to alerting: a rule's threshold was crossed, was given new evidence, or is no longer met."""

import msgspec

from schemas.changes import Name

RAISED, FELL = "raised", "fell"


class Evidence(msgspec.Struct, frozen=True, array_like=True):
    """An event that a trigger rests on, by its name, and what it added (or took back) within the rule's scope."""

    name: Name
    n: int


class Completeness(msgspec.Struct, frozen=True):
    """How many centres were expected to have made their return by then, and which had not."""

    expected: int
    overdue: tuple[str, ...] = ()


class Trigger(msgspec.Struct, frozen=True, tag="trigger"):
    """One judgement of one rule on one area.

    `id` derives from the cause, the rule, the area and the strand group, never from a position. `at_us` is when it
    became so: the recorded time of the cause, or when time alone decided. `area` is the ledger's number, 0 for the
    whole partnership. `observed` against `threshold` is a count, or the rank of a grade. `first_day` to `last_day` is
    the period looked at. `reason` is a code: count-reached, new-evidence, count-corrected, window-emptied, harm,
    harm-withdrawn, return-overdue, heartbeat-overdue, return-made, heartbeat-seen, centre-closed, signal,
    signal-amended, signal-lapsed, signal-resolved, signal-withdrawn, rule-changed.
    """

    id: str
    kind: str
    reason: str
    at_us: int
    position: int
    partnership: int
    rule: str
    rule_version: int
    rule_kind: str
    alert_class: str
    severity: str
    area: int
    layer: str
    area_code: str
    area_name: str
    strand_group: str
    observed: int
    threshold: int
    first_day: int
    last_day: int
    cut_off_us: int
    completeness: Completeness
    parameters: dict[str, str | int]
    evidence: tuple[Evidence, ...] = ()
    marking: str = "actual"


class Moved(msgspec.Struct, frozen=True, tag="moved"):
    """Watch has handled everything up to a time: a tick, handed on in its place."""

    partnership: int
    at_us: int


Watched = Trigger | Moved
