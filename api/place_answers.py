"""What reads of places answer."""

from typing import Any, Literal

from pydantic import Field

from api.answers import Shown


class LayerShown(Shown):
    """A layer of areas: how many it has, how many have a shape, and the days of its vintage (null: open)."""

    name: str
    title: str
    rank: int = Field(description="The lower, the finer.")
    areas: int
    shapes: int
    first: str | None
    last: str | None


class LayersAnswer(Shown):
    """All layers, the finest first."""

    rows: list[LayerShown]


class ResidentsShown(Shown):
    """How many live in an area, and who says so."""

    number: int
    source: str | None


class AreaShown(Shown):
    """An area: the days on which it is in force (null: open), and the codes of the areas in which it lies, by layer."""

    layer: str
    code: str
    name: str
    first: str | None
    last: str | None
    parents: dict[str, str]
    residents: ResidentsShown | None


class AreasAnswer(Shown):
    """Areas of a layer, or of all, the finest layer first, then by code."""

    rows: list[AreaShown]
    next: str | None


class Feature(Shown):
    """An area as GeoJSON; its geometry is null where no shape was imported."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any] | None
    properties: AreaShown


class FeatureCollection(Shown):
    """Areas as GeoJSON, in WGS 84; `next` is the cursor of the next page."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Feature]
    next: str | None
