"""A store that is locked, cannot be written, or is no store: said in one sentence, and nothing lost."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.cli import Cli, Ended
from tests.support.events import report
from tests.support.needs import cannot_have

WARD = [{"areas": [{"layer": "ward-2014", "code": "E05009406"}]}]
EVENT = report(
    "a", time="2020-03-03T10:00:00Z", occurred={"from": "2020-03-02"}, reported="2020-03-02", places=WARD
)  # fmt: skip
IMPATIENT = {"BELLWETHER_STORE_TIMEOUT_S": "1"}
COUNTS = ("counts", "--layer", "city", "--from", "2020-01-01", "--to", "2020-12-31", "--by", "area")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


def one_sentence(ended: Ended, code: int, problem: str) -> None:
    assert (ended.code, ended.out) == (code, "")
    (line,) = ended.err.splitlines()
    assert line.startswith(f"bellwether: {problem}: ")


@contextmanager
def held(cli: Cli) -> Iterator[None]:
    """Hold SQLite's only write lock."""
    with closing(sqlite3.connect(cli.store, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@pytest.mark.parametrize(
    "command",
    [
        ("import", "events", "e.ndjson"),
        ("db", "upgrade"),
        ("partnerships", "create", "luton", "--places", "none"),
        ("dead-letters", "discard", "1", "--reason", "none"),
    ],
)
def test_a_ledger_that_another_process_holds_is_said_and_works_again_later(cli: Cli, command: tuple[str, ...]) -> None:
    cli.write("e.ndjson", [EVENT])
    with held(cli):
        one_sentence(cli.alone(*command, settings=IMPATIENT), 1, "store-busy")
    assert cli(*command, settings=IMPATIENT).code == (2 if "discard" in command else 0)
    assert cli("verify").code == 0


def test_a_held_ledger_is_waited_for(cli: Cli) -> None:
    file = cli.write("e.ndjson", [EVENT])
    with held(cli):
        process = cli.started("import", "events", file, settings={"BELLWETHER_STORE_TIMEOUT_S": "30"})
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=2.5)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "1 accepted" in err


def test_a_held_ledger_can_still_be_read(cli: Cli) -> None:
    assert cli("import", "events", cli.write("e.ndjson", [EVENT])).code == 0
    with held(cli):
        for command in (COUNTS, ("ledger",), ("verify",), ("dead-letters", "list")):
            assert cli(*command, settings=IMPATIENT).code == 0


@pytest.mark.parametrize("command", [COUNTS, ("db", "upgrade"), ("ledger",), ("verify",)])
def test_a_path_that_cannot_be_a_ledger_is_said(cli: Cli, command: tuple[str, ...]) -> None:
    cli.write("file", b"not a ledger at all, but long enough to be read as the header of one, all of it" * 20)
    (cli.folder / "folder").mkdir()
    absent = (1, "store-unreachable") if command[0] == "db" else (2, "store-schema")
    for path, code, problem in (
        ("folder", 1, "store-unreachable"),
        ("absent/x.db", *absent),
        ("file/x.db", *absent),
        ("file", 1, "store-damaged"),
    ):
        ended = cli.alone(*command, "--database-url", f"sqlite:///{cli.folder / path}", settings=IMPATIENT)
        one_sentence(ended, code, problem)
    assert not (cli.folder / "absent").exists()


def test_a_damaged_ledger_is_said(cli: Cli) -> None:
    assert cli("import", "events", cli.write("e.ndjson", [EVENT])).code == 0
    content = bytearray(cli.store.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    cli.store.write_bytes(content)
    one_sentence(cli.alone(*COUNTS), 1, "store-damaged")


def test_a_ledger_on_a_read_only_disk_is_said_and_stays(cli: Cli) -> None:
    file = cli.write("e.ndjson", [EVENT])
    place = cli.folder / "place"
    place.mkdir()
    kept = Cli(place).with_ledger()
    assert kept("import", "events", file).code == 0
    with read_only(place):
        for command in (
            ("import", "events", file),
            ("db", "upgrade"),
            ("partnerships", "create", "x", "--places=none"),
        ):
            ended = kept.alone(*command, settings={"HOME": str(cli.folder)})
            assert (ended.code, ended.out) == (1, "")
            assert any(f"bellwether: {each}" in ended.err for each in ("store-read-only", "store-unreachable"))
            assert "Traceback" not in ended.err
    assert kept("import", "events", file).code == 0
    assert kept("verify").code == 0


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only even for root: by a mount where we may, else by its mode."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    if subprocess.run(["mount", "--bind", folder, folder], check=False, capture_output=True).returncode != 0:
        cannot_have("a read-only folder: root ignores modes and may not mount here")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True, capture_output=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True, capture_output=True)


def test_a_database_server_that_does_not_answer_is_said(cli: Cli) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    ended = cli.alone(*COUNTS, "--database-url", url, settings=IMPATIENT)
    one_sentence(ended, 1, "store-unreachable")
