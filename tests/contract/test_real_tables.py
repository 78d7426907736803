"""The readers of tables on the public files beside the project, where they are at hand."""

import csv
import re
from collections import Counter

import pytest

from producers.sources.incidents import read_incidents
from producers.sources.lines import SourceLine
from producers.sources.mapping import load_mapping
from producers.sources.police_uk import read_police_uk
from schemas import codec
from schemas.events import ContextRecorded, IncidentReported
from streams.core.days import Calendar
from tests.support.public_files import MAPPING, public

LONDON = Calendar("Europe/London")
POLICE = ("police/mk_street_2018-06.csv", "police/mk_street_2018-10_2019-02.csv")
ARVIG = "incidents/arvig_de_2014_2016.csv"


def table(name: str) -> list[dict[str, str]]:
    with public(name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def police(name: str) -> list[SourceLine]:
    with public(name).open("rb") as stream:
        return list(read_police_uk(stream, LONDON))


def arvig() -> list[SourceLine]:
    with public(ARVIG).open("rb") as stream:
        return list(read_incidents(stream, load_mapping(MAPPING), LONDON))


def test_every_police_row_is_one_event_and_stays_the_same() -> None:
    lines = [line for name in POLICE for line in police(name)]
    events = [codec.decode(line.raw) for line in lines]
    assert len({(event.source, event.id) for event in events}) == len(lines) == 12_190
    assert lines == [line for name in POLICE for line in police(name)]


@pytest.mark.parametrize("name", POLICE)
def test_police_events_say_what_the_file_says(name: str) -> None:
    events = [codec.decode(line.raw) for line in police(name)]
    said: Counter[tuple[str, str, str | None, float, float]] = Counter()
    for event in events:
        assert isinstance(event, ContextRecorded)
        point = event.data.place.point
        assert point is not None
        (area,) = event.data.place.areas
        said[event.data.period.from_[:7], event.data.category, area.code, point.longitude, point.latitude] += 1
    assert said == Counter(
        (row["Month"], row["Crime type"], row["LSOA code"], float(row["Longitude"]), float(row["Latitude"]))
        for row in table(name)
    )
    crime_ids = {row["Crime ID"] for row in table(name) if row["Crime ID"]}
    assert crime_ids <= {event.id for event in events}


def test_every_incident_row_is_one_report_and_repeats_are_told_apart() -> None:
    lines, rows = arvig(), table(ARVIG)
    events = [codec.decode(line.raw) for line in lines]
    assert len({event.id for event in events}) == len(lines) == 6_030
    assert all(re.fullmatch("[0-9a-f]{64}", event.id) for event in events)
    assert lines == arvig()
    assert len(rows) - len({tuple(row.values()) for row in rows}) == 263


def test_incidents_say_what_the_file_says() -> None:
    said: Counter[tuple[str, str | None, str]] = Counter()
    for line in arvig():
        event = codec.decode(line.raw)
        assert isinstance(event, IncidentReported)
        (place,) = event.data.places
        assert event.data.occurred.from_ == event.data.reported == event.receivedtime
        said[event.data.reported, place.areas[0].name, event.data.types[0].value] += 1
    known = {"arson": "arson", "assault": "assault"}
    assert said == Counter((row["date"], row["state"], known.get(row["category_en"], "other")) for row in table(ARVIG))
