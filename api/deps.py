"""All that the API needs from outside, made by the composition root; nothing is made when modules are imported."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from alerts.policy.acts import PersonsAct, Refusal, Unchanged
from alerts.policy.lifecycle import Happening
from api.callers import Access
from infra.clock import Clock
from infra.observability.metrics import Metrics
from schemas.events import Event
from schemas.problems import Problem
from streams.stages.intake import Outcome

Read = Event | tuple[Problem, ...]
"""An event, or why it is none."""


class Taken(Protocol):
    """What became of one event handed in."""

    @property
    def outcome(self) -> Outcome | None:
        """Accepted, duplicate or quarantined; None if refused."""
        ...

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why, where it was not simply accepted."""
        ...


class Intake(Protocol):
    """Where events of a partnership are handed in. Concurrent callers share a commit."""

    def hand_in(self, partnership: int, events: Sequence[Read]) -> "Future[Sequence[Taken]]":
        """Take what has been read, or was refused then and is answered in its place.

        Returns answers to come, one an event, in order. They raise StoreUnavailableError where the store is away.
        """
        ...


class Acts(Protocol):
    """Where people acknowledge, stand down and close alerts."""

    def act(self, partnership: int, alert_id: str, act: PersonsAct) -> Happening | Unchanged | Refusal:
        """Do what a person asks for, or say why not. Raises AlertError where there is no such alert."""
        ...


class Condition(NamedTuple):
    """One condition of being ready, and what is wrong where it is not met."""

    name: str
    met: bool
    detail: str = ""


@dataclass(frozen=True)
class Limits:
    """What is taken of one request or caller, so that no one can starve the others."""

    body_bytes: int = 4 * 1_048_576
    all_bodies_bytes: int = 64 * 4 * 1_048_576
    """Of all requests under way together."""
    batch_events: int = 1_000
    event_bytes: int = 1_048_576
    body_seconds: float = 30.0
    answer_seconds: float = 30.0
    page_rows: int = 1_000
    requests_a_minute: int = 60_000
    """By key; a busy centre's gateway sends hundreds."""
    refused_a_minute: int = 120
    """Calls without a valid key, by address."""


@dataclass(frozen=True)
class Deps:
    """The store, intake, keys, time and what is watched."""

    engine: Engine
    intake: Intake
    acts: Acts
    access: Access
    clock: Clock
    conditions: Callable[[], Sequence[Condition]]
    metrics: Metrics
    registry: CollectorRegistry
    limits: Limits = field(default_factory=Limits)
    monotonic_s: Callable[[], float] = time.monotonic
