"""The `bellwether` command as a person runs it: in this process where speed matters, else as a process of its own.

No setting of the machine reaches it: BELLWETHER_* is taken out of the environment, home and working folder are empty.
"""

import contextlib
import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

import orjson
from sqlalchemy import Connection, Engine, event

from infra.cli.app import main

COMMAND = Path(sys.executable).with_name("bellwether")
TIMEOUT_S = 60.0
PREFIX = "BELLWETHER_"


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    def table(self) -> list[dict[str, str]]:
        """Return the rows of the CSV on stdout."""
        return list(csv.DictReader(io.StringIO(self.out)))

    def json(self) -> Any:
        """Return the JSON on stdout."""
        return orjson.loads(self.out)


class Cli:
    """A folder to work in, and the command run there."""

    def __init__(self, folder: Path, database_url: str | None = None) -> None:
        self.folder = folder
        self.database_url = database_url or f"sqlite:///{folder / 'ledger.db'}"

    @property
    def store(self) -> Path:
        """The ledger's file, on SQLite."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    def with_ledger(self) -> "Cli":
        """Put a new ledger of Milton Keynes there, as `db upgrade` makes it."""
        self.store.write_bytes(_new_ledger())
        return self

    def write(self, name: str, content: bytes | str | Sequence[Mapping[str, Any]]) -> Path:
        """Write a file: bytes, text, or events, one a line."""
        path = self.folder / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content if isinstance(content, bytes) else b"".join(orjson.dumps(e) + b"\n" for e in content))
        return path

    def __call__(self, *arguments: object, settings: Mapping[str, str] | None = None) -> Ended:
        """Run the command within this process, by the same `main`."""
        out, err = _stream(), _stream()
        with (
            patch.dict(os.environ, self._environment(settings), clear=True),
            patch.object(sys, "argv", ["bellwether", *map(str, arguments)]),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            _engines_disposed(),
        ):
            code = _exit_code()
        return Ended(code, _text(out), _text(err))

    def alone(
        self,
        *arguments: object,
        settings: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        within: Sequence[str] = (),
    ) -> Ended:
        """Run the command as a process of its own."""
        return ended(self.started(*arguments, settings=settings, within=within), timeout_s)

    def started(
        self, *arguments: object, settings: Mapping[str, str] | None = None, within: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        """Start the command as a process that leads a session of its own; `within` is a command that runs it."""
        return subprocess.Popen(
            [*within, str(COMMAND), *map(str, arguments)],
            cwd=self.folder,
            env=self._environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _environment(self, settings: Mapping[str, str] | None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
        own = {"HOME": str(self.folder), "COLUMNS": "200", "NO_COLOR": "1"}
        ours = {f"{PREFIX}DATABASE_URL": self.database_url, f"{PREFIX}PORT": "0"}
        return kept | own | ours | dict(settings or {})


def ended(process: subprocess.Popen[str], timeout_s: float = TIMEOUT_S) -> Ended:
    """Wait for a command that was started; end it and fail if it takes too long."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Ended(process.returncode, out, err)


@cache
def _new_ledger() -> bytes:
    with TemporaryDirectory() as folder:
        cli = Cli(Path(folder))
        ended = cli("db", "upgrade")
        assert ended.code == 0, ended.err
        return cli.store.read_bytes()


def _exit_code() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@contextlib.contextmanager
def _engines_disposed() -> Iterator[None]:
    """Close the connections that a process would close by ending."""
    engines: set[Engine] = set()

    def remember(connection: Connection) -> None:
        engines.add(connection.engine)

    event.listen(Engine, "engine_connect", remember)
    try:
        yield
    finally:
        event.remove(Engine, "engine_connect", remember)
        for engine in engines:
            engine.dispose()


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
