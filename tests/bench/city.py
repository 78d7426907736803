"""A ledger of a city that does not exist, its history, and processes that are looked at while they run."""

import subprocess
import sys
import tempfile
import time
from importlib.resources import as_file, files
from pathlib import Path
from random import Random

import orjson

from producers.simulator.shipped import city
from producers.simulator.simulation import simulate
from streams.core.days import Calendar
from tests.bench.stores import bellwether, new_store

SLUG = "sorrelmere"
SEED = 1
LOOK_AGAIN_S = 0.05


def city_store(kind: str, where: Path) -> str:
    """Return the URL of a new ledger with that city, the shipped rules and its task forces."""
    url = new_store(kind, Path(tempfile.mkdtemp(dir=where)))
    bellwether("partnerships", "create", SLUG, "--places", "fictional", url=url)
    with as_file(files("infra.db").joinpath("shipped")) as shipped:
        bellwether("rules", "apply", str(shipped / "rules.yaml"), "--partnership", SLUG, url=url)
        bellwether("routes", "apply", str(shipped / "fictional" / "routes.yaml"), "--partnership", SLUG, url=url)
    return url


def history(where: Path, days: int) -> Path:
    """Write the city's history."""
    file = where / f"{days}-days.ndjson"
    with file.open("wb") as out:
        for day in simulate(city("fictional"), days, Random(SEED), Calendar("Europe/London")):
            out.writelines(orjson.dumps(event) + b"\n" for event in day)
    return file


def started(*arguments: str, url: str) -> "subprocess.Popen[bytes]":
    """Start the command as a user does, unheard."""
    command = [str(Path(sys.executable).with_name("bellwether")), *arguments, "--database-url", url]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def peak_mib(process: "subprocess.Popen[bytes]") -> float:
    """Wait for a process; return the most memory that it has held. Raises RuntimeError if it fails."""
    peak = 0.0
    with process as running:
        while running.poll() is None:
            peak = max(peak, resident_mib(running.pid, "VmHWM"))
            time.sleep(LOOK_AGAIN_S)
    if running.returncode != 0:
        raise RuntimeError("the command failed")
    return peak


def resident_mib(pid: int, which: str = "VmRSS") -> float:
    """Return what a process holds of memory, or has held at most (VmHWM); 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1_024 for line in status.splitlines() if line.startswith(which)), 0.0)
