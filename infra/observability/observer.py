"""Tells operators what the runner does."""

import structlog

from infra.observability.metrics import CounterName, GaugeName, Metrics


class OperatorsObserver:
    """Implements the runner's Observer by metrics and log lines."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._log = structlog.get_logger()

    def step(self, stage: str, partition: int, step: str) -> None:
        """See Observer. Steps are for tests that stop the process between them."""

    def handled(self, stage: str, partition: int, records: int, position: int) -> None:
        """See Observer."""
        labels = {"stage": stage, "partition": str(partition)}
        self._metrics.count(CounterName.RECORDS_HANDLED, labels, records)
        self._metrics.count(CounterName.BATCHES_HANDLED, labels)
        self._metrics.set(GaugeName.STAGE_POSITION, labels, position)
        self._log.debug("batch handled", stage=stage, partition=partition, records=records, position=position)

    def quarantined(self, stage: str, partition: int, position: int, failure: str) -> None:
        """See Observer."""
        self._metrics.count(CounterName.DEAD_LETTERS, {"stage": stage})
        self._log.error("record set aside", stage=stage, partition=partition, position=position, failure=failure)

    def stopped(self, stage: str, because: str) -> None:
        """See Observer."""
        self._metrics.set(GaugeName.STAGE_STOPPED, {"stage": stage}, 1)
        self._log.error("stage stopped", stage=stage, because=because)
