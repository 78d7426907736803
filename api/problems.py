"""The one shape of an error: a problem as RFC 9457 has it, with a code, and for input what is wrong where."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse

from schemas.problems import Problem

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 20
"""Faults told of one input; whoever mends those hears of the rest."""
TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "A key is needed",
    403: "This key may not do that",
    404: "There is no such thing",
    405: "This address does not do that",
    406: "No such form of answer",
    408: "The request took too long to arrive",
    409: "Not possible as things stand",
    410: "It is no longer there",
    413: "The request is too large",
    415: "The body is of another type",
    422: "The request cannot be taken",
    429: "Too many requests",
    500: "A fault of ours",
    503: "Not available now",
}


class ProblemError(Exception):
    """An answer that is a problem; raised anywhere within a request."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        """`errors` say what is wrong in the input; `members` go beside the standard ones."""
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def response(self) -> JSONResponse:
        """Return it as an answer."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": TITLES[self.status],
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.members,
        }
        if self.errors:
            body["errors"] = [{"path": each.path, "code": each.code, "detail": each.detail} for each in self.errors]
        return JSONResponse(body, self.status, self.headers, media_type=MEDIA_TYPE)
