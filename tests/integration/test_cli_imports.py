"""Imports that go well: events, police data and incident tables; twice, compressed, converted."""

import gzip
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.events import Raw, report

WARD = "E05009406"
MAPPING = """
source: /centres/table
occurred: {column: date, format: "%Y-%m-%d"}
received: {column: date, format: "%Y-%m-%d"}
area: {layer: ward-2014, column: ward, by: name}
strands: {column: why, map: {racist: [race]}, default: [other]}
types: [verbal-abuse]
"""
TABLE = "date,ward,why\n2020-03-02,Bletchley East,racist\n2020-03-02,Bletchley East,racist\n2020-04-01,Wolverton,else\n"
POLICE = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context\n"
    "a1,2020-03,Thames Valley Police,Thames Valley Police,-0.7,52.0,Here,E01016710,X,Public order,,\n"
    ",2020-03,Thames Valley Police,Thames Valley Police,-0.7,52.0,Here,E01016710,X,Anti-social behaviour,,\n"
    ",2020-03,Thames Valley Police,Thames Valley Police,-0.7,52.0,Here,E01016710,X,Anti-social behaviour,,\n"
)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


def some(n: int) -> list[Raw]:
    places = [{"areas": [{"layer": "ward-2014", "code": WARD}]}]
    when: Raw = {"occurred": {"from": "2020-03-02"}, "reported": "2020-03-02"}
    return [report(f"r{number}", places=places, **when) for number in range(n)]


def total(cli: Cli, kind: str = "incident") -> int:
    asked = ("--layer", "city", "--from", "2019-01-01", "--to", "2021-12-31", "--by", "area", "--kind", kind)
    return sum(int(row["count"]) for row in cli("counts", *asked).table())


def ledger(cli: Cli) -> dict[str, int]:
    """Return the sums of the loss ledger, having seen that each row adds up."""
    ended = cli("ledger", "--format", "json")
    assert ended.code == 0, ended.err
    names = ("received", "counted", "duplicate", "quarantined", "pending")
    return {name: sum(row[name] for row in ended.json()) for name in names}


@pytest.mark.parametrize("arguments", [("import", "events", "f"), ("import", "police-uk", "f", "g")])
def test_machine_output_is_left_to_the_table_commands(cli: Cli, arguments: tuple[str, ...]) -> None:
    content = POLICE.encode() if arguments[1] == "police-uk" else b""
    cli.write("f", content or some(2))
    cli.write("g", content)
    ended = cli(*arguments)
    assert (ended.code, ended.out) == (0, "")


def test_events_are_counted_once_however_often_they_are_imported(cli: Cli) -> None:
    file = cli.write("e.ndjson", some(5))
    first = cli("import", "events", file)
    assert (first.code, first.out) == (0, "")
    assert "5 read: 5 accepted, 0 there already, 0 quarantined, 0 rejected" in first.err
    again = cli("import", "events", file)
    assert again.code == 0
    assert "5 read: 0 accepted, 5 there already, 0 quarantined, 0 rejected" in again.err
    assert total(cli) == 5
    assert ledger(cli) == {"received": 10, "counted": 5, "duplicate": 5, "quarantined": 0, "pending": 0}
    assert cli("verify").code == 0


def test_blank_lines_crlf_mark_and_gzip_are_read(cli: Cli) -> None:
    lines = cli.write("plain", some(3)).read_bytes().splitlines()
    odd = b"\xef\xbb\xbf" + b"\r\n\r\n".join(lines)
    file = cli.write("e.ndjson.gz", gzip.compress(odd))
    ended = cli("import", "events", file)
    assert ended.code == 0
    assert "3 read: 3 accepted" in ended.err
    assert total(cli) == 3


def test_police_rows_are_context_and_equal_rows_are_told_apart(cli: Cli) -> None:
    one, two = cli.write("one.csv", POLICE), cli.write("two.csv", POLICE.replace("2020-03", "2020-04"))
    ended = cli("import", "police-uk", one, two)
    assert ended.code == 1  # the second file has a known Crime ID with another month
    assert "6 read: 5 accepted, 0 there already, 1 quarantined, 0 rejected" in ended.err
    assert "dead-letters list" in ended.err
    again = cli("import", "police-uk", one)
    assert again.code == 0
    assert "3 read: 0 accepted, 3 there already" in again.err
    assert (total(cli), total(cli, "context")) == (0, 5)
    assert cli("verify").code == 0


def test_a_table_of_incidents_is_read_by_its_mapping(cli: Cli) -> None:
    table, mapping = cli.write("t.csv", TABLE), cli.write("m.yaml", MAPPING)
    ended = cli("import", "incidents", table, "--mapping", mapping)
    assert (ended.code, ended.out) == (0, "")
    assert "3 read: 3 accepted" in ended.err
    by = ("--layer", "ward-2014", "--from", "2020-01-01", "--to", "2020-12-31", "--by", "area,strand")
    assert cli("counts", *by).out == (
        "area,area_name,strand,count\nE05009406,Bletchley East,race,2\nE05009423,Wolverton,other,1\n"
    )
    again = cli("import", "incidents", table, "--mapping", mapping)
    assert (again.code, total(cli)) == (0, 3)


def test_what_is_converted_only_is_the_same_as_what_is_imported(cli: Cli) -> None:
    table, mapping, out = cli.write("t.csv", TABLE), cli.write("m.yaml", MAPPING), cli.folder / "out.ndjson"
    ended = cli("import", "incidents", table, "--mapping", mapping, "--convert-only", out)
    assert (ended.code, ended.out) == (0, "")
    assert "3 converted, 0 rejected" in ended.err
    assert len(out.read_bytes().splitlines()) == 3
    assert total(cli) == 0
    assert cli("import", "incidents", table, "--mapping", mapping).code == 0
    again = cli("import", "events", out)
    assert again.code == 0
    assert "3 read: 0 accepted, 3 there already" in again.err
    assert total(cli) == 3


def test_a_file_may_not_be_converted_into_itself(cli: Cli) -> None:
    table, mapping = cli.write("t.csv", TABLE), cli.write("m.yaml", MAPPING)
    ended = cli("import", "incidents", table, "--mapping", mapping, "--convert-only", table)
    assert ended.code == 2
    assert table.read_text() == TABLE


def test_conversion_to_where_nothing_can_be_written_says_so(cli: Cli) -> None:
    table, mapping = cli.write("t.csv", TABLE), cli.write("m.yaml", MAPPING)
    ended = cli("import", "incidents", table, "--mapping", mapping, "--convert-only", cli.folder / "no" / "out")
    assert (ended.code, ended.out) == (1, "")
    assert "cannot be written" in ended.err


def test_each_partnership_has_its_own_reports(cli: Cli) -> None:
    assert cli("partnerships", "create", "other", "--places", "milton-keynes").code == 0
    file = cli.write("e.ndjson", some(2))
    assert cli("import", "events", file).code == 2
    assert cli("import", "events", file, "--partnership", "other").code == 0
    asked = ("--layer", "city", "--from", "2020-01-01", "--to", "2020-12-31", "--by", "area")
    assert cli("counts", *asked, "--partnership", "milton-keynes").table() == []
    assert [row["count"] for row in cli("counts", *asked, "--partnership", "other").table()] == ["2"]
    assert cli("ledger", "--partnership", "milton-keynes").table() == []
    assert cli("import", "events", file, "--partnership", "milton-keynes").code == 0
    assert [row["received"] for row in cli("ledger", "--partnership", "milton-keynes").table()] == ["2"]
    assert cli("verify").code == 0


def test_long_work_tells_how_far_it_is_in_plain_lines_only_where_there_is_no_terminal(cli: Cli) -> None:
    ended = cli.alone("import", "events", cli.write("e.ndjson", some(3)))
    assert ended.code == 0
    assert "\x1b" not in ended.err
    assert ended.out == ""
