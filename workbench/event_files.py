"""Files of events, received as splunkd would receive them under the add-on's confs.

Three forms, told apart by their beginning: what the PCE's API answers with, the JSON array, or the one object over
several lines; lines `{"_raw": …}` with `_time`, `_indextime`, `sourcetype`, `source`, `host`, `index` beside it, each
optional; any other text, one event a line. An event's `_indextime` is its `_time` unless given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.conf.index_time import Receiver
from workbench.conf.reader import Confs
from workbench.refusal import Refused
from workbench.spl.time_format import parse_time
from workbench.spl.values import Event, is_number_text

API_SOURCETYPE = "illumio:pce:events"
API_SOURCE = "illumio_pce_events://files"
DEFAULT_SOURCETYPE = "illumio:pce:syslog"
DEFAULT_INDEX = "main"

_GZIP = b"\x1f\x8b"
_STRING_OR_BLANK = re.compile(r'("(?:\\.|[^"\\])*")|\s+')
_BEGINS_AS_ANSWER = re.compile(r"\s*(?:\[\s*[{\]]|\{[ \t\r]*\n)")
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_METADATA = ("sourcetype", "source", "host", "index")
_TIMES = ("_time", "_indextime")


@dataclass(frozen=True)
class Reader:
    """Receives files under the confs. `clock` is when (epoch seconds): for events that carry no time."""

    confs: Confs
    clock: float
    sourcetype: str = DEFAULT_SOURCETYPE

    def read(self, paths: list[Path]) -> list[Event]:
        """The events of all files, without search-time fields."""
        receiver = Receiver(self.confs, self.clock)
        return [event for path in paths for event in self._file(path, receiver)]

    def records(self, records: Iterable[Mapping[str, Any]]) -> list[Event]:
        """The events of records `{"_raw": …}`, as lines of a file hold them."""
        receiver = Receiver(self.confs, self.clock)
        return [
            event
            for number, record in enumerate(records, start=1)
            for event in self._received(record, f"record {number}", receiver)
        ]

    def _file(self, path: Path, receiver: Receiver) -> Iterator[Event]:
        text = text_of(path)
        if _BEGINS_AS_ANSWER.match(text):
            for element in _elements(text, str(path)):
                yield from self._api_event(element, receiver)
            return
        lines = [(f"{path.name}, line {number}", line) for number, line in enumerate(text.split("\n"), start=1)]
        records = [(place, _record(line)) for place, line in lines if line.strip()]
        if not any(record for _, record in records):
            for event in receiver.receive(text, self.sourcetype, str(path), "unknown", DEFAULT_INDEX):
                yield _indexed(event)
            return
        for place, record in records:
            if record is None:
                raise Refused('a line that is no {"_raw": …} beside lines that are', place)
            yield from self._received(record, place, receiver)

    def _api_event(self, text: str, receiver: Receiver) -> Iterator[Event]:
        """An event as the collector writes it: host and time are the event's own."""
        document = json.loads(text)
        host = document.get("pce_fqdn")
        time = _moment(document.get("timestamp"))
        host_name = host if isinstance(host, str) and host else "unknown"
        for event in receiver.receive(text, API_SOURCETYPE, API_SOURCE, host_name, DEFAULT_INDEX):
            yield _indexed({**event, "_time": time} if time else event)

    def _received(self, record: Mapping[str, Any], place: str, receiver: Receiver) -> Iterator[Event]:
        given = {name: _text(record[name], name, place) for name in _METADATA if record.get(name) is not None}
        sourcetype = given.get("sourcetype", self.sourcetype)
        source, host = given.get("source", "unknown"), given.get("host", "unknown")
        times = {name: _epoch(record[name], name, place) for name in _TIMES if record.get(name) is not None}
        raw = _text(record["_raw"], "_raw", place)
        if _HALF_PAIR.search(raw):
            raise Refused("_raw holds half a pair of surrogates, which no file in UTF-8 can hold", place)
        for event in receiver.receive(raw, sourcetype, source, host, given.get("index", DEFAULT_INDEX)):
            yield {**_indexed({**event, **times}), **times}


def text_of(path: Path) -> str:
    """The text of a file in UTF-8, without a byte order mark. Raises Refused with the place of what is none."""
    content = path.read_bytes()
    if content.startswith(_GZIP):
        raise Refused("it is compressed; unpack it first (gunzip)", str(path))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place = f"{path}, line {line}"
        raise Refused(f"byte {error.start + 1} is not UTF-8; convert the file first (iconv)", place) from None


def _elements(text: str, place: str) -> list[str]:
    """The events of an answer as text, blanks between their parts taken out, nothing else changed."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"it begins as an answer of the API and is no JSON: {error}", place) from None
    known = isinstance(answer, list) or "event_type" in answer
    documents = answer if isinstance(answer, list) else [answer]
    if not known or not all(isinstance(document, dict) and "_raw" not in document for document in documents):
        raise Refused("it begins as an answer of the API and holds something else than its events", place)
    decoder, position, elements = json.JSONDecoder(), 0, []
    for _ in documents:
        start = text.index("{", position)
        _, position = decoder.raw_decode(text, start)
        elements.append(_STRING_OR_BLANK.sub(lambda found: found.group(1) or "", text[start:position]))
    return elements


def _record(line: str) -> dict[str, Any] | None:
    """The line as an object with a member `_raw`, or None."""
    try:
        document = json.loads(line) if '"_raw"' in line else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and "_raw" in document else None


def _indexed(event: Event) -> Event:
    """The event, indexed at its own time."""
    return {**event, "_indextime": event["_time"]} if "_time" in event else event


def _moment(timestamp: Any) -> str | None:
    """Epoch seconds of an RFC 3339 timestamp as text, its fraction as written."""
    found = _TIMESTAMP.fullmatch(timestamp) if isinstance(timestamp, str) else None
    if found is None:
        return None
    zone = "+00:00" if found.group(3) == "Z" else found.group(3)
    seconds = parse_time(found.group(1) + zone, "%Y-%m-%dT%H:%M:%S%:z")
    return None if seconds is None else f"{int(seconds)}{found.group(2) or ''}"


def _text(value: Any, name: str, place: str) -> str:
    if not isinstance(value, str):
        raise Refused(f"{name} is not a string", place)
    return value


def _epoch(value: Any, name: str, place: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if not is_number_text(text):
        raise Refused(f"{name} is not a number of epoch seconds", place)
    return text
