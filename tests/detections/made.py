"""Audit events made for one question, in the shapes of Illumio's "Event Record Structure" and its notifications."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone
from itertools import count
from typing import Any

from workbench.splunk.spl.values import Event

Json = dict[str, Any]

#: 2031-02-27T19:30:00Z.
BEGIN = 1_929_987_000.0
EVA: Json = {"user": {"href": "/users/7", "username": "eva@kestrel-freight.example"}}
SYSTEM: Json = {"system": {}}
APP: Json = {"label": {"href": "/orgs/1/labels/4", "key": "app", "value": "customs"}}
ENV: Json = {"label": {"href": "/orgs/1/labels/5", "key": "env", "value": "prod"}}
_numbers = count()


def uuid(number: int) -> str:
    """An id that tells its number."""
    return f"5f1c0000-0000-4000-a000-{number:012}"


def ven(number: int = 1) -> Json:
    """Created by a VEN."""
    hostname = f"crane-{number}"
    return {
        "agent": {"href": f"/orgs/1/agents/{number}", "hostname": hostname},
        "ven": {"href": f"/orgs/1/vens/{uuid(number)}", "hostname": hostname},
    }


def request(
    endpoint: str = "/api/v2/orgs/1/x", method: str = "PUT", code: int = 200, src: str = "198.51.100.7"
) -> Json:
    """The request behind an event."""
    return {
        "uuid": uuid(0), "api_endpoint": endpoint, "api_method": method, "http_status_code": code, "src_ip": src,
    }  # fmt: skip


def change(kind: str, changes: Any = None, how: str = "update", number: int = 1, **members: Any) -> Json:
    """A changed resource of that kind."""
    resource = {"href": f"/orgs/1/{kind}s/{number}", "hostname": f"crane-{number}", **members}
    return {"uuid": uuid(number), "resource": {kind: resource}, "changes": changes, "change_type": how}


def note(kind: str, info: Any = None) -> Json:
    """A notification."""
    return {"uuid": uuid(1), "notification_type": kind, "info": info}


def event(
    event_type: str,
    changes: Iterable[Json] = (),
    notes: Iterable[Json] = (),
    *,
    by: Json = EVA,
    action: Json | None = None,
    at: float = 0,
    **members: Any,
) -> Json:
    """An event `at` seconds after BEGIN."""
    moment = datetime.fromtimestamp(BEGIN + at, timezone.utc)
    return {
        "href": f"/orgs/1/events/{uuid(next(_numbers))}",
        "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z",
        "pce_fqdn": "pce.kestrel-freight.example",
        "created_by": by,
        "event_type": event_type,
        "status": "success",
        "severity": "info",
        "action": action or request(),
        "resource_changes": list(changes),
        "notifications": list(notes),
        **members,
    }


def indexed(events: Iterable[Json]) -> list[Event]:
    """As the collector has them indexed, two seconds after their time."""
    found: list[Event] = []
    for one in events:
        time = datetime.strptime(one["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()
        found.append(
            {
                "_raw": json.dumps(one, separators=(",", ":")),
                "_time": f"{time:.3f}",
                "_indextime": f"{time + 2:.3f}",
                "sourcetype": "illumio:pce:events",
                "source": "illumio_pce_events://audit",
                "host": one["pce_fqdn"],
                "index": "main",
            }
        )
    return found
