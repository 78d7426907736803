"""What every answer of the API must be, however it was asked: a problem of one shape, or no problem at all."""

import re
from typing import Any

import httpx
import orjson

from api.problems import MEDIA_TYPE, TITLES

STANDARD = {"type", "title", "status", "code", "detail"}
OF_A_FAULT = {"path", "code", "detail"}
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
WAYS_OUT = {401: "www-authenticate", 405: "allow", 429: "retry-after", 503: "retry-after"}
INSIDES = re.compile(
    r"Traceback|File \"|site-packages|\.py\b|sqlalchemy|psycopg|sqlite3|pydantic|starlette|fastapi|msgspec|orjson"
    r"|Error\b|errors\.pydantic|SELECT |INSERT |<class|object at 0x",
)
"""What only a look into the product would show."""


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return (status, code) of an answer that is a problem as it must be, after making sure that it is."""
    return checked(answer.status_code, dict(answer.headers.items()), answer.content)


def checked(status: int, headers: dict[str, str], content: bytes) -> tuple[int, str]:
    """Return (status, code) of a problem that came in parts, as a socket gives them."""
    assert status in TITLES, content
    assert status != httpx.codes.INTERNAL_SERVER_ERROR, content
    assert headers["content-type"] == MEDIA_TYPE
    body = orjson.loads(content)
    assert body.keys() >= STANDARD
    assert body["status"] == status
    assert body["title"] == TITLES[status]
    assert CODE.fullmatch(body["code"]), body
    says_what_to_do(body)
    for fault in body.get("errors", []):
        assert fault.keys() == OF_A_FAULT
        assert CODE.fullmatch(fault["code"]), fault
        says_what_to_do(fault)
    assert not INSIDES.search(content.decode()), content
    if status in WAYS_OUT:
        assert headers[WAYS_OUT[status]]
    return status, str(body["code"])


def says_what_to_do(said: dict[str, Any]) -> None:
    """Make sure that a person is told something."""
    assert isinstance(said["detail"], str)
    assert len(said["detail"].split()) > 1, said


def answered(answer: httpx.Response) -> int:
    """Return the status of an answer that is either what was asked for, or a problem as it must be."""
    if answer.status_code >= httpx.codes.BAD_REQUEST:
        return problem(answer)[0]
    assert answer.status_code in {200, 202, 304}, answer.status_code
    return answer.status_code
