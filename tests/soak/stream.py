"""What a hostile or broken PCE may send, and what splunkd gets of it: well-formed XML, value for value.

Fuzzed responses go through the collector's own reading and writing, without sockets, and into the same XML parser that
the stand-in for splunkd uses.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator

from illumio_pce.array_reader import NotAnArray
from illumio_pce.output import SplunkdStream, SplunkEvents

import tests.conftest  # noqa: F401 - puts the built add-on on the path
from tests.reading import events_of
from workbench.splunk.splunkd.stream import StreamEvent, StreamParser

_TEXTS = [
    "", "x", "</data></event></stream>", "<![CDATA[", "]]>", "&amp;&#0;", '"', "\\", "\\u0000", "\x00\x08\x1b[31m", "\r\n",
    "\u2028", "\ufffe\uffff", "\U0001f512", "\ud800", "key=value index=evil", "=cmd()", "{", "[", "a" * 6000,
]  # fmt: skip


def through(texts: list[str], host: str = "pce.example.com", clean: list[bool] | None = None) -> list[StreamEvent]:
    """Events with these texts, written by the collector and read by splunkd's parser. Raises AssertionError."""
    got: list[StreamEvent] = []
    parser = StreamParser(got.append)
    with tempfile.TemporaryFile() as file:
        stream = SplunkdStream(file.fileno(), "illumio_pce_events://a&b<c>", "illumio_pce_events://a&b<c>", "default")
        each = len(texts)
        stream.write(SplunkEvents(texts, ["1.5"] * each, [host] * each, "illumio:pce:events", clean or [False] * each))
        stream.close()
        file.seek(0)
        while piece := file.read(1 << 20):
            parser.feed(piece)
    assert parser.close(), parser.error
    assert len(got) == len(texts)
    return got


def value_of(chance: random.Random, depth: int = 0) -> object:
    """Some JSON value."""
    kind = chance.randrange(8 if depth < 4 else 5)
    if kind == 0:
        return chance.choice([None, True, False, 0, -1, 1e308, 12345678901234567890])
    if kind < 5:
        return (
            chance.choice(_TEXTS) if chance.random() < 0.7 else chr(chance.randrange(0x110000)) * chance.randint(1, 3)
        )
    if kind == 5:
        return [value_of(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {str(chance.choice(_TEXTS))[:50]: value_of(chance, depth + 1) for _ in range(chance.randrange(4))}


def response_of(chance: random.Random) -> bytes:
    """A response as a PCE may give it, often damaged: cut, doubled, bits turned, bytes put in."""
    names = ["href", "timestamp", "pce_fqdn", "event_type", "notifications", "resource_changes"]
    events = [
        {**_head(chance), **{name: value_of(chance) for name in chance.sample(names, chance.randrange(5))}}
        if chance.random() < 0.9
        else value_of(chance)
        for _ in range(chance.randrange(6))
    ]
    separators = chance.choice([(",", ":"), (",", ":"), None])
    text = json.dumps(events, ensure_ascii=chance.random() < 0.5, separators=separators)
    body = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(chance.choice([0, 0, 0, 1, 1, 3])):
        at = chance.randrange(len(body))
        damage = chance.randrange(4)
        if damage == 0:
            del body[at:]
        elif damage == 1:
            body[at] ^= 1 << chance.randrange(8)
        elif damage == 2:
            body[at:at] = bytes([chance.randrange(256)])
        else:
            body[at:at] = body[: at // 2]
        if not body:
            break
    return bytes(body)


def _head(chance: random.Random) -> dict[str, object]:
    """How a PCE begins an event, three times in four."""
    if chance.random() < 0.25:
        return {}
    stamp = f"2026-0{chance.randint(1, 9)}-{chance.randint(10, 39)}T08:00:00.{chance.randrange(1000):03}Z"
    return {"href": f"/orgs/1/events/{chance.random()}", "timestamp": stamp, "pce_fqdn": "pce.example.com"}


def chunks_of(chance: random.Random, body: bytes) -> Iterator[bytes]:
    """The body as it may arrive."""
    at = 0
    while at < len(body):
        size = chance.choice([1, 7, 100, 65_536])
        yield body[at : at + size]
        at += size


def fuzz(seed: int, responses: int) -> Counter[str]:
    """Read and write so many responses; how many were whole and refused. Raises AssertionError with the response's seed."""
    met: Counter[str] = Counter()
    texts: list[str] = []
    clean: list[bool] = []
    for number in range(responses):
        chance = random.Random(f"{seed} {number}")
        body = response_of(chance)
        try:
            events = events_of(chunks_of(chance, body))
        except NotAnArray:
            met["refused"] += 1
            assert not _is_array(body), f"fuzz {seed} {number}: a whole response was refused"
            continue
        met["whole"] += 1
        met["events"] += len(events)
        met["at sight"] += sum(events.clean)
        for event, text in zip(events, events.indexed_texts()):
            assert _same(text, event.text), f"fuzz {seed} {number}: a value changed"
            assert "\n" not in text, f"fuzz {seed} {number}: a line break"
            texts.append(text)
            clean.append(event.clean)
        if len(texts) > 400:
            _check(texts, clean)
            texts, clean = [], []
    _check(texts, clean)
    return met


def _check(texts: list[str], clean: list[bool]) -> None:
    for event, text in zip(through(texts, clean=clean), texts):
        assert event.data == text
        assert event.host == "pce.example.com"


def _same(text: str, original: str) -> bool:
    try:
        return _sorted(text) == _sorted(original)  # bulky members stand last in long events
    except ValueError:
        # What Python does not read, such as a number that is none, is passed on as it came, on one line.
        return sorted(text.split()) == sorted(original.split()) or len(text) >= len(original.strip())


def _sorted(text: str) -> str:
    return json.dumps(json.loads(text, strict=False), sort_keys=True)


def _is_array(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body.decode("utf-8")), list)
    except (ValueError, RecursionError):
        return False
