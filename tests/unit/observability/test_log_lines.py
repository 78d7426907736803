"""Log lines are JSON on stderr, with identifiers and never what a report says."""

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from infra.db import tables
from infra.db.engine import transaction
from infra.observability.logging import LEVELS, configure_logging
from infra.observability.metrics import CounterName, GaugeName, Metrics
from infra.observability.observer import OperatorsObserver
from tests.support.city import Bench
from tests.support.databases import set_up, sqlite_url
from tests.support.events import report

MAY_STAND_IN_A_LINE = {
    *("event", "level", "timestamp", "stage", "partition", "position", "records", "failure", "because"),
}


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def sqlite_bench(tmp_path: Path) -> Iterator[Bench]:
    url = sqlite_url(tmp_path)
    set_up(url)
    bench = Bench(url)
    yield bench
    bench.engine.dispose()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_each_line_is_one_json_object_with_level_and_utc_time(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug")
    observer = OperatorsObserver(Metrics(CollectorRegistry()))
    observer.step("aggregate", 0, "prepared")
    observer.handled("aggregate", 0, 3, 7)
    observer.quarantined("aggregate", 0, 8, "DecodeError at stored.py:70")
    observer.stopped("aggregate", 'two lines\nand a "quote"')
    found = lines(capsys)
    assert [(line["event"], line["level"]) for line in found] == [
        *(("batch handled", "debug"), ("record set aside", "error"), ("stage stopped", "error")),
    ]
    assert all(line["timestamp"].endswith("Z") for line in found)
    assert all(line.keys() <= MAY_STAND_IN_A_LINE for line in found)
    assert (found[1]["stage"], found[1]["position"], found[1]["failure"]) == (
        "aggregate",
        8,
        "DecodeError at stored.py:70",
    )


@pytest.mark.parametrize("level", list(LEVELS))
def test_only_a_level_and_those_above_it_are_logged(capsys: pytest.CaptureFixture[str], level: str) -> None:
    configure_logging(level)
    log = structlog.get_logger()
    for each in LEVELS:
        getattr(log, each)("said")
    assert [line["level"] for line in lines(capsys)] == list(LEVELS)[list(LEVELS).index(level) :]


def test_nothing_of_a_report_reaches_log_or_metrics(sqlite_bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug")
    registry = CollectorRegistry()
    observer = OperatorsObserver(Metrics(registry))
    city = sqlite_bench.partnership()
    said: dict[str, Any] = {"strands": ["religion"], "types": ["arson"], "centre": "told-centre", "target": "premises"}
    sqlite_bench.hand_in(city, *(report(f"told-{n}", source="/centres/told", **said) for n in range(3)))
    with transaction(sqlite_bench.engine, write=True) as connection:
        connection.execute(
            update(tables.event).where(tables.event.c.id == "told-1").values(body=b'{"source": "told-centre arson')
        )
    sqlite_bench.drain(observer=observer)
    found = lines(capsys)
    assert {line["event"] for line in found} == {"batch handled", "record set aside"}
    assert all(line.keys() <= MAY_STAND_IN_A_LINE for line in found)
    samples = [sample for family in registry.collect() for sample in family.samples]
    assert samples
    for text in (json.dumps(found), str(samples)):
        assert not [word for word in ("told", "religion", "arson", "premises", "W1", "2026-06-29") if word in text]
    assert registry.get_sample_value("bellwether_stage_records_total", {"stage": "aggregate", "partition": "0"}) == 2
    poison = {"stage": "aggregate"}
    assert registry.get_sample_value(f"{CounterName.DEAD_LETTERS.value.name}_total", poison) == 1
    position = {"stage": "aggregate", "partition": "0"}
    assert registry.get_sample_value(GaugeName.STAGE_POSITION.value.name, position) == 3


def test_a_line_goes_to_what_standard_error_is_when_it_is_written() -> None:
    closed, there = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(closed):
        configure_logging("warning")
        log = structlog.get_logger()
    closed.close()
    with contextlib.redirect_stderr(there):
        log.warning("still heard")
    assert json.loads(there.getvalue())["event"] == "still heard"
