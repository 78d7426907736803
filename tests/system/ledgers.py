"""What the tests of the whole system look at from outside: counts by names, the loss ledger, and processes."""

import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import text

from infra.db.engine import make_engine, transaction
from infra.db.loss_ledger import LossRow, loss_ledger
from tests.support.cli import Cli

STORE_TIMEOUT_S = 60.0
PARTNERSHIP = 1
LOOK_AGAIN_S = 0.01

Cell = tuple[Any, ...]


class Counted(NamedTuple):
    """All counts of a ledger, by the names of what they count rather than by numbers."""

    count_day: Counter[Cell]
    triangle: Counter[Cell]


def counted(url: str) -> Counted:
    """Read every cell that is not zero."""
    engine = make_engine(url, STORE_TIMEOUT_S)
    try:
        with transaction(engine, write=False) as connection:
            return Counted(*(_cells(connection.execute(text(query))) for query in (_COUNT_DAY, _TRIANGLE)))
    finally:
        engine.dispose()


def _cells(rows: Iterable[Any]) -> Counter[Cell]:
    cells: Counter[Cell] = Counter()
    for *key, n in rows:
        cells[tuple(key)] += n
    return Counter({key: n for key, n in cells.items() if n})


_NAMED = (
    "SELECT partnership.slug, series.kind, series.basis, series.recording, CAST(series.dated AS integer),"
    " coalesce(layer.name, '*'), series.strand, coalesce(area.code, '*'), cells.day{also}, cells.n"
    " FROM {table} AS cells JOIN series ON series.number = cells.series"
    " JOIN partnership ON partnership.number = series.partnership"
    " LEFT JOIN layer ON layer.number = series.layer LEFT JOIN area ON area.number = cells.area"
)
_COUNT_DAY = _NAMED.format(also="", table="count_day")
_TRIANGLE = _NAMED.format(also=", cells.known_day", table="triangle")


def exact_loss(url: str) -> LossRow:
    """Return the sums of the loss ledger, having seen that it is exact: each row adds up, and to what is held."""
    engine = make_engine(url, STORE_TIMEOUT_S)
    try:
        rows = loss_ledger(engine, PARTNERSHIP)
        with transaction(engine, write=False) as connection:
            arrivals, events = (
                connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - our own names
                for table in ("arrival", "event")
            )
    finally:
        engine.dispose()
    assert [row for row in rows if not row.adds_up] == []
    sums = LossRow("*", "*", *(sum(int(row[place]) for row in rows) for place in range(2, 7)))
    assert sums.counted + sums.pending <= events
    assert sums.received <= arrivals
    return sums


def events_held(cli: Cli) -> int:
    """Return how many events the log holds so far, on SQLite; cheap enough to ask all the time."""
    with closing(sqlite3.connect(cli.store, timeout=STORE_TIMEOUT_S)) as connection:
        return int(connection.execute("SELECT sum(position) FROM log_head WHERE topic = 'events'").fetchone()[0])


def write_events(file: Path, events: Iterable[bytes]) -> Path:
    """Write events, one a line."""
    with file.open("wb") as out:
        out.writelines(event + b"\n" for event in events)
    return file


class Undisturbed(NamedTuple):
    """A file of events, and what a run that nobody disturbs counts."""

    file: Path
    events: int
    counts: Counted


def import_undisturbed(folder: Path, events: Iterable[bytes]) -> Undisturbed:
    """Write a file of events, and import it in peace."""
    file = write_events(folder / "events.ndjson", events)
    cli = Cli(folder).with_ledger()
    done = cli.alone("import", "events", file, timeout_s=120)
    assert done.code == 0, done.err
    return Undisturbed(file, len(file.read_bytes().splitlines()), counted(cli.database_url))


def assert_as_undisturbed(cli: Cli, expected: Undisturbed) -> None:
    """The ledger has counted everything, exactly as a run that nobody disturbed."""
    loss = exact_loss(cli.database_url)
    assert (loss.counted, loss.quarantined, loss.pending) == (expected.events, 0, 0)
    found = counted(cli.database_url)
    assert found.count_day == expected.counts.count_day
    assert found.triangle == expected.counts.triangle
    verified = cli.alone("verify", timeout_s=120)
    assert verified.code == 0, verified.err


def session_of(process: "subprocess.Popen[str]") -> dict[int, str]:
    """Return the living processes of the session that a command leads: process id and command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it may end while we look
                fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                if fields[0] != "Z" and int(fields[3]) == process.pid:
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found[int(entry.name)] = line
    return found


def counters_of(process: "subprocess.Popen[str]") -> list[int]:
    """Return the processes that count beside an import."""
    return [pid for pid, line in session_of(process).items() if "spawn_main" in line and pid != process.pid]


def wait_until(happened: Callable[[], bool], timeout_s: float) -> None:
    """Wait until something is so. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"this did not happen within {timeout_s:g} s")
        time.sleep(LOOK_AGAIN_S)


def kill(process: "subprocess.Popen[str]") -> None:
    """Kill an import, and nothing that it has started; forget what it said."""
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def end_session(process: "subprocess.Popen[str]") -> None:
    """End what is left of a command that we started and all that it has started."""
    for pid in session_of(process):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if process.poll() is None:
        process.wait(timeout=10)
