"""No person, free text or exact point in what is counted, logged, measured or passed on: closed lists, and a search."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from sqlalchemy import select

from infra.db import tables
from infra.db.dead_letters import Replayer, list_dead_letters
from infra.db.engine import transaction
from infra.db.geography import NewArea, import_areas
from infra.observability.metrics import CounterName, GaugeName, HistogramName
from schemas.changes import Booked, Change, Delta, What
from schemas.events import EVENT_TYPES
from schemas.problems import RefusedError
from schemas.stored import StoredData, generic
from tests.support.city import Bench
from tests.support.events import Raw, amendment, context, report

COLUMNS: dict[str, set[str]] = {
    "event": {"number", "source", "id", "type", "place", "digest", "body"},
    "arrival": {
        *("number", "partnership", "source", "arrived_at_us", "outcome", "event", "dead_letter", "import_batch"),
    },
    "log": {
        *("topic", "partition", "position", "partnership", "event", "recorded_at_us", "known_at_us", "first", "body"),
    },
    "contribution": {
        *("number", "partnership", "event", "kind", "recording", "day", "dated", "known_day", "place", "strands"),
        *("categories", "centre", "n", "received"),
    },
    "series": {"number", "partnership", "generation", "kind", "basis", "recording", "dated", "layer", "strand"},
    "count_day": {"series", "day", "area", "n"},
    "triangle": {"series", "day", "area", "known_day", "n"},
    "place": {"number", "partnership", "precision", "areas", "written"},
    "place_confirmation": {"number", "partnership", "event", "written", "areas", "since_version"},
    "source": {"number", "partnership", "uri"},
    "incident_version": {"event", "incident_source", "incident_id"},
    "incident_link": {"event", "incident_source", "incident_id", "other_source", "other_id"},
    "register_entry": {"number", "partnership", "event", "register", "code", "body"},
    "dead_letter": {
        *("number", "partnership", "stage", "topic", "partition", "position", "source", "id", "event", "code", "path"),
        *("detail", "body", "known_at_us", "created_at_us", "state", "settled_at_us", "settled_because"),
    },
    "watch_incident": {
        *("partnership", "source", "id", "harm", "day", "areas", "strands", "cause_source", "cause_id", "marking"),
        "place",
    },
    "watch_item": {
        *("partnership", "day", "position", "ordinal", "recording", "areas", "strands", "n"),
        *("cause_source", "cause_id", "marking"),
    },
    "watch_signal": {"partnership", "source", "id", "kept_day", "body"},
    "assessment": {"number", "partnership", "event", "area", "community", "first_day", "expires_day"},
    "signal_version": {
        *("event", "partnership", "signal_source", "signal_id", "revision", "told_at", "form", "day", "known_day"),
    },
    "centre_heard": {"partnership", "centre", "last_return_day", "last_heartbeat_day"},
    "watch_verdict": {
        *("partnership", "rule", "area", "strand_group", "cause_source", "cause_id", "kind", "above", "rank"),
        *("marking", "due_us", "kept_day"),
    },
    "alert": {
        *("number", "partnership", "id", "alert_class", "layer", "area_code", "strand_group", "area", "area_name"),
        *("rule", "severity", "marking", "state", "opened_at_us", "updated_at_us", "updates", "acknowledge_by_us"),
        *("below_since_us", "standing", "holder", "holder_agency"),
    },
    "alert_update": {"alert", "number", "partnership", "trigger_id", "severity", "at_us", "body"},
    "sealed_case": {
        *("case_reference", "partnership", "incident_source", "incident_id", "wrapped_by", "wrapped_key"),
        *("made_at_us", "forgotten_at_us"),
    },
    "sealed_event": {"event", "case_reference", "parts", "proof", "repeat"},
    "sealed_letter": {"dead_letter", "case_reference", "incident_source", "incident_id"},
    "sealed_draft": {
        *("draft", "partnership", "owner", "wrapped_by", "wrapped_key", "content", "saved_at_us", "expires_at_us"),
    },
    "victim_pseudonym": {"pseudonym", "case_reference", "day"},
}
"""All columns of the tables that events or drafts reach. Whoever adds one says here that it holds nothing personal."""
WITHOUT_EVENTS = {
    *("ledger", "partnership", "layer", "area", "area_lookup", "area_alias", "import_batch", "rebuild"),
    *("log_head", "stage_position", "stage_clock", "vault", "data_key", "disclosure"),
    *("watch_centre", "watch_clock", "watch_rules", "alert_transition", "delivery", "delivery_attempt"),
    *("task_force", "task_force_member", "route"),
    *("access_key", "access_user", "access_session", "access_audit"),
}
PERSONAL = {
    *("people", "person", "name", "narrative", "staff_notes", "as_written", "address", "postcode", "phone", "email"),
    *("suspect", "victim", "reporter", "ethnicity", "contact", "point", "longitude", "latitude", "reference", "notes"),
}
LONGITUDE, LATITUDE = 10.0512345678, 20.0598765432
POINT = {"longitude": LONGITUDE, "latitude": LATITUDE}


def test_the_columns_that_events_reach_are_a_closed_list() -> None:
    held = {table.name: {column.name for column in table.columns} for table in tables.metadata.sorted_tables}
    assert held.keys() == COLUMNS.keys() | WITHOUT_EVENTS
    assert {name: held[name] for name in COLUMNS} == COLUMNS
    assert not PERSONAL & set().union(*COLUMNS.values())


def test_rows_of_changes_hold_numbers_days_and_codes_only() -> None:
    assert set(Change.__struct_fields__) == {
        *("position", "partnership", "event", "recorded_at_us", "cause", "what", "marking")
    }
    assert set(Booked.__struct_fields__) == {"incident", "deltas", "harm", "stands", "place"}
    assert not PERSONAL & {field for kind in get_args(What) for field in kind.__struct_fields__}
    assert set(Delta.__struct_fields__) == {"n", "day", "known_day", "dated", "recording", "areas", "strands"}


def test_stages_behind_intake_decode_nothing_personal() -> None:
    assert not PERSONAL & set(StoredData.__struct_fields__)
    assert "places" not in StoredData.__struct_fields__


def test_the_labels_of_metrics_are_stages_partitions_and_words_of_our_own() -> None:
    labels = {label for name in (*CounterName, *GaugeName, *HistogramName) for label in name.value.labels}
    assert labels <= {"stage", "partition", "code", "route", "method", "status", "outcome"}


def every_value(bench: Bench) -> Iterator[tuple[str, Any]]:
    """Return every value of every column of every table, with its name."""
    with transaction(bench.engine, write=False) as connection:
        for table in tables.metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    yield f"{table.name}.{column}", value


def holds_the_point(value: Any) -> bool:
    text = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
    return any(digits in text for digits in ("0512345", "0598765"))


def in_point(id_: str, **data: Any) -> Raw:
    return report(id_, places=[{"point": POINT, "setting": "home"}], **data)


def test_an_exact_point_gives_way_to_areas(bench: Bench) -> None:
    city = bench.partnership()
    with transaction(bench.engine, write=True) as connection:
        square = bytes.fromhex(
            "010300000001000000050000000000000000002440000000000000344000000000000026400000000000003440"
            "000000000000264000000000000035400000000000002440000000000000354000000000000024400000000000003440"
        )
        import_areas(connection, city, "ward", [NewArea("W1", "Ward 1", None, square)], None, None)
    events = [
        in_point("a"),
        amendment(
            "a2", ("/centres/test", "a"), 2, places=[{"areas": [{"layer": "ward", "code": "W1"}], "point": POINT}]
        ),
        context("c", place={"point": POINT}),
        in_point("a", strands=["religion"]),  # a conflict
        in_point("a"),
    ]
    bench.hand_in(city, *events)
    bench.drain()
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1)]
    assert [row[2] for row in bench.rows(city, "area", "month", kind="context")] == ["2026-05"]
    seen = dict(every_value(bench))
    assert {"event.body", "log.body", "dead_letter.body", "contribution.centre"} <= seen.keys()
    assert [name for name, value in every_value(bench) if holds_the_point(value)] == []
    assert bench.verify() == []


def test_a_point_set_aside_for_its_clock_is_gone_once_it_is_replayed(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, in_point("a", reported="2026-06-30") | {"time": "2026-07-01T13:00:00Z"})
    (letter,) = list_dead_letters(bench.engine, city, settled=False)
    bench.clock.advance(seconds=7_200)
    assert Replayer(bench.ledger, city).replay(letter.number) is None
    bench.drain()
    assert [name for name, value in every_value(bench) if holds_the_point(value)] == []


SECRETS: list[Raw] = [
    {"people": [{"role": "victim", "name": "SECRET"}]},
    {"narrative": "SECRET"},
    {"staff_notes": "SECRET"},
    {"places": [{"areas": [{"layer": "ward", "code": "W1"}], "as_written": "SECRET"}]},
]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: next(iter(secret)))
def test_persons_and_free_text_reach_no_table_and_no_answer(bench: Bench, secret: Raw) -> None:
    city = bench.partnership()
    (answer,) = bench.hand_in(city, report("a", **secret))
    assert answer.outcome is None
    assert [problem.code for problem in answer.problems] == ["no-secret-key"]
    assert "SECRET" not in str(RefusedError(*answer.problems))
    assert not [name for name, value in every_value(bench) if "SECRET" in str(value)]


def test_what_a_stored_body_may_hold_is_a_closed_list(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, in_point("a"), context("c"))
    allowed = {
        *("data", "datacontenttype", "id", "source", "specversion", "subject", "time", "type"),
        *("occurred", "from", "to", "ongoing", "reported", "places", "kind", "areas", "layer", "code", "name"),
        *("role", "setting", "strands", "sub_strands", "types", "harm", "injury", "weapon", "threat", "damage"),
        *("target", "course_of_conduct", "earlier_incidents", "recording", "details_checked", "crime", "channel"),
        *("centre", "people", "category", "period", "count", "place", "incident", "revision"),
    }
    for name, value in every_value(bench):
        if name == "event.body":
            held = generic(bytes(value))
            assert set(field_names(held)) <= allowed
            assert held["data"].get("people", []) == []
            assert held["type"] in EVENT_TYPES
            assert "receivedtime" not in json.dumps(held)


def field_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from field_names(item)
    elif isinstance(value, list):
        for item in value:
            yield from field_names(item)
