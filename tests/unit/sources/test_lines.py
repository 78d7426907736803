"""Lines of files: gzip, byte order marks, encodings, limits."""

import gzip
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.sources.lines import MAX_LINE_BYTES, SourceLine, UnusableFileError, open_lines

MIB = 1_048_576


class Trickle(io.RawIOBase):
    """A stream that gives its bytes a few at a time."""

    def __init__(self, content: bytes, step: int) -> None:
        self._content = io.BytesIO(content)
        self._step = step

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._content.read(min(size, self._step))


class OneLongLine(io.RawIOBase):
    """A line of so many bytes, made as it is read, and a short one after it."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._end = b"\nshort\n"

    def read(self, size: int = -1) -> bytes:
        if self._left:
            part = min(size, self._left)
            self._left -= part
            return b"x" * part
        end, self._end = self._end, b""
        return end


def lines_of(content: bytes) -> list[SourceLine]:
    return list(open_lines(io.BytesIO(content)))


def codes(lines: list[SourceLine]) -> list[tuple[int, str]]:
    return [(line.number, problem.code) for line in lines for problem in line.problems]


def good(lines: list[SourceLine]) -> list[tuple[int, bytes]]:
    return [(line.number, line.raw) for line in lines if not line.problems]


@pytest.mark.parametrize("content", [b"a\nb\n", b"a\nb", b"a\r\nb\r\n", b"\xef\xbb\xbfa\nb\n"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("step", [1, 2, 3, 65_536])
def test_line_ends_marks_gzip_and_short_reads_make_no_difference(content: bytes, packed: bool, step: int) -> None:
    stream = Trickle(gzip.compress(content) if packed else content, step)
    assert good(list(open_lines(stream))) == [(1, b"a"), (2, b"b")]  # type: ignore[arg-type]


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"])), min_size=1))
def test_any_text_comes_back_line_by_line(texts: list[str]) -> None:
    content = "".join(f"{text}\n" for text in texts).encode()
    if content.startswith((b"PK\x03\x04", b"\xef\xbb\xbf")):
        return
    expected = [(number, text.encode()) for number, text in enumerate(texts, start=1)]
    assert good(lines_of(content)) == expected
    assert good(lines_of(gzip.compress(content))) == expected


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_unusable(content: bytes) -> None:
    with pytest.raises(UnusableFileError) as caught:
        lines_of(content)
    assert caught.value.problem.code == "empty-file"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_refused_with_what_to_do(encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("e") else ""
    with pytest.raises(UnusableFileError, match="save the file as UTF-8") as caught:
        lines_of(f"{mark}name\nZoë\n".encode(encoding))
    assert caught.value.problem.code == "not-utf-8"


def test_utf_16_without_a_mark_is_refused_line_by_line() -> None:
    assert {code for _, code in codes(lines_of("one\ntwo\n".encode("utf-16-le")))} == {"nul-byte"}


@pytest.mark.parametrize("content", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest"])
def test_an_archive_or_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableFileError) as caught:
        lines_of(content)
    assert caught.value.problem.code == "not-text"


def test_a_line_in_another_encoding_is_refused_and_the_others_are_not() -> None:
    lines = lines_of(b"one\n" + "Zoë\n".encode("latin-1") + "Zoë\n".encode())
    assert codes(lines) == [(2, "not-utf-8")]
    assert good(lines) == [(1, b"one"), (3, "Zoë".encode())]


def test_a_nul_byte_is_refused() -> None:
    assert codes(lines_of(b"a\nb\0c\nd\n")) == [(2, "nul-byte")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_may_have_exactly_one_mebibyte(end: bytes) -> None:
    assert MAX_LINE_BYTES == MIB
    assert [len(raw) for _, raw in good(lines_of(b"x" * MIB + end))] == [MIB]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("excess", [1, 2, 100_000])
def test_a_longer_line_is_refused_and_the_others_are_not(end: bytes, excess: int) -> None:
    lines = lines_of(b"before\n" + b"x" * (MIB + excess) + end + (b"after" if end else b""))
    assert codes(lines) == [(2, "too-large")]
    assert good(lines) == [(1, b"before"), *([(3, b"after")] if end else [])]


def test_a_longer_line_is_never_held() -> None:
    tracemalloc.start()
    lines = list(open_lines(OneLongLine(64 * MIB)))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert codes(lines) == [(1, "too-large")]
    assert good(lines) == [(2, b"short")]
    assert peak < 4 * MIB


def test_what_gzip_makes_small_is_never_held_whole() -> None:
    bomb = gzip.compress(b"\0" * (64 * MIB))
    tracemalloc.start()
    lines = lines_of(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert codes(lines) == [(1, "too-large")]
    assert peak < 4 * MIB


NUMBERED = b"".join(b"line %d of the file\n" % number for number in range(1, 20_001))


@pytest.mark.parametrize("kept", [2, 9, 10, 100, 5_000, -1_000, -9, -8, -1])
def test_a_truncated_gzip_gives_all_whole_lines_and_then_a_refusal(kept: int) -> None:
    packed = gzip.compress(NUMBERED, mtime=0)
    lines = lines_of(packed[:kept])
    there = good(lines)
    assert there == [(number, b"line %d of the file" % number) for number in range(1, len(there) + 1)]
    assert codes(lines) == [(len(there) + 1, "truncated-gzip")]
    assert lines[-1].problems


def test_all_that_zlib_can_unpack_of_a_truncated_gzip_is_given() -> None:
    assert len(good(lines_of(gzip.compress(NUMBERED)[:-8]))) == 20_000


@pytest.mark.parametrize("content", [NUMBERED, NUMBERED * 20])
def test_a_damaged_gzip_gives_what_lies_before_the_damage(content: bytes) -> None:
    first = gzip.compress(content)
    damaged = first + b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + b"\xff" * 50
    lines = lines_of(damaged)
    count = content.count(b"\n")
    assert len(good(lines)) == count
    assert codes(lines) == [(count + 1, "truncated-gzip")]


def test_a_gzip_with_a_wrong_checksum_ends_in_a_refusal() -> None:
    packed = bytearray(gzip.compress(b"a\nb\n"))
    packed[-8] ^= 1
    lines = lines_of(bytes(packed))
    assert good(lines) == [(1, b"a"), (2, b"b")]
    assert codes(lines) == [(3, "truncated-gzip")]


def test_members_of_a_gzip_and_padding_between_them_are_one_file() -> None:
    assert good(lines_of(gzip.compress(b"a\nb") + b"\0" * 512 + gzip.compress(b"c\n") + b"\0" * 512)) == [
        (1, b"a"),
        (2, b"bc"),
    ]


@given(st.binary(max_size=200))
def test_no_bytes_break_it(content: bytes) -> None:
    try:
        lines = lines_of(content)
    except UnusableFileError:
        return
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


def test_an_error_of_the_stream_is_not_hidden() -> None:
    class Failing(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(open_lines(Failing()))  # type: ignore[arg-type]
