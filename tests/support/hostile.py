"""What somebody may send who means no good, or whose program is broken: text, bytes of JSON, and where to put them."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from api.deps import Limits

Step = str | int
UNLIMITED = Limits(requests_a_minute=1_000_000, refused_a_minute=1_000_000)
"""So that an attack is answered by what it meets, and not because there are too many."""
TEXTS = (
    "'; DROP TABLE event; --",
    '" OR 1=1 --',
    "<script>alert('hostile')</script>",
    "{{7*7}}${7*7}%s%n{0}",
    "../../../etc/passwd",
    "split\r\nX-Injected: yes",
    "nul\x00nul",
    "\u202e\U0001f600\u0301",
    "1e999",
    "-99999999999999999999",
    "9" * 400,
    "NaN",
    "null",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "2026-07-01T09:30:00Z",
    "",
    " ",
    "x" * 3_000,
)
AS_THEY_ARE = ("%ED%A0%80", "%FF%FE", "%", "%zz", "%C0%AF", "%00", "%2e%2e%2f", "a%2fb%5cc", "+", "%25%30%30")
"""Already written as addresses are: lone surrogates, no UTF-8, escapes that are none, NUL, slashes, escaped twice."""
IN_ADDRESSES = (*(quote(text, safe="") for text in TEXTS), *AS_THEY_ARE)
IN_HEADERS = tuple(text for text in TEXTS if text.isprintable() and text.isascii())
IN_JSON: tuple[bytes, ...] = (
    *map(orjson.dumps, TEXTS),
    *(b'"\\ud800"', b'"\\udfff\\ud800"', b'"\xff"', b'"\\x"', b'"\t"'),
    *(b"1e400", b"-1e400", b"1e-400", b"-1", b"0.5", b"9" * 400, b"9" * 5_000, b"NaN", b"-Infinity"),
    *(b"null", b"true", b"[]", b"{}", b"[null]", b'{"a":null}', b"[" * 90 + b"]" * 90),
    *(b'{"a":' * 90 + b"0" + b"}" * 90, b'"' + b"y" * 30_000 + b'"', b"[" + b"0," * 999 + b"0]"),
)
SPOT = "PUT-IT-HERE"
"""Stands in a copy of an event for what is put there; more than one copy of it would be ours to notice."""


def places_in(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Return the paths to all that a JSON value holds, itself left out."""
    inside: Sequence[tuple[Step, Any]] = ()
    if isinstance(value, dict):
        inside = list(value.items())
    if isinstance(value, list):
        inside = list(enumerate(value))
    for step, each in inside:
        yield (*path, step)
        yield from places_in(each, (*path, step))


def with_bytes_at(value: Any, path: Sequence[Step], put: bytes) -> bytes:
    """Return JSON with some bytes, JSON or not, in the place of what a path leads to."""
    spoilt = orjson.loads(orjson.dumps(value))
    held = spoilt
    for step in path[:-1]:
        held = held[step]
    held[path[-1]] = SPOT
    before, after = orjson.dumps(spoilt).split(orjson.dumps(SPOT))
    return before + put + after
