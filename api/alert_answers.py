"""What reads of alerts, and acts on them, answer. In the place of what a caller may not know stands null."""

from typing import Any

from pydantic import ConfigDict, Field

from alerts.policy.lifecycle import Act
from api.answers import Completeness, Freshness, SetBy, Shown
from schemas.alerts import AlertState
from schemas.vocabulary import AlertClass, AlertOutcome, Marking, Severity


class Period(Shown):
    """The days that were looked at; whole weeks for whoever may see no exact figures."""

    model_config = ConfigDict(populate_by_name=True)

    first: str = Field(alias="from")
    last: str = Field(alias="to")


class WhySummary(Shown):
    """Why an alert is there, by its last update: `raised`, or `fell` below the threshold since.

    `observed` against `threshold` is a number of incidents or centres, or the rank of a grade. Both are null to whoever
    may see no exact figures, where they would tell a small number of incidents.
    """

    update: str
    reason: str
    meaning: str
    observed: int | None
    threshold: int | None
    period: Period
    completeness: Completeness
    cut_off: str


class AlertBase(Shown):
    """An alert as it stands. `strand_group` is null where the area is too small for strands to be told of it."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    alert_class: AlertClass = Field(alias="class")
    rule: str | None
    layer: str
    area: str
    area_name: str
    strand_group: str | None
    severity: Severity
    marking: Marking
    state: AlertState
    opened_at: str
    updated_at: str
    acknowledge_by: str | None
    below_since: str | None
    holder: SetBy | None


class AlertListed(AlertBase):
    """An alert in a list, with why it is there in short."""

    updates: int
    why: WhySummary


class AlertsAnswer(Shown):
    """Alerts, the newest first, closed ones included."""

    rows: list[AlertListed]
    freshness: Freshness
    next: str | None


class RuleSpoken(Shown):
    """The rule that spoke; null where its number is small and the caller may see no exact figures."""

    id: str | None
    version: int | None
    kind: str
    parameters: dict[str, Any]


class EvidenceNamed(Shown):
    """An event that an update rests on, by its name; `n` is what it added or took back."""

    source: str
    id: str
    n: int | None


class AreaNamed(Shown):
    """An area as people know it."""

    layer: str
    code: str
    name: str


class Update(Shown):
    """One numbered update: what it rests on, and what changed since the one before.

    Of `evidence` only what may be named to the caller's agency is there; how much was left out is told to whoever may
    see exact figures.
    """

    number: int
    at: str
    update: str
    reason: str
    meaning: str
    observed: int | None
    threshold: int | None
    severity: Severity
    marking: Marking
    area: AreaNamed
    strand_group: str | None
    period: Period
    rule: RuleSpoken
    told: dict[str, Any]
    completeness: Completeness
    cut_off: str
    changed: list[str]
    evidence: list[EvidenceNamed]
    left_out: int | None


class LifeLine(Shown):
    """One line of an alert's life; nobody acted where there is no actor."""

    model_config = ConfigDict(populate_by_name=True)

    at: str
    act: str
    before: AlertState | None = Field(alias="from")
    after: AlertState = Field(alias="to")
    actor: str | None
    agency: str | None
    reason: str | None
    outcome: AlertOutcome | None


class DeliveryShown(Shown):
    """What became of one message to one recipient."""

    id: str
    update: int
    kind: str
    recipient: str
    agency: str
    channel: str
    state: str
    attempts: int
    due_at: str
    last_result: str | None


class AlertAnswer(AlertBase):
    """One alert with why it is there, update by update, its life and its deliveries."""

    updates: list[Update]
    life: list[LifeLine]
    deliveries: list[DeliveryShown]
    freshness: Freshness


class Acted(Shown):
    """What an act made of an alert; `unchanged` where it was so already."""

    id: str
    act: Act
    state: AlertState
    unchanged: bool
