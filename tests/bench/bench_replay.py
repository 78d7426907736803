"""Ten years of a synthetic city, replayed with hourly ticks: rules, alerts and their deliveries, on SQLite.

Beside it, in the same run: reading and decoding the same file in the same order, without storing anything. What time
alone costs is seen from ten years of two reports, one on the first day and one on the last.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from producers.replay import Line, in_order, received_us, slices
from producers.sources.events import read_events
from schemas.codec import decode
from schemas.events import INCIDENT_REPORTED
from streams.core.days import Calendar
from tests.bench.city import SLUG, city_store, history, peak_mib, started
from tests.bench.stores import folder
from tests.bench.table import Result, against, report

YEAR_DAYS, TEN_YEARS_DAYS = 365, 3_653
HOURS_A_DAY = 24
HOUR_US = 3_600_000_000


def main() -> None:
    """Measure and report."""
    with folder() as where:
        year, decade = (history(where, days) for days in (YEAR_DAYS, TEN_YEARS_DAYS))
        alone = Result("ten years, read and decoded only", _decoded_s(decade), "s")
        one_s, one_mib = _replayed(year, "1h", where)
        ten_s, ten_mib = _replayed(decade, "1h", where)
        one_peak = Result("replay of a year, memory", one_mib, "MiB peak")
        results = [
            alone,
            against("replay of ten years", ten_s, "s", alone),
            Result("replay of a year", one_s, "s"),
            one_peak,
            against("replay of ten years, memory", ten_mib, "MiB peak", one_peak),
            *_time_alone(decade, where),
        ]
    report("replay", results)


def _time_alone(decade: Path, where: Path) -> Iterator[Result]:
    """Yield what a tick and a quiet day cost, the start of the process taken off."""
    quiet, start = where / "quiet.ndjson", where / "start.ndjson"
    first, *_, last = (line for line in decade.read_bytes().splitlines() if INCIDENT_REPORTED.encode() in line)
    quiet.write_bytes(first + b"\n" + last + b"\n")
    start.write_bytes(first + b"\n")
    start_s, _ = _replayed(start, "1h", where)
    daily_s, _ = _replayed(quiet, "1d", where)
    hourly_s, _ = _replayed(quiet, "1h", where)
    more_ticks = (TEN_YEARS_DAYS - 1) * (HOURS_A_DAY - 1)
    yield Result("one more tick", (hourly_s - daily_s) / more_ticks * 1_000_000, "us")
    yield Result("a quiet day of hourly ticks", (hourly_s - start_s) / TEN_YEARS_DAYS * 1_000, "ms")


def _decoded_s(file: Path) -> float:
    calendar = Calendar("Europe/London")
    began = time.perf_counter()
    with file.open("rb") as stream:
        raws = [line.raw for line in read_events(stream)]
    lines = in_order(Line(number, received_us(raw, calendar), raw) for number, raw in enumerate(raws))
    for part in slices(lines, HOUR_US):
        for line in part.lines:
            decode(line.raw)
    return time.perf_counter() - began


def _replayed(file: Path, tick: str, where: Path) -> tuple[float, float]:
    """Replay a file into a new ledger; return seconds, start of the process included, and peak MiB."""
    url = city_store("sqlite", where)
    os.sync()  # what is measured is this, not the writing back of what was made for it
    began = time.perf_counter()
    peak = peak_mib(started("replay", str(file), "--tick", tick, "--partnership", SLUG, url=url))
    return time.perf_counter() - began, peak


if __name__ == "__main__":
    main()
