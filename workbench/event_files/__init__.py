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
from itertools import chain
from pathlib import Path
from typing import Any

from workbench.event_files.api_response import begins_as_answer, elements
from workbench.event_files.other_formats import explain_line
from workbench.splunk.conf.index_time import Receiver
from workbench.splunk.conf.reader import Confs
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.time_format import parse_time
from workbench.splunk.spl.values import Event, is_number_text
from workbench.splunk.text_files import lines_of, pieces_of

API_SOURCETYPE = "illumio:pce:events"
API_SOURCE = "illumio_pce_events://files"
DEFAULT_SOURCETYPE = "illumio:pce:syslog"
DEFAULT_INDEX = "main"

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_METADATA = ("sourcetype", "source", "host", "index")
_TIMES = ("_time", "_indextime")
#: How many lines are received at once.
_LINES_AT_ONCE = 1000


@dataclass(frozen=True)
class Reader:
    """Receives files under the confs. `clock` is when (epoch seconds): for events that carry no time."""

    confs: Confs
    clock: float
    sourcetype: str = DEFAULT_SOURCETYPE

    def read(self, paths: Iterable[Path]) -> list[Event]:
        """The events of all files, without search-time fields."""
        receiver = Receiver(self.confs, self.clock)
        return [event for path in paths for event in self.file(path, receiver)]

    def records(self, records: Iterable[Mapping[str, Any]]) -> list[Event]:
        """The events of records `{"_raw": …}`, as lines of a file hold them."""
        receiver = Receiver(self.confs, self.clock)
        return [
            event
            for number, record in enumerate(records, start=1)
            for event in self._received(record, f"record {number}", receiver)
        ]

    def file(self, path: Path, receiver: Receiver) -> Iterator[Event]:
        """The events of one file, which is read as they are taken."""
        pieces = pieces_of(path)
        beginning = next(pieces, "")
        pieces = chain([beginning], pieces)
        if begins_as_answer(beginning):
            for document, text in elements(pieces, str(path)):
                yield from self._api_event(document, text, receiver)
            return
        lines = lines_of(pieces)
        blank, first = [], ""
        for first in lines:
            if first.strip():
                break
            blank.append(first)
        if _record(first) is not None:
            yield from self._records_of(path, chain(blank, [first], lines), receiver)
            return
        if explain_line(first):
            raise Refused(explain_line(first), str(path))
        yield from self._lines_of(path, chain(blank, [first], lines), len(blank) + 1, receiver)

    def _records_of(self, path: Path, lines: Iterator[str], receiver: Receiver) -> Iterator[Event]:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                place = f"{path.name}, line {number}"
                record = _record(line)
                if record is None:
                    raise _mixed(place)
                yield from self._received(record, place, receiver)

    def _lines_of(self, path: Path, lines: Iterator[str], first: int, receiver: Receiver) -> Iterator[Event]:
        """Lines as they are received, in parts where the confs cut the text at the ends of lines."""
        stream = receiver.stream(self.sourcetype, str(path), "unknown", DEFAULT_INDEX)
        part: list[str] = []
        for line in lines:
            if _record(line) is not None:
                raise _mixed(f"{path.name}, line {first}")
            part.append(line)
            if stream.by_lines and len(part) >= _LINES_AT_ONCE:
                yield from map(_indexed, stream.receive("\n".join(part)))
                part = []
        yield from map(_indexed, stream.receive("\n".join(part)))

    def _api_event(self, document: Mapping[str, Any], text: str, receiver: Receiver) -> Iterator[Event]:
        """An event as the collector writes it: host and time are the event's own."""
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
            raise Refused("_raw contains an unpaired surrogate, which UTF-8 cannot encode", place)
        for event in receiver.receive(raw, sourcetype, source, host, given.get("index", DEFAULT_INDEX)):
            yield {**_indexed({**event, **times}), **times}


def _mixed(place: str) -> Refused:
    return Refused('a line without {"_raw": …} among lines with it', place)


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
