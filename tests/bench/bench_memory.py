"""Memory while a million events are imported, beside a twentieth of that: it must not grow with the file."""

import subprocess
import sys
import time
from pathlib import Path

from tests.bench.data import reports
from tests.bench.stores import folder, new_store
from tests.bench.table import Result, against, report

TEN_YEARS_DAYS = 3_652
EVENTS = (50_000, 1_000_000)
LOOK_AGAIN_S = 0.05


def main() -> None:
    """Measure and report."""
    results: list[Result] = []
    with folder() as where:
        for events in EVENTS:
            name = f"import of {events:,} events"
            peak = _peak_mib(events, where)
            results.append(against(name, peak, "MiB peak", results[0]) if results else Result(name, peak, "MiB peak"))
    report("memory", results)


def _peak_mib(events: int, where: Path) -> float:
    file = where / f"{events}.ndjson"
    with file.open("wb") as out:
        out.writelines(line + b"\n" for line in reports(events, TEN_YEARS_DAYS))
    url = new_store("sqlite", where)
    command = [str(Path(sys.executable).with_name("bellwether")), "import", "events", str(file), "--database-url", url]
    peak = 0
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None:
            peak = max(peak, _resident_peak_kib(running.pid))
            time.sleep(LOOK_AGAIN_S)
    if running.returncode != 0:
        raise RuntimeError("the import failed")
    return peak / 1_024


def _resident_peak_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
