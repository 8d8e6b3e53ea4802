"""Which events an input wants: by event type, severity and status.

The PCE is always asked for everything in a time range, and the choice is made here: its parameters
take one value each, and it may spell a severity in two ways (events API, parameters).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
STATUSES = ("success", "failure", "none")
_SPELLINGS = {
    "emergency": "emerg",
    "critical": "crit",
    "error": "err",
    "warn": "warning",
    "informational": "info",
    "information": "info",
}
_EVENT_TYPE_PATTERN = re.compile(r"[A-Za-z0-9_.*-]{1,200}", re.ASCII)
#: A field of an input holds so many characters at most.
_LONGEST_FIELD = 8192
#: What is remembered of event types is theirs; longer text is no event type, and is looked at each time.
_LONGEST_EVENT_TYPE = 200


def members(text: str | None) -> list[str]:
    """Split a comma-separated field: each member once, in the order given, with a run of `*` written as one."""
    parts = (re.sub(r"\*+", "*", part.strip()) for part in (text or "").split(","))
    return list(dict.fromkeys(part for part in parts if part))


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` for any characters matches the whole text. Never tries a part of it twice."""
    first, *others = pattern.split("*")
    if not others:
        return text == first
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in others[:-1]:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return text.endswith(others[-1]) and len(text) - len(others[-1]) >= at


def _match_any(patterns: tuple[str, ...], text: str) -> bool:
    return any(matches(pattern, text) for pattern in patterns)


_match_any_again = lru_cache(maxsize=4096)(_match_any)


def _is_wanted(patterns: tuple[str, ...], event_type: str) -> bool:
    return (_match_any_again if len(event_type) <= _LONGEST_EVENT_TYPE else _match_any)(patterns, event_type)


@dataclass(frozen=True)
class Filters:
    """Patterns of event types, severities and statuses; an empty tuple lets everything pass."""

    event_types: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()

    @classmethod
    def parse(cls, event_types: str | None, severities: str | None, statuses: str | None) -> Filters:
        """Read the three comma-separated fields of an input; ValueError names the part that is wrong."""
        fields = {"event types": event_types, "severities": severities, "statuses": statuses}
        for label, text in fields.items():
            if len(text or "") > _LONGEST_FIELD:
                raise ValueError(f"The {label} must not be longer than {_LONGEST_FIELD} characters.")
        chosen = cls(*(tuple(sorted(members(text))) for text in fields.values()))
        for pattern in chosen.event_types:
            if not _EVENT_TYPE_PATTERN.fullmatch(pattern):
                raise ValueError(
                    f"{pattern[:_LONGEST_EVENT_TYPE]!r} is not an event type. Enter names such as user.sign_in, "
                    "separated by commas, with * as a wildcard.",
                )
        for kind, values, known in (("severity", chosen.severities, SEVERITIES), ("status", chosen.statuses, STATUSES)):
            unknown = [value for value in values if value not in known]
            if unknown:
                raise ValueError(f"{unknown[0][:40]!r} is not a {kind}. Choose from {', '.join(known)}.")
        return chosen

    def accept(self, event: Mapping[str, Any]) -> bool:
        """Whether an event passes. What an event does not say in a readable way never excludes it by that field."""
        event_type, severity, status = event.get("event_type"), event.get("severity"), event.get("status")
        if self.event_types and isinstance(event_type, str) and not _is_wanted(self.event_types, event_type):
            return False
        if self.severities and isinstance(severity, str):
            severity = severity.lower()
            severity = _SPELLINGS.get(severity, severity)
            if severity in SEVERITIES and severity not in self.severities:
                return False
        if self.statuses and "status" in event:
            return ("none" if status is None else status) in self.statuses or status not in ("success", "failure", None)
        return True

    @cached_property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.event_types or self.severities or self.statuses)

    def as_json(self) -> dict[str, list[str]]:
        """The form in which a checkpoint remembers it."""
        return {
            "event_types": list(self.event_types),
            "severities": list(self.severities),
            "statuses": list(self.statuses),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, list[str]]) -> Filters:
        """Read what `as_json` wrote."""
        return cls(tuple(value["event_types"]), tuple(value["severities"]), tuple(value["statuses"]))


@dataclass
class FilterHistory:
    """Filters count from the moment they were changed: an event from before must have passed the earlier ones too.

    `earlier` holds pairs of a time (ms) and the filters that were in force up to it.
    """

    current: Filters = field(default_factory=Filters)
    earlier: list[tuple[int, Filters]] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return self.current.any or bool(self.earlier)

    def change(self, filters: Filters, now_ms: int) -> bool:
        """Take new filters from `now_ms` on; whether that was a change."""
        if filters == self.current:
            return False
        self.earlier.append((now_ms, self.current))
        self.current = filters
        return True

    def forget(self, before_ms: int) -> None:
        """Drop what can no longer matter, since no event from before `before_ms` will be read again."""
        self.earlier = [(until, filters) for until, filters in self.earlier if until >= before_ms]

    def accept(self, event: Mapping[str, Any], event_ms: int) -> bool:
        """Whether an event of that time (ms) passes."""
        return self.current.accept(event) and all(
            filters.accept(event) for until, filters in self.earlier if event_ms <= until
        )
