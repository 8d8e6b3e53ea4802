"""How the demo speaks: steps, facts, and a table of indexed events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from workbench.splunkd import Event


def step(number: int, text: str) -> None:
    """A new step of the story."""
    print(f"\n{number}. {text}", flush=True)


def say(text: str) -> None:
    """Something seen in this step."""
    print(f"   {text}", flush=True)


def record_line(record: dict[str, Any]) -> str:
    """The most telling part of a run's record."""
    if record.get("outcome") == "failed":
        return f"the run failed ({record.get('error_category')}): {record.get('error')} {record.get('remedy', '')}"
    return (
        f"its record says: {record['events']} events, {record['duplicates_dropped']} duplicates dropped, "
        f"{record['late_arrivals']} late arrivals, {record['requests']} requests, {record['duration_seconds']} s"
    )


def who(event: dict[str, Any]) -> str:
    """The actor of an event, as it stands in `created_by`."""
    for kind, actor in (event.get("created_by") or {}).items():
        if isinstance(actor, dict):
            return str(actor.get("username") or actor.get("hostname") or actor.get("name") or kind)
    return "-"


def table(events: Iterable[Event]) -> None:
    """Indexed events, one a line."""
    print(f"   {'_time (UTC)':<20} {'event_type':<42} {'status':<8} {'severity':<8} {'who':<28} host")
    for indexed in events:
        event = json.loads(indexed.raw)
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(indexed.time))
        print(
            f"   {moment:<20} {event.get('event_type')!s:<42.42} {event.get('status')!s:<8.8} "
            f"{event.get('severity')!s:<8.8} {who(event):<28.28} {indexed.host}"
        )
