"""The metrics: a closed set, so that a dashboard or alert can name only what there is.

Labels are stages, partitions and codes; never sources of people's reports, and no content.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge


class Definition(NamedTuple):
    """A metric's name, meaning and labels."""

    name: str
    meaning: str
    labels: tuple[str, ...]


class CounterName(Enum):
    """What only grows."""

    RECORDS_HANDLED = Definition("bellwether_stage_records", "Records that a stage has handled", ("stage", "partition"))
    BATCHES_HANDLED = Definition(
        "bellwether_stage_batches", "Batches that a stage has committed", ("stage", "partition")
    )
    DEAD_LETTERS = Definition("bellwether_dead_letters", "Records that a stage has put aside", ("stage",))


class GaugeName(Enum):
    """What goes up and down."""

    STAGE_POSITION = Definition(
        "bellwether_stage_position", "Last position a stage has handled", ("stage", "partition")
    )
    STAGE_STOPPED = Definition("bellwether_stage_stopped", "1 if a stage was stopped", ("stage",))


class Metrics:
    """All metrics, on a registry of the caller's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counters = {name: Counter(*name.value, registry=registry) for name in CounterName}
        self._gauges = {name: Gauge(*name.value, registry=registry) for name in GaugeName}

    def count(self, name: CounterName, labels: Mapping[str, str], n: float = 1) -> None:
        """Add to a counter."""
        self._counters[name].labels(**labels).inc(n)

    def set(self, name: GaugeName, labels: Mapping[str, str], value: float) -> None:
        """Set a gauge."""
        self._gauges[name].labels(**labels).set(value)
