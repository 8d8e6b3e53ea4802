"""The events of an inventory input: of objects that are there, of those that are gone, and of each snapshot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .inventory_kinds import Item
from .inventory_known import KnownObject
from .timestamps import render

#: About this many characters are handed to splunkd at once.
_PAGE = 256 * 1024
#: Splunk extracts the fields of JSON from so many bytes of an event (limits.conf, extraction_cutoff).
_EXTRACTED = 5_000


class Header(NamedTuple):
    """What all events of a run have in common. `snapshot` names the run; `started_ms`: when it began (epoch ms)."""

    fqdn: str
    org_id: int
    snapshot: str
    started_ms: int

    def present(self, item: Item) -> str:
        """The event of an object that is there."""
        return self._text(item.kind, item.href, item.name, "present", {**item.members, **item.passing})

    def deleted(self, gone: KnownObject) -> str:
        """The event of one that is gone."""
        return self._text(gone.kind, gone.href, gone.name, "deleted", dict(gone.last))

    def manifest(self, collection: str, members: dict[str, Any]) -> str:
        """The event of a collection, the last of its snapshot."""
        return self._text("manifest", "", collection, "present", {"collection": collection, **members})

    def _text(self, kind: str, href: str, name: str, state: str, members: dict[str, Any]) -> str:
        event = {
            "time": render(self.started_ms),
            "kind": kind,
            "pce_fqdn": self.fqdn,
            "org_id": self.org_id,
            **({"href": href} if href else {}),
            "name": name,
            "state": state,
            "snapshot": self.snapshot,
        }
        lists = {member: list(value) for member, value in members.items() if isinstance(value, list)}
        event.update({member: value for member, value in members.items() if member not in lists})
        text = _text_of({**event, **lists})
        return text if _size(text) <= _EXTRACTED else _text_of({**event, **_shortened(lists, _size(text) - _EXTRACTED)})


def _shortened(lists: dict[str, list[str]], excess: int) -> dict[str, list[str]]:
    """Lists that are so many bytes shorter: the longest loses its last entry, again and again."""
    while excess > 0 and any(lists.values()):
        longest = max(lists.values(), key=lambda entries: _size(_text_of(entries)))
        excess -= _size(_text_of(longest.pop())) + 1
    return {member: entries for member, entries in lists.items() if entries}


def _text_of(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _size(text: str) -> int:
    return len(text.encode())


class Spool:
    """A file of events that are not to be written before the whole snapshot is known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, text: str) -> None:
        """Append an event."""
        self._file.write(text + "\n")

    def close(self) -> None:
        """Close the file, so that it can be read."""
        self._file.close()

    def texts(self) -> Iterator[str]:
        """The events, in their order."""
        with self._path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.rstrip("\n")


def pages(texts: Iterable[str]) -> Iterator[list[str]]:
    """Events, some at a time."""
    page: list[str] = []
    size = 0
    for text in texts:
        page.append(text)
        size += len(text)
        if size >= _PAGE:
            yield page
            page, size = [], 0
    if page:
        yield page
