"""MAP.yaml: how the columns of an incident table become the fields of an incident.

Every scalar of the file is text, as the cells of a table are: `no`, `1` and `2026-01-01` stand for themselves.
"""

import re
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from schemas.fields import LayerName, Slug, SourceUri
from schemas.problems import Problem
from schemas.vocabulary import Channel, CrimeStatus, IncidentType, Recording, Target

T = TypeVar("T")

PROBE = datetime(2013, 11, 23, 16, 45, tzinfo=UTC)
PROBE_DAY = datetime(2013, 11, 23, tzinfo=UTC)
LITERAL_ZULU = re.compile(r"%[HIMSf]Z")
BRANCH_MARK = "@"
CONSTANT, COLUMN = Tag("@constant"), Tag("@column")


class MappingError(Exception):
    """A mapping that cannot be used, with every fault and its path in the file. Mend the file."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def _usable_format(template: str) -> str:
    """Refuse a format by which a moment is not read back as it was written."""
    if "%Z" in template:
        raise PydanticCustomError("wrong-format", "names of time zones are ambiguous; use %z for an offset")
    if LITERAL_ZULU.search(template):
        raise PydanticCustomError("wrong-format", "write %z for the Z of UTC, or the time would be taken as local")
    try:
        parsed = _parse_probe(template)
    except (ValueError, re.error):
        raise PydanticCustomError(
            "wrong-format", "write a format as for strptime, such as %d/%m/%Y or %Y-%m-%d %H:%M"
        ) from None
    if parsed.date() != PROBE.date():
        raise PydanticCustomError("wrong-format", "a format needs year, month and day")
    if parsed.hour != PROBE.hour and parsed != PROBE_DAY:
        raise PydanticCustomError("wrong-format", "a time needs %H, or %I with %p")
    return template


def _parse_probe(template: str) -> datetime:
    return datetime.strptime(PROBE.strftime(template), template).replace(tzinfo=UTC)


def _some_each_once(values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise PydanticCustomError("missing-value", "this list is empty")
    if len(set(values)) < len(values):
        raise PydanticCustomError("repeated-value", "say each only once")
    return values


def _constant_or_column(value: Any) -> str:
    return COLUMN.tag if isinstance(value, dict | ByColumn) else CONSTANT.tag


def _moment_or_range(value: Any) -> str:
    if isinstance(value, dict):
        return "@moment" if value.keys().isdisjoint({"from", "to"}) else "@range"
    return "@range" if isinstance(value, OccurredRange) else "@moment"


def _area_or_point(value: Any) -> str:
    is_point = isinstance(value, AtPoint) or (isinstance(value, dict) and "point" in value)
    return "@point" if is_point else "@area"


Column = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""The name of a column, as the table's header has it."""


class Part(BaseModel):
    """Base of the parts of a mapping: a value that cannot change, and no key that is not written down here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class IdColumn(Part):
    """The column that tells one incident from all others of the source."""

    column: Column


class MomentColumn(Part):
    """A column of dates, or of local dates and times, and its format as for strptime."""

    column: Column
    format: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_usable_format)]

    @property
    def has_time(self) -> bool:
        """Whether a cell is an instant rather than a civil date."""
        return _parse_probe(self.format).hour == PROBE.hour


class OccurredRange(Part):
    """The columns between whose moments it happened."""

    from_: MomentColumn = Field(alias="from")
    to: MomentColumn


class AreaColumn(Part):
    """A column of codes or names of areas of one layer."""

    layer: LayerName
    column: Column
    by: Literal["code", "name"]


class PointColumns(Part):
    """The columns of coordinates, in degrees (WGS 84)."""

    longitude: Column
    latitude: Column


class AtPoint(Part):
    """Places given as points."""

    point: PointColumns


class ByColumn(Part, Generic[T]):
    """What each value of a column means; `default` is for the values not listed, an empty cell among them."""

    column: Column
    map: dict[Annotated[str, StringConstraints(strip_whitespace=True)], T]
    default: T | None = None


CHOICE = Discriminator(_constant_or_column)
Strands = Annotated[tuple[Slug, ...], Field(max_length=12), AfterValidator(_some_each_once)]
Types = Annotated[tuple[IncidentType, ...], Field(max_length=16), AfterValidator(_some_each_once)]
StrandsChoice = Annotated[Annotated[Strands, CONSTANT] | Annotated[ByColumn[Strands], COLUMN], CHOICE]
TypesChoice = Annotated[Annotated[Types, CONSTANT] | Annotated[ByColumn[Types], COLUMN], CHOICE]
RecordingChoice = Annotated[Annotated[Recording, CONSTANT] | Annotated[ByColumn[Recording], COLUMN], CHOICE]
ChannelChoice = Annotated[Annotated[Channel, CONSTANT] | Annotated[ByColumn[Channel], COLUMN], CHOICE]
CrimeChoice = Annotated[Annotated[CrimeStatus, CONSTANT] | Annotated[ByColumn[CrimeStatus], COLUMN], CHOICE]
TargetChoice = Annotated[Annotated[Target, CONSTANT] | Annotated[ByColumn[Target], COLUMN], CHOICE]
OccurredMapping = Annotated[
    Annotated[MomentColumn, Tag("@moment")] | Annotated[OccurredRange, Tag("@range")], Discriminator(_moment_or_range)
]
AreaMapping = Annotated[
    Annotated[AreaColumn, Tag("@area")] | Annotated[AtPoint, Tag("@point")], Discriminator(_area_or_point)
]


class IncidentMapping(Part):
    """How a table of incidents is read; interface.md section 5 has an example.

    Left out: `id` is then a digest of the row and its ordinal, `reported` as occurred, `received` now.
    """

    source: SourceUri
    id: IdColumn | None = None
    occurred: OccurredMapping
    reported: MomentColumn | None = None
    received: MomentColumn | None = None
    area: AreaMapping
    strands: StrandsChoice
    types: TypesChoice
    recording: RecordingChoice | None = None
    channel: ChannelChoice = Channel.IMPORT
    crime: CrimeChoice | None = None
    target: TargetChoice | None = None

    def columns(self) -> tuple[str, ...]:
        """Return the columns that the table must have, each once."""
        return tuple(dict.fromkeys(_columns(self)))


class _TextLoader(yaml.BaseLoader):
    """YAML with every scalar as text, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice in this mapping", node.start_mark)
        return mapping


def load_mapping(text: str) -> IncidentMapping:
    """Read a mapping. Raises MappingError with every fault and the path to it."""
    try:
        content = _TextLoader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise MappingError(Problem("malformed-yaml", f"line {line}", error.problem or "this is not YAML")) from None
    except yaml.YAMLError:
        raise MappingError(Problem("malformed-yaml", "", "this is not YAML")) from None
    if content is None:
        raise MappingError(Problem("empty-file", "", "the mapping holds nothing"))
    try:
        return IncidentMapping.model_validate(content)
    except ValidationError as error:
        raise MappingError(*_problems(error)) from None


def _columns(part: BaseModel) -> Iterator[str]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            yield from _columns(value)
        elif name in ("column", "longitude", "latitude"):
            yield value


_CODES = {
    "missing": ("missing-field", "this key is required"),
    "extra_forbidden": ("unknown-field", "no such key here; check its spelling, or leave it out"),
    "enum": ("unknown-value", None),
    "literal_error": ("unknown-value", None),
    "string_pattern_mismatch": ("wrong-form", "the text has characters or a form that this key does not take"),
    "string_too_short": ("missing-value", "this is empty"),
    "too_long": ("out-of-range", "this list is too long"),
    "string_too_long": ("out-of-range", "this text is too long"),
}


def _problems(error: ValidationError) -> Iterator[Problem]:
    for found in error.errors(include_url=False, include_input=False):
        kind = found["type"]
        own = (kind, None) if "-" in kind else ("wrong-type", None)
        code, detail = _CODES.get(kind, own)
        yield Problem(code, _path(found["loc"]), detail or found["msg"])


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step.isidentifier():
            path += f".{step}" if path else step
        elif not step.startswith(BRANCH_MARK):
            path += f'["{step}"]'
    return path
