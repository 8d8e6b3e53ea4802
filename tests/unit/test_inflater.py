"""gzip as RFC 1952 allows it: members one after another, in pieces that end anywhere."""

from __future__ import annotations

import gzip
import zlib
from itertools import islice, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from illumio_pce.transport import _Inflater


def inflated(pieces: list[bytes]) -> tuple[bytes, bool]:
    inflate = _Inflater()
    text = b"".join(part for piece in pieces for part in inflate.feed(piece))
    return text, inflate.whole


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(1, 100), st.integers(0, 99))
def test_gzip_members_in_pieces(texts: list[bytes], size: int, zeros: int) -> None:
    body = b"".join(map(gzip.compress, texts)) + bytes(zeros)
    assert inflated(cut(body, size)) == (b"".join(texts), True)


@given(st.integers(1, 400), st.integers(1, 100))
def test_a_truncated_gzip_member_is_incomplete(missing: int, size: int) -> None:
    body = gzip.compress(b"first") + gzip.compress(bytes(range(256)) * 4)
    second = len(body) - len(gzip.compress(b"first"))
    text, whole = inflated(cut(body[: -min(missing, second - 1)], size))
    assert not whole
    assert text.startswith(b"first")


@pytest.mark.parametrize("behind", [b"text", b"\0\0xy", b"\x1f\x8c"])
def test_garbage_after_a_gzip_member_is_an_error(behind: bytes) -> None:
    with pytest.raises(zlib.error):
        inflated([gzip.compress(b"first") + behind])


@pytest.mark.parametrize("piece", [bytes(1000), gzip.compress(b"", mtime=0)], ids=["zeros", "members"])
def test_an_endless_stream_yields_after_each_piece(piece: bytes) -> None:
    """So that it can see how long it has taken."""
    inflate = _Inflater()
    assert list(inflate.feed(gzip.compress(b"x"))) == [b"x"]
    turns = (part for endless in repeat(piece) for part in inflate.feed(endless))
    assert list(islice(turns, 50)) == [b""] * 50


def test_many_bytes_come_in_parts() -> None:
    parts = list(_Inflater().feed(gzip.compress(bytes(3_000_000))))
    assert max(map(len, parts)) == 256 * 1024
    assert sum(map(len, parts)) == 3_000_000
