"""Stores to measure on, in a folder that is thrown away."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.databases import postgresql_url, sqlite_url

COMMAND_TIMEOUT_S = 1_800


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder on the disk, not in memory."""
    Path("build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="build", ignore_cleanup_errors=True) as path:
        yield Path(path).resolve()


def new_store(kind: str, where: Path) -> str:
    """Return the URL of a new ledger with the partnership milton-keynes."""
    url = sqlite_url(where) if kind == "sqlite" else postgresql_url(where / "postgresql")
    bellwether("db", "upgrade", url=url)
    return url


def bellwether(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does. Raises CalledProcessError."""
    return subprocess.run(
        [Path(sys.executable).with_name("bellwether"), *arguments, "--database-url", url],
        check=True,
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
    )
