"""Handing events in, and the receipts for them."""

import asyncio
from email.message import Message
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.callers import Caller
from api.contract import problems
from api.deps import Deps
from api.event_examples import BODIES, MediaType
from api.handing_in import (
    MALFORMED,
    TOO_LARGE,
    WRONG_SOURCE,
    HandedIn,
    Handing,
    SetAside,
    answer,
    malformed,
    read,
    split,
)
from api.problems import MOST_FAULTS, ProblemError
from api.security import DepsOf, EventsSender
from infra.db.receipts import ReceiptState, find_receipt
from infra.db.row_security import reading
from infra.observability.metrics import CounterName
from schemas.fields import EventId, SourceUri
from schemas.problems import Problem
from streams.core.days import instant_of

router = APIRouter(tags=["events"])
READ_HERE = 10_000
"""Bytes that are read on the loop itself; more would hold the others up, so a thread reads them."""


class ReceiptShown(BaseModel):
    """What became of one event.

    `since` is when it was recorded or put aside; null for what was set up before any report, which holds from the
    beginning. `sent_again` counts how often the same came again; `set_aside` how many sendings under the same id with
    other content wait for a person to decide.
    """

    state: ReceiptState
    since: str | None
    sent_again: int = Field(ge=0)
    set_aside: int = Field(ge=0)


@router.post(
    "/v1/events",
    status_code=202,
    summary="Hand events in",
    responses=problems(400, 408, 413, 415, 422),
    openapi_extra={"requestBody": {"required": True, "content": BODIES}},
)
async def hand_in(request: Request, deps: DepsOf, caller: EventsSender) -> HandedIn:
    """Hand in one event or a batch. The valid events of a batch are accepted whatever the others are."""
    kind = _media_type(request)
    body = await request.body()
    if len(body) > READ_HERE:
        handing = await run_in_threadpool(_read_all, kind, body, deps, caller)
    else:
        handing = _read_all(kind, body, deps, caller)
    taken = await asyncio.wrap_future(deps.intake.hand_in(caller.partnership, handing.events))
    result = answer(handing, taken)
    _count(deps, result)
    if len(result.rejected) == len(taken):
        raise _all_rejected(kind, result)
    return result


@router.get("/v1/events/{source:path}/{id}/receipt", summary="What became of an event", responses=problems(404))
def receipt(
    source: Annotated[SourceUri, Path(description="The event's source, without its leading slash.")],
    id_: Annotated[EventId, Path(alias="id", description="The event's id.")],
    deps: DepsOf,
    caller: EventsSender,
) -> ReceiptShown:
    """Say whether an event is counted, quarantined or pending, since when, and how often it was sent again."""
    uris = [uri for uri in (f"/{source}", source) if caller.may_write(uri)]
    if not uris:
        raise ProblemError(403, "wrong-source", "this key has no receipts of that source; use the key that writes it")
    for uri in uris:
        with reading(deps.engine, caller.partnership) as connection:
            found = find_receipt(connection, caller.partnership, uri, id_)
        if found is not None:
            deps.access.note(caller, "read-receipt", f"{uri}/{id_}", None)
            since = None if found.since_us is None else instant_of(found.since_us)
            return ReceiptShown(state=found.state, since=since, sent_again=found.sent_again, set_aside=found.set_aside)
    raise ProblemError(404, "unknown-event", "nothing was received under this source and id; send it")


def _media_type(request: Request) -> MediaType:
    """Return how events were handed in; parameters such as a charset do not matter. Raises ProblemError 415."""
    said = Message()
    said["Content-Type"] = request.headers.get("content-type", "")
    try:
        return MediaType(said.get_content_type())
    except ValueError:
        raise ProblemError(
            415, "wrong-media-type", f"send one event as {MediaType.EVENT}, or several as {MediaType.BATCH}"
        ) from None


def _read_all(kind: MediaType, body: bytes, deps: Deps, caller: Caller) -> Handing:
    """Return what came, read. Raises ProblemError where nothing of it can be taken."""
    if kind is MediaType.BATCH:
        return read(split(body, deps.limits), caller)
    handing = read([body], caller)
    (event,) = handing.events
    if isinstance(event, tuple):
        _refuse_whole(event[0])
    return handing


def _refuse_whole(problem: Problem) -> None:
    """Raise ProblemError for a single event that is none, or not the caller's."""
    if problem.code == MALFORMED:
        raise malformed()
    if problem.code == TOO_LARGE:
        raise ProblemError(413, TOO_LARGE, problem.detail)
    if problem == WRONG_SOURCE:
        raise ProblemError(403, WRONG_SOURCE.code, WRONG_SOURCE.detail, errors=[WRONG_SOURCE])


def _all_rejected(kind: MediaType, result: HandedIn) -> ProblemError:
    return ProblemError(
        422,
        "all-rejected",
        "nothing of this was accepted; mend what the errors say, and send it again",
        errors=[fault for each in result.rejected for fault in _faults(kind, each)],
        members=result.model_dump(),
    )


def _faults(kind: MediaType, event: SetAside) -> list[Problem]:
    """Return an event's faults; in a batch each path begins with the event's place."""
    place = f"[{event.index}]" if kind is MediaType.BATCH else ""
    return [
        Problem(each.code, ".".join(filter(None, (place, each.path))), each.detail)
        for each in event.errors[:MOST_FAULTS]
    ]


def _count(deps: Deps, result: HandedIn) -> None:
    for outcome, n in (
        ("accepted", result.accepted - len(result.quarantined)),
        ("duplicate", result.duplicates),
        ("quarantined", len(result.quarantined)),
        ("rejected", len(result.rejected)),
    ):
        if n:
            deps.metrics.count(CounterName.EVENTS_HANDED_IN, {"outcome": outcome}, n)
