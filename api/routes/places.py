"""Layers and areas: the geography that figures are told by, with the days of each vintage."""

from enum import StrEnum
from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.asked import Asked, Layer, Paged, page_of, unknown_layer
from api.contract import problems
from api.moment import ReaderOf
from api.place_answers import (
    AreasAnswer,
    AreaShown,
    Feature,
    FeatureCollection,
    LayersAnswer,
    LayerShown,
    ResidentsShown,
)
from api.security import CountsReader, DepsOf
from infra.db.places import Places, read_layers, read_shapes
from streams.core.areas import Area
from streams.core.days import day_from_number

router = APIRouter(tags=["places"])
GEOJSON = "application/geo+json"


class AreasFormat(StrEnum):
    """How areas are written."""

    JSON = "json"
    GEOJSON = "geojson"


class LayersAsked(Asked):
    """Layers take no parameters."""


class AreasAsked(Paged):
    """Which areas are asked for, and how they are to be written."""

    layer: Layer | None = None
    format: AreasFormat = AreasFormat.JSON


@router.get("/v1/layers", summary="Layers of areas", responses=problems(422))
def layers(_asked: Annotated[LayersAsked, Query()], caller: CountsReader, reader: ReaderOf) -> LayersAnswer:
    """List the layers of areas, the finest first, each with the days of its vintage."""
    with reader.moment() as now:
        found = read_layers(now.connection, caller.partnership)
    return LayersAnswer(
        rows=[
            LayerShown(
                name=each.name,
                title=each.title,
                rank=each.rank,
                areas=each.areas,
                shapes=each.shapes,
                first=_day(each.first_day),
                last=_day(each.last_day),
            )
            for each in found
        ]
    )


@router.get(
    "/v1/areas",
    summary="Areas",
    response_model=AreasAnswer,
    responses={200: {"content": {GEOJSON: {"schema": FeatureCollection.model_json_schema()}}}, **problems(422)},
)
def areas(
    asked: Annotated[AreasAsked, Query()], deps: DepsOf, _caller: CountsReader, reader: ReaderOf
) -> AreasAnswer | Response:
    """List the areas of a layer, or of all, with the areas in which each lies; as GeoJSON with their shapes."""
    page = page_of(asked, "areas", deps.limits.page_rows, int, str, str)
    with reader.moment() as now:
        places, found = now.places, _asked_for(now.places, asked)
    ranks = {layer.number: layer.rank for layer in places.geography.layers}
    shown, following = page.cut(found, lambda area: (ranks[area.layer], places.layer_names[area.layer], area.code))
    if asked.format is AreasFormat.JSON:
        return AreasAnswer(rows=[_shown(places, area) for area in shown], next=following)
    with reader.moment() as now:
        shapes = dict(read_shapes(now.connection, [area.number for area in shown]))
    collection = FeatureCollection(
        features=[
            Feature(id=area.code, geometry=_geometry(shapes.get(area.number)), properties=_shown(places, area))
            for area in shown
        ],
        next=following,
    )
    return Response(collection.model_dump_json(), media_type=GEOJSON)


def _asked_for(places: Places, asked: AreasAsked) -> list[Area]:
    layer = None if asked.layer is None else places.layer(asked.layer)
    if asked.layer is not None and layer is None:
        raise unknown_layer(list(places.geography.layer_by_name))
    return places.in_order(layer)


def _shown(places: Places, area: Area) -> AreaShown:
    residents = places.residents[area.number]
    return AreaShown(
        layer=places.layer_names[area.layer],
        code=area.code,
        name=area.name,
        first=_day(area.first_day),
        last=_day(area.last_day),
        parents={layer: above.code for layer, above in sorted(places.parents(area).items())},
        residents=None
        if residents.number is None
        else ResidentsShown(number=residents.number, source=residents.source),
    )


def _geometry(geojson: str | None) -> dict[str, object] | None:
    shape: dict[str, object] | None = None if geojson is None else orjson.loads(geojson)
    return shape


def _day(number: int | None) -> str | None:
    return None if number is None else day_from_number(number).isoformat()
