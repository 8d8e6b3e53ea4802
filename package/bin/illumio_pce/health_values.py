"""Reads values of `/health` in whichever form they come: numbers as texts, one object for a list of one, null for none.

Sources: the schema of `/health` (Illumio Core REST API, 25.2 and 26.3), and the guide's example, which nests services
once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Union

from .json_values import object_of

Number = Union[int, float]

_PERCENT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*%?", re.ASCII)
#: Names of measurements, which become fields.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,79}", re.ASCII)
#: No number of a PCE's health is as large; infinity is not, and neither is what is no number.
_TOO_LARGE = 10**18
_LONGEST_TEXT = 300
_LONGEST_LIST = 100
_SERVICES = ("running", "not_running", "partial", "optional", "unknown")


class Level(NamedTuple):
    """How bad something is: the words of syslog (`sev`) and of CIM."""

    rank: int
    sev: str
    severity: str


NORMAL = Level(0, "INFO", "informational")
WARNING = Level(1, "WARN", "medium")
CRITICAL = Level(2, "ERR", "high")
_LEVELS = {"normal": NORMAL, "warning": WARNING, "critical": CRITICAL, "error": CRITICAL}


class Measurement(NamedTuple):
    """A named value, and how bad it is, where the PCE says so."""

    name: str
    value: Any
    level: Level | None


def level_of(word: Any) -> Level | None:
    """What a status means; None where there is none. A word that nobody knows is no `normal` one."""
    text = text_or_none(word)
    return None if text is None else _LEVELS.get(text.lower(), WARNING)


def text_or_none(value: Any) -> str | None:
    """A text, shortened; None for an empty one and for anything else."""
    return value[:_LONGEST_TEXT] if isinstance(value, str) and value else None


def number_of(value: Any) -> Number | None:
    """A number, also as text and with a per cent sign; None for anything else."""
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value.strip())
        value = None if match is None else float(match[1]) if "." in match[1] else int(match[1])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _TOO_LARGE:
        return None
    return value


def entries_of(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, a null in it as an object without members; of an object, itself."""
    if isinstance(value, Mapping):
        return [value]
    items = value if isinstance(value, list) else []
    return [item or {} for item in items[:_LONGEST_LIST] if item is None or isinstance(item, Mapping)]


def _texts_of(value: Any) -> list[str]:
    """The texts of a list; of a text, itself."""
    items = value if isinstance(value, list) else [value]
    return [text for text in map(text_or_none, items[:_LONGEST_LIST]) if text is not None]


def services_of(value: Any) -> dict[str, Any]:
    """The services of a node by how they are, flat, and their status; empty where nothing is known."""
    outer = object_of(value)
    lists = object_of(outer.get("services")) or outer
    found: dict[str, Any] = {name: _texts_of(lists[name]) for name in _SERVICES if lists.get(name)}
    status = text_or_none(outer.get("status")) or text_or_none(lists.get("status"))
    return {**({"status": status} if status else {}), **found}


def measurements(value: Any) -> Iterator[Measurement]:
    """Every object with a `name` and a plain `value`, however deep, in its order."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            name, found = item.get("name"), item.get("value")
            if isinstance(name, str) and _NAME.fullmatch(name) and _plain(found) is not None:
                yield Measurement(name, _plain(found), level_of(item.get("status")))
                continue
            item = list(item.values())
        if isinstance(item, list):
            waiting.extend(reversed(item))


def _plain(value: Any) -> Any:
    """A number, a text or a Boolean; None for anything else."""
    if isinstance(value, bool):
        return value
    number = number_of(value)
    return text_or_none(value) if number is None else number
