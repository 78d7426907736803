"""What is handed in, on its way to intake and back: split, read once, judged by its source, and answered."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from pydantic import BaseModel, TypeAdapter

from api.callers import Caller
from api.contract import Fault
from api.deps import Limits, Read, Taken
from api.problems import MOST_FAULTS, ProblemError
from schemas import codec
from schemas.fields import EventId
from schemas.problems import Problem, RefusedError
from streams.stages.intake import Outcome

MALFORMED = "malformed-json"
TOO_LARGE = "too-large"
WRONG_SOURCE = Problem(
    "wrong-source", "source", "this key may not hand in events of that source; write its own, or use another key"
)
_batch = msgspec.json.Decoder(list[msgspec.Raw])
_event_id: TypeAdapter[str] = TypeAdapter(EventId)


class _Named(msgspec.Struct):
    """The one part of a refused event that its sender needs to know it by."""

    id: Any = None


_named = msgspec.json.Decoder(_Named)


class SetAside(Fault):
    """An event that was refused, or received and put aside. `path`, `code` and `detail` are of its first fault."""

    index: int
    id: str | None
    errors: list[Fault]


class HandedIn(BaseModel):
    """What became of all that was handed in together.

    accepted + duplicates + the number rejected is the number of events. `quarantined` says which of the accepted were
    received but put aside for a person to decide: they are not counted until then.
    """

    accepted: int
    duplicates: int
    rejected: list[SetAside]
    quarantined: list[SetAside]


class Handing(NamedTuple):
    """Some events as they came, read, and judged by whose they are."""

    raws: Sequence[bytes]
    events: Sequence[Read]


def split(body: bytes, limits: Limits) -> list[bytes]:
    """Return the events of a batch as they were sent. Raises ProblemError 400, 413 and 422."""
    try:
        raws = _batch.decode(body)
    except msgspec.ValidationError:
        raise ProblemError(422, "not-a-batch", "the body of a batch is a JSON array of events") from None
    except (msgspec.DecodeError, RecursionError):
        raise malformed() from None
    if not raws:
        raise ProblemError(422, "empty-batch", "a batch holds at least one event")
    if len(raws) > limits.batch_events:
        detail = f"a batch holds at most {limits.batch_events} events; send them in several"
        raise ProblemError(413, TOO_LARGE, detail)
    return [bytes(raw) for raw in raws]


def read(raws: Sequence[bytes], caller: Caller) -> Handing:
    """Read events once, and refuse those of sources that are not the caller's."""
    return Handing(raws, [_read(raw, caller) for raw in raws])


def answer(handing: Handing, taken: Sequence[Taken]) -> HandedIn:
    """Return what became of each event, by its place."""
    outcomes = Counter(each.outcome for each in taken)
    return HandedIn(
        accepted=outcomes[Outcome.ACCEPTED] + outcomes[Outcome.QUARANTINED],
        duplicates=outcomes[Outcome.DUPLICATE],
        rejected=_aside(handing, taken, None),
        quarantined=_aside(handing, taken, Outcome.QUARANTINED),
    )


def malformed() -> ProblemError:
    """Return the problem for a body that is not JSON."""
    return ProblemError(400, MALFORMED, "the body is not JSON, or nested too deeply; nothing of it was taken")


def _read(raw: bytes, caller: Caller) -> Read:
    try:
        event = codec.decode(raw)
    except RefusedError as error:
        return error.problems
    return event if caller.may_write(event.source) else (WRONG_SOURCE,)


def _aside(handing: Handing, taken: Sequence[Taken], outcome: Outcome | None) -> list[SetAside]:
    return [
        _set_aside(index, raw, event, each.problems)
        for index, (raw, event, each) in enumerate(zip(handing.raws, handing.events, taken, strict=True))
        if each.outcome is outcome
    ]


def _set_aside(index: int, raw: bytes, event: Read, problems: Sequence[Problem]) -> SetAside:
    id_ = _id_in(raw) if isinstance(event, tuple) else event.id
    faults = [Fault(path=each.path, code=each.code, detail=each.detail) for each in problems[:MOST_FAULTS]]
    return SetAside(index=index, id=id_, errors=faults, **faults[0].model_dump())


def _id_in(raw: bytes) -> str | None:
    """Return the id of a refused event if it is one; anything else that stands there is not repeated."""
    try:
        return _event_id.validate_python(_named.decode(raw).id, strict=True)
    except (msgspec.DecodeError, RecursionError, ValueError):  # the last: no id, or no UTF-8
        return None
