"""How whatever goes wrong within a request becomes a problem: with a code and what to do, never with what was sent."""

import traceback
from collections.abc import Mapping, Sequence

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.problems import MOST_FAULTS, TITLES, ProblemError
from schemas.problems import Problem
from streams.ports import StoreUnavailableError

RETRY_AFTER_S = 5
LONGEST_NAME_ECHOED = 60
_CODES = {
    400: ("malformed-request", "the request cannot be read; send it as the interface's description says"),
    404: ("not-found", "there is nothing at this address; /openapi.json lists what there is"),
    405: ("method-not-allowed", "this address does not take that method; the header Allow says which it takes"),
}
_KINDS = {
    "missing": ("missing-field", "this is required"),
    "extra_forbidden": ("unknown-field", "there is no such field; check its spelling, or leave it out"),
    "json_invalid": ("malformed-json", "this is not JSON"),
    "string_pattern_mismatch": ("wrong-form", "the text has characters or a form that this does not take"),
    "enum": ("unknown-value", None),
    "literal_error": ("unknown-value", None),
}
_OUT_OF_RANGE = ("too_long", "too_short", "greater_than", "less_than", "finite_number")


def add_handlers(app: FastAPI) -> None:
    """Have an app answer every fault with a problem."""
    app.exception_handler(ProblemError)(_problem)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(StoreUnavailableError)(_store_away)
    app.exception_handler(HTTPException)(_refused_by_the_framework)


def store_away(error: StoreUnavailableError) -> ProblemError:
    """Return the problem for a store that is away: nothing is lost by trying again.

    What the store's fault asks an operator to do goes to the log, not to whoever called.
    """
    structlog.get_logger().warning("store away", code=error.problem.code, detail=error.problem.detail)
    return ProblemError(
        503,
        "store-unavailable",
        f"the ledger cannot be used just now ({error.problem.code}); keep what you have, and try again later",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def fault_of_ours(error: BaseException, request_id: str) -> ProblemError:
    """Return the problem for a fault of ours, after logging its type and line; its words might hold content."""
    where = traceback.extract_tb(error.__traceback__)
    last = where[-1] if where else None
    structlog.get_logger().error(
        "fault",
        request_id=request_id,
        type=type(error).__name__,
        file=last.filename.rpartition("site-packages/")[2] if last else None,
        line=last.lineno if last else None,
        ours=_last_line_of_ours(where),
    )
    return ProblemError(
        500, "fault", "something went wrong that is ours to mend; report the time and the header X-Request-Id"
    )


def _last_line_of_ours(where: Sequence[traceback.FrameSummary]) -> str | None:
    ours = [f"{frame.filename}:{frame.lineno}" for frame in where if "site-packages" not in frame.filename]
    return ours[-1] if ours else None


def _problem(_request: Request, error: ProblemError) -> JSONResponse:
    return error.response()


def _store_away(_request: Request, error: StoreUnavailableError) -> JSONResponse:
    return store_away(error).response()


def _refused_by_the_framework(_request: Request, error: HTTPException) -> JSONResponse:
    if isinstance(error.__cause__, ProblemError):  # of ours, raised while the framework read the body
        return error.__cause__.response()
    status = error.status_code if error.status_code in TITLES else 400
    code, detail = _CODES.get(status, _CODES[400])
    return ProblemError(status, code, detail, headers=error.headers).response()


def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return ProblemError(400, "malformed-json", "the body is not JSON; send one JSON object").response()
    problems = [_translate(each["type"], each["msg"], each["loc"]) for each in found[:MOST_FAULTS]]
    return ProblemError(
        422, "invalid-input", "something in the request cannot be taken; errors say what and where", errors=problems
    ).response()


def _translate(kind: str, message: str, location: tuple[int | str, ...]) -> Problem:
    """Say it in our words; the framework's are kept where they name what is allowed and no value."""
    if kind in _KINDS:
        code, detail = _KINDS[kind]
        return Problem(code, path_to(location), detail or message)
    if "-" in kind:  # our own codes have hyphens, the framework's have underscores
        return Problem(kind, path_to(location), message)
    if any(sign in kind for sign in _OUT_OF_RANGE):
        return Problem("out-of-range", path_to(location), message)
    return Problem("wrong-type", path_to(location), _without_value(kind, message))


def _without_value(kind: str, message: str) -> str:
    """Some of the framework's messages say what came; those say only what was wanted instead."""
    return _WANTED.get(kind, message)


_WANTED: Mapping[str, str] = {
    "date_from_datetime_parsing": "write a date as 2026-07-01",
    "date_parsing": "write a date as 2026-07-01",
    "int_parsing": "write a whole number",
    "bool_parsing": "write true or false",
    "model_attributes_type": "send one JSON object, with the header Content-Type: application/json",
}


def path_to(location: tuple[int | str, ...]) -> str:
    """Write a location as `query.from` or `body.places[0]`; a name that does not look like one is not repeated."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            name = step if step.isidentifier() and len(step) <= LONGEST_NAME_ECHOED else "?"
            path += f".{name}" if path else name
    return path
