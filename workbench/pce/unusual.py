"""Responses that are right and unusual: what HTTP, gzip and JSON allow, and a PCE behind some proxy may send.

Each is the PCE's own response in another form. Sources: RFC 9110 and 9112 (HTTP), RFC 1952 (gzip), RFC 8259 (JSON).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .faults import Ask, Fault, encoded, gzipped, raw, without_length
from .wire import Answer, Ending, Request

_MARK = b"\xef\xbb\xbf"
_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"


def _in_members(body: bytes, size: int = 100) -> bytes:
    """As gzip members of `size` bytes each."""
    return b"".join(gzipped(body[start : start + size]) for start in range(0, len(body), size))


def _in_chunks(head: bytes, body: bytes) -> bytes:
    """In chunks with extensions, and with trailers behind the last."""
    middle = len(body) // 2
    chunks = b"".join(
        b"%X ;name=value\r\n%s\r\n" % (len(part), part) for part in (body[:middle], body[middle:]) if part
    )
    head = without_length(head, b"TRANSFER-ENCODING: Chunked", b"Trailer: X-Checksum")
    return head + chunks + b"0\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\n"


def _with_names(change: str) -> Fault:
    """Names of headers in `upper` or `lower` case."""

    def fault(_request: Request, ask: Ask) -> Answer:
        answer = ask()
        return replace(answer, headers={getattr(name, change)(): value for name, value in answer.headers.items()})

    return fault


#: One of each, by name.
UNUSUAL: Mapping[str, Fault] = {
    "several gzip members": encoded("gzip", _in_members),
    "an empty gzip member first": encoded("gzip", lambda body: gzipped(b"") + gzipped(body) + gzipped(b"")),
    "zeros behind gzip": encoded("gzip", lambda body: gzipped(body) + bytes(70_000)),
    "x-gzip": encoded("x-gzip", gzipped),
    "gzip in capitals": encoded("GZIP", gzipped),
    "gzip and identity": encoded("identity, gzip", gzipped),
    "identity": encoded("identity", lambda body: body),
    "a byte order mark": encoded("identity", lambda body: _MARK + body),
    "a byte order mark in gzip": encoded("gzip", lambda body: gzipped(_MARK[:1]) + gzipped(_MARK[1:] + body)),
    "white space around": encoded("identity", lambda body: b"\r\n\t " + body + b" \r\n\r\n\t"),
    "chunks with extensions and trailers": raw(_in_chunks),
    "early hints": raw(lambda head, body: _HINTS + _HINTS + head + body),
    "interim responses": raw(
        lambda head, body: b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + head + body
    ),
    "a length given twice": raw(lambda head, body: head[:-2] + b"content-length: %d\r\n\r\n" % len(body) + body),
    "a list of equal lengths": raw(
        lambda head, body: without_length(head, b"Content-Length: %d, 000%d" % (len(body), len(body))) + body
    ),
    "HTTP/1.0 without a length": raw(
        lambda head, body: without_length(head).replace(b"HTTP/1.1", b"HTTP/1.0", 1) + body, ending=Ending.CLOSED
    ),
    "header names in capitals": _with_names("upper"),
    "header names in lower case": _with_names("lower"),
}
