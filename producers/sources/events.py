"""Files of CloudEvents, one a line (NDJSON)."""

from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from producers.sources.lines import EMPTY_FILE, SourceLine, UnusableFileError, open_lines


def read_events(stream: BinaryIO) -> Iterator[SourceLine]:
    """Return each line as it stands; blank lines are skipped. Whether it is an event, intake judges.

    Raises UnusableFileError at once if there is no line at all or the file is no text.
    """
    lines = _without_blanks(open_lines(stream))
    first = next(lines, None)
    if first is None:
        raise UnusableFileError(EMPTY_FILE)
    return chain([first], lines)


def _without_blanks(lines: Iterator[SourceLine]) -> Iterator[SourceLine]:
    return (line for line in lines if line.problems or (line.raw and not line.raw.isspace()))
