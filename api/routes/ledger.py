"""The loss ledger: what was received, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.admin_answers import LedgerAnswer, LedgerRow
from api.answers import freshness_of, instant_or_none
from api.asked import Paged, page_of
from api.contract import problems
from api.moment import ReaderOf
from api.security import Administrator, DepsOf
from infra.db.loss_ledger import read_loss_ledger

router = APIRouter(tags=["administration"])


@router.get("/v1/ledger", summary="The loss ledger", responses=problems(422))
def ledger(asked: Annotated[Paged, Query()], deps: DepsOf, caller: Administrator, reader: ReaderOf) -> LedgerAnswer:
    """Show by source and hour (UTC) what was received and what became of it: every row must add up."""
    page = page_of(asked, "ledger", deps.limits.page_rows, str, str)
    with reader.moment() as now:
        found = read_loss_ledger(now.connection, caller.partnership)
    rows, following = page.cut(found, lambda row: (row.source, row.hour))
    return LedgerAnswer(
        rows=[LedgerRow(**row._asdict(), adds_up=row.adds_up) for row in rows],
        adds_up=all(row.adds_up for row in found),
        cut_off=instant_or_none(now.standing.recorded_at_us),
        freshness=freshness_of(now.standing),
        next=following,
    )
