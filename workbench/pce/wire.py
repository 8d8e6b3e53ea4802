"""Requests and answers of the emulated PCE, the same with sockets and without.

An `Answer` also says how it travels: whole, cut, reset, or never. The https server acts that out;
a test without sockets reads `head_sent` and `pieces()`.
"""

from __future__ import annotations

import base64
import binascii
import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Request:
    """A request as the PCE sees it; names of headers are in lower case, `source` is the client's address."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = "127.0.0.1"

    @classmethod
    def get(
        cls,
        target: str,
        query: Sequence[tuple[str, str]] = (),
        *,
        key: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Request:
        """A GET of a path (with its own query, or `query`), signed with an API key's (id, secret)."""
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        if key:
            lower["authorization"] = "Basic " + base64.b64encode(":".join(key).encode()).decode()
        return cls.of("GET", target, lower, query=query)

    @classmethod
    def of(
        cls,
        method: str,
        target: str,
        headers: Mapping[str, str],
        *,
        query: Sequence[tuple[str, str]] = (),
        source: str = "127.0.0.1",
    ) -> Request:
        """A request from its request line and its headers (names in lower case)."""
        parts = urlsplit(target)
        pairs = (*parse_qsl(parts.query, keep_blank_values=True), *query)
        return cls(method, parts.path, pairs, headers, source)

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User and password of Basic authentication (RFC 7617); None where there are none that can be read."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        try:
            user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (user, password) if scheme.lower() == "basic" and colon else None


class Ending(enum.Enum):
    """How the sending of an answer ends."""

    WHOLE = "whole"
    CLOSED = "closed"
    RESET = "reset"
    SILENT = "silent"


class Interrupted(Exception):
    """An answer did not arrive whole; `ending` says what the client met instead of the rest."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(f"the answer was interrupted: {ending.value}")
        self.ending = ending


@dataclass(frozen=True)
class Answer:
    """An answer and how it is sent.

    `sent`: bytes of the body that go out before `ending` (None: all). `head_sent` False: the client sees
    no status either. `filler`: blanks in front of the body's last byte, so that an answer of any size
    needs no memory. `pause_seconds` follows each piece of `piece_bytes`. `headers` may announce a
    `Content-Length`; otherwise the body's own is announced, or none where it is `chunked`.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    sent: int | None = None
    ending: Ending = Ending.WHOLE
    head_sent: bool = True
    chunked: bool = False
    filler: int = 0
    piece_bytes: int = _PIECE_BYTES
    pause_seconds: float = 0.0

    @property
    def length(self) -> int:
        """Bytes of the whole body."""
        return len(self.body) + self.filler

    def pieces(self) -> Iterator[bytes]:
        """The body as it arrives at the client; raises Interrupted where it does not arrive whole."""
        left = self.length if self.sent is None else self.sent
        for part in self._parts():
            piece = part[: max(0, left)]
            left -= len(piece)
            if piece:
                yield piece
            if left <= 0:
                break
        if self.ending is not Ending.WHOLE:
            raise Interrupted(self.ending)

    def _parts(self) -> Iterator[bytes]:
        step = self.piece_bytes
        end = len(self.body) - 1 if self.filler else len(self.body)
        for start in range(0, end, step):
            yield self.body[start : min(start + step, end)]
        for start in range(0, self.filler, step):
            yield b" " * min(step, self.filler - start)
        yield self.body[end:]
