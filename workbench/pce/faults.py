"""Faults that a test switches on: what stands between the client and a PCE in good order.

A fault is a function of the request and of a way to ask the PCE; one that never asks leaves the PCE as if
the request had not come.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from typing import Callable
from urllib.parse import urlencode

from .wire import Answer, Ending, Request

Ask = Callable[[], Answer]
Fault = Callable[[Request, Ask], Answer]

_MEBIBYTE = 1024 * 1024
_HTML = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Please wait</h1></body></html>"


@dataclass
class Switch:
    """A fault that is on, for the requests whose path holds `path`; `hits` counts those it met."""

    fault: Fault
    times: int | None
    path: str
    probability: float
    chance: random.Random
    on: bool = True
    hits: int = 0

    def off(self) -> None:
        """Switch it off."""
        self.on = False

    def takes(self, request: Request) -> bool:
        """Whether this request meets the fault."""
        spent = self.times is not None and self.hits >= self.times
        if not self.on or spent or self.path not in request.path:
            return False
        if self.probability < 1 and self.chance.random() >= self.probability:
            return False
        self.hits += 1
        return True


@dataclass
class Faults:
    """The faults of one PCE; of several that are on, a request meets the first that takes it."""

    switches: list[Switch] = field(default_factory=list)

    def switch_on(
        self,
        fault: Fault,
        *,
        times: int | None = None,
        path: str = "",
        probability: float = 1.0,
        seed: int = 0,
    ) -> Switch:
        """Switch a fault on, for the next `times` requests or for ever."""
        switch = Switch(fault, times, path, probability, random.Random(seed))
        self.switches.append(switch)
        return switch

    def clear(self) -> None:
        """Switch all off."""
        self.switches.clear()

    def answer(self, request: Request, ask: Ask) -> Answer:
        """What the client gets."""
        for switch in self.switches:
            if switch.takes(request):
                return switch.fault(request, ask)
        return ask()


def status(code: int, *, retry_after: str | None = None, body: bytes = b"[]") -> Fault:
    """An error of that HTTP status; the PCE did not process the request."""
    headers = {"Content-Type": "application/json"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    return _instead(Answer(code, headers, body))


def html_page(code: int = 200) -> Fault:
    """A proxy's page in place of an answer."""
    return _instead(Answer(code, {"Content-Type": "text/html; charset=utf-8"}, _HTML))


def redirect(location: str, code: int = 302) -> Fault:
    """A redirect to another place, on the same host or elsewhere."""
    return _instead(Answer(code, {"Location": location}))


def redirect_back() -> Fault:
    """The first request for each address is redirected to that address, as a load balancer does to set a cookie."""
    seen: set[str] = set()

    def fault(request: Request, ask: Ask) -> Answer:
        address = f"{request.path}?{urlencode(request.query)}"
        if address in seen:
            return ask()
        seen.add(address)
        return Answer(307, {"Location": address})

    return fault


def _instead(answer: Answer) -> Fault:
    return lambda _request, _ask: answer


def empty_body() -> Fault:
    """Status 200 without a body."""
    return _body(lambda _body: b"")


def other_json(value: object) -> Fault:
    """Well-formed JSON that is not what was asked for."""
    return _body(lambda _body: json.dumps(value).encode())


def invalid_json() -> Fault:
    """A body whose last bracket is not JSON."""
    return _body(lambda body: body[:-1] + b"}")


def truncated_json(keep: float = 0.5) -> Fault:
    """A part of the body, announced with the length of that part."""
    return _body(lambda body: body[: int(len(body) * keep)])


def rewritten(old: str, new: str) -> Fault:
    """The same events with another text in them, as where the PCE goes on to write an event that it has shown."""
    return _body(lambda body: body.replace(old.encode(), new.encode()))


def fewer_events(keep: int) -> Fault:
    """A list that ends after so many events, well-formed, as one whose writer has run out of time."""
    return _body(lambda body: json.dumps(json.loads(body)[:keep], separators=(",", ":")).encode())


def cached() -> Fault:
    """Each address is answered once; after that with that answer's body, under a new `Date`, as by a careless cache."""
    kept: dict[str, Answer] = {}

    def fault(request: Request, ask: Ask) -> Answer:
        address, answer = f"{request.path}?{urlencode(request.query)}", _plain(ask())
        return replace(answer, body=kept.setdefault(address, answer).body)

    return fault


def deep_json(depth: int = 100_000) -> Fault:
    """Arrays within arrays."""
    return _body(lambda _body: b"[" * depth + b"]" * depth)


def _body(change: Callable[[bytes], bytes]) -> Fault:
    return lambda _request, ask: _changed(_plain(ask()), change)


def _changed(answer: Answer, change: Callable[[bytes], bytes]) -> Answer:
    return replace(answer, body=change(answer.body))


def short_body(keep: float = 0.5) -> Fault:
    """Fewer bytes than `Content-Length` announces, then an orderly close."""
    return _cut(keep, Ending.CLOSED)


def chunked_cut(keep: float = 0.5) -> Fault:
    """Chunks that end without the last one."""
    return _cut(keep, Ending.CLOSED, chunked=True)


def reset(keep: float | None = None) -> Fault:
    """The connection is reset: before the answer, or within its body."""
    return _cut(keep, Ending.RESET)


def silence(keep: float | None = None) -> Fault:
    """The connection stays open and nothing more comes: no answer at all, or no more of its body."""
    return _cut(keep, Ending.SILENT)


def hang_up() -> Fault:
    """The connection is closed without an answer."""
    return _cut(None, Ending.CLOSED)


def drip(piece_bytes: int = 1, pause_seconds: float = 1.0, *, endless: bool = False) -> Fault:
    """The body comes slowly; endlessly so with blanks in front of its last byte."""

    def fault(_request: Request, ask: Ask) -> Answer:
        filler = 1 << 40 if endless else 0
        return replace(_plain(ask()), piece_bytes=piece_bytes, pause_seconds=pause_seconds, filler=filler)

    return fault


def _cut(keep: float | None, ending: Ending, *, chunked: bool = False) -> Fault:
    def fault(_request: Request, ask: Ask) -> Answer:
        answer = _plain(ask())
        if keep is None:
            return replace(answer, sent=0, ending=ending, head_sent=False)
        return replace(answer, sent=int(answer.length * keep), ending=ending, chunked=chunked)

    return fault


def huge(size: int = 1 << 40) -> Fault:
    """A well-formed answer of at least that many bytes: the events, then blanks, then the closing bracket."""
    return lambda _request, ask: replace(_plain(ask()), filler=size)


def gzip_bomb(mebibytes: int = 1024) -> Fault:
    """A small body that is well-formed JSON of that size when it is decompressed."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return lambda _request, _ask: Answer(200, headers, _bomb(mebibytes))


@lru_cache(maxsize=2)
def _bomb(mebibytes: int) -> bytes:
    """A gzip member (RFC 1952) that repeats one compressed block of blanks between two brackets."""
    blanks = b" " * _MEBIBYTE
    parts, checksum = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"], 0
    for text, times in ((b"[", 1), (blanks, mebibytes), (b"]", 1)):
        deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        parts.append((deflate.compress(text) + deflate.flush(zlib.Z_FULL_FLUSH)) * times)
        for _ in range(times):
            checksum = zlib.crc32(text, checksum)
    last = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS).flush()
    size = (mebibytes * _MEBIBYTE + 2) & 0xFFFFFFFF
    return b"".join([*parts, last, checksum.to_bytes(4, "little"), size.to_bytes(4, "little")])


def encoded(coding: str, change: Callable[[bytes], bytes]) -> Fault:
    """The body after `change`, under that `Content-Encoding`."""
    return lambda _request, ask: _with_header(_changed(_plain(ask()), change), "Content-Encoding", coding)


def gzipped(body: bytes) -> bytes:
    """One gzip member."""
    return gzip.compress(body, 1)


def raw(change: Callable[[bytes, bytes], bytes], *, ending: Ending = Ending.WHOLE) -> Fault:
    """The right response as bytes on the wire, after `change(head, body)`; the head ends with an empty line."""

    def fault(_request: Request, ask: Ask) -> Answer:
        answer = _plain(ask())
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        lines = [f"HTTP/1.1 {answer.status} OK", *(f"{name}: {value}" for name, value in headers.items()), "\r\n"]
        head = "\r\n".join(lines).encode("latin-1")
        return replace(answer, body=change(head, answer.body), head_sent=False, ending=ending)

    return fault


def without_length(head: bytes, *lines: bytes) -> bytes:
    """That head with these lines in the place of its `Content-Length`."""
    kept = [line for line in head.split(b"\r\n") if line and not line.startswith(b"Content-Length")]
    return b"\r\n".join([*kept, *lines, b"\r\n"])


def truncated_gzip(keep: float = 0.5) -> Fault:
    """A compressed body that stops early, announced with the length of what is there."""

    return encoded("gzip", lambda body: gzipped(body)[: int(len(gzipped(body)) * keep)])


def header(name: str, value: str, *, ending: Ending = Ending.WHOLE) -> Fault:
    """The right body with one header more, or another value for it."""
    return lambda _request, ask: replace(_with_header(_plain(ask()), name, value), ending=ending)


def many_headers(count: int = 1000) -> Fault:
    """More headers than anybody needs."""
    return lambda _request, ask: replace(ask(), headers={f"X-Filler-{number}": "x" for number in range(count)})


def wire(first: bytes, then: bytes = b"") -> Fault:
    """Bytes in place of an answer, head and all; `then` comes behind them again and again, for minutes."""
    times, pause_seconds = (10_000, 0.02) if then else (0, 0.0)
    piece_bytes = len(then or first)
    body = first + then * times
    return _instead(Answer(200, body=body, head_sent=False, piece_bytes=piece_bytes, pause_seconds=pause_seconds))


def content_type(value: str) -> Fault:
    """The right body under a wrong name."""
    return lambda _request, ask: _with_header(ask(), "Content-Type", value)


def date(value: str | None) -> Fault:
    """Another `Date`, or none."""
    return lambda _request, ask: _with_header(ask(), "Date", value)


def skewed_date(seconds: float) -> Fault:
    """A `Date` that is off by so much."""

    def fault(_request: Request, ask: Ask) -> Answer:
        answer = ask()
        moment = parsedate_to_datetime(answer.headers["Date"]).timestamp() + seconds
        return _with_header(answer, "Date", formatdate(moment, usegmt=True))

    return fault


def _with_header(answer: Answer, name: str, value: str | None) -> Answer:
    headers = {**answer.headers, name: value or ""}
    return replace(answer, headers={name: value for name, value in headers.items() if value})


def _plain(answer: Answer) -> Answer:
    """The same answer, not compressed."""
    if "Content-Encoding" not in answer.headers:
        return answer
    body = zlib.decompress(answer.body, 16 + zlib.MAX_WBITS)
    return replace(_with_header(answer, "Content-Encoding", None), body=body)


_STATUSES = (203, 204, 206, 304, 400, 401, 403, 404, 406, 407, 408, 414, 418, 429, 431, 500, 502, 503, 504, 511, 520)

#: One of each, by name: what a test that has to see every fault goes through. Sizes and times are small.
EVERY: Mapping[str, Fault] = {
    **{f"status {code}": status(code) for code in _STATUSES},
    "429 with Retry-After": status(429, retry_after="1"),
    "503 with Retry-After": status(503, retry_after="1"),
    "429 with a Retry-After date": status(429, retry_after="Sun, 06 Nov 1994 08:49:37 GMT"),
    "503 with a Retry-After date": status(503, retry_after="Friday, 31-Dec-49 23:59:59 GMT"),
    "HTML page": html_page(),
    "HTML page 502": html_page(502),
    "redirect elsewhere": redirect("https://other.example.net/"),
    "redirect on the same host": redirect("/login"),
    "empty body": empty_body(),
    "object instead of array": other_json({"error": "maintenance"}),
    "invalid JSON": invalid_json(),
    "truncated JSON": truncated_json(),
    "deep JSON": deep_json(),
    "short body": short_body(),
    "chunks cut": chunked_cut(),
    "hang up": hang_up(),
    "reset": reset(),
    "reset within the body": reset(0.5),
    "silence": silence(),
    "silence within the body": silence(0.5),
    "endless drip": drip(1, 0.05, endless=True),
    "huge": huge(),
    "gzip bomb": gzip_bomb(256),
    "truncated gzip": truncated_gzip(),
    "redirect to an address that is none": redirect("https://[::1/"),
    "redirect without an address": redirect(""),
    "redirect with a body without end": lambda _request, ask: replace(
        _plain(ask()), status=302, headers={"Location": "https://other.example.net/"}, filler=1 << 40
    ),
    "redirect to another request": lambda request, _ask: Answer(302, {"Location": request.path + "?max_results=1"}),
    "redirect in a circle": lambda request, _ask: Answer(302, {"Location": request.path}),
    "length that is no number": header("Content-Length", "\u00b2", ending=Ending.CLOSED),
    "length smaller than the body": header("Content-Length", "1"),
    "503 with a Retry-After that is no number": status(503, retry_after="\u00b2"),
    "many headers": many_headers(),
    "a header of 200 KB": wire(b"HTTP/1.1 200 OK\r\nX-Filler: " + b"x" * 200_000),
    "headers without end": wire(b"HTTP/1.1 200 OK\r\n", b"X-Filler: x\r\n"),
    "interim answers without end": wire(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "trailers without end": wire(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n", b"X-Trailer: x\r\n"
    ),
    "deflate": encoded("deflate", zlib.compress),
    "an unknown encoding": encoded("br", lambda body: body),
    "gzip twice": encoded("gzip, gzip", lambda body: gzipped(gzipped(body))),
    "gzip that is plain text": encoded("gzip", lambda body: body),
    "text behind gzip": encoded("gzip", lambda body: gzipped(body) + b"text"),
    "half a second gzip member": encoded("gzip", lambda body: gzipped(body) + gzipped(b" ")[:-1]),
    "NUL behind the array": _body(lambda body: body + b"\0"),
    "UTF-16": _body(lambda body: body.decode().encode("utf-16")),
    "UTF-16 without a mark": _body(lambda body: body.decode().encode("utf-16-le")),
    "two lengths that differ": raw(lambda head, body: without_length(head, b"Content-Length: 2, 1000") + body),
    "cut without a length": raw(lambda head, body: without_length(head) + body[:-1], ending=Ending.CLOSED),
    "compressed on the way": raw(
        lambda head, body: without_length(head, b"Transfer-Encoding: gzip, chunked") + gzipped(body),
        ending=Ending.CLOSED,
    ),
    "chunks and another length": raw(
        lambda head, body: (
            without_length(head, b"Content-Length: 1", b"Transfer-Encoding: chunked")
            + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        )
    ),
    "no HTTP": wire(b"SSH-2.0-OpenSSH_9.6\r\n"),
}
