"""Bad input: a clear error with line, code and path; nothing lost, and never the refused value."""

import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.cli import Cli, Ended
from tests.support.events import Raw, report

MARKER = "Zzyzxian"
"""What must not be repeated: it stands wherever a refused value can be put."""
WARD_2014, WARD_2026 = "E05009406", "E05016588"
MAPPING = """
source: /centres/table
id: {column: ref}
occurred: {column: date, format: "%Y-%m-%d"}
received: {column: taken, format: "%Y-%m-%d"}
area: {layer: ward-2014, column: ward, by: name}
strands: {column: why, map: {racist: [race]}}
types: [verbal-abuse]
"""
TABLE_HEADER = "ref,date,taken,ward,why\n"
TABLE_ROW = "{ref},2020-03-02,2020-03-03,Bletchley East,racist\n"
POLICE_HEADER = "Crime ID,Month,Reported by,Longitude,Latitude,LSOA code,Crime type\n"
POLICE_ROW = "{ref},2020-03,Thames Valley Police,-0.7,52.0,E01016710,Public order\n"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path).with_ledger()


def good(id_: str, **data: Any) -> Raw:
    whole: Raw = {"occurred": {"from": "2020-03-02"}, "reported": "2020-03-02", "places": at(WARD_2014)}
    return report(id_, time="2020-03-03T10:00:00Z", **(whole | data))


def at(code: str, layer: str = "ward-2014") -> list[Raw]:
    return [{"areas": [{"layer": layer, "code": code}]}]


def without(event: Raw, name: str) -> Raw:
    return {key: value for key, value in event.items() if key != name}


def said_nothing_wrong(ended: Ended) -> None:
    assert ended.out == ""
    assert MARKER not in ended.err
    assert "Traceback" not in ended.err


def assert_whole(cli: Cli, events: int, kind: str = "incident") -> None:
    """The ledger holds so many counted events, adds up, and its counts are what the events say."""
    asked = ("--layer", "city", "--from", "2010-01-01", "--to", "2026-12-31", "--by", "area", "--kind", kind)
    assert sum(int(row["count"]) for row in cli("counts", *asked).table()) == events
    rows = cli("ledger")
    assert rows.code == 0
    assert sum(int(row["counted"]) for row in rows.table()) == events
    assert cli("verify").code == 0


BAD_LINES: dict[str, tuple[Raw | bytes, str]] = {
    "malformed": (b'{"id": "' + MARKER.encode(), "malformed-json"),
    "not an object": (b'["' + MARKER.encode() + b'"]', "wrong-type"),
    "a number": (b"17", "wrong-type"),
    "two values": (b'{"id": 1}{"id": 2}', "malformed-json"),
    "wrong type": (good("x", strands=MARKER), "wrong-type at data.strands"),
    "text for a number": (
        good("x", places=[{"point": {"longitude": MARKER, "latitude": 52}}]),
        "wrong-type at data.places[0].point.longitude",
    ),
    "a field missing": (without(good("x"), "data"), "missing-field at data"),
    "an unknown field": (good("x", colour=MARKER), "unknown-field at data.colour"),
    "an unknown field of the envelope": (good("x") | {"shade": MARKER}, "unknown-field at shade"),
    "an unknown field that tells something": (good("x", **{f"{MARKER} hit me": 1}), "unknown-field at data.?"),
    "an unknown type": (good("x") | {"type": MARKER}, "unknown-type at type"),
    "no type": (without(good("x"), "type"), "missing-field"),
    "a version not known": (good("x") | {"type": "bellwether.incident.reported.v9"}, "unknown-type at type"),
    "an unknown value": (good("x", target=MARKER), "unknown-value at data.target"),
    "an unknown strand": (good("x", strands=["race", MARKER.lower()]), "unknown-strand at data.strands[1]"),
    "a wrong id": (good(f"{MARKER}/1"), "wrong-form at id"),
    "an id too long": (good(MARKER * 26), "out-of-range at id"),
    "no source": (good("x") | {"source": ""}, "out-of-range at source"),
    "a time without offset": (good("x") | {"time": "2020-03-02T10:00:00"}, "naive-time at time"),
    "no time at all": (good("x") | {"time": MARKER}, "not-a-time at time"),
    "an impossible date": (good("x", reported="2020-02-30"), "not-a-date at data.reported"),
    "a year out of bounds": (good("x", occurred={"from": "1020-01-01"}), "absurd-time at data.occurred.from"),
    "occurred after received": (
        good("x") | {"receivedtime": "2020-03-01"},
        "occurred-after-received at data.occurred.from",
    ),
    "occurred in the future": (
        good("x", occurred={"from": "2098-01-01"}),
        "occurred-after-received at data.occurred.from",
    ),
    "received in the future": (good("x") | {"receivedtime": "2098-01-01"}, "received-in-future at receivedtime"),
    "a range that runs backwards": (
        good("x", occurred={"from": "2020-03-02", "to": "2020-03-01"}),
        "range-backwards at data.occurred.to",
    ),
    "an unknown area": (good("x", places=at(MARKER)), "unknown-area at data.places[0].areas[0].code"),
    "an unknown layer": (good("x", places=at("E", "zzyzxian")), "unknown-layer at data.places[0].areas[0].layer"),
    "an unknown place": (good("x", places=[{"name": MARKER}]), "unknown-place at data.places[0].name"),
    "a ward of 2014 in July 2026": (
        good("x", occurred={"from": "2026-07-10"}, reported="2026-07-10"),
        "area-not-in-force at data.places[0].areas[0].code",
    ),
    "a ward of 2026 in 2020": (
        good("x", places=at(WARD_2026, "ward-2026")),
        "area-not-in-force at data.places[0].areas[0].code",
    ),
    "people": (good("x", people=[{"role": "victim", "name": MARKER}]), "no-secret-key at data.people[0]"),
    "a narrative": (good("x", narrative=MARKER), "no-secret-key at data.narrative"),
    "staff notes": (good("x", staff_notes=MARKER), "no-secret-key at data.staff_notes"),
    "a place as written": (
        good("x", places=[at(WARD_2014)[0] | {"as_written": MARKER}]),
        "no-secret-key at data.places[0].as_written",
    ),
    "bytes that are no text": (b'{"id": "\xe9' + MARKER.encode() + b'"}', "not-utf-8"),
    "NUL bytes": (b'{"id": "\0' + MARKER.encode() + b'"}', "nul-byte"),
    "a line over 1 MiB": (orjson.dumps(good("x")) + b" " * (1 << 20), "too-large"),
}


@pytest.mark.parametrize(("bad", "said"), BAD_LINES.values(), ids=list(BAD_LINES))
def test_a_bad_event_among_good_ones_is_listed_and_the_good_ones_go_in(cli: Cli, bad: Raw | bytes, said: str) -> None:
    line = bad if isinstance(bad, bytes) else orjson.dumps(bad)
    lines = [orjson.dumps(good("one")), line, orjson.dumps(good("two"))]
    ended = cli("import", "events", cli.write("e.ndjson", b"\n".join(lines) + b"\n"))
    assert ended.code == 1
    said_nothing_wrong(ended)
    listed = [each for each in ended.err.splitlines() if each.startswith("line ")]
    assert listed
    assert all(each.startswith("line 2: ") for each in listed)
    assert any(each.startswith((f"line 2: {said}:", f"line 2: {said} at")) for each in listed), listed
    assert "3 read: 2 accepted, 0 there already, 0 quarantined, 1 rejected" in ended.err
    assert_whole(cli, 2)


def test_every_fault_of_a_line_is_listed(cli: Cli) -> None:
    bad = good("x", strands=["zzyzxian"], places=at(MARKER), occurred={"from": "2098-01-01"})
    ended = cli("import", "events", cli.write("e.ndjson", [bad]))
    assert ended.code == 1
    said_nothing_wrong(ended)
    codes = {line.split()[2] for line in ended.err.splitlines() if line.startswith("line 1: ")}
    assert codes == {"unknown-strand", "unknown-area", "occurred-after-received"}


def test_a_sender_whose_clock_is_ahead_is_quarantined(cli: Cli) -> None:
    ahead = good("x") | {"time": "2098-01-01T00:00:00Z"}
    ended = cli("import", "events", cli.write("e.ndjson", [good("one"), ahead, good("two")]))
    assert ended.code == 1
    said_nothing_wrong(ended)
    assert "line 2: clock-ahead at time" in ended.err
    assert "3 read: 2 accepted, 0 there already, 1 quarantined, 0 rejected" in ended.err
    assert_whole(cli, 2)


def test_other_content_under_the_same_id_is_quarantined_and_the_first_stays(cli: Cli) -> None:
    assert cli("import", "events", cli.write("e.ndjson", [good("one"), good("two")])).code == 0
    ended = cli("import", "events", cli.write("f.ndjson", [good("one"), good("two", strands=["other"])]))
    assert ended.code == 1
    said_nothing_wrong(ended)
    assert "line 2: conflict at id" in ended.err
    assert "2 read: 0 accepted, 1 there already, 1 quarantined, 0 rejected" in ended.err
    assert_whole(cli, 2)


TABLE, POLICE = "incidents", "police-uk"
BAD_ROWS: dict[str, tuple[str, bytes, str]] = {
    "a field too many": (TABLE, b"x,2020-03-02,2020-03-03,Bletchley East,racist,more\n", "wrong-number-of-fields"),
    "a field too few": (TABLE, b"x,2020-03-02,2020-03-03,Bletchley East\n", "wrong-number-of-fields"),
    "no date": (TABLE, f"x,{MARKER},2020-03-03,Bletchley East,racist\n".encode(), "not-a-date at date"),
    "an id missing": (TABLE, b",2020-03-02,2020-03-03,Bletchley East,racist\n", "missing-value at ref"),
    "a value the mapping lacks": (
        TABLE,
        f"x,2020-03-02,2020-03-03,Bletchley East,{MARKER}\n".encode(),
        "unmapped-value at why",
    ),
    "an unknown name": (
        TABLE,
        f"x,2020-03-02,2020-03-03,{MARKER},racist\n".encode(),
        "unknown-area at data.places[0].areas[0].name",
    ),
    "received before it happened": (
        TABLE,
        b"x,2020-03-02,2020-03-01,Bletchley East,racist\n",
        "occurred-after-received at data.occurred.from",
    ),
    "Latin-1": (TABLE, f"x,2020-03-02,2020-03-03,Bletchl\xe9y {MARKER},racist\n".encode("latin-1"), "not-utf-8"),
    "a stray quote": (TABLE, b'x,2020-03-02,2020-03-03,"Bletchley" East,racist\n', "malformed-row"),
    "a row over 1 MiB": (TABLE, b"x,2020-03-02,2020-03-03," + b"B" * (1 << 20) + b",racist\n", "too-large"),
    "no month": (POLICE, f"x,{MARKER},Thames Valley Police,-0.7,52.0,E01016710,Theft\n".encode(), "not-a-month"),
    "no number": (POLICE, f"x,2020-03,Thames Valley Police,{MARKER},52.0,E01016710,Theft\n".encode(), "not-a-number"),
    "half a point": (POLICE, b"x,2020-03,Thames Valley Police,,52.0,E01016710,Theft\n", "missing-value at Longitude"),
    "no crime type": (POLICE, b"x,2020-03,Thames Valley Police,-0.7,52.0,E01016710,\n", "missing-value at Crime type"),
    "a month to come": (
        POLICE,
        b"x,2098-03,Thames Valley Police,-0.7,52.0,E01016710,Theft\n",
        "occurred-after-received at data.period.from",
    ),
}


def import_table(cli: Cli, reader: str, content: bytes, mapping: str = MAPPING) -> Ended:
    others = ("--mapping", cli.write("m.yaml", mapping)) if reader == TABLE else ()
    return cli("import", reader, cli.write("t.csv", content), *others)


def table_of(reader: str, *references: str) -> bytes:
    header, row = (TABLE_HEADER, TABLE_ROW) if reader == TABLE else (POLICE_HEADER, POLICE_ROW)
    return (header + "".join(row.format(ref=reference) for reference in references)).encode()


@pytest.mark.parametrize(("reader", "bad", "said"), BAD_ROWS.values(), ids=list(BAD_ROWS))
def test_a_bad_row_among_good_ones_is_listed_and_the_good_ones_go_in(
    cli: Cli, reader: str, bad: bytes, said: str
) -> None:
    header, one, two = table_of(reader, "one", "two").splitlines(keepends=True)
    ended = import_table(cli, reader, header + one + bad + two)
    assert ended.code == 1
    said_nothing_wrong(ended)
    listed = [each for each in ended.err.splitlines() if each.startswith("line ")]
    assert any(each.startswith(f"line 3: {said}") for each in listed), listed
    assert all(each.startswith("line 3: ") for each in listed)
    assert "3 read: 2 accepted, 0 there already, 0 quarantined, 1 rejected" in ended.err
    assert_whole(cli, 2, "incident" if reader == TABLE else "context")


@pytest.mark.parametrize("reader", [TABLE, POLICE])
def test_a_missing_column_is_named_with_those_that_are_there(cli: Cli, reader: str) -> None:
    content = table_of(reader, MARKER)
    gone = b"why" if reader == TABLE else b"Month"
    ended = import_table(cli, reader, content.replace(gone, b"other", 1))
    assert ended.code == 2
    said_nothing_wrong(ended)
    assert f"missing-column: missing: {gone.decode()}; there are: " in ended.err
    assert_whole(cli, 0)


@pytest.mark.parametrize("reader", [TABLE, POLICE])
def test_a_file_without_its_header_does_not_show_its_first_row(cli: Cli, reader: str) -> None:
    ended = import_table(cli, reader, table_of(reader, MARKER).split(b"\n", 1)[1])
    assert ended.code == 2
    said_nothing_wrong(ended)
    assert "missing-column" in ended.err


@pytest.mark.parametrize("command", ["events", TABLE, POLICE])
@pytest.mark.parametrize(
    ("recode", "said"),
    [
        (lambda content: content.decode().encode("utf-16"), "not-utf-8"),
        (lambda content: content.decode().encode("utf-16-be"), "not-utf-8"),
        (lambda content: content.decode().encode("utf-16-le"), "not-utf-8"),
        (lambda content: b"PK\x03\x04" + content, "not-text"),
        (lambda _: b"", "empty-file"),
        (lambda _: b"\xef\xbb\xbf", "empty-file"),
        (lambda _: b"\n\n", "empty-file"),
        (lambda _: gzip.compress(b""), "empty-file"),
    ],
    ids=["utf-16", "utf-16-be", "utf-16-le", "zip", "empty", "only-a-mark", "only-blank-lines", "empty-gzip"],
)
def test_a_file_of_which_no_line_can_be_used_says_why(
    cli: Cli, command: str, recode: Callable[[bytes], bytes], said: str
) -> None:
    content = cli.write("plain", [good(MARKER)]).read_bytes() if command == "events" else table_of(command, MARKER)
    changed = recode(content)
    ended = (
        cli("import", "events", cli.write("e", changed)) if command == "events" else import_table(cli, command, changed)
    )
    said_nothing_wrong(ended)
    assert ended.code == 1
    unmarked = changed.startswith((b"\0", content[:1] + b"\0"))  # UTF-16 that does not say so: refused line by line
    assert any(each in ended.err for each in ((said, "nul-byte") if unmarked else (said,)))
    assert cli("ledger").table() == []


@pytest.mark.parametrize("reader", [TABLE, POLICE])
def test_a_byte_order_mark_does_no_harm(cli: Cli, reader: str) -> None:
    assert import_table(cli, reader, b"\xef\xbb\xbf" + table_of(reader, "one", "two")).code == 0
    assert_whole(cli, 2, "incident" if reader == TABLE else "context")


@pytest.mark.parametrize("damage", ["cut", "bits"])
def test_a_damaged_gzip_gives_what_is_whole_and_the_rest_when_it_is_sent_again(cli: Cli, damage: str) -> None:
    chance = random.Random(1)
    events = [good(f"{chance.getrandbits(128):032x}") for _ in range(400)]
    packed = bytearray(gzip.compress(cli.write("plain", events).read_bytes()))
    whole = bytes(packed)
    half = len(packed) // 2
    if damage == "cut":
        del packed[half:]
    else:
        packed[half : half + 40] = bytes(40)
    broken = cli("import", "events", cli.write("e.gz", bytes(packed)))
    assert broken.code == 1
    assert "Traceback" not in broken.err
    if damage == "cut":
        assert "truncated-gzip" in broken.err
    accepted = int(broken.err.split(" accepted")[0].split()[-1])
    assert 0 < accepted < len(events)
    assert_whole(cli, accepted)
    again = cli("import", "events", cli.write("e.gz", whole))
    assert again.code in (0, 1)
    assert f"{len(events) - accepted} accepted, {accepted} there already" in again.err
    assert_whole(cli, len(events))


@pytest.mark.parametrize("command", [("events",), (TABLE, "--mapping", "m.yaml"), (POLICE,)])
@pytest.mark.parametrize("name", ["absent", "."])
def test_a_file_that_is_not_there_is_wrong_use(cli: Cli, command: tuple[str, ...], name: str) -> None:
    cli.write("m.yaml", MAPPING)
    ended = cli("import", command[0], name, *command[1:])
    assert ended.code == 2
    said_nothing_wrong(ended)
    assert "cannot be read" in ended.err


def test_of_several_files_those_before_the_absent_one_are_counted(cli: Cli) -> None:
    cli.write("one.csv", table_of(POLICE, "one"))
    ended = cli("import", POLICE, "one.csv", "absent.csv")
    assert ended.code == 2
    assert "absent.csv" in ended.err
    assert_whole(cli, 1, "context")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("", "empty-file"),
        ("source: [", "malformed-yaml at line"),
        (MAPPING + "colour: red\n", "unknown-field at colour"),
        (MAPPING.replace("by: name", "by: guess"), "unknown-value at area.by"),
        (MAPPING.replace("[verbal-abuse]", "[rudeness]"), "unknown-value at types"),
        (MAPPING.replace("%Y-%m-%d", "%d/%m", 1), "wrong-format at occurred.format"),
        (MAPPING.replace("source: /centres/table\n", ""), "missing-field at source"),
        (MAPPING.replace("column: why", "column: motive"), "missing-column: missing: motive"),
        (MAPPING.replace("racist: [race]", "racist: [purple]"), "unknown-strand at data.strands[0]"),
        (MAPPING.replace("layer: ward-2014", "layer: parish"), "unknown-layer at data.places[0].areas[0].layer"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_explained(cli: Cli, mapping: str, said: str) -> None:
    ended = import_table(cli, TABLE, table_of(TABLE, "one"), mapping)
    assert ended.code == (1 if "unknown-strand" in said or "unknown-layer" in said else 2)
    said_nothing_wrong(ended)
    assert said in ended.err
    assert_whole(cli, 0)


def test_conversion_lists_bad_rows_too(cli: Cli) -> None:
    content = table_of(TABLE, "one") + f"x,{MARKER},2020-03-03,Bletchley East,racist\n".encode()
    table, mapping = cli.write("t.csv", content), cli.write("m.yaml", MAPPING)
    ended = cli("import", "incidents", table, "--mapping", mapping, "--convert-only", cli.folder / "out")
    assert ended.code == 1
    said_nothing_wrong(ended)
    assert "line 3: not-a-date at date" in ended.err
    assert "1 converted, 1 rejected" in ended.err
