"""Street-level police files become context events."""

import csv
import io
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.sources.lines import SourceLine, UnusableFileError
from producers.sources.police_uk import force_slug, read_police_uk
from schemas import codec
from schemas.events import ContextRecorded
from streams.core.days import Calendar

LONDON = Calendar("Europe/London")
CRIME_ID = "9b8f6346cad56bd4da57da0d64c0b4eff3703371a301dc4f475b282473581ce4"
ROW = {
    "Crime ID": CRIME_ID,
    "Month": "2018-06",
    "Reported by": "Thames Valley Police",
    "Falls within": "Thames Valley Police",
    "Longitude": "-0.69902",
    "Latitude": "52.158934",
    "Location": "On or near Swan Court",
    "LSOA code": "E01016796",
    "LSOA name": "Milton Keynes 001A",
    "Crime type": "Criminal damage and arson",
    "Last outcome category": "Unable to prosecute suspect",
    "Context": "",
}
ANONYMOUS = {"Crime ID": ""}


def file_of(*changes: dict[str, str], without: str = "") -> io.BytesIO:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [column for column in ROW if column != without], extrasaction="ignore")
    writer.writeheader()
    writer.writerows([ROW | change for change in changes])
    return io.BytesIO(text.getvalue().encode())


def read(*changes: dict[str, str], without: str = "") -> list[SourceLine]:
    return list(read_police_uk(file_of(*changes, without=without), LONDON))


def event(**changes: str) -> dict[str, Any]:
    (line,) = read({key.replace("_", " "): value for key, value in changes.items()})
    assert isinstance(codec.decode(line.raw), ContextRecorded)
    content: dict[str, Any] = orjson.loads(line.raw)
    return content


def ids(*changes: dict[str, str]) -> list[str]:
    return [codec.decode(line.raw).id for line in read(*changes)]


def faults(**changes: str) -> list[tuple[int, str, str]]:
    (line,) = read({key.replace("_", " "): value for key, value in changes.items()})
    assert line.raw == b"" or not line.problems
    assert not any(value in problem.detail for value in changes.values() if value for problem in line.problems)
    return [(line.number, problem.code, problem.path) for problem in line.problems]


def test_a_row_is_a_month_of_context() -> None:
    assert event() == {
        "specversion": "1.0",
        "type": "bellwether.context.recorded.v1",
        "source": "/police-uk/thames-valley-police",
        "id": CRIME_ID,
        "time": "2018-05-31T23:00:00Z",
        "datacontenttype": "application/json",
        "data": {
            "category": "Criminal damage and arson",
            "period": {"from": "2018-06-01", "to": "2018-06-30"},
            "count": 1,
            "place": {
                "areas": [{"layer": "lsoa-2021", "code": "E01016796"}],
                "point": {"longitude": -0.69902, "latitude": 52.158934},
            },
        },
    }


@pytest.mark.parametrize(
    ("month", "last", "time"),
    [
        ("2020-02", "2020-02-29", "2020-02-01T00:00:00Z"),
        ("2018-12", "2018-12-31", "2018-12-01T00:00:00Z"),
        ("2019-04", "2019-04-30", "2019-03-31T23:00:00Z"),
    ],
)
def test_the_period_is_the_whole_month(month: str, last: str, time: str) -> None:
    read_back = event(Month=month)
    assert read_back["data"]["period"] == {"from": f"{month}-01", "to": last}
    assert read_back["time"] == time


def test_a_row_may_have_an_area_a_point_or_neither() -> None:
    no_point = {"Longitude": "", "Latitude": ""}
    assert list(event(**no_point)["data"]["place"]) == ["areas"]
    assert list(event(LSOA_code="")["data"]["place"]) == ["point"]
    assert event(LSOA_code="", **no_point)["data"]["place"] == {"kind": "unknown"}


@pytest.mark.parametrize(
    ("force", "slug"),
    [
        ("Devon & Cornwall Police", "devon-and-cornwall-police"),
        ("Dyfed-Powys Police", "dyfed-powys-police"),
        ("Heddlu Gogledd Cymrû", "heddlu-gogledd-cymru"),
        ("  Police Service of  Northern Ireland ", "police-service-of-northern-ireland"),
    ],
)
def test_the_source_is_the_force_that_reported(force: str, slug: str) -> None:
    assert force_slug(force) == slug
    assert event(Reported_by=force)["source"] == f"/police-uk/{slug}"


def test_outcome_and_context_are_no_part_of_an_event() -> None:
    later = {"Last outcome category": "Offender sent to prison", "Context": "updated"}
    assert [line.raw for line in read({})] == [line.raw for line in read(later)]
    assert [line.raw for line in read(ANONYMOUS)] == [line.raw for line in read(ANONYMOUS | later)]


@pytest.mark.parametrize(
    "column", [name for name in ROW if name not in ("Crime ID", "Last outcome category", "Context")]
)
def test_rows_without_a_crime_id_differ_by_any_other_column(column: str) -> None:
    other = {"Month": "2018-07", "Longitude": "-0.7", "Latitude": "52.1"}.get(column, "Another")
    assert len(set(ids(ANONYMOUS, ANONYMOUS | {column: other}))) == 2


@given(st.lists(st.sampled_from(["Drugs", "Robbery", "Burglary"]), max_size=12), st.randoms(use_true_random=False))
def test_equal_rows_without_a_crime_id_are_told_apart_by_their_ordinal(kinds: list[str], random: Any) -> None:
    rows = [ANONYMOUS | {"Crime type": kind} for kind in kinds]
    first = ids(*rows)
    assert len(set(first)) == len(rows)
    assert ids(*rows) == first
    assert ids(*rows, ANONYMOUS)[: len(rows)] == first
    random.shuffle(rows)
    assert sorted(ids(*rows)) == sorted(first)


def test_how_a_number_is_written_does_not_change_a_row() -> None:
    assert ids(ANONYMOUS | {"Longitude": "-0.70"}) == ids(ANONYMOUS | {"Longitude": "-0.7000"})


def test_columns_that_only_help_to_tell_rows_apart_may_be_absent() -> None:
    (line,) = read(ANONYMOUS, without="LSOA name")
    assert not line.problems


@pytest.mark.parametrize("column", ["Crime ID", "Month", "Reported by", "Longitude", "LSOA code", "Crime type"])
def test_a_file_without_a_needed_column_is_unusable_at_once(column: str) -> None:
    with pytest.raises(UnusableFileError, match=f"missing: {column}; there are: ") as caught:
        read_police_uk(file_of({}, without=column), LONDON)
    assert caught.value.problem.code == "missing-column"


@pytest.mark.parametrize(
    "month", ["2018-13", "2018-00", "2018-6", "06/2018", "2018-06-01", "1899-12", "2100-01", "\uff12018-06"]
)
def test_a_month_that_is_none_is_refused(month: str) -> None:
    assert faults(Month=month) == [(2, "not-a-month", "Month")]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"Month": ""}, "missing-value", "Month"),
        ({"Crime_type": ""}, "missing-value", "Crime type"),
        ({"Crime_type": "Theft <b>"}, "wrong-form", "Crime type"),
        ({"Crime_type": "x" * 81}, "out-of-range", "Crime type"),
        ({"Reported_by": ""}, "missing-value", "Reported by"),
        ({"Reported_by": "警察"}, "wrong-form", "Reported by"),
        ({"Reported_by": "x" * 200}, "out-of-range", "Reported by"),
        ({"Crime_ID": "a/b"}, "wrong-form", "Crime ID"),
        ({"Crime_ID": "x" * 201}, "out-of-range", "Crime ID"),
        ({"LSOA_code": "x" * 61}, "out-of-range", "LSOA code"),
        ({"Longitude": ""}, "missing-value", "Longitude"),
        ({"Latitude": ""}, "missing-value", "Latitude"),
        ({"Longitude": "-0,69"}, "not-a-number", "Longitude"),
        ({"Latitude": "nan"}, "not-a-number", "Latitude"),
        ({"Latitude": "1_0"}, "not-a-number", "Latitude"),
        ({"Latitude": "90.001"}, "out-of-range", "Latitude"),
        ({"Longitude": "-180.001"}, "out-of-range", "Longitude"),
        ({"Longitude": "1e999"}, "out-of-range", "Longitude"),
    ],
)
def test_a_bad_cell_is_refused_with_its_column(changes: dict[str, str], code: str, path: str) -> None:
    assert faults(**changes) == [(2, code, path)]


def test_all_faults_of_a_row_are_told_and_other_rows_go_in() -> None:
    lines = read({}, {"Month": "x", "Longitude": "y", "Latitude": "95"}, {"Crime ID": "other"})
    assert [(line.number, [problem.path for problem in line.problems]) for line in lines] == [
        (2, []),
        (3, ["Month", "Longitude", "Latitude"]),
        (4, []),
    ]


def test_a_row_of_the_wrong_width_is_refused() -> None:
    stream = io.BytesIO(file_of({}).getvalue() + b"1,2,3\n")
    assert [problem.code for line in read_police_uk(stream, LONDON) for problem in line.problems] == [
        "wrong-number-of-fields"
    ]


def test_a_year_before_the_contracts_by_the_zone_alone_is_refused() -> None:
    berlin = list(read_police_uk(file_of({"Month": "1900-01"}, {"Month": "1900-02"}), Calendar("Europe/Berlin")))
    assert [[problem.code for problem in line.problems] for line in berlin] == [["not-a-month"], []]


@given(st.fixed_dictionaries({column: st.text(max_size=6) | st.just(ROW[column]) for column in ROW}))
def test_whatever_is_not_refused_passes_the_codec(row: dict[str, str]) -> None:
    try:
        stream = file_of(row)
    except UnicodeEncodeError:
        return
    for line in read_police_uk(stream, LONDON):
        assert line.problems or isinstance(codec.decode(line.raw), ContextRecorded)
