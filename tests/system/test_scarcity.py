"""Too little: a disk that fills up while an import runs, and memory that must not grow with the file."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.bench.data import reports
from tests.support.cli import Cli
from tests.support.needs import cannot_have
from tests.system.ledgers import (
    LOOK_AGAIN_S,
    Undisturbed,
    assert_as_undisturbed,
    end_session,
    exact_loss,
    import_undisturbed,
    session_of,
    wait_until,
    write_events,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

MEMORY_EVENTS = (50_000, 200_000)
TEN_YEARS_DAYS = 3_652
ROOM_KIB = {3_000: 6_000, 11_500: 20_000}
"""How much a disk holds, by the number of events of the file: too little, and enough to begin."""


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[Callable[[], None]]:
    """Mount a small disk on a folder; give what makes room on it. Skip by name where we may not mount."""
    if sys.platform != "linux" or os.geteuid() != 0:
        cannot_have("a small disk: only root may mount")
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
    if subprocess.run(mounted, check=False, capture_output=True).returncode != 0:
        cannot_have("a small disk: root may not mount here")

    def make_room() -> None:
        subprocess.run(["mount", "-o", "remount,size=1g", folder], check=True, capture_output=True)

    try:
        yield make_room
    finally:
        subprocess.run(["umount", folder], check=True, capture_output=True)


@pytest.fixture(scope="module", params=ROOM_KIB, ids=["inline", "beside"])
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Import a file in peace: a small one, counted in between, or a large one, counted by a second process."""
    return import_undisturbed(tmp_path_factory.mktemp("undisturbed"), reports(request.param, 300, seed=19))


def test_an_import_onto_a_full_disk_says_so_and_goes_on_once_there_is_room(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    with small_disk(tmp_path, ROOM_KIB[undisturbed.events]) as make_room:
        cli = Cli(tmp_path).with_ledger()
        assert_import_stops(cli, undisturbed.file, "store-full")
        make_room()
        assert_import_completes(cli, undisturbed.file)
        assert_as_undisturbed(cli, undisturbed)


def test_an_import_that_may_write_no_more_says_so_and_goes_on_once_it_may(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    cli = Cli(tmp_path).with_ledger()
    blocks = 2 * ROOM_KIB[undisturbed.events]
    assert_import_stops(cli, undisturbed.file, "store-io", ("sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh"))
    assert_import_completes(cli, undisturbed.file)
    assert_as_undisturbed(cli, undisturbed)


def assert_import_stops(cli: Cli, file: Path, problem: str, within: tuple[str, ...] = ()) -> None:
    said = cli.alone("import", "events", file, within=within, timeout_s=120)
    assert (said.code, said.out) == (1, ""), said.err
    assert f"bellwether: {problem}: " in said.err
    assert "Traceback" not in said.err


def assert_import_completes(cli: Cli, file: Path) -> None:
    """What was accepted before is there, and the same command does the rest."""
    before = exact_loss(cli.database_url)
    held = before.counted + before.pending
    assert held > 0
    said = cli.alone("import", "events", file, timeout_s=120)
    assert said.code == 0, said.err
    assert f"{held} there already" in said.err


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    few, many = (peaks_kib(tmp_path / str(events), events) for events in MEMORY_EVENTS)
    sys.stdout.write(f"peak KiB: {few} for {MEMORY_EVENTS[0]:,} events, {many} for {MEMORY_EVENTS[1]:,}\n")
    assert set(few) == set(many) == {"importing", "counting"}
    for process, peak in many.items():
        assert peak < 1.3 * few[process], (few, many)


def peaks_kib(folder: Path, events: int) -> dict[str, int]:
    """Import so many events, and return the most memory that each of the two processes held."""
    folder.mkdir()
    file = write_events(folder / "events.ndjson", reports(events, TEN_YEARS_DAYS))
    cli = Cli(folder).with_ledger()
    peaks: dict[str, int] = {}
    process = cli.started("import", "events", file)
    try:
        while process.poll() is None:
            for pid, line in session_of(process).items():
                role = "importing" if pid == process.pid else "counting" if "spawn_main" in line else ""
                if role:
                    peaks[role] = max(peaks.get(role, 0), _peak_kib(pid))
            time.sleep(20 * LOOK_AGAIN_S)
        wait_until(lambda: not session_of(process), 30)
    finally:
        end_session(process)
    assert process.returncode == 0
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    file.unlink()
    return peaks


def _peak_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)
