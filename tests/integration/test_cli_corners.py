"""Corners that were found by trying: each of these once ended in a traceback, a hang or a wrong answer, or might."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.bench.data import reports
from tests.support.cli import Cli, ended
from tests.support.databases import postgresql_url
from tests.support.events import Raw, report

WARD = [{"areas": [{"layer": "ward-2014", "code": "E05009406"}]}]
MORE_THAN_8_MIB = 12_000


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


def event(id_: str, time: str = "2020-03-03T10:00:00Z", **data: Any) -> Raw:
    whole: Raw = {"occurred": {"from": "2020-03-02"}, "reported": "2020-03-02", "places": WARD}
    return report(id_, time=time, **(whole | data))


@pytest.mark.parametrize("by", ["area", "day", "week", "month", "strand", "category", "centre", "week,category"])
def test_dates_may_reach_to_the_end_of_all_time(cli: Cli, by: str) -> None:
    assert cli("import", "events", cli.write("e.ndjson", [event("a")])).code == 0
    days = ("--from", "0001-01-01", "--to", "9999-12-31")
    for as_of in ((), ("--as-of", "9999-12-31"), ("--as-of", "0001-01-01")):
        for basis in ("occurred", "received"):
            done = cli("counts", "--layer", "ward-2014", *days, "--by", by, "--basis", basis, *as_of)
            assert done.code == 0
            assert sum(int(row["count"]) for row in done.table()) == ("0001-01-01" not in as_of)


@pytest.mark.parametrize("events", [1, MORE_THAN_8_MIB], ids=["inline", "beside"])
def test_an_import_into_a_ledger_whose_counting_was_stopped_says_so(cli: Cli, events: int) -> None:
    with closing(sqlite3.connect(cli.store)) as connection, connection:
        connection.execute("UPDATE stage_position SET stopped_because = '20 dead letters wait'")
    file = cli.write("e.ndjson", b"\n".join(reports(events, 100)) + b"\n")
    done = cli.alone("import", "events", file)
    assert (done.code, done.out) == (1, "")
    assert "20 dead letters wait" in done.err
    assert "Traceback" not in done.err
    stopped, *_ = cli("stage", "list").table()
    assert (stopped["stage"], stopped["stopped_because"]) == ("aggregate", "20 dead letters wait")
    assert cli("stage", "resume", "nonsense").code == 2
    assert cli("stage", "resume", "aggregate").code == 0
    assert cli.alone("import", "events", file).code == 0
    (counted, pending) = (sum(int(row[name]) for row in cli("ledger").table()) for name in ("counted", "pending"))
    assert (counted, pending) == (events, 0)
    assert cli("verify").code == 0


def test_too_many_poisoned_records_stop_counting_and_the_import_says_so(cli: Cli) -> None:
    assert cli("import", "events", cli.write("e.ndjson", [event(f"e{n}") for n in range(30)])).code == 0
    with closing(sqlite3.connect(cli.store)) as connection, connection:
        connection.execute("UPDATE event SET body = X'00'")
        for table in ("count_day", "triangle", "contribution"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        connection.execute("DELETE FROM log WHERE topic = 'changes'")
        connection.execute("UPDATE log_head SET position = 0 WHERE topic = 'changes'")
        connection.execute("UPDATE stage_position SET position = 0")
    done = cli("import", "events", cli.write("f.ndjson", [event("another")]))
    assert done.code == 1
    assert "dead letters wait" in done.err
    assert len(cli("dead-letters", "list").table()) == 20
    assert cli("ledger").code == 0


def test_a_replay_that_meets_an_unknown_number_has_the_others_counted(cli: Cli) -> None:
    ahead = event("a", time="2098-01-01T00:00:00Z")
    assert cli("import", "events", cli.write("e.ndjson", [ahead])).code == 1
    with closing(sqlite3.connect(cli.store)) as connection, connection:
        body = connection.execute("SELECT body FROM dead_letter").fetchone()[0]
        connection.execute("UPDATE dead_letter SET body = ?", (body.replace(b"2098", b"2020"),))
    done = cli("dead-letters", "replay", "1", "99")
    assert done.code == 2
    (row,) = cli("ledger").table()
    assert (row["counted"], row["pending"]) == ("1", "0")


def test_a_city_that_comes_after_the_reports_does_not_move_them(cli: Cli) -> None:
    plain = ("--partnership", "plain")
    assert cli("partnerships", "create", "plain", "--places", "none").code == 0
    online = event("a", places=[{"kind": "online"}])
    assert cli("import", "events", cli.write("e.ndjson", [online]), *plain).code == 0
    city = cli.write("city.csv", "code,name\nC,The city\n")
    done = cli("areas", "import", city, "--layer", "city", "--code-field", "code", "--name-field", "name", *plain)
    assert done.code in (0, 1)
    assert cli("verify").code == 0


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes on POSIX only")
def test_a_file_may_have_a_name_that_is_no_text(cli: Cli) -> None:
    content = cli.write("e.ndjson", [event("a")]).read_bytes()
    name = os.fsdecode(b"caf\xe9.ndjson")
    (cli.folder / name).write_bytes(content)
    done = cli.alone("import", "events", name)
    assert done.code == 0, done.err
    assert "1 accepted" in done.err
    days = ("--from", "2020-01-01", "--to", "2020-12-31", "--as-of", "2020-12-31")
    assert cli("counts", "--layer", "city", *days, "--by", "area").code == 0


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"id": "\\ud800"}',
        b'{"specversion":"1.0","id":"\\ud800","source":"/c","type":"bellwether.incident.reported.v1"}',
        b'{"type": {"deep": [1]}}',
        b'{"type": ["bellwether.incident.reported.v1"]}',
        b'{"type": null}',
        b'{"type": "x\\u0000y"}',
        b"null",
        b'""',
        b"1e400",
        b"NaN",
        b'{"id": 1e400}',
        b"\x00",
        b"\xff\xfe",
        b"\xc3",
    ],
)
def test_lines_that_are_strange_are_refused_like_any_other(cli: Cli, line: bytes) -> None:
    first = cli.write("e", [event("a")]).read_bytes()
    done = cli("import", "events", cli.write("e.ndjson", first + line + b"\n"))
    assert done.code == 1
    assert any(said.startswith("line 2: ") for said in done.err.splitlines())
    assert "2 read: 1 accepted, 0 there already, 0 quarantined, 1 rejected" in done.err


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_upgrades_of_a_new_ledger_at_once_make_one(tmp_path: Path, server_folder: Path, database: str) -> None:
    cli = Cli(tmp_path, None if database == "sqlite" else postgresql_url(server_folder))
    both = [ended(process) for process in [cli.started("db", "upgrade") for _ in range(3)]]
    assert [each.code for each in both] == [0, 0, 0], [each.err for each in both]
    assert sum("new ledger" in each.err for each in both) == 1
    assert len(cli.alone("partnerships", "list").table()) == 1


def test_a_table_may_be_cut_off_by_its_reader(cli: Cli) -> None:
    process = cli.started("areas", "list")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    assert process.returncode in (0, 1)
