"""Bytes of a file in pieces, gunzipped on the way where they are gzip."""

import zlib
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

CHUNK_BYTES = 65_536
GZIP_MAGIC = b"\x1f\x8b"
GZIP_FORMAT = 16 + zlib.MAX_WBITS


class Unpacked:
    """The content of a stream, in pieces of at most about 64 KiB.

    `cut_short` is true from when a gzip file turned out to be truncated or damaged; all that could be unpacked before
    that place has been handed out.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.cut_short = False

    def __iter__(self) -> Iterator[bytes]:
        head, chunks = peek(self._raw(), len(GZIP_MAGIC))
        return self._gunzip(chunks) if head.startswith(GZIP_MAGIC) else chunks

    def _raw(self) -> Iterator[bytes]:
        while chunk := self._stream.read(CHUNK_BYTES):
            yield chunk

    def _gunzip(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        member = zlib.decompressobj(GZIP_FORMAT)
        for chunk in chunks:
            packed = chunk
            while packed:
                if member.eof:
                    packed = packed.lstrip(b"\0")  # padding after a member, as tapes leave it
                    if not packed:
                        break
                    member = zlib.decompressobj(GZIP_FORMAT)
                before = member.copy()
                try:
                    content = member.decompress(packed, CHUNK_BYTES)
                except zlib.error:
                    self.cut_short = True
                    yield from _up_to_damage(before, packed)
                    return
                if content:
                    yield content
                packed = member.unused_data if member.eof else member.unconsumed_tail
        if not member.eof:
            self.cut_short = True
            if content := member.flush():
                yield content


def peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, at least `size` of them where there are so many, and all pieces from the first on."""
    head = b""
    while len(head) < size and (chunk := next(chunks, b"")):
        head += chunk
    return head, chain([head] if head else [], chunks)


def _up_to_damage(member: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    """Unpack byte by byte: zlib gives nothing of a piece in which it finds a fault."""
    for index in range(len(packed)):
        try:
            content = member.decompress(packed[index : index + 1])
        except zlib.error:
            return
        if content:
            yield content
