"""Opaque cursors: where a list goes on. A cursor of another list, of other filters or made up is refused.

A cursor opens nothing: the rows behind it are still only those that the caller may read.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from hashlib import sha256

import orjson

from api.problems import ProblemError
from schemas.problems import Problem

LONGEST = 2_000
CHECK_BYTES = 8
_LARGEST = 2**63 - 1
Place = tuple[str | int, ...]
"""The values of the last row shown, in the order of the list's own sorting."""


def cursor_after(of: str, place: Place) -> str:
    """Return the cursor to the rows after a place. `of` names the list and all that narrows it."""
    body = orjson.dumps(place)
    return urlsafe_b64encode(_check(of, body) + body).rstrip(b"=").decode()


def place_of(of: str, cursor: str, *kinds: type[str] | type[int]) -> Place:
    """Return the place that a cursor of a list leads to, with a value of each kind. Raises ProblemError 422."""
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) if len(cursor) <= LONGEST else b""
        body = raw[CHECK_BYTES:]
        place = orjson.loads(body) if raw[:CHECK_BYTES] == _check(of, body) else None
    except (NotBase64Error, ValueError):
        raise _unknown() from None
    if not isinstance(place, list) or len(place) != len(kinds) or not all(map(_is, place, kinds)):
        raise _unknown()
    return tuple(place)


def _is(value: object, kind: type[str] | type[int]) -> bool:
    """Whether a value is of a kind, and can be asked of any database."""
    if kind is str:
        return isinstance(value, str) and "\0" not in value
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _check(of: str, body: bytes) -> bytes:
    return sha256(of.encode() + b"\0" + body).digest()[:CHECK_BYTES]


def _unknown() -> ProblemError:
    detail = "take `next` from the page before as it is, with the same parameters; leave it out for the first page"
    return ProblemError(
        422,
        "unknown-cursor",
        "this cursor belongs to no page of this list",
        errors=[Problem("unknown-cursor", "query.cursor", detail)],
    )
