"""What reads for administrators answer: the loss ledger, rules, centres."""

from typing import Any

from pydantic import Field

from api.answers import Completeness, Freshness, Shown


class LedgerRow(Shown):
    """One source and hour (UTC): received = counted + duplicate + quarantined + pending, or something was lost."""

    source: str
    hour: str = Field(examples=["2026-07-01T12:00Z", "before any report"])
    received: int
    counted: int
    duplicate: int
    quarantined: int
    pending: int
    adds_up: bool


class LedgerAnswer(Shown):
    """Rows by source and hour; `adds_up` says it of all of them, other pages included."""

    rows: list[LedgerRow]
    adds_up: bool
    cut_off: str | None
    freshness: Freshness
    next: str | None


class RulesAnswer(Shown):
    """The rules that hold, as RULES.yaml has them, and how many sets of rules there have been."""

    version: int
    rows: list[dict[str, Any]]


class ServedArea(Shown):
    """An area that a centre serves, as its entry names it: by code or by name."""

    layer: str
    code: str | None
    name: str | None


class CentreShown(Shown):
    """A centre: its entry, the last day that a return covers, its last sign of life, and what it owes by a period."""

    code: str
    title: str
    source: str | None
    first: str | None
    last: str | None
    is_open: bool
    return_days: int | None
    heartbeat_days: int | None
    serves: list[ServedArea]
    last_return: str | None
    last_heartbeat: str | None
    overdue: list[str] = Field(examples=[["return"]])


class CentresAnswer(Shown):
    """Centres by code."""

    rows: list[CentreShown]
    completeness: Completeness
    freshness: Freshness
    next: str | None
