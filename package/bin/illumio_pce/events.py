"""One audit event on its way: what the collector has to know of it, and the text that Splunk gets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from .array_reader import Element
from .config import HOST_NAME
from .filters import FilterHistory
from .json_text import for_xml, members, on_one_line
from .timestamps import Moment, parse

#: Splunk's automatic extraction reads this many bytes of JSON (limits.conf, [spath] extraction_cutoff).
EXTRACTION_CUTOFF = 5000

#: Members after the others, the bulkiest last: the lists that grow with the size of what was done.
_BULKY = {"notifications": 1, "resource_changes": 2}
#: Members that an event of any size is read for here.
_NEEDED = ("href", "timestamp", "pce_fqdn", "event_type", "severity", "status")


class AuditEvent(NamedTuple):
    """An event as read: `text` is what the PCE sent; `key` stands for it in the memory of what was delivered."""

    text: str
    head: Mapping[str, Any]
    moment: Moment | None
    key: int
    flaw: str = ""

    @property
    def has_href(self) -> bool:
        """Whether the PCE named the event, so that its key stands for no other."""
        return bool(self.head.get("href")) and isinstance(self.head["href"], str)

    @property
    def host(self) -> str | None:
        """The PCE that wrote it, where it names one by a valid host name."""
        name = self.head.get("pce_fqdn")
        return name if isinstance(name, str) and HOST_NAME.fullmatch(name) else None

    def indexed_text(self) -> str:
        """The text for Splunk: one line, nothing that XML cannot carry, bulky members last where it is long.

        No value is changed: only white space between values, the order of members, and the spelling of
        characters that XML 1.0 has no place for.
        """
        text = for_xml(on_one_line(self.text))
        if len(text) <= EXTRACTION_CUTOFF // 4 or len(text.encode()) <= EXTRACTION_CUTOFF:
            return text
        return bulky_last(text)


def bulky_last(text: str) -> str:
    """The same JSON object with its bulky members behind the others, each member's text as it was."""
    try:
        found = members(text)
    except ValueError:
        return text
    ranks = [_BULKY.get(member.name, 0) for member in found]
    if ranks == sorted(ranks):
        return text
    ordered = sorted(found, key=lambda member: _BULKY.get(member.name, 0))
    return "{" + ",".join(text[member.start : member.end] for member in ordered) + "}"


class EventReader:
    """Turns the elements of one answer into events.

    An event is known by its href, which the API gives once for each event. One without an href is known
    by its text and by which one of its kind it is in the answer, so that equal ones are told apart.
    """

    def __init__(self) -> None:
        self._without_href: dict[str, int] = {}

    def read(self, element: Element) -> AuditEvent:
        """Read one element; whatever is wrong with it is named in `flaw`, and it is never refused."""
        value = _head_of(element.text) if element.value is None else element.value
        head = {name: value[name] for name in _NEEDED if name in value} if isinstance(value, dict) else {}
        moment = parse(head.get("timestamp"))
        href = head.get("href")
        if isinstance(href, str) and href:
            identity, flaw = href, ""
        else:
            number = self._without_href[element.text] = self._without_href.get(element.text, 0) + 1
            identity, flaw = f"{number} {element.text}", "no href"
        if not isinstance(value, dict):
            flaw = "not an object"
        elif moment is None:
            flaw = "unreadable timestamp" if "timestamp" in head else "no timestamp"
        return AuditEvent(element.text, head, moment, key_of(identity), flaw)


def key_of(identity: str) -> int:
    """64 bits that stand for an identity, never 0.

    A new event is taken for a known one with a chance of (known ones) / 2^64: with a million remembered,
    once in 18 million million events.
    """
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") or 1


def _head_of(text: str) -> dict[str, Any] | None:
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
    return filters.accept(event.head, event.moment.ms if event.moment else now_ms)
