"""The cities that can be simulated, read from the places that ship: Milton Keynes, and one that is all invented.

No list says which wards of 2026 the small areas of Milton Keynes lie in. A synthetic city may do without: they are
dealt out to the wards of their zone, or of no zone, in the order of their codes.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files

from producers.simulator.city import CITY, SMALL, ZONE, Centre, City, SmallArea, Vintage
from producers.simulator.course import WEEK
from streams.core.days import day_number

Row = dict[str, str]
SYNTHETIC = "/synthetic"
HOT_SPOTS: Mapping[str, Mapping[str, float]] = {
    "milton-keynes": {"zone-central-milton-keynes": 3.0, "zone-bletchley": 1.6},
    "fictional": {"zone-central-sorrelmere": 3.0, "zone-lindenfold": 1.6, "zone-wickenstow": 1.6},
}
"""How many times likelier an incident is there, for each resident, than elsewhere."""
SURGE_ZONES = {"milton-keynes": "zone-bletchley", "fictional": "zone-lindenfold"}
CENTRES = 37
FORTNIGHTLY_EVERY = 7
"""Of so many numbered centres, one makes its return every other week, the others every week."""
HEARTBEAT_EVERY = 9
"""Of so many centres, one sends heartbeats."""


def city(places: str) -> City:
    """Return a city by the name under which its places ship."""
    areas, lookups = _rows(places, "areas.csv"), _rows(places, "lookups.csv")
    vintages = _vintages(areas)
    (code,) = (row["code"] for row in areas if row["layer"] == CITY)
    return City(
        code=code,
        vintages=vintages,
        small_areas=_small_areas(areas, lookups, vintages),
        names=_names(_rows(places, "aliases.csv")),
        centres=_shipped_centres(places) if places == "fictional" else _numbered_centres(areas, lookups, vintages[0]),
        hot_spots=HOT_SPOTS[places],
        surge_zone=SURGE_ZONES[places],
        unplaceable=_zone_without_members(areas, lookups),
    )


def _rows(places: str, name: str) -> list[Row]:
    text = files("infra.db").joinpath("shipped", places, name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _vintages(areas: Sequence[Row]) -> tuple[Vintage, ...]:
    dates = {row["layer"]: (row["valid_from"], row["valid_to"]) for row in areas if row["layer"].startswith("ward-")}
    found = [
        Vintage(layer, _day(first), _day(last) if last else None) for layer, (first, last) in sorted(dates.items())
    ]
    return tuple(found)


def _small_areas(areas: Sequence[Row], lookups: Sequence[Row], vintages: Sequence[Vintage]) -> tuple[SmallArea, ...]:
    above = {(row["from_code"], row["to_layer"]): row["to_code"] for row in lookups}
    small = [row for row in areas if row["layer"] == SMALL]
    wards = {vintage.layer: _wards(vintage.layer, small, areas, above) for vintage in vintages}
    return tuple(
        SmallArea(
            row["code"],
            int(row["residents"]),
            above.get((row["code"], ZONE)),
            {layer: of[row["code"]] for layer, of in wards.items()},
        )
        for row in small
    )


def _wards(
    layer: str, small: Sequence[Row], areas: Sequence[Row], above: Mapping[tuple[str, str], str]
) -> dict[str, str]:
    """Return the ward of each small area: as looked up, else dealt out within its zone."""
    groups: dict[str | None, list[str]] = defaultdict(list)
    wards: dict[str | None, list[str]] = defaultdict(list)
    for row in small:
        groups[above.get((row["code"], ZONE))].append(row["code"])
    for row in areas:
        if row["layer"] == layer:
            wards[above.get((row["code"], ZONE))].append(row["code"])
    return {
        code: above.get((code, layer)) or wards[zone][index * len(wards[zone]) // len(codes)]
        for zone, codes in groups.items()
        for index, code in enumerate(codes)
    }


def _zone_without_members(areas: Sequence[Row], lookups: Sequence[Row]) -> str:
    known = {row["to_code"] for row in lookups}
    (name,) = (row["name"] for row in areas if row["layer"] == ZONE and row["code"] not in known)
    return name


def _names(aliases: Sequence[Row]) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in aliases:
        if row["kind"] == "name":
            found[row["layer"], row["code"]].append(row["alias"])
    return {ward: tuple(names) for ward, names in found.items()}


def _shipped_centres(places: str) -> tuple[Centre, ...]:
    return tuple(
        Centre(
            slug=row["centre"],
            title=row["name"],
            source=SYNTHETIC + row["source"],
            serves_layer=row["serves_layer"],
            serves=tuple(row["serves"].split()),
            return_days=int(row["return_days"]),
            heartbeat_days=_heartbeat_days(number),
        )
        for number, row in enumerate(_rows(places, "centres.csv"))
    )


def _numbered_centres(areas: Sequence[Row], lookups: Sequence[Row], first: Vintage) -> tuple[Centre, ...]:
    """Return centres without names of real ones: one or two a ward, some of them for a zone or the whole city."""
    above = {(row["from_code"], row["to_layer"]): row["to_code"] for row in lookups}
    wards = [row["code"] for row in areas if row["layer"] == first.layer]
    centres = []
    for number in range(CENTRES):
        ward = wards[number % len(wards)]
        second = number >= len(wards)
        layer, code = first.layer, ward
        if second and (ward, ZONE) in above:
            layer, code = ZONE, above[ward, ZONE]
        elif second and number % 3 == 0:
            layer, code = CITY, above[ward, CITY]
        slug = f"synthetic-centre-{number + 1:02}"
        centres.append(
            Centre(
                slug=slug,
                title=f"SYNTHETIC reporting centre {number + 1:02}",
                source=f"{SYNTHETIC}/centres/{slug}",
                serves_layer=layer,
                serves=(code,),
                return_days=WEEK * 2 if number % FORTNIGHTLY_EVERY == FORTNIGHTLY_EVERY - 1 else WEEK,
                heartbeat_days=_heartbeat_days(number),
            )
        )
    return tuple(centres)


def _heartbeat_days(number: int) -> int | None:
    return 1 if number % HEARTBEAT_EVERY == 0 else None


def _day(text: str) -> int:
    return day_number(date.fromisoformat(text))
