"""CSV tables: quoted line ends, broken rows, delimiters, headers."""

import csv
import gzip
import io
import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.sources.lines import UnusableFileError
from producers.sources.tables import Table, TableRow

CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["a\nb", "a\r\nb", ",", ";", '"', '""', 'say "x"', "\n", "\n\n", "\t", "", " "]
)
DIALECTS: list[tuple[str, Literal[0, 1]]] = [
    ("\r\n", csv.QUOTE_MINIMAL),
    ("\r\n", csv.QUOTE_ALL),
    ("\n", csv.QUOTE_ALL),  # with LF alone, Python 3.11 leaves a CR unquoted
]
LINE_END = re.compile("\r?\n")


def rows_of(content: bytes | str, *needed: str) -> list[TableRow]:
    raw = content.encode() if isinstance(content, str) else content
    return list(Table(io.BytesIO(raw), needed or ("a",)).rows())


def codes(rows: list[TableRow]) -> list[tuple[int, str]]:
    return [(row.number, problem.code) for row in rows for problem in row.problems]


def good(rows: list[TableRow]) -> list[tuple[int, list[str]]]:
    return [(row.number, row.cells) for row in rows if not row.problems]


def fault_of(content: bytes | str, *needed: str) -> tuple[str, str]:
    with pytest.raises(UnusableFileError) as caught:
        rows_of(content, *needed)
    return caught.value.problem.code, caught.value.problem.detail


@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(DIALECTS),
    st.booleans(),
)
def test_what_a_csv_writer_wrote_comes_back_with_its_line_numbers(
    written: list[tuple[str, str, str]], delimiter: str, dialect: tuple[str, Literal[0, 1]], packed: bool
) -> None:
    end, quoting = dialect
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(["a", "b", "c"])
    expected = []
    for cells in written:
        line = text.getvalue().count("\n") + 1
        writer.writerow(cells)
        if any(cells):
            expected.append((line, [LINE_END.sub("\n", cell) for cell in cells]))
    raw = text.getvalue().encode()
    rows = rows_of(gzip.compress(raw, mtime=0) if packed else raw, "b")
    assert good(rows) == expected
    assert codes(rows) == []


def test_a_row_has_the_number_of_the_line_on_which_it_begins() -> None:
    assert good(rows_of('a,b\n1,"two\nlines"\n\n2,x\n')) == [(2, ["1", "two\nlines"]), (5, ["2", "x"])]


def test_a_byte_order_mark_and_spaces_are_no_part_of_the_header() -> None:
    table = Table(io.BytesIO('\ufeff"a", b \n1,2\n'.encode()), ("a", "b"))
    assert table.columns == ("a", "b")


@pytest.mark.parametrize(
    ("content", "refused", "there"),
    [
        ('a,b\n1,2\n3,"open\n4,5\n6,7\n', [(3, "unclosed-quote")], [2, 4, 5]),
        ('a,b\n"1,2\n"3","4"\n5,6\n', [(2, "malformed-row")], [3, 4]),
        ('a,b\n"say "x"",2\n3,4\n', [(2, "malformed-row")], [3]),
        ("a,b\n1\n2,3\n4,5,6\n7,8\n", [(2, "wrong-number-of-fields"), (4, "wrong-number-of-fields")], [3, 5]),
        ("a,b\n1,2\rx\n3,4\n", [(2, "malformed-row")], [3]),
        ("a,b\n1,x\0y\n3,4\n", [(2, "nul-byte")], [3]),
    ],
)
def test_a_broken_row_is_refused_and_the_others_are_not(
    content: str, refused: list[tuple[int, str]], there: list[int]
) -> None:
    rows = rows_of(content)
    assert codes(rows) == refused
    assert [number for number, _ in good(rows)] == there
    assert [row.number for row in rows] == sorted(row.number for row in rows)


def test_rows_in_another_encoding_are_refused_whole() -> None:
    rows = rows_of('a,b\n1,x\n2,"Zo\xeb\nand more"\n3,y\n'.encode("latin-1"))
    assert codes(rows) == [(3, "not-utf-8")]
    assert good(rows) == [(2, ["1", "x"]), (5, ["3", "y"])]


def test_a_line_over_the_limit_is_refused_and_ends_an_open_row() -> None:
    rows = rows_of('a,b\n1,x\n2,"open\n' + "y" * 1_048_577 + "\n3,z\n")
    assert codes(rows) == [(3, "unclosed-quote"), (4, "too-large")]
    assert [number for number, _ in good(rows)] == [2, 5]


@pytest.mark.parametrize("filler", ["y" * 200_000 + "\n", "y,y\n" * 300_000])
def test_a_row_that_never_ends_costs_itself_only(filler: str) -> None:
    rows = rows_of('a,b\n1,"' + filler + "2,z\n")
    assert codes(rows)[0] == (2, "too-large")
    assert good(rows)[-1] == (filler.count("\n") + 2, ["2", "z"])


def test_many_quotes_take_no_more_than_linear_time() -> None:
    rows = rows_of('a,b\n1,"open\n' + '2,""\n3,x"y\n' * 100_000)
    assert len(good(rows)) == 200_000


def test_a_truncated_gzip_gives_the_rows_before_and_a_refusal() -> None:
    content = "a,b\n" + "".join(f"{number},some text\n" for number in range(5_000))
    rows = rows_of(gzip.compress(content.encode())[:-3_000])
    there = good(rows)
    assert 0 < len(there) < 5_000
    assert there == [(number + 2, [str(number), "some text"]) for number in range(len(there))]
    assert codes(rows) == [(len(there) + 2, "truncated-gzip")]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_delimiter_is_found_from_the_header(delimiter: str) -> None:
    content = f'\n"a"{delimiter}"b,c"\n1{delimiter}"2,3"\n'
    assert good(rows_of(content)) == [(3, ["1", "2,3"])]


def test_commas_hold_where_they_give_a_needed_column() -> None:
    assert good(rows_of("a,b;c\n1,2;3\n")) == [(2, ["1", "2;3"])]


def test_a_header_alone_is_a_table_of_no_rows() -> None:
    assert rows_of("a,b\n") == []


def test_a_missing_column_is_named_with_those_there() -> None:
    code, detail = fault_of("date;state\n2026-07-01;x\n", "date", "ref", "place")
    assert code == "missing-column"
    assert detail == "missing: ref, place; there are: date, state"
    assert fault_of("date,state\n", "x") == ("missing-column", "missing: x; there are: date, state")


def test_a_first_row_taken_for_a_header_is_not_repeated() -> None:
    code, detail = fault_of("2026-07-01,Zoe Smith\n2026-07-02,Bob Jones\n", "date")
    assert code == "missing-column"
    assert "Smith" not in detail


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"\n\r\n", "empty-file"),
        (gzip.compress(b"a,b\n", mtime=0)[:12], "truncated-gzip"),
        ("a,b\n".encode("utf-16"), "not-utf-8"),
        ("a,b\n".encode("utf-16-le"), "not-utf-8"),
        ("Zoë,a\n1,2\n".encode("latin-1"), "not-utf-8"),
        (b'"a\n1,2\n', "not-a-table"),
        (b'a,"b"c\n1,2\n', "not-a-table"),
        (b"a,b\r1,2\r3,4\r", "not-a-table"),
        (b"x" * 1_048_577 + b"\na,b\n1,2\n", "not-a-table"),
        (b"PK\x03\x04", "not-text"),
        (b"a,b,a\n", "repeated-column"),
    ],
)
def test_what_is_no_table_is_unusable(content: bytes, code: str) -> None:
    assert fault_of(content)[0] == code


@given(st.binary(max_size=80), st.sampled_from([b"", b"a,b\n", b'"a";"b"\n']))
def test_no_bytes_break_it(content: bytes, header: bytes) -> None:
    try:
        rows = rows_of(header + content)
    except UnusableFileError:
        return
    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    assert all(bool(row.problems) != bool(row.cells) for row in rows)
