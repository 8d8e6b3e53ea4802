from __future__ import annotations

import gzip
import json
from typing import Any

from workbench.pce import Answer, Pce, Request
from workbench.pce.events.times import render_ms

#: 2031-03-01T12:00:00Z, the present of the tests.
NOW = 1_930_132_800.0


class Clock:
    """A clock that stands still until it is moved (epoch seconds)."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Client:
    """Asks a PCE in process with one key."""

    def __init__(self, pce: Pce) -> None:
        self.pce = pce
        self.key = pce.add_key()
        self.path = f"/api/v2/orgs/{pce.org_id}/events"

    def ask(self, path: str = "", headers: dict[str, str] | None = None, **query: str) -> Answer:
        pairs = [(name.replace("_gte", "[gte]").replace("_lte", "[lte]"), value) for name, value in query.items()]
        return self.pce.answer(Request.get(path or self.path, pairs, key=self.key.pair, headers=headers))

    def events(self, path: str = "", **query: str) -> list[Any]:
        answer = self.ask(path, None, **query)
        assert answer.status == 200
        found = json.loads(answer.body)
        assert isinstance(found, list)
        return found

    def numbers(self, **query: str) -> list[int]:
        """The numbers of the events that `event` made."""
        return [event["number"] for event in self.events(**query)]


def event(number: int, ms: float | None = None, **members: Any) -> dict[str, Any]:
    """A minimal event, `ms` milliseconds after the present of the tests."""
    href = f"/orgs/1/events/00000000-0000-4000-8000-{number:012}"
    timestamp = render_ms(int(NOW * 1000 + (number if ms is None else ms)))
    return {"href": href, "timestamp": timestamp, "number": number, "severity": "info", **members}


def body_of(answer: Answer) -> Any:
    compressed = answer.headers.get("Content-Encoding") == "gzip"
    return json.loads(gzip.decompress(answer.body) if compressed else answer.body)
