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
            **members,
        }
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


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
