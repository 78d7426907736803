"""Partnerships, and the places that ship with Bellwether."""

import csv
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from infra.db import tables
from infra.db.registers import COUNT
from schemas.codec import partition_of
from schemas.vocabulary import Marking
from streams.core.days import Calendar, day_number

FICTIONAL = "fictional"
SHIPPED_PLACES = ("milton-keynes", FICTIONAL)
NO_PLACES = "none"


class PartnershipError(Exception):
    """A partnership that cannot be made, or is not there, or must be named."""


def create_partnership(
    connection: Connection,
    slug: str,
    places: str,
    time_zone: str,
    created_at_us: int,
    without_statistics_consent: str = COUNT,
) -> int:
    """Add a partnership with the places that ship under a name, or `none`. Returns its number.

    `without_statistics_consent` says what an incident does in counts whose victim says no to statistics; it is fixed
    from then on, since counts depend on it. Raises PartnershipError if there is one of that slug, or no such places or
    time zone.
    """
    if places not in (*SHIPPED_PLACES, NO_PLACES):
        raise PartnershipError(
            f"no places called {places} are shipped; known: {', '.join(SHIPPED_PLACES)}, {NO_PLACES}"
        )
    try:
        _ = Calendar(time_zone).zone
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder of zones is an OSError
        raise PartnershipError(f"there is no time zone {time_zone}; write it like Europe/London") from None
    if slug in {row.slug for row in list_partnerships(connection)}:
        raise PartnershipError(f"there is a partnership {slug} already")
    partitions = connection.execute(select(tables.ledger.c.partitions)).scalar_one()
    number = connection.execute(
        insert(tables.partnership).returning(tables.partnership.c.number),
        {
            "slug": slug,
            "time_zone": time_zone,
            "places": places,
            "without_statistics_consent": without_statistics_consent,
            "partition": partition_of(slug, partitions),
            "marking": Marking.SYNTHETIC if places == FICTIONAL else Marking.ACTUAL,
            "created_at_us": created_at_us,
        },
    ).scalar_one()
    if places != NO_PLACES:
        _ship_places(connection, int(number), places)
    return int(number)


def list_partnerships(connection: Connection) -> list[Row[Any]]:
    """Return all partnerships by slug."""
    return list(connection.execute(select(tables.partnership).order_by(tables.partnership.c.slug)))


def find_partnership(connection: Connection, slug: str | None) -> int:
    """Return the number of the partnership meant; the slug may be left out where there is only one.

    Raises PartnershipError.
    """
    known = list_partnerships(connection)
    named = ", ".join(row.slug for row in known) or "none"
    if slug is None:
        if len(known) == 1:
            return int(known[0].number)
        raise PartnershipError(f"say which partnership with --partnership; there are: {named}")
    for row in known:
        if row.slug == slug:
            return int(row.number)
    raise PartnershipError(f"there is no partnership {slug}; there are: {named}")


def _ship_places(connection: Connection, partnership: int, places: str) -> None:
    layers: dict[str, int] = {}
    for row in _shipped(places, "layers.csv"):
        values = {"partnership": partnership, "name": row["layer"], "title": row["title"], "rank": int(row["rank"])}
        made = connection.execute(insert(tables.layer).returning(tables.layer.c.number), values)
        layers[row["layer"]] = made.scalar_one()
    connection.execute(
        insert(tables.area),
        [
            {
                "partnership": partnership,
                "layer": layers[row["layer"]],
                "code": row["code"],
                "name": row["name"],
                "first_day": _day(row["valid_from"]),
                "last_day": _day(row["valid_to"]),
                "residents": int(row["residents"]) if row["residents"] else None,
                "residents_source": row["residents_source"] or None,
            }
            for row in _shipped(places, "areas.csv")
        ],
    )
    found = connection.execute(select(tables.area).where(tables.area.c.partnership == partnership))
    areas = {(row.layer, row.code): row.number for row in found}
    connection.execute(
        insert(tables.area_lookup),
        [
            {
                "partnership": partnership,
                "from_area": areas[layers[row["from_layer"]], row["from_code"]],
                "to_area": areas[layers[row["to_layer"]], row["to_code"]],
                "first_day": _day(row["valid_from"]),
                "last_day": _day(row["valid_to"]),
            }
            for row in _shipped(places, "lookups.csv")
        ],
    )
    connection.execute(
        insert(tables.area_alias),
        [
            {
                "partnership": partnership,
                "text": row["alias"],
                "area": areas[layers[row["layer"]], row["code"]],
                "is_code": row["kind"] == "code",
                "provenance": row["provenance"],
            }
            for row in _shipped(places, "aliases.csv")
        ],
    )


def _shipped(places: str, name: str) -> Iterator[dict[str, str]]:
    text = files("infra.db").joinpath("shipped", places, name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _day(text: str) -> int | None:
    return day_number(date.fromisoformat(text)) if text else None
