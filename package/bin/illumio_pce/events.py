"""One audit event on its way: what the collector has to know of it, and the text that Splunk gets."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple

from .config import HOST_NAME
from .filters import FilterHistory
from .json_text import members, on_one_line, shapes_of
from .xml_text import escape_for_json

#: Splunk's automatic extraction reads this many bytes of JSON (limits.conf, [spath] extraction_cutoff).
EXTRACTION_CUTOFF = 5000

#: Members after the others, the bulkiest last: the lists that grow with the size of what was done.
_BULKY = {"notifications": 1, "resource_changes": 2}
#: The first eight bytes of a SHA-256.
_KEY = struct.Struct(">Q24x")
#: Members that an event of any size is read for here.
_NEEDED = ("href", "timestamp", "pce_fqdn", "event_type", "severity", "status")


class AuditEvent(NamedTuple):
    """An event as read: `text` is what the PCE sent; `key` stands for it in the memory of what was delivered.

    `ms`: its time, whole milliseconds since the epoch, and `epoch`: in seconds with every digit; None and empty where
    none can be read. `host`: the PCE that wrote it, where it names one by a valid host name. `has_href`: the PCE named
    the event, so that its key stands for no other. `clean`: the text is one line of ASCII without control characters
    and without anything that XML has a meaning for.
    """

    text: str
    ms: int | None
    epoch: str
    key: int
    host: str | None = None
    has_href: bool = False
    flaw: str = ""
    clean: bool = False

    @property
    def head(self) -> Mapping[str, Any]:
        """The members that filters look at, read anew."""
        return head_of(self.text) or {}


def indexed_text(text: str, clean: bool = False) -> str:
    """An event's text for Splunk: one line, nothing that XML cannot carry, bulky members last where it is long.

    No value is changed: only white space between values, the order of members, and the spelling of
    characters that XML 1.0 has no place for. `clean`: see `AuditEvent`.
    """
    if not clean:
        text = escape_for_json(on_one_line(text))
    return text if len(text) <= EXTRACTION_CUTOFF and len(text.encode()) <= EXTRACTION_CUTOFF else bulky_last(text)


def bulky_last(text: str) -> str:
    """The same JSON object with its bulky members behind the others, each member's text as it was."""
    changes, notes = text.find(',"resource_changes":'), text.rfind(',"notifications":')
    if 0 < changes < notes:  # the PCE's own order, if both are members of the object itself
        others, bulky, last = text[1:changes], text[changes:notes], text[notes:-1]
        if all(shapes_of([f"{{{others}}}", f"{{{last}}}"])):
            return f"{{{others}{last}{bulky}}}"
    try:
        found = members(text)
    except ValueError:
        return text
    ranks = [_BULKY.get(member.name, 0) for member in found]
    if ranks == sorted(ranks):
        return text
    ordered = sorted(found, key=lambda member: _BULKY.get(member.name, 0))
    return "{" + ",".join(text[member.start : member.end] for member in ordered) + "}"


@dataclass
class Events:
    """A table of events in the order in which they came: one list for each member of `AuditEvent`.

    What has to be done with each of very many events is done with a list at a time, and so for the most part in C.
    """

    texts: list[str] = field(default_factory=list)
    ms: list[int | None] = field(default_factory=list)
    epochs: list[str] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    hosts: list[str | None] = field(default_factory=list)
    have_href: list[bool] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    clean: list[bool] = field(default_factory=list)

    @classmethod
    def of(cls, events: Iterable[AuditEvent]) -> Events:
        """The table of these events."""
        rows = list(events)
        return cls(
            texts=[event.text for event in rows],
            ms=[event.ms for event in rows],
            epochs=[event.epoch for event in rows],
            keys=[event.key for event in rows],
            hosts=[event.host for event in rows],
            have_href=[event.has_href for event in rows],
            flaws=[event.flaw for event in rows],
            clean=[event.clean for event in rows],
        )

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[AuditEvent]:
        for number, text in enumerate(self.texts):
            yield AuditEvent(
                text=text,
                ms=self.ms[number],
                epoch=self.epochs[number],
                key=self.keys[number],
                host=self.hosts[number],
                has_href=self.have_href[number],
                flaw=self.flaws[number],
                clean=self.clean[number],
            )

    def __iadd__(self, others: Events) -> Events:
        for name, column in vars(self).items():
            column.extend(getattr(others, name))
        return self

    @property
    def moments(self) -> list[int]:
        """The times (ms) of those that have one."""
        return [ms for ms in self.ms if ms is not None] if None in self.ms else self.ms  # type: ignore[return-value]

    def where(self, chosen: Sequence[bool]) -> Events:
        """Those for which `chosen` is true."""
        if all(chosen):
            return self
        return Events(**{name: list(compress(column, chosen)) for name, column in vars(self).items()})

    def indexed_texts(self) -> list[str]:
        """The texts for Splunk; see `indexed_text`."""
        return [
            text if clean and len(text) <= EXTRACTION_CUTOFF else indexed_text(text, clean)
            for text, clean in zip(self.texts, self.clean)
        ]


@lru_cache(maxsize=64)
def host_of(name: str) -> str | None:
    """The host name itself; None where it is no valid one."""
    return name if HOST_NAME.fullmatch(name) else None


def keys_of(identities: Iterable[str], root: str = "") -> list[int]:
    """64 bits that stand for each of these identities, each behind the same `root`; never 0.

    A new event is taken for a known one with a chance of (known ones) / 2^64: with a million remembered,
    once in 18 million million events.
    """
    begun = hashlib.sha256(root.encode("utf-8", "surrogatepass"))
    digests = []
    for text in identities:
        digest = begun.copy()  # quicker than one anew
        digest.update(text.encode("utf-8", "surrogatepass"))
        digests.append(digest.digest())
    return [key or 1 for (key,) in _KEY.iter_unpack(b"".join(digests))]


def key_of(identity: str) -> int:
    """64 bits that stand for an identity; see `keys_of`."""
    return keys_of([identity])[0]


def head_of(text: str) -> dict[str, Any] | None:
    """What is needed of an event that is too large or too deep to be parsed whole; None for no object."""
    try:
        return {
            member.name: json.loads(text[member.value : member.end], strict=False)
            for member in members(text)
            if member.name in _NEEDED and member.end - member.value < EXTRACTION_CUTOFF
        }
    except (ValueError, RecursionError):
        return None


def accepted(event: AuditEvent, filters: FilterHistory, now_ms: int) -> bool:
    """Whether the input wants the event; one without a readable time counts as written now."""
    return not filters.any or filters.accept(event.head, now_ms if event.ms is None else event.ms)
