"""Which area a point lies in: point in polygon by an R-tree, else the nearest area within 250 metres.

Published points are often moved to the middle of a street, so a little outside is still that area.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

NEAREST_WITHIN_M = 250.0
METRES_PER_DEGREE = 111_320.0
"""Of latitude; of longitude times the cosine of the latitude. Good to half a per cent, ample for 250 m."""
POINTS_REMEMBERED = 20_000


class Hit(NamedTuple):
    """An area found for a point; `near` where the point lies outside it but within reach."""

    area: int
    near: bool


class LayerShapes:
    """The polygons of one layer, in degrees of WGS 84."""

    def __init__(self, shapes: Mapping[int, shapely.Geometry]) -> None:
        """`shapes` by area number. Where polygons share an edge, the least number takes the points on it."""
        self._areas = sorted(shapes)
        self._geometries = [shapes[area] for area in self._areas]
        shapely.prepare(self._geometries)
        self._tree = shapely.STRtree(self._geometries)
        self.find = lru_cache(maxsize=POINTS_REMEMBERED)(self._find)

    def _find(self, longitude: float, latitude: float) -> Hit | None:
        """Return the area that a point lies in or is nearest to, or None if none is within 250 m."""
        point = shapely.Point(longitude, latitude)
        inside = self._tree.query(point, predicate="intersects")
        if len(inside):
            return Hit(self._areas[min(inside)], near=False)
        return self._nearest(point)

    def _nearest(self, point: shapely.Point) -> Hit | None:
        scale = METRES_PER_DEGREE * np.array([math.cos(math.radians(point.y)), 1.0])
        reach = NEAREST_WITHIN_M / scale
        box = shapely.box(point.x - reach[0], point.y - reach[1], point.x + reach[0], point.y + reach[1])

        def to_metres(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
            return (degrees - (point.x, point.y)) * scale

        best: tuple[float, int] | None = None
        for index in self._tree.query(box):
            metres = shapely.transform(self._geometries[index], to_metres).distance(shapely.Point(0, 0))
            if metres <= NEAREST_WITHIN_M and (best is None or (metres, index) < best):
                best = (metres, int(index))
        return None if best is None else Hit(self._areas[best[1]], near=True)
