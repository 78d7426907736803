"""Reads areas and lookups from GeoJSON and CSV files."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import shapely
from pydantic import TypeAdapter, ValidationError
from shapely.geometry import shape

from infra.cli.faults import WrongUseError
from infra.db.geography import LookupRow, NewArea
from schemas.fields import AreaCode, AreaName, LayerName

LARGEST_FILE_BYTES = 1 << 30


def read_areas(file: Path, layer: str, code_field: str, name_field: str, parent_field: str | None) -> list[NewArea]:
    """Return the areas of a file. Raises WrongUseError, with the feature or line."""
    if not _valid(LayerName, layer):
        raise WrongUseError("a layer's name has lower-case letters, digits and hyphens, at most 40")
    areas: dict[str, NewArea] = {}
    for where, row, geometry in _features(file) if file.suffix.lower() in (".geojson", ".json") else _rows(file):
        missing = [field for field in (code_field, name_field, parent_field) if field and field not in row]
        if missing:
            raise WrongUseError(f"{file.name}, {where}: there is no field {missing[0]}; there are: {', '.join(row)}")
        code, name = str(row[code_field]), str(row[name_field])
        if not (_valid(AreaCode, code) and _valid(AreaName, name)):
            raise WrongUseError(
                f"{file.name}, {where}: an area needs a code of at most 60 and a name of at most 120 letters"
            )
        if code in areas:
            raise WrongUseError(f"{file.name}, {where}: the code {code} stands there twice")
        parent = str(row[parent_field]) if parent_field and row[parent_field] not in (None, "") else None
        areas[code] = NewArea(code, name, parent, _shape(geometry, f"{file.name}, {where}"))
    return list(areas.values())


def read_lookups(file: Path, from_field: str, to_field: str) -> list[LookupRow]:
    """Return the lookups of a CSV file. Raises WrongUseError."""
    rows = []
    for where, row, _ in _rows(file):
        missing = [field for field in (from_field, to_field) if field not in row]
        if missing:
            raise WrongUseError(f"{file.name}, {where}: there is no column {missing[0]}; there are: {', '.join(row)}")
        rows.append(LookupRow(str(row[from_field]), str(row[to_field])))
    return rows


def _features(file: Path) -> Iterator[tuple[str, dict[str, Any], Any]]:
    try:
        content = orjson.loads(_bytes(file))
        features = content["features"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        features = None
    if not isinstance(features, list):
        raise WrongUseError(f"{file.name} is not a GeoJSON feature collection")
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise WrongUseError(f"{file.name}, feature {number}: it has no properties")
        yield f"feature {number}", feature["properties"], feature.get("geometry")


def _rows(file: Path) -> Iterator[tuple[str, dict[str, Any], None]]:
    try:
        text = _bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongUseError(f"{file.name} is not UTF-8; save it as UTF-8") from None
    reader = csv.DictReader(text.splitlines())
    for row in reader:
        if None in row or None in row.values():
            raise WrongUseError(f"{file.name}, line {reader.line_num}: it has not as many fields as the first line")
        yield f"line {reader.line_num}", row, None


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise WrongUseError(f"{file.name} is larger than 1 GiB")
        return file.read_bytes()
    except OSError as error:
        raise WrongUseError(f"{file.name} cannot be read: {error.strerror}") from None


def _shape(geometry: Any, where: str) -> bytes | None:
    if geometry is None:
        return None
    try:
        made = shapely.make_valid(shape(geometry))
    except (shapely.errors.ShapelyError, KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise WrongUseError(f"{where}: its geometry cannot be read") from None
    if made.is_empty or made.area == 0:
        raise WrongUseError(f"{where}: its geometry is not an area")
    return shapely.to_wkb(made)


def _valid(kind: Any, text: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return False
    return True
