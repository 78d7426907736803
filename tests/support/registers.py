"""Entries of registers, as whoever keeps them would send them. All of it is invented."""

from collections.abc import Sequence
from typing import Any

from tests.support.events import Raw, envelope


def register(id_: str, entry: Raw, *, time: str = "2026-06-29T10:00:00Z") -> Raw:
    """Return that an entry holds from now on."""
    return envelope("bellwether.register.changed.v1", id_, "/registers", time, {"entry": entry})


def strand_entry(code: str, **fields: Any) -> Raw:
    """Return a strand."""
    return {"register": "strand", "code": code, "title": code.capitalize()} | fields


def centre_entry(code: str, serves: Sequence[tuple[str, str]] = (), **fields: Any) -> Raw:
    """Return a reporting centre that serves areas, each by layer and code."""
    areas = [{"layer": layer, "code": area} for layer, area in serves]
    return {"register": "centre", "code": code, "title": code.capitalize(), "serves": areas} | fields
