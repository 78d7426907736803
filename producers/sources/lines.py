"""Lines of a file: numbered, bounded in size, and whatever else the file holds refused with a reason.

A file may be gzip, whatever its name, and may begin with a UTF-8 byte order mark. Lines end in LF or CRLF.
"""

from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

from producers.sources.unpack import Unpacked, peek
from schemas.codec import MAX_EVENT_BYTES
from schemas.problems import Problem

MAX_LINE_BYTES = MAX_EVENT_BYTES

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_MARK_BYTES = 4
FOREIGN_STARTS = {
    b"\xff\xfe": ("not-utf-8", "this is UTF-16; save the file as UTF-8"),
    b"\xfe\xff": ("not-utf-8", "this is UTF-16; save the file as UTF-8"),
    b"\x00\x00\xfe\xff": ("not-utf-8", "this is UTF-32; save the file as UTF-8"),
    b"PK\x03\x04": (
        "not-text",
        "this is a ZIP archive or a spreadsheet workbook; unpack it, or save it as CSV in UTF-8",
    ),
    b"\xd0\xcf\x11\xe0": ("not-text", "this is a spreadsheet workbook; save it as CSV in UTF-8"),
}

TOO_LARGE = Problem("too-large", "", "a line has at most 1 MiB")
NOT_UTF_8 = Problem("not-utf-8", "", "this line is not UTF-8; save the file as UTF-8")
NUL_BYTE = Problem("nul-byte", "", "this line holds NUL bytes, as UTF-16 text does; save the file as UTF-8")
TRUNCATED_GZIP = Problem(
    "truncated-gzip", "", "the compressed file ends too early or is damaged from here on; fetch or make it again"
)
EMPTY_FILE = Problem("empty-file", "", "the file holds nothing")


class SourceLine(NamedTuple):
    """What one line of a file came to.

    `number` counts the lines of the file from 1; a CSV row has the number of the line on which it begins. `raw` is one
    CloudEvent as JSON, ready for `schemas.codec.decode`, or empty where the line was refused. `problems` say why, and
    never hold a value of the line.
    """

    number: int
    raw: bytes
    problems: tuple[Problem, ...] = ()


class UnusableFileError(Exception):
    """A file of which no line can be used. `problem` says why; mend the file, or choose another."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def refused(number: int, *problems: Problem) -> SourceLine:
    """Return the answer to a line that cannot be used."""
    return SourceLine(number, b"", problems)


def open_lines(stream: BinaryIO) -> Iterator[SourceLine]:
    """Return the lines of text of a file, each without its line end, those that are not UTF-8 refused.

    A line over 1 MiB is refused (`too-large`) without being held; of a gzip file that is truncated or damaged, every
    line before that place is given, and then a refusal (`truncated-gzip`). Raises UnusableFileError on the first step
    (`empty-file`, `not-utf-8`, `not-text`), and whatever the stream raises.
    """
    for line in split_lines(stream):
        number, raw, problems = line
        if problems:
            yield line
        elif not raw.isascii() and not _is_utf_8(raw):
            yield refused(number, NOT_UTF_8)
        elif b"\0" in raw:
            yield refused(number, NUL_BYTE)
        else:
            yield line


def split_lines(stream: BinaryIO) -> Iterator[SourceLine]:
    """Return the lines of a file as bytes in whatever encoding; otherwise as open_lines."""
    unpacked = Unpacked(stream)
    head, chunks = peek(iter(unpacked), LONGEST_MARK_BYTES)
    _refuse_foreign(head)
    if head.startswith(BYTE_ORDER_MARK):
        head = next(chunks)[len(BYTE_ORDER_MARK) :]
        chunks = chain([head], chunks)
    if not head and not unpacked.cut_short:
        raise UnusableFileError(EMPTY_FILE)
    number = 0
    for number, line in enumerate(_split(chunks, unpacked), start=1):
        whole = line[:-1] if line is not None and line.endswith(b"\r") else line
        if whole is None or len(whole) > MAX_LINE_BYTES:
            yield refused(number, TOO_LARGE)
        else:
            yield SourceLine(number, whole)
    if unpacked.cut_short:
        yield refused(number + 1, TRUNCATED_GZIP)


def _refuse_foreign(head: bytes) -> None:
    for start, (code, detail) in FOREIGN_STARTS.items():
        if head.startswith(start):
            raise UnusableFileError(Problem(code, "", detail))


def _split(chunks: Iterator[bytes], unpacked: Unpacked) -> Iterator[bytes | None]:
    """Yield each line without its LF; None for one that is too long. What is cut short is no line."""
    held, too_long = bytearray(), False
    for chunk in chunks:
        first, end, rest = chunk.partition(b"\n")
        too_long = too_long or len(held) + len(first) > MAX_LINE_BYTES + len(b"\r")
        if too_long:
            held.clear()
        else:
            held += first
        if not end:
            continue
        yield None if too_long else bytes(held)
        *lines, last = rest.split(b"\n")
        yield from lines
        held, too_long = bytearray(last), False
    if (held or too_long) and not unpacked.cut_short:
        yield None if too_long else bytes(held)


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
