"""A city with something for every route to show, all of it invented and named after the city, so that it is known."""

from dataclasses import dataclass, replace

from sqlalchemy import insert, select

from infra.db import tables
from infra.db.engine import transaction
from infra.db.geography import NewArea, import_areas
from infra.db.partnerships import create_partnership
from tests.support.alerting import alerts, put, work_off
from tests.support.city import Bench
from tests.support.events import Raw, context, envelope, report
from tests.support.registers import centre_entry, register, strand_entry
from tests.support.triggers import trigger

TIME = "2026-06-30T10:00:00Z"
WEEK = {"from": "2026-06-22", "to": "2026-06-28"}


@dataclass(frozen=True)
class FullCity:
    """What a filled city goes by; `name` is part of everything in it that has a name."""

    name: str
    partnership: int
    layer: str
    area: int
    area_code: str
    source: str
    event: str
    alert: str


def full_city(bench: Bench, name: str, *, shipped: bool = False) -> FullCity:
    """Make a city with areas, reports, a centre and its return, a level, rules and an alert, all counted.

    Around them are the places of the small city of tests.support.city, or those of Milton Keynes that are shipped.
    """
    partnership = _shipped(bench, name) if shipped else bench.partnership(slug=name)
    layer, area_code = f"{name}-layer", f"{name}-area"
    with transaction(bench.engine, write=True) as connection:
        row = {"partnership": partnership, "name": layer, "title": f"{name} areas", "rank": 30}
        connection.execute(insert(tables.layer), row)
        import_areas(connection, partnership, layer, [NewArea(area_code, f"{name} area", None, None)], None, None)
        number = select(tables.area.c.number).where(tables.area.c.code == area_code)
        area = connection.execute(number).scalar_one()
    bench.ledger.refresh()
    city = FullCity(name, partnership, layer, area, area_code, f"/centres/{name}", f"{name}-report", "")
    refused = [answer.problems for answer in bench.hand_in(partnership, *_events(city)) if answer.problems]
    assert refused == [], refused
    evidence = trigger(
        f"{name}-trigger",
        partnership=partnership,
        area=area,
        layer=layer,
        area_code=area_code,
        area_name=f"{name} area",
        rule=f"{name}-rule",
    )
    bench.tick(partnership)
    bench.drain()
    put(bench, partnership, evidence)
    work_off(bench)
    (alert,) = alerts(bench, partnership)
    return replace(city, alert=alert.id)


def _shipped(bench: Bench, name: str) -> int:
    with transaction(bench.engine, write=True) as connection:
        return create_partnership(connection, name, "milton-keynes", "Europe/London", bench.clock.now_us())


def _events(city: FullCity) -> list[Raw]:
    name, here = city.name, {"layer": city.layer, "code": city.area_code}
    centre = f"{name}-centre"
    place = [{"areas": [here]}]
    level = {
        "area": here,
        "period": WEEK,
        "scale": "six",
        "level": "four",
        "confidence": "high",
        "agencies": [f"{name}-agency"],
        "expires": "2026-07-07",
        "by": {"user": f"{name}-officer", "agency": f"{name}-agency"},
    }
    rule = {
        "id": f"{name}-rule",
        "kind": "count",
        "scope": {"layer": city.layer, "strands": "any"},
        "count": 100,
        "days": 7,
        "version": 1,
        "severity": "amber",
    }
    returned = {"centre": centre, "period": WEEK, "nil": True}
    signal = {"period": WEEK, "place": {"areas": [here]}}
    return [
        register(f"{name}-centre-entry", centre_entry(centre, [(city.layer, city.area_code)], return_days=7)),
        register(f"{name}-strand-entry", strand_entry(f"{name}-strand")),
        *(report(f"{city.event}-{n}", source=city.source, centre=centre, places=place) for n in range(6)),
        report(city.event, source=city.source, places=place, strands=[f"{name}-strand"]),
        context(f"{name}-context", source=city.source, category=f"{name} category", place={"areas": [here]}),
        envelope("bellwether.signal.observed.v1", f"{name}-signal", city.source, TIME, signal),
        envelope("bellwether.centre.returned.v1", f"{name}-return", city.source, TIME, returned),
        envelope("bellwether.assessment.set.v1", f"{name}-level", "/decisions", TIME, level),
        envelope("bellwether.rule.changed.v1", f"{name}-rules", "/rules", TIME, {"version": 1, "rules": [rule]}),
    ]
