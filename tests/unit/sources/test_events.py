"""NDJSON files."""

import io

import pytest

from producers.sources.events import read_events
from producers.sources.lines import SourceLine, UnusableFileError


def test_lines_pass_as_they_stand_and_blank_ones_are_skipped() -> None:
    lines = list(read_events(io.BytesIO(b'\n{"a": 1}\r\n  \t \r\n\nnot json\n')))
    assert lines == [SourceLine(2, b'{"a": 1}'), SourceLine(5, b"not json")]


def test_a_refused_line_keeps_its_number_among_the_others() -> None:
    lines = list(read_events(io.BytesIO(b'{"a": 1}\n\xff\n{"b": 2}')))
    assert [(line.number, [problem.code for problem in line.problems]) for line in lines] == [
        (1, []),
        (2, ["not-utf-8"]),
        (3, []),
    ]
    assert lines[1].raw == b""


@pytest.mark.parametrize("content", [b"", b"\n \n\r\n"])
def test_a_file_without_a_line_is_unusable_at_once(content: bytes) -> None:
    with pytest.raises(UnusableFileError) as caught:
        read_events(io.BytesIO(content))
    assert caught.value.problem.code == "empty-file"
