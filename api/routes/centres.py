"""Reporting centres: what the register says of them, what they have said, and who is overdue."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.admin_answers import CentresAnswer, CentreShown, ServedArea
from api.answers import Completeness, freshness_of
from api.asked import Paged, page_of
from api.contract import problems
from api.figures import FiguresOf, completeness_shown
from api.moment import ReaderOf
from api.purposes import Purpose, read_purpose
from api.security import Administrator, DepsOf
from infra.db.centres import Centre, Centres, read_centres
from streams.core.days import day_from_number

router = APIRouter(tags=["administration"])
READ, ALL = "read-centre", "all"


@router.get("/v1/centres", summary="Reporting centres", responses=problems(422))
def centres(
    asked: Annotated[Paged, Query()],
    deps: DepsOf,
    caller: Administrator,
    reader: ReaderOf,
    figures: FiguresOf,
    purpose: Purpose = None,
) -> CentresAnswer:
    """List the centres of the register with their last return and sign of life. That it was read is kept."""
    why = read_purpose(purpose)
    page = page_of(asked, "centres", deps.limits.page_rows, str)
    with reader.moment() as now:
        found = read_centres(now.connection, now.standing, now.places)
    rows, following = page.cut(list(found.by_code.values()), lambda each: (each.entry.code,))
    deps.access.note(caller, READ, ALL, why)
    complete = completeness_shown(figures, found.complete(now.standing.today))
    return CentresAnswer(
        rows=[_shown(found, each) for each in rows],
        completeness=Completeness(**complete),
        freshness=freshness_of(now.standing),
        next=following,
    )


def _shown(centres: Centres, centre: Centre) -> CentreShown:
    entry, held = centre.entry, centre.held
    return CentreShown(
        code=entry.code,
        title=entry.title,
        source=entry.source,
        first=entry.first,
        last=entry.last,
        is_open=centres.is_open(centre),
        return_days=entry.return_days,
        heartbeat_days=entry.heartbeat_days,
        serves=[ServedArea(layer=area.layer, code=area.code, name=area.name) for area in entry.serves],
        last_return=_day(held.last_return),
        last_heartbeat=_day(held.last_heartbeat),
        overdue=centres.overdue(centre),
    )


def _day(number: int | None) -> str | None:
    return None if number is None else day_from_number(number).isoformat()
