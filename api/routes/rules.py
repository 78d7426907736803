"""The rules by which somebody is told."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.admin_answers import RulesAnswer
from api.asked import Asked
from api.contract import problems
from api.moment import ReaderOf
from api.security import Administrator
from infra.db.rules import rule_sets

router = APIRouter(tags=["administration"])
NO_RULES = 0


class RulesAsked(Asked):
    """Rules take no parameters."""


@router.get("/v1/rules", summary="Rules in force", responses=problems(422))
def rules(_asked: Annotated[RulesAsked, Query()], caller: Administrator, reader: ReaderOf) -> RulesAnswer:
    """List the rules that hold, as they were applied; version 0 where none were ever applied."""
    with reader.moment() as now:
        sets = rule_sets(now.connection, caller.partnership)
    held = sets[-1] if sets else None
    return RulesAnswer(
        version=NO_RULES if held is None else held.version,
        rows=[] if held is None else [rule.model_dump(mode="json", by_alias=True) for rule in held.rules],
    )
