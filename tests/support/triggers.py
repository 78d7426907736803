"""Triggers as watch would write them. All of it is invented."""

from datetime import UTC, datetime
from typing import Any

from schemas.changes import Name
from schemas.triggers import RAISED, Completeness, Evidence, Trigger

MONDAY_NOON_US = int(datetime(2026, 6, 29, 12, tzinfo=UTC).timestamp()) * 1_000_000
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


def us(text: str) -> int:
    """Return an instant written as 2026-06-29T12:00Z in microseconds."""
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def trigger(id_: str, at_us: int = MONDAY_NOON_US, **fields: Any) -> Trigger:
    """Return a trigger of a count rule on ward W1; `fields` replace what it says."""
    said: dict[str, Any] = {
        "kind": RAISED,
        "reason": "count-reached",
        "position": 1,
        "partnership": 1,
        "rule": "three-in-seven",
        "rule_version": 1,
        "rule_kind": "count",
        "alert_class": "tension",
        "severity": "amber",
        "area": 2,
        "layer": "ward",
        "area_code": "W1",
        "area_name": "Ward 1",
        "strand_group": "any",
        "observed": 3,
        "threshold": 3,
        "first_day": 20_627,
        "last_day": 20_633,
        "cut_off_us": at_us,
        "completeness": Completeness(37, ("arvig",)),
        "parameters": {"count": 3, "days": 7},
        "evidence": (Evidence(Name("/centres/test", "a"), 1),),
        "marking": "synthetic",
    }
    return Trigger(id=id_, at_us=at_us, **(said | fields))
