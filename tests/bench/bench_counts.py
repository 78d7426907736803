"""Questions to a store of 1.5 million events over ten years, warm: counts by ward and month, now and as of a day.

The named alternative, in the same run: the same question put to one row an event in plain sqlite3, with an index that
covers it.
"""

import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, text

from infra.db.counts import CountQuery, Dimension, count
from infra.db.engine import make_engine, transaction
from tests.bench.data import reports
from tests.bench.stores import bellwether, folder, new_store
from tests.bench.table import Result, against, report

TEN_YEARS_DAYS = 3_652
EVENTS = 1_500_000
QUESTIONS = {"now": (None, 200), "as of 2020-06-30": (date(2020, 6, 30), 40)}
STORE_TIMEOUT_S = 60.0


def main() -> None:
    """Measure and report."""
    with folder() as where:
        file = where / "events.ndjson"
        with file.open("wb") as out:
            out.writelines(line + b"\n" for line in reports(EVENTS, TEN_YEARS_DAYS))
        results: list[Result] = []
        for kind in ("sqlite", "postgresql"):
            url = new_store(kind, where)
            bellwether("import", "events", str(file), url=url)
            engine = make_engine(url, STORE_TIMEOUT_S)
            if not results:
                results.append(_one_row_an_event(engine, where / "flat.db"))
            for name, (as_of, times) in QUESTIONS.items():
                p99 = _p99_ms(partial(_ask, engine, as_of), times)
                results.append(against(f"by ward and month, {name}, {kind}", p99, "ms p99", results[0]))
            engine.dispose()
    report("counts", results)


def _ask(engine: Engine, as_of: date | None) -> None:
    by = (Dimension.AREA, Dimension.MONTH)
    query = CountQuery("ward-2014", date(2016, 1, 1), date(2025, 12, 31), by, "incident", "occurred", as_of)
    answer = count(engine, 1, query)
    if not answer.rows:
        raise RuntimeError("the store that is measured holds nothing")


def _p99_ms(ask: Callable[[], None], times: int) -> float:
    ask()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1_000)
    return statistics.quantiles(took, n=100, method="inclusive")[-1]


def _one_row_an_event(engine: Engine, store: Path) -> Result:
    with closing(sqlite3.connect(store)) as flat:
        flat.execute("CREATE TABLE event (ward INTEGER, month TEXT)")
        with transaction(engine, write=False) as connection:
            rows = connection.execute(
                text(
                    "SELECT lookup.to_area, strftime('%Y-%m', contribution.day * 86400, 'unixepoch')"
                    " FROM contribution JOIN place ON place.number = contribution.place"
                    " JOIN area_lookup AS lookup ON lookup.from_area = CAST(place.areas AS INTEGER)"
                    " JOIN area ON area.number = lookup.to_area JOIN layer ON layer.number = area.layer"
                    " WHERE layer.name = 'ward-2014'"
                )
            )
            flat.executemany("INSERT INTO event VALUES (?, ?)", (tuple(row) for row in rows))
        flat.execute("CREATE INDEX by_ward_and_month ON event (ward, month)")
        flat.commit()

        def ask() -> None:
            flat.execute("SELECT ward, month, count(*) FROM event GROUP BY ward, month").fetchall()

        return Result("one row an event, plain sqlite3", _p99_ms(ask, 20), "ms p99")


if __name__ == "__main__":
    main()
