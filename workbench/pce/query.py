"""The parameters of the two events collections, read as strictly as the PCE reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.pce.events.times import parse_micros

from .quirks import MOST_RESULTS

#: How many events an answer holds unless asked otherwise (REST API guide, "Events").
DEFAULT_RESULTS = 100

#: Severities, the worst first.
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_FILTERS = ("event_type", "status", "severity", "created_by")
_TIMES = ("timestamp[gte]", "timestamp[lte]")


class BadParameter(Exception):
    """A parameter that the PCE does not accept (406); the message names it."""


@dataclass(frozen=True)
class EventQuery:
    """A range of time (microseconds, both ends included), filters, and the number of results asked for."""

    low: int | None
    high: int | None
    max_results: int | None
    filters: Mapping[str, str]

    @classmethod
    def parse(cls, pairs: Sequence[tuple[str, str]], *, statuses: Sequence[str]) -> EventQuery:
        """Read a query string. Raises BadParameter, also for what nobody knows: a parameter given twice."""
        given = dict(pairs)
        for name in given:
            if name not in (*_FILTERS, *_TIMES, "max_results"):
                raise BadParameter(f"{name} is not a parameter of this collection")
        if len(given) != len(pairs):
            raise BadParameter("a parameter is given twice, and how the PCE reads that is not known")
        for name, known in (("status", statuses), ("severity", SEVERITIES)):
            if name in given and given[name] not in known:
                raise BadParameter(f"{name} must be one of {', '.join(known)}")
        filters = {name: given[name] for name in _FILTERS if name in given}
        low, high = (_time(name, given.get(name)) for name in _TIMES)
        return cls(low, high, _count(given.get("max_results")), filters)

    @property
    def limit(self) -> int:
        """How many events one answer holds at most."""
        return DEFAULT_RESULTS if self.max_results is None else min(self.max_results, MOST_RESULTS)

    def accepts(self, event: Mapping[str, Any]) -> bool:
        """Whether an event passes the filters; the range of time is not looked at."""
        return all(_passes(event, name, value) for name, value in self.filters.items())


def _time(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    micros = parse_micros(text)
    if micros is None:
        raise BadParameter(f"{name} must be an RFC 3339 date and time with a time zone")
    return micros


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise BadParameter("max_results must be a positive integer")
    return int(text)


def _passes(event: Mapping[str, Any], name: str, value: str) -> bool:
    if name == "created_by":
        actors = event.get("created_by")
        return isinstance(actors, dict) and (
            value in actors or any(isinstance(actor, dict) and actor.get("href") == value for actor in actors.values())
        )
    wanted = None if (name, value) == ("status", "nil") else value
    return event.get(name) == wanted
