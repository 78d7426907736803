"""What is not an event is refused with a code and the path to each fault, and never with a value of the sender's."""

import copy
import inspect
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.events import EVENT_TYPES
from schemas.incident import Harm, Incident, Place
from schemas.people import Consent
from schemas.problems import RefusedError
from schemas.vocabulary import PlaceKind
from streams.core.strands import SHIPPED_STRANDS
from tests.golden.test_golden import FILES, golden
from tests.support.events import Raw, amendment, context, envelope, link, report, withdrawal
from tests.support.strategies import json_values, raw_events, unhurried

A, B = ("/centres/test", "a"), ("/centres/test", "b")
Fault = tuple[str, str]


def faults(raw: bytes | Raw) -> list[Fault]:
    """Return the code and path of every fault found; none if the event is accepted."""
    try:
        codec.decode(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
    except RefusedError as error:
        return [(problem.code, problem.path) for problem in error.problems]
    return []


def refusal(raw: Raw) -> str:
    """Return all that is said of an event; nothing if it is accepted."""
    try:
        codec.decode(json.dumps(raw).encode())
    except RefusedError as error:
        return str(error)
    return ""


def place(**parts: Any) -> Raw:
    return report("a", places=[parts])


def point(longitude: Any, latitude: Any = 52.0) -> Raw:
    return place(point={"longitude": longitude, "latitude": latitude})


def consent(**parts: Any) -> Raw:
    consents = [{"to": "police", "given": "yes", "on": "2026-06-30"} | parts]
    data = {"incident": {"source": "/centres/test", "id": "a"}, "consents": consents}
    return envelope("bellwether.incident.consent_changed.v1", "c", "/centres/test", "2026-06-30T10:00:00Z", data)


def without(raw: Raw, *path: str) -> Raw:
    other = copy.deepcopy(raw)
    inner = other
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return other


AREA = {"layer": "ward", "code": "W1"}
TOO_LONG: list[tuple[Raw, str]] = [
    (report("x" * 201), "id"),
    (report("a", source="/" + "x" * 200), "source"),
    (report("a") | {"subject": "x" * 81}, "subject"),
    (report("a") | {"time": "2026-06-30T10:00:00." + "0" * 30 + "Z"}, "time"),
    (report("a") | {"receivedtime": "2" * 41}, "receivedtime"),
    (report("a", reported="2" * 41), "data.reported"),
    (report("a", occurred={"from": "2" * 41}), "data.occurred.from"),
    (report("a", places=[{"areas": [AREA]}] * 7), "data.places"),
    (place(areas=[AREA] * 7), "data.places[0].areas"),
    (place(areas=[{"layer": "x" * 41, "code": "W1"}]), "data.places[0].areas[0].layer"),
    (place(areas=[{"layer": "ward", "code": "x" * 61}]), "data.places[0].areas[0].code"),
    (place(areas=[{"layer": "ward", "name": "x" * 121}]), "data.places[0].areas[0].name"),
    (place(name="x" * 81), "data.places[0].name"),
    (report("a", strands=[f"s{n}" for n in range(13)]), "data.strands"),
    (report("a", strands=["x" * 61]), "data.strands[0]"),
    (report("a", strands=[]), "data.strands"),
    (report("a", sub_strands=[f"s{n}" for n in range(13)]), "data.sub_strands"),
    (report("a", types=["threat"] * 17), "data.types"),
    (report("a", types=[]), "data.types"),
    (report("a", centre="x" * 61), "data.centre"),
    (report("a", centre=""), "data.centre"),
    (report(""), "id"),
    (report("a", source=""), "source"),
    (report("a") | {"subject": ""}, "subject"),
    (amendment("b", A, 1), "data.revision"),
    (amendment("b", A, 10_001), "data.revision"),
    (amendment("b", ("/centres/test", "x" * 201), 2), "data.incident.id"),
    (withdrawal("b", A, 1), "data.revision"),
    (link("l", A, B, revision=0), "data.revision"),
    (link("l", A, B, revision=10_001), "data.revision"),
    (consent(agency="x" * 61, to="agency"), "data.consents[0].agency"),
    (context("a", category="x" * 81), "data.category"),
    (context("a", count=0), "data.count"),
    (context("a", count=1_000_001), "data.count"),
    (context("a", count=10**30), "data.count"),
    (point(-180.5), "data.places[0].point.longitude"),
    (point(180.5), "data.places[0].point.longitude"),
    (point(0, -90.5), "data.places[0].point.latitude"),
    (point(0, 90.5), "data.places[0].point.latitude"),
    (point(float("nan")), "data.places[0].point.longitude"),
    (point(0, float("inf")), "data.places[0].point.latitude"),
]
NO_CONSENTS = consent() | {"data": {"incident": {"source": "/centres/test", "id": "a"}, "consents": []}}
MANY_CONSENTS = consent()
MANY_CONSENTS["data"]["consents"] *= 21
TOO_LONG += [(NO_CONSENTS, "data.consents"), (MANY_CONSENTS, "data.consents")]


@pytest.mark.parametrize(("raw", "path"), TOO_LONG, ids=lambda value: value if isinstance(value, str) else "")
def test_every_limit_is_kept(raw: Raw, path: str) -> None:
    assert faults(raw) == [("out-of-range", path)]


AT_THE_LIMIT: list[Raw] = [
    report("x" * 200),
    report("a", source="/" + "x" * 199),
    report("a") | {"subject": "x" * 80},
    report("a", places=[{"areas": [AREA] * 6}] * 6),
    report("a", strands=[f"s{n}" for n in range(12)], sub_strands=[f"s{n}" for n in range(12)], centre="x" * 60),
    amendment("b", A, 10_000),
    link("l", A, B, revision=1),
    context("a", count=1_000_000, category="x" * 80),
    point(-180, 90),
    point(180.0, -90.0),
    report("a", time="1900-01-01T00:00:00Z"),
    report("a", time="2099-12-31T23:59:59.999999Z"),
    report("a", reported="2099-12-31", occurred={"from": "1900-01-01"}),
]


@pytest.mark.parametrize("raw", AT_THE_LIMIT, ids=range(len(AT_THE_LIMIT)))
def test_what_is_just_within_the_limits_is_accepted(raw: Raw) -> None:
    assert faults(raw) == []


def test_an_event_has_at_most_a_mebibyte() -> None:
    raw = orjson.dumps(report("a"))
    fits = raw + b" " * (codec.MAX_EVENT_BYTES - len(raw))
    assert faults(fits) == []
    assert faults(fits + b" ") == [("too-large", "")]
    assert codec.MAX_EVENT_BYTES == 1 << 20


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-06-30T10:00:00", "naive-time"),
        ("2026-06-30", "not-a-time"),
        ("yesterday", "not-a-time"),
        ("", "not-a-time"),
        ("2026-02-30T10:00:00Z", "not-a-time"),
        ("2026-06-30T25:00:00Z", "not-a-time"),
        ("2026-06-30T23:59:60Z", "not-a-time"),
        ("2026-06-30T10:00:00+24:00", "not-a-time"),
        ("1782813600", "not-a-time"),
        ("0001-01-01T00:00:00+14:00", "absurd-time"),
        ("9999-12-31T23:59:59-14:00", "absurd-time"),
        ("1899-12-31T23:59:59Z", "absurd-time"),
        ("2100-01-01T00:00:00Z", "absurd-time"),
        ("2099-12-31T23:30:00-01:00", "absurd-time"),
        ("1900-01-01T00:30:00+01:00", "absurd-time"),
    ],
)
def test_an_instant_has_an_offset_and_a_likely_year(text: str, code: str) -> None:
    found = faults(report("a", time=text))
    # A date where an instant is needed has no offset: which of the two is said does not matter.
    assert found in ([(code, "time")], [("naive-time", "time")] if text == "2026-06-30" else [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-06-31", "not-a-date"),
        ("2026-W27-3", "not-a-date"),
        ("30/06/2026", "not-a-date"),
        ("1899-12-31", "absurd-time"),
        ("2100-01-01", "absurd-time"),
        ("2026-06-30T10:00", "naive-time"),
        ("20260630", "not-a-time"),
    ],
)
def test_a_moment_is_an_instant_or_a_date(text: str, code: str) -> None:
    found = faults(report("a", reported=text))
    assert found in ([(code, "data.reported")], [("naive-time", "data.reported")] if text == "20260630" else [])


@pytest.mark.parametrize("text", ["2026-06-30T10:00:00Z", "2026-06", "June", "2026-W27-3"])
def test_a_day_has_no_time(text: str) -> None:
    assert faults(context("a", period={"from": text, "to": "2026-06-30"})) == [("not-a-date", "data.period.from")]
    assert faults(consent(on=text)) == [("not-a-date", "data.consents[0].on")]


WRONG: list[tuple[Raw, list[Fault]]] = [
    # wrong types: nothing is turned into what it might have meant
    (report("a") | {"id": 1}, [("wrong-type", "id")]),
    (report("a") | {"time": 1_782_813_600}, [("wrong-type", "time")]),
    (report("a") | {"data": []}, [("wrong-type", "data")]),
    (report("a") | {"data": "x"}, [("wrong-type", "data")]),
    (report("a") | {"data": None}, [("wrong-type", "data")]),
    (context("a", count="1"), [("wrong-type", "data.count")]),
    (context("a", count=1.0), [("wrong-type", "data.count")]),
    (context("a", count=True), [("wrong-type", "data.count")]),
    (context("a", count=None), [("wrong-type", "data.count")]),
    (
        amendment("b", A, 2) | {"data": amendment("b", A, 2)["data"] | {"revision": "2"}},
        [("wrong-type", "data.revision")],
    ),
    (report("a", strands="race"), [("wrong-type", "data.strands")]),
    (report("a", strands=[1]), [("wrong-type", "data.strands[0]")]),
    (report("a", occurred="2026-06-30"), [("wrong-type", "data.occurred")]),
    (report("a", occurred={"ongoing": "true"}), [("wrong-type", "data.occurred.ongoing")]),
    (report("a", occurred={"ongoing": 1}), [("wrong-type", "data.occurred.ongoing")]),
    (point("0.1"), [("wrong-type", "data.places[0].point.longitude")]),
    (point(True), [("wrong-type", "data.places[0].point.longitude")]),
    (place(areas=AREA), [("wrong-type", "data.places[0].areas")]),
    (report("a") | {"type": 1}, [("wrong-type", "type")]),
    (report("a") | {"type": []}, [("wrong-type", "type")]),
    (report("a") | {"type": {}}, [("wrong-type", "type")]),
    (report("a") | {"type": None}, [("wrong-type", "type")]),
    # unknown fields, at each level
    (report("a") | {"priority": 1}, [("unknown-field", "priority")]),
    (report("a") | {"data_base64": "x"}, [("unknown-field", "data_base64")]),
    (report("a", suspect={}), [("unknown-field", "data.suspect")]),
    (report("a", occurred={"at": "2026-06-30"}), [("unknown-field", "data.occurred.at")]),
    (report("a", occurred={"from_": "2026-06-30"}), [("unknown-field", "data.occurred.from_")]),
    (report("a", harm={"fear": "minor"}), [("unknown-field", "data.harm.fear")]),
    (place(areas=[AREA], postcode="x"), [("unknown-field", "data.places[0].postcode")]),
    (place(areas=[AREA | {"rank": 1}]), [("unknown-field", "data.places[0].areas[0].rank")]),
    (
        place(point={"longitude": 0, "latitude": 0, "height": 0}),
        [("unknown-field", "data.places[0].point.height")],
    ),
    (link("l", A, B) | {"data": link("l", A, B)["data"] | {"why": "x"}}, [("unknown-field", "data.why")]),
    (consent(who="x"), [("unknown-field", "data.consents[0].who")]),
    (context("a", period={"from": "2026-05-01", "to": "2026-05-31", "n": 1}), [("unknown-field", "data.period.n")]),
    (context("a", place={"kind": "unknown", "role": "happened"}), [("unknown-field", "data.place.role")]),
    (report("a") | {"data": {**report("a")["data"], "two words": 1}}, [("unknown-field", "data.?")]),
    (report("a") | {"data": {**report("a")["data"], "x" * 61: 1}}, [("unknown-field", "data.?")]),
    # unknown words
    (report("a") | {"specversion": "0.3"}, [("unknown-value", "specversion")]),
    (report("a") | {"datacontenttype": "text/xml"}, [("unknown-value", "datacontenttype")]),
    (report("a", types=["threat", "insult"]), [("unknown-value", "data.types[1]")]),
    (report("a", types=["Threat"]), [("unknown-value", "data.types[0]")]),
    (report("a", target="car"), [("unknown-value", "data.target")]),
    (report("a", harm={"injury": "dead"}), [("unknown-value", "data.harm.injury")]),
    (place(areas=[AREA], role="near"), [("unknown-value", "data.places[0].role")]),
    (consent(given="maybe"), [("unknown-value", "data.consents[0].given")]),
    (report("a") | {"type": "bellwether.incident.invented.v1"}, [("unknown-type", "type")]),
    (report("a") | {"type": "bellwether.incident.reported.v2"}, [("unknown-type", "type")]),
    # characters and forms
    (report("a/b"), [("wrong-form", "id")]),
    (report("a\n"), [("wrong-form", "id")]),
    (report("a\x00"), [("wrong-form", "id")]),
    (report("a", source="/centres/two words"), [("wrong-form", "source")]),
    (report("a", centre="Main-Street"), [("wrong-form", "data.centre")]),
    (place(areas=[{"layer": "Ward", "code": "W1"}]), [("wrong-form", "data.places[0].areas[0].layer")]),
    (place(areas=[{"layer": "ward", "code": "W\x00"}]), [("wrong-form", "data.places[0].areas[0].code")]),
    (context("a", category="<b>"), [("wrong-form", "data.category")]),
    # what is missing
    ({}, [("missing-field", "")]),
    (without(report("a"), "type"), [("missing-field", "")]),
    *((without(report("a"), name), [("missing-field", name)]) for name in ("id", "source", "time", "data")),
    *(
        (without(report("a"), "data", name), [("missing-field", f"data.{name}")])
        for name in ("occurred", "reported", "strands", "types")
    ),
    (without(amendment("b", A, 2), "data", "incident"), [("missing-field", "data.incident")]),
    (without(amendment("b", A, 2), "data", "revision"), [("missing-field", "data.revision")]),
    (without(withdrawal("b", A, 2), "data", "reason"), [("missing-field", "data.reason")]),
    (without(link("l", A, B), "data", "same_as"), [("missing-field", "data.same_as")]),
    (without(context("c"), "data", "place"), [("missing-field", "data.place")]),
    (context("c", period={"to": "2026-05-31"}), [("missing-field", "data.period.from")]),
    (place(areas=[{"code": "W1"}]), [("missing-field", "data.places[0].areas[0].layer")]),
    (place(point={"latitude": 0}), [("missing-field", "data.places[0].point.longitude")]),
    # persons and free text
    (report("a", people=[{"name": "x"}]), [("missing-field", "data.people[0].role")]),
    (report("a", people=[None]), [("wrong-type", "data.people[0]")]),
    (report("a", people=[{}, {}]), [("missing-field", f"data.people[{n}].role") for n in (0, 1)]),
    (report("a", people=[{"role": "victim", "shoe_size": "x"}]), [("unknown-field", "data.people[0].shoe_size")]),
    (report("a", people=[{"role": "neighbour"}]), [("unknown-value", "data.people[0].role")]),
    (report("a", people=[{"role": "victim", "date_of_birth": "x"}]), [("not-a-date", "data.people[0].date_of_birth")]),
    (report("a", people=[{"role": "victim"}] * 21), [("out-of-range", "data.people")]),
    (report("a", narrative=""), [("out-of-range", "data.narrative")]),
    (report("a", narrative="x" * 20_001), [("out-of-range", "data.narrative")]),
    (report("a", narrative=0), [("wrong-type", "data.narrative")]),
    (place(areas=[AREA], as_written="x" * 201), [("out-of-range", "data.places[0].as_written")]),
    (report("a", consents=[]), [("unknown-field", "data.consents")]),
    (report("a") | {"case": "x"}, [("unknown-field", "case")]),
    # parts that contradict each other
    (link("l", A, A), [("linked-to-itself", "data")]),
    (link("l", A, A, linked=False), [("linked-to-itself", "data")]),
    (place(kind="online", areas=[AREA]), [("place-kind", "data.places[0]")]),
    (place(kind="unknown", name="x"), [("place-kind", "data.places[0]")]),
    (place(kind="outside", point={"longitude": 0, "latitude": 0}), [("place-kind", "data.places[0]")]),
    (place(kind="located"), [("place-kind", "data.places[0]")]),
    (place(), [("place-kind", "data.places[0]")]),
    (context("a", place={}), [("place-kind", "data.place")]),
    (place(areas=[{"layer": "ward"}]), [("area-named-how", "data.places[0].areas[0]")]),
    (place(areas=[AREA | {"name": "x"}]), [("area-named-how", "data.places[0].areas[0]")]),
    (consent(to="agency"), [("consent-agency", "data.consents[0]")]),
    (consent(agency="x"), [("consent-agency", "data.consents[0]")]),
    (context("a", period={"from": "2026-05-02", "to": "2026-05-01"}), [("range-backwards", "data.period")]),
]


@pytest.mark.parametrize(("raw", "expected"), WRONG, ids=[f"{n}-{each[1][0][0]}" for n, each in enumerate(WRONG)])
def test_a_fault_has_a_code_and_a_path(raw: Raw, expected: list[Fault]) -> None:
    assert faults(raw) == expected


def test_all_faults_are_named_at_once() -> None:
    raw = report("a/b", types=["insult"], centre="A B", narrative="")
    assert faults(raw)[0] == ("wrong-form", "id")
    assert {code for code, _ in faults(raw)} >= {"wrong-form", "unknown-value", "out-of-range"}


def test_an_unknown_type_is_answered_with_those_there_are() -> None:
    with pytest.raises(RefusedError) as refused:
        codec.validate(report("a") | {"type": "bellwether.incident.invented.v1"})
    assert all(type_ in str(refused.value) for type_ in EVENT_TYPES)
    assert "invented" not in str(refused.value)


VALID = orjson.dumps(report("a"))
UNKNOWN = VALID.replace(b"incident.reported", b"incident.invented")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"nonsense",
        VALID[:-1],
        VALID + b"x",
        VALID.replace(b'"a"', b"'a'"),
        VALID.replace(b'"a"', b'"\xff"'),
        VALID.replace(b'"a"', b'"\xed\xa0\x80"'),
        VALID.replace(b'"a"', b'"\\ud800"'),
        VALID.replace(b'"a"', b'"\\udc00\\ud800"'),
        VALID.replace(b'"a"', b'"\\x61"'),
        VALID.replace(b'"a"', b"9" * 5_000),
        b"\xef\xbb\xbf" + VALID,
        VALID.decode().encode("utf-16"),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        VALID.replace(b'"a"', b"[" * 100_000 + b"]" * 100_000),
        UNKNOWN.replace(b'"a"', b"NaN"),
        UNKNOWN.replace(b'"a"', b"-Infinity"),
        UNKNOWN.replace(b'"a"', b"[" * 100_000 + b"]" * 100_000),
        b'{"type":NaN}',
        b"NaN",
    ],
    ids=range(24),
)
def test_what_is_not_json_is_said_to_be_none(raw: bytes) -> None:
    assert faults(raw) in ([("malformed-json", "")], [("wrong-type", "")])
    assert faults(raw) == [("malformed-json", "")] or raw == b"NaN"


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"x"', b"1", b"true", b"[" + VALID + b"]"])
def test_an_event_is_an_object(raw: bytes) -> None:
    assert faults(raw) == [("wrong-type", "")]


def test_a_field_said_twice_is_judged_by_its_last_value() -> None:
    assert faults(VALID[:-1] + b',"type":"x"}') == [("unknown-type", "type")]
    assert faults(b'{"type":"x",' + VALID[1:]) == []
    sealed = orjson.dumps(report("a", narrative=None))
    assert faults(sealed.replace(b'"narrative":null', b'"narrative":null,"narrative":0')) == [
        ("wrong-type", "data.narrative")
    ]


@unhurried
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused(raw: bytes) -> None:
    faults(raw)


@unhurried
@given(value=json_values, type_=st.sampled_from(list(EVENT_TYPES)) | json_values)
def test_any_json_is_an_event_or_refused(value: Any, type_: Any) -> None:
    for raw in (value, {"type": type_, "data": value}, report("a") | {"type": type_, "data": value}):
        try:
            sent = json.dumps(raw).encode()
        except UnicodeEncodeError:
            continue
        faults(sent)


MARKER = "planted <value> 7Q"


def marked(value: Any) -> list[Callable[[], Any]]:
    """Return ways to spoil a node of an event with the marker."""
    return [
        lambda: MARKER,
        lambda: [MARKER],
        lambda: {MARKER: MARKER},
        lambda: f"{value}{MARKER}",
        lambda: {"type": MARKER, "name": MARKER},
    ]


def nodes(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [*([path] if path else []), *(node for step in steps for node in nodes(value[step], (*path, step)))]


@unhurried
@given(data=st.data(), raw=raw_events)
def test_a_refusal_never_repeats_a_value(data: st.DataObject, raw: Raw) -> None:
    path = data.draw(st.sampled_from(nodes(raw)))
    holder: Any = raw
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = data.draw(st.sampled_from(marked(holder[path[-1]])))()
    assert "7Q" not in refusal(raw)


@pytest.mark.parametrize("name", FILES)
def test_a_refusal_never_repeats_a_value_at_any_field(name: str) -> None:
    whole = orjson.loads(golden(name))
    for path in nodes(whole):
        for spoil in marked("x"):
            raw = copy.deepcopy(whole)
            holder = raw
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = spoil()
            assert "7Q" not in refusal(raw), path


ASKED_OF_A_PERSON = {"target", "course_of_conduct", "earlier_incidents"}
NOTED_BY_STAFF = {"details_checked", "channel"}


def words_of(model: type, field: str) -> set[str]:
    enum = model.model_fields[field].annotation  # type: ignore[attr-defined]
    assert inspect.isclass(enum)
    assert issubclass(enum, StrEnum)
    return {word.value for word in enum}


def test_whatever_a_form_asks_may_stay_open() -> None:
    """domain.md 2.3: validation never rejects `unknown`, and a person asked may prefer not to say."""
    both = {"unknown", "prefer-not-to-say"}
    for field in ASKED_OF_A_PERSON:
        assert words_of(Incident, field) >= both, field
    for field in Harm.model_fields:
        assert words_of(Harm, field) >= both, field
    assert words_of(Place, "setting") >= both
    assert {kind.value for kind in PlaceKind} >= both
    assert words_of(Consent, "given") >= both
    for field in NOTED_BY_STAFF:
        assert "unknown" in words_of(Incident, field), field
    assert "undecided" in words_of(Incident, "crime")
    assert SHIPPED_STRANDS.by_code.keys() >= both


def test_a_report_that_knows_nothing_is_a_report() -> None:
    for open_ in ("unknown", "prefer-not-to-say"):
        data = {"occurred": {}, "reported": "2026-06-30", "strands": [open_], "types": [open_]}
        asked = dict.fromkeys(ASKED_OF_A_PERSON, open_) | {"harm": dict.fromkeys(Harm.model_fields, open_)}
        where = {"places": [{"kind": open_, "setting": open_}]}
        raw = envelope("bellwether.incident.reported.v1", "a", "/centres/test", "2026-06-30T10:00:00Z", data)
        assert faults(raw) == []
        assert faults(raw | {"data": data | asked | where}) == []
        assert faults(consent(given=open_)) == []
