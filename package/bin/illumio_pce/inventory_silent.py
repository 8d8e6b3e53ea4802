"""Whether a VEN has been silent for longer than the PCE waits until it takes it for offline.

Source: Illumio Core administration guide, "VEN and Workload States", and the API's `/settings/workloads`: a list of
timers in seconds (-1: never), each for a kind of VEN and a scope of labels. The PCE's status stays `active`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from types import MappingProxyType
from typing import Any, NamedTuple

from .inventory_values import href_of, integer_of, objects_of, text_of
from .json_values import object_of
from .timestamps import SECOND, parse

#: After how long the PCE takes a VEN for offline where it names no timer (seconds): the guide's defaults.
_DEFAULTS = {"server": 3600, "endpoint": 86_400}
_NEVER = -1
_UNREADABLE = ""
NOTHING: Mapping[str, Iterable[str]] = MappingProxyType({})


class _Timer(NamedTuple):
    """`scope`: hrefs of labels and label groups, all of which a VEN has to have; `_UNREADABLE` for what is none."""

    ven_type: str
    scope: tuple[str, ...]
    seconds: int


class Timers:
    """The timers of `/settings/workloads`.

    `groups`: the hrefs of the label groups that their scopes name. `members`: of each group that is known, its labels.
    """

    def __init__(self, settings: Mapping[str, Any], members: Mapping[str, Iterable[str]] = NOTHING) -> None:
        found = [_timer(entry) for entry in objects_of(settings.get("workload_disconnected_timeout_seconds"))]
        self._timers = [timer for timer in found if timer is not None]
        self._ordered: dict[str, list[_Timer]] = {}
        self.groups = {href for timer in self._timers for href in timer.scope if _is_group(href)}
        self.members: dict[str, Set[str]] = {href: frozenset(members[href]) for href in self.groups & members.keys()}

    @property
    def has_unreadable_scope(self) -> bool:
        """Whether a scope names what is neither a label nor a label group."""
        return any(_UNREADABLE in timer.scope for timer in self._timers)

    def as_settings(self) -> dict[str, Any]:
        """The same timers in the form of `/settings/workloads`."""
        entries = [
            {"value": timer.seconds, "ven_type": timer.ven_type, "scope": [{"href": href} for href in timer.scope]}
            for timer in self._timers
        ]
        return {"workload_disconnected_timeout_seconds": entries}

    def is_silent(self, heartbeat: str, ven_type: str, labels: Set[str], now_ms: int) -> bool | None:
        """Whether the last heartbeat (RFC 3339) is too old; None where that cannot be told. `labels`: hrefs."""
        moment = parse(heartbeat)
        seconds = self._seconds(ven_type, labels)
        if moment is None or seconds is None:
            return None
        return seconds != _NEVER and now_ms - moment.ms > seconds * SECOND

    def _seconds(self, ven_type: str, labels: Set[str]) -> int | None:
        """The timer that applies: the one with the narrowest scope; None where that cannot be told."""
        kind = ven_type if ven_type in _DEFAULTS else "server"
        for timer in self._of_kind(kind):
            applies = self._applies(timer, labels)
            if applies is None:
                return None
            if applies:
                return timer.seconds
        return _DEFAULTS[kind]

    def _of_kind(self, kind: str) -> list[_Timer]:
        """The timers of one kind of VEN, those with the narrowest scope first."""
        if kind not in self._ordered:
            fitting = (timer for timer in self._timers if timer.ven_type in ("", kind))
            order = sorted(fitting, key=lambda timer: (len(timer.scope), bool(timer.ven_type)), reverse=True)
            self._ordered[kind] = order
        return self._ordered[kind]

    def _applies(self, timer: _Timer, labels: Set[str]) -> bool | None:
        """Whether the labels are within a timer's scope; None where a part of it is not known."""
        unknown = False
        for href in timer.scope:
            if href == _UNREADABLE:
                unknown = True
            elif not _is_group(href):
                if href not in labels:
                    return False
            elif href not in self.members:
                unknown = True
            elif not self.members[href] & labels:
                return False
        return None if unknown else True


def _is_group(href: str) -> bool:
    return "/label_groups/" in href


def _timer(entry: Mapping[str, Any]) -> _Timer | None:
    seconds = integer_of(entry.get("value"))
    if seconds is None or seconds < _NEVER:
        return None
    scope = entry.get("scope") or []
    items = scope if isinstance(scope, list) else [scope]
    return _Timer(text_of(entry.get("ven_type")), tuple(map(_scope_href, items)), seconds)


def _scope_href(item: Any) -> str:
    """The href of a label or label group."""
    found = object_of(item)
    if found.get("exclusion") is True:
        return _UNREADABLE
    return href_of(found) or href_of(found.get("label")) or href_of(found.get("label_group")) or _UNREADABLE


def settings_of(value: Any) -> Mapping[str, Any]:
    """The settings, also where they come as a list of one."""
    return object_of(value[0] if isinstance(value, list) and value else value)
