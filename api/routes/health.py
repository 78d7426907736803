"""Whether the service is alive and ready, and what it measures."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from api.deps import Condition
from api.problems import ProblemError
from api.security import Administrator, DepsOf, deps_of

router = APIRouter(tags=["health"])
CONDITIONS_SECONDS = 5.0


class Alive(BaseModel):
    """That the process answers."""

    status: str = "alive"


class ConditionShown(BaseModel):
    """One condition of being ready."""

    name: str
    met: bool
    detail: str


class Ready(BaseModel):
    """That every condition is met."""

    status: str = "ready"
    conditions: list[ConditionShown]


@router.get("/healthz", summary="Alive")
async def alive() -> Alive:
    """Say that this process answers, whatever it depends on."""
    return Alive()


@router.get("/readyz", summary="Ready")
async def ready(request: Request) -> Ready:
    """Say whether every condition is met; 503 where one is not, with the reason."""
    conditions = [ConditionShown(**each._asdict()) for each in await _conditions(request)]
    if not all(each.met for each in conditions):
        raise ProblemError(
            503,
            "not-ready",
            "not every condition is met; those that are not say why",
            members={"conditions": [each.model_dump() for each in conditions]},
            headers={"Retry-After": "5"},
        )
    return Ready(conditions=conditions)


@router.get("/metrics", summary="Metrics", response_class=Response)
def metrics(deps: DepsOf, _caller: Administrator) -> Response:
    """Return what is measured, as Prometheus reads it."""
    return Response(generate_latest(deps.registry), media_type=CONTENT_TYPE_LATEST)


async def _conditions(request: Request) -> list[Condition]:
    try:
        async with asyncio.timeout(CONDITIONS_SECONDS):
            return list(await run_in_threadpool(deps_of(request).conditions))
    except TimeoutError:
        return [Condition("store", False, f"it did not answer within {CONDITIONS_SECONDS:.0f} seconds")]
