"""Tables of incidents become reports."""

import csv
import io
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.sources.incidents import read_incidents
from producers.sources.lines import SourceLine, UnusableFileError
from producers.sources.mapping import load_mapping
from schemas import codec
from schemas.events import IncidentReported
from streams.core.days import Calendar

LONDON = Calendar("Europe/London")
DATES = 'format: "%Y-%m-%d"'
TIMES = 'format: "%Y-%m-%d %H:%M"'
PARTS = {
    "source": "/centres/library",
    "occurred": f"{{column: date, {DATES}}}",
    "area": "{layer: ward-2014, column: ward, by: name}",
    "strands": "[race]",
    "types": "{column: kind, map: {arson: [arson, damage], shouting: [verbal-abuse]}}",
}
ROW = {"date": "2026-07-01", "ward": "Bletchley East", "kind": "arson", "note": "not mapped"}


def lines_of(*rows: dict[str, str], zone: str = "Europe/London", **parts: str) -> list[SourceLine]:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return list(read_incidents(io.BytesIO(text.getvalue().encode()), mapping_of(**parts), Calendar(zone)))


def mapping_of(**parts: str) -> Any:
    return load_mapping("\n".join(f"{key}: {value}" for key, value in (PARTS | parts).items()))


def event(row: dict[str, str] | None = None, **parts: str) -> dict[str, Any]:
    (line,) = lines_of(ROW | (row or {}), **parts)
    assert line.problems == ()
    assert isinstance(codec.decode(line.raw), IncidentReported)
    content: dict[str, Any] = orjson.loads(line.raw)
    return content


def faults(row: dict[str, str], **parts: str) -> list[tuple[str, str]]:
    (line,) = lines_of(ROW | row, **parts)
    assert line.raw == b""
    assert not any(value in problem.detail for value in row.values() if value.strip() for problem in line.problems)
    return [(problem.code, problem.path) for problem in line.problems]


def ids(*rows: dict[str, str]) -> list[str]:
    return [codec.decode(line.raw).id for line in lines_of(*rows)]


def test_a_row_is_a_report() -> None:
    read_back = event(id="{column: note}")
    assert read_back == {
        "specversion": "1.0",
        "type": "bellwether.incident.reported.v1",
        "source": "/centres/library",
        "id": "not mapped",
        "time": "2026-06-30T23:00:00Z",
        "datacontenttype": "application/json",
        "data": {
            "occurred": {"from": "2026-07-01"},
            "reported": "2026-07-01",
            "places": [{"areas": [{"layer": "ward-2014", "name": "Bletchley East"}]}],
            "strands": ["race"],
            "types": ["arson", "damage"],
            "channel": "import",
        },
    }


def test_a_date_never_passes_through_utc() -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert event(zone=zone)["data"]["occurred"] == {"from": "2026-07-01"}


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-07-01 00:30", "2026-06-30T23:30:00Z"),
        ("2026-01-01 00:30", "2026-01-01T00:30:00Z"),
        ("2026-10-25 01:30", "2026-10-25T00:30:00Z"),  # twice that night: the first is meant
        ("2026-03-29 01:30", "2026-03-29T01:30:00Z"),  # the clocks skipped it
    ],
)
def test_a_time_is_local_to_the_partnership(local: str, utc: str) -> None:
    read_back = event({"date": local}, occurred=f"{{column: date, {TIMES}}}")
    assert read_back["data"]["occurred"] == {"from": utc}
    assert read_back["data"]["reported"] == local[:10]


def test_a_time_with_an_offset_keeps_it() -> None:
    read_back = event(
        {"date": "2026-07-01T00:30:00+05:00"},
        reported='{column: date, format: "%Y-%m-%dT%H:%M:%S%z"}',
        occurred=('{column: date, format: "%Y-%m-%dT%H:%M:%S%z"}'),
    )
    assert read_back["data"]["reported"] == read_back["time"] == "2026-06-30T19:30:00Z"


def test_reported_and_received_as_mapped() -> None:
    read_back = event(
        {"told": "2026-07-03 09:15", "came": "2026-07-04"},
        reported=f"{{column: told, {TIMES}}}",
        received=f"{{column: came, {DATES}}}",
    )
    assert read_back["data"]["reported"] == read_back["time"] == "2026-07-03T08:15:00Z"
    assert read_back["receivedtime"] == "2026-07-04"
    assert "receivedtime" not in event()


def test_an_unknown_occurrence_needs_a_report() -> None:
    told = {"date": "", "told": "2026-07-03"}
    assert event(told, reported=f"{{column: told, {DATES}}}")["data"]["occurred"] == {}
    assert faults({"date": ""}) == [("missing-value", "date")]
    assert faults({"date": "2026-07-01", "told": ""}, reported=f"{{column: told, {DATES}}}") == [
        ("missing-value", "told")
    ]
    assert faults({"came": " "}, received=f"{{column: came, {DATES}}}") == [("missing-value", "came")]


@pytest.mark.parametrize(
    ("first", "last", "occurred"),
    [
        ("2026-07-01", "2026-07-03", {"from": "2026-07-01", "to": "2026-07-03"}),
        ("2026-07-01", "", {"from": "2026-07-01"}),
        ("", "2026-07-03", {"to": "2026-07-03"}),
        ("", "", {}),
    ],
)
def test_a_range_with_either_end_open(first: str, last: str, occurred: dict[str, str]) -> None:
    read_back = event(
        {"a": first, "b": last},
        occurred=f"{{from: {{column: a, {DATES}}}, to: {{column: b, {DATES}}}}}",
        reported=f"{{column: date, {DATES}}}",
    )
    assert read_back["data"]["occurred"] == occurred


def test_a_place_by_code_by_point_or_unknown() -> None:
    assert event(area="{layer: ward-2014, column: ward, by: code}")["data"]["places"] == [
        {"areas": [{"layer": "ward-2014", "code": "Bletchley East"}]}
    ]
    at = {"x": "-0.7", "y": "52"}
    area = "{point: {longitude: x, latitude: y}}"
    assert event(at, area=area)["data"]["places"] == [{"point": {"longitude": -0.7, "latitude": 52.0}}]
    assert event({"x": "", "y": ""}, area=area)["data"]["places"] == [{"kind": "unknown"}]
    assert event({"ward": " "})["data"]["places"] == [{"kind": "unknown"}]
    assert faults({"x": "east", "y": ""}, area=area) == [("not-a-number", "x"), ("missing-value", "y")]
    assert faults({"ward": "x" * 121}) == [("out-of-range", "ward")]


def test_values_are_translated_by_the_map() -> None:
    assert event({"kind": " shouting "})["data"]["types"] == ["verbal-abuse"]
    assert faults({"kind": "secret"}) == [("unmapped-value", "kind")]
    assert faults({"kind": ""}) == [("missing-value", "kind")]
    with_default = "{column: kind, map: {arson: [arson]}, default: [other]}"
    assert event({"kind": "secret"}, types=with_default)["data"]["types"] == ["other"]
    assert event({"kind": ""}, types=with_default)["data"]["types"] == ["other"]


def test_further_fields() -> None:
    data = event(
        {"found": "patrol"},
        recording="{column: found, map: {patrol: proactive}}",
        channel="outreach",
        crime="non-crime",
        target="property",
    )["data"]
    assert {key: data[key] for key in ("recording", "channel", "crime", "target")} == {
        "recording": "proactive",
        "channel": "outreach",
        "crime": "non-crime",
        "target": "property",
    }


@pytest.mark.parametrize(
    ("given_id", "code"),
    [("", "missing-value"), ("a/b", "wrong-form"), ("x" * 201, "out-of-range"), ("a\x01b", "wrong-form")],
)
def test_an_id_that_cannot_be_one_is_refused(given_id: str, code: str) -> None:
    assert faults({"ref": given_id}, id="{column: ref}") == [(code, "ref")]


@pytest.mark.parametrize("date", ["01/07/2026", "2026-02-30", "soon"])
def test_a_date_of_another_format_is_refused_once(date: str) -> None:
    assert faults({"date": date}) == [("not-a-date", "date")]
    assert faults({"date": date}, occurred=f"{{column: date, {TIMES}}}") == [("not-a-time", "date")]


@pytest.mark.parametrize("date", ["1899-12-31", "2100-01-01", "0001-01-01", "9999-12-31"])
def test_a_year_out_of_all_bounds_is_refused(date: str) -> None:
    assert faults({"date": date}) == [("absurd-time", "date")]
    assert faults({"date": f"{date} 12:00"}, occurred=f"{{column: date, {TIMES}}}") == [("absurd-time", "date")]


def test_all_faults_of_a_row_are_told_and_other_rows_go_in() -> None:
    lines = lines_of(ROW, ROW | {"date": "x", "kind": "y"}, ROW)
    assert [(line.number, [problem.path for problem in line.problems]) for line in lines] == [
        (2, []),
        (3, ["date", "kind"]),
        (4, []),
    ]


@given(st.lists(st.sampled_from(["arson", "shouting"]), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_equal_rows_are_told_apart_by_their_ordinal(kinds: list[str], random: Any) -> None:
    rows = [ROW | {"kind": kind} for kind in kinds]
    first = ids(*rows)
    assert len(set(first)) == len(rows)
    assert ids(*rows) == first
    random.shuffle(rows)
    assert sorted(ids(*rows)) == sorted(first)


def test_columns_that_are_not_mapped_tell_rows_apart_too() -> None:
    one, other = ids(ROW, ROW | {"note": "another"})
    assert one != other


def test_the_order_of_columns_does_not_change_an_id() -> None:
    assert ids(ROW) == ids(dict(reversed(ROW.items())))


def test_a_file_without_a_mapped_column_is_unusable_at_once() -> None:
    with pytest.raises(UnusableFileError, match="missing: ward, kind; there are: date, place") as caught:
        read_incidents(io.BytesIO(b"date,place\n2026-07-01,x\n"), mapping_of(), LONDON)
    assert caught.value.problem.code == "missing-column"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    content = "\n".join(delimiter.join(cells) for cells in (ROW.keys(), ROW.values()))
    (line,) = read_incidents(io.BytesIO(content.encode()), mapping_of(), LONDON)
    assert codec.decode(line.raw).id == ids(ROW)[0]


CELL = st.text(max_size=8)


@given(
    st.fixed_dictionaries(
        {
            "date": CELL | st.dates().map(str),
            "ward": CELL,
            "kind": CELL | st.just("arson"),
            "told": CELL | st.datetimes().map(lambda moment: f"{moment:%Y-%m-%d %H:%M}"),
            "ref": CELL | st.just("7"),
        }
    ),
    st.sampled_from(["Europe/London", "Pacific/Kiritimati", "Pacific/Pago_Pago"]),
)
def test_whatever_is_not_refused_passes_the_codec(row: dict[str, str], zone: str) -> None:
    try:
        lines = lines_of(row, zone=zone, reported=f"{{column: told, {TIMES}}}", id="{column: ref}")
    except UnicodeEncodeError:
        return
    for line in lines:
        assert line.problems or isinstance(codec.decode(line.raw), IncidentReported)
