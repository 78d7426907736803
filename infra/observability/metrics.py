"""The metrics: a closed set, so that a dashboard or alert can name only what there is.

Labels are stages, partitions, codes, routes as they are written in the contract, methods, and how a thing ended; never
sources of people's reports, and no content.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


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
    REQUESTS = Definition(
        "bellwether_requests", "HTTP requests answered, or whose caller went away", ("route", "method", "status")
    )
    EVENTS_HANDED_IN = Definition("bellwether_events_handed_in", "Events handed in over HTTP", ("outcome",))


class GaugeName(Enum):
    """What goes up and down."""

    STAGE_POSITION = Definition(
        "bellwether_stage_position", "Last position a stage has handled", ("stage", "partition")
    )
    STAGE_STOPPED = Definition("bellwether_stage_stopped", "1 if a stage was stopped", ("stage",))


class HistogramName(Enum):
    """How long a thing took."""

    REQUEST_SECONDS = Definition(
        "bellwether_request_seconds", "From a request's head to the end of its answer", ("route", "method")
    )


SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """All metrics, on a registry of the caller's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counters = {name: Counter(*name.value, registry=registry) for name in CounterName}
        self._gauges = {name: Gauge(*name.value, registry=registry) for name in GaugeName}
        self._histograms = {name: Histogram(*name.value, buckets=SECONDS, registry=registry) for name in HistogramName}

    def count(self, name: CounterName, labels: Mapping[str, str], n: float = 1) -> None:
        """Add to a counter."""
        self._counters[name].labels(**labels).inc(n)

    def set(self, name: GaugeName, labels: Mapping[str, str], value: float) -> None:
        """Set a gauge."""
        self._gauges[name].labels(**labels).set(value)

    def observe(self, name: HistogramName, labels: Mapping[str, str], seconds: float) -> None:
        """Note how long a thing took."""
        self._histograms[name].labels(**labels).observe(seconds)
