"""MAP.yaml: what is accepted, and how faults are told."""

import pytest

from producers.sources.mapping import AreaColumn, AtPoint, ByColumn, MappingError, OccurredRange, load_mapping
from schemas.vocabulary import Channel, CrimeStatus, IncidentType, Recording, Target

SHORTEST = """
source: /centres/arvig
occurred: {column: date, format: "%Y-%m-%d"}
area: {layer: state, column: state, by: name}
strands: [race]
types: [assault]
"""
INTERFACE_EXAMPLE = """
# MAP.yaml: an incident table
source: /centres/arvig            # CloudEvents source
id: {column: ref}                 # left out: a digest of the row and its ordinal among equal rows of the file
occurred: {column: date, format: "%Y-%m-%d"}      # or from: and to:
reported: {column: date, format: "%Y-%m-%d"}      # left out: as occurred
received: {column: date, format: "%Y-%m-%d"}      # left out: now
area: {layer: state, column: state, by: name}     # or by: code, or point: {longitude: c, latitude: c}
strands: [race]                   # a list of constants, or {column: c, map: {value: [strand, ...]}}
types: {column: category_en, map: {arson: [arson], assault: [assault]}, default: [other]}
"""


def changed(key: str, line: str) -> str:
    kept = [there for there in SHORTEST.splitlines() if not there.startswith(f"{key}:")]
    return "\n".join([*kept, line])


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(MappingError) as caught:
        load_mapping(text)
    return [(problem.code, problem.path) for problem in caught.value.problems]


def test_the_example_of_the_interface() -> None:
    mapping = load_mapping(INTERFACE_EXAMPLE)
    assert mapping.columns() == ("ref", "date", "state", "category_en")
    assert isinstance(mapping.types, ByColumn)
    assert mapping.types.map == {"arson": (IncidentType.ARSON,), "assault": (IncidentType.ASSAULT,)}
    assert mapping.types.default == (IncidentType.OTHER,)
    assert mapping.strands == ("race",)


def test_what_is_left_out_is_nothing_but_the_channel() -> None:
    mapping = load_mapping(SHORTEST)
    assert [mapping.id, mapping.reported, mapping.received, mapping.recording, mapping.crime] == [None] * 5
    assert mapping.channel is Channel.IMPORT
    assert isinstance(mapping.area, AreaColumn)


def test_an_occurrence_may_be_a_range() -> None:
    mapping = load_mapping(
        changed("occurred", 'occurred: {from: {column: a, format: "%d/%m/%Y"}, to: {column: b, format: "%d/%m/%Y"}}')
    )
    assert isinstance(mapping.occurred, OccurredRange)
    assert mapping.columns()[:2] == ("a", "b")


def test_an_area_may_be_a_point() -> None:
    mapping = load_mapping(changed("area", "area: {point: {longitude: lon, latitude: lat}}"))
    assert isinstance(mapping.area, AtPoint)
    assert mapping.columns() == ("date", "lon", "lat")


def test_further_fields_are_constants_or_columns() -> None:
    mapping = load_mapping(
        SHORTEST
        + "recording: proactive\nchannel: phone\ncrime: crime\n"
        + "target: {column: aim, map: {house: property}, default: unknown}\n"
    )
    assert (mapping.recording, mapping.channel, mapping.crime) == (
        Recording.PROACTIVE,
        Channel.PHONE,
        CrimeStatus.CRIME,
    )
    assert isinstance(mapping.target, ByColumn)
    assert mapping.target.map == {"house": Target.PROPERTY}


def test_tags_of_yaml_run_nothing() -> None:
    assert load_mapping(changed("source", "source: !!python/name:os.system /a")).source == "/a"


def test_scalars_are_text_as_cells_are() -> None:
    mapping = load_mapping(changed("strands", "strands: {column: 7, map: {no: [race], 1: [faith], 2026-01-01: [age]}}"))
    assert isinstance(mapping.strands, ByColumn)
    assert mapping.strands.column == "7"
    assert list(mapping.strands.map) == ["no", "1", "2026-01-01"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("empty-file", "")]),
        ("# nothing\n", [("empty-file", "")]),
        ("- a\n", [("wrong-type", "")]),
        ("source: [\n", [("malformed-yaml", "line 2")]),
        ("source: a\nsource: b\n", [("malformed-yaml", "line 1")]),
        ("source: \x07\n", [("malformed-yaml", "")]),
        ("source: /a", [("missing-field", key) for key in ("occurred", "area", "strands", "types")]),
        (SHORTEST + "colour: red\n", [("unknown-field", "colour")]),
        (changed("source", "source: a b"), [("wrong-form", "source")]),
        (changed("occurred", "occurred: date"), [("wrong-type", "occurred")]),
        (changed("occurred", "occurred: {column: a}"), [("missing-field", "occurred.format")]),
        (changed("occurred", 'occurred: {from: {column: a, format: "%Y-%m-%d"}}'), [("missing-field", "occurred.to")]),
        (changed("area", "area: {layer: state, column: s}"), [("missing-field", "area.by")]),
        (changed("area", "area: {layer: state, column: s, by: shape}"), [("unknown-value", "area.by")]),
        (changed("area", "area: {layer: My Layer, column: s, by: code}"), [("wrong-form", "area.layer")]),
        (changed("area", "area: {point: {longitude: a}}"), [("missing-field", "area.point.latitude")]),
        (changed("area", 'area: {layer: s, column: " ", by: code}'), [("missing-value", "area.column")]),
        (changed("strands", "strands: race"), [("wrong-type", "strands")]),
        (changed("strands", "strands: []"), [("missing-value", "strands")]),
        (changed("strands", "strands: [race, race]"), [("repeated-value", "strands")]),
        (changed("strands", "strands: [race, Not A Slug]"), [("wrong-form", "strands[1]")]),
        (changed("types", "types: [mischief]"), [("unknown-value", "types[0]")]),
        (changed("types", "types: {column: c}"), [("missing-field", "types.map")]),
        (
            changed("types", "types: {column: c, map: {a b: [arson, mischief]}, default: [x]}"),
            [("unknown-value", 'types.map["a b"][1]'), ("unknown-value", "types.default[0]")],
        ),
        (SHORTEST + "channel: pigeon\n", [("unknown-value", "channel")]),
        (SHORTEST + "target: {column: a, map: {x: moon}}\n", [("unknown-value", "target.map.x")]),
    ],
)
def test_a_fault_is_told_with_its_path(text: str, expected: list[tuple[str, str]]) -> None:
    assert faults(text) == expected


@pytest.mark.parametrize(
    "template",
    [
        "%Y-%m-%d",
        "%d.%m.%y",
        "%d %B %Y",
        "%Y-%m-%d %H:%M",
        "%d/%m/%Y %I:%M %p",
        "%Y-%m-%dT%H:%M:%S%z",
        "%Y-%m-%d %H",
        "%G-W%V-%u",
    ],
)
def test_a_format_that_names_a_day_is_accepted(template: str) -> None:
    load_mapping(changed("occurred", f'occurred: {{column: date, format: "{template}"}}'))


@pytest.mark.parametrize(
    "template",
    [
        "%Y-%m",
        "%m-%d",
        "%H:%M",
        "yyyy-mm-dd",
        "%Y-%m-%d %I:%M",
        "%Y-%m-%d :%M",
        "%Y-%m-%d %H:%M %Z",
        "%Y-%m-%dT%H:%M:%SZ",
        "%d %d",
        "%Q",
        "%",
    ],
)
def test_a_format_that_would_misread_a_moment_is_refused(template: str) -> None:
    assert faults(changed("occurred", f'occurred: {{column: date, format: "{template}"}}')) == [
        ("wrong-format", "occurred.format")
    ]
