"""CSV tables as they come: quoted line ends, broken rows among good ones, several delimiters.

Quotes are read strictly. A row that breaks off or is wrongly quoted is refused at its own line, and reading resumes at
the line after that one, so a stray quote costs one row and not the rest of the file.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from producers.sources.lines import (
    EMPTY_FILE,
    MAX_LINE_BYTES,
    NOT_UTF_8,
    NUL_BYTE,
    SourceLine,
    UnusableFileError,
    split_lines,
)
from schemas.problems import Problem

DELIMITERS = (",", ";", "\t")
LONGEST_NAME_SHOWN = 40
MOST_NAMES_SHOWN = 40

ROW_TOO_LARGE = Problem("too-large", "", "a row has at most 1 MiB, a field at most 128 KiB")
UNCLOSED_QUOTE = Problem("unclosed-quote", "", "a quote is opened in this row and never closed")
MALFORMED_ROW = Problem(
    "malformed-row", "", "this is no row of a CSV file; double a quote inside quotes, end lines in LF or CRLF"
)
NO_HEADER = Problem("not-a-table", "", "the first line is no header of a CSV file")
NO_HEADER_BECAUSE = {
    "too-large": Problem("not-a-table", "", "the first line is over 1 MiB, so no header; end lines in LF or CRLF"),
    "not-utf-8": Problem("not-utf-8", "", "the header is not UTF-8; save the file as UTF-8"),
    "nul-byte": Problem("not-utf-8", "", "the header holds NUL bytes, as UTF-16 text does; save the file as UTF-8"),
}


class TableRow(NamedTuple):
    """A row: the line on which it begins, and its cells, or why it was refused."""

    number: int
    cells: list[str]
    problems: tuple[Problem, ...] = ()


class Table:
    """A CSV table with a header line.

    The delimiter is a comma, or else the semicolon or tab with which the header names a needed column. Column names
    lose spaces around them; columns that nobody needs may be there. Raises UnusableFileError at once if there is no
    header (`empty-file`, `not-a-table`, `not-utf-8`) or it lacks or repeats a needed column (`missing-column`,
    `repeated-column`).
    """

    def __init__(self, stream: BinaryIO, needed: Sequence[str]) -> None:
        self._rows = _Rows(split_lines(stream))
        self.columns = _find_header(self._rows, needed)
        _require(needed, self.columns)

    def rows(self) -> Iterator[TableRow]:
        """Return the rows in their order; blank ones are skipped, broken ones carry their problems."""
        width = len(self.columns)
        while (row := self._rows.read()) is not None:
            if row.problems or len(row.cells) == width:
                yield row
            else:
                detail = f"the header has {width} columns, this row {len(row.cells)}"
                yield TableRow(row.number, [], (Problem("wrong-number-of-fields", "", detail),))

    def picker(self, columns: Sequence[str]) -> Callable[[list[str]], list[str]]:
        """Return what picks these columns from a row's cells, without spaces around; absent columns are empty."""
        return self.picker_of_positions(
            [self.columns.index(column) if column in self.columns else None for column in columns]
        )

    def picker_of_positions(self, positions: Sequence[int | None]) -> Callable[[list[str]], list[str]]:
        """Return the same by the columns' places in the table; None picks an empty text."""

        def pick(cells: list[str]) -> list[str]:
            return ["" if position is None else cells[position].strip() for position in positions]

        return pick


class _Rows:
    """Rows by `csv.reader`, fed line by line; the lines of the row in hand are kept until it is whole."""

    def __init__(self, lines: Iterator[SourceLine]) -> None:
        self._lines = lines
        self._ahead: deque[SourceLine] = deque()
        self._taken: list[SourceLine] = []
        self._taken_bytes = 0
        self._stop: SourceLine | None = None
        self._fault: Problem | None = None
        self._reader = csv.reader(self, strict=True)

    def split_by(self, delimiter: str) -> None:
        self._reader = csv.reader(self, delimiter=delimiter, strict=True)

    def unread(self) -> None:
        """Put back the lines of the last row."""
        self._ahead.extendleft(reversed(self._taken))
        self._taken = []

    def read(self) -> TableRow | None:
        """Return the next row that is not blank, or None at the end."""
        while True:
            self._begin()
            try:
                cells = next(self._reader)
            except StopIteration:
                return None if self._stop is None else TableRow(self._stop.number, [], self._stop.problems)
            except csv.Error as error:
                return self._broken(str(error))
            if self._fault is not None:
                return TableRow(self._taken[0].number, [], (self._fault,))
            if any(cells):
                return TableRow(self._taken[0].number, cells)

    def _begin(self) -> None:
        self._taken, self._taken_bytes, self._stop, self._fault = [], 0, None, None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self._taken_bytes += len(line.raw)
        if self._taken and (line.problems or self._taken_bytes > MAX_LINE_BYTES):
            self._ahead.appendleft(line)
            raise StopIteration
        if line.problems:
            self._stop = line
            raise StopIteration
        self._taken.append(line)
        return self._text(line.raw) + "\n"

    def _text(self, raw: bytes) -> str:
        if b"\0" in raw:
            self._fault = NUL_BYTE
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self._fault = NOT_UTF_8
            return raw.decode(errors="replace")

    def _broken(self, message: str) -> TableRow:
        first, *others = self._taken
        self._ahead.extendleft(reversed(others))
        self._taken = [first]
        problem = MALFORMED_ROW
        if self._taken_bytes > MAX_LINE_BYTES or "field limit" in message:
            problem = ROW_TOO_LARGE
        elif message == "unexpected end of data":
            problem = UNCLOSED_QUOTE
        return TableRow(first.number, [], (problem,))


def _find_header(rows: _Rows, needed: Sequence[str]) -> tuple[str, ...]:
    """Read the header by the first delimiter with which it names a needed column, else by comma."""
    for delimiter in DELIMITERS:
        header = _header(rows, delimiter)
        if not set(needed).isdisjoint(header.cells):
            return tuple(header.cells)
        rows.unread()
    header = _header(rows, DELIMITERS[0])
    if header.problems:
        raise UnusableFileError(NO_HEADER)
    return tuple(header.cells)


def _header(rows: _Rows, delimiter: str) -> TableRow:
    rows.split_by(delimiter)
    header = rows.read()
    if header is None:
        raise UnusableFileError(EMPTY_FILE)
    for problem in header.problems:
        if problem not in (UNCLOSED_QUOTE, MALFORMED_ROW):  # by another delimiter it may be none
            raise UnusableFileError(NO_HEADER_BECAUSE.get(problem.code, problem))
    return header._replace(cells=[cell.strip() for cell in header.cells])


def _require(needed: Sequence[str], columns: Sequence[str]) -> None:
    missing = [name for name in needed if name not in columns]
    if missing:
        detail = f"missing: {', '.join(missing)}; {_there(columns, none_known=len(missing) == len(needed))}"
        raise UnusableFileError(Problem("missing-column", "", detail))
    repeated = [name for name in needed if columns.count(name) > 1]
    if repeated:
        raise UnusableFileError(Problem("repeated-column", "", f"more than one column is named {', '.join(repeated)}"))


def _there(columns: Sequence[str], none_known: bool) -> str:
    """Name the columns there are, unless the first line looks like a row, which may be about a person."""
    if none_known and any(not name or re.search(r"\d{3}|@", name) for name in columns):
        return "the first line must name the columns, and does not seem to"
    names = [name[:LONGEST_NAME_SHOWN] for name in columns[:MOST_NAMES_SHOWN]]
    return f"there are: {', '.join(names)}" + (", ..." if len(columns) > MOST_NAMES_SHOWN else "")
