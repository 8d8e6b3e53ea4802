"""The parts of an audit event, as in Illumio's "Event Record Structure"."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from random import Random
from typing import Any

from .times import render_ms

Json = dict[str, Any]

FILTERED = "FILTERED"


class Ids:
    """UUIDs (version 4, RFC 9562) from a seed."""

    def __init__(self, rng: Random) -> None:
        self._bits = rng.getrandbits

    def __call__(self) -> str:
        """The next one."""
        text = f"{self._bits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def created(**values: Any) -> Json:
    """Changes of something new: nothing before."""
    return {name: {"before": None, "after": value} for name, value in values.items()}


def changed(**values: tuple[Any, Any]) -> Json:
    """Changes from one value to another."""
    return {name: {"before": before, "after": after} for name, (before, after) in values.items()}


def envelope(  # noqa: PLR0913, PLR0917 - an event has that many members
    href: str,
    ms: int,
    fqdn: str,
    created_by: Json,
    event_type: str,
    status: str | None,
    severity: str,
    action: Json | None,
    resource_changes: Iterable[Json],
    notifications: Iterable[Json],
) -> Json:
    """A whole event, its members in the order in which the API writes them."""
    return {
        "href": href,
        "timestamp": render_ms(ms),
        "pce_fqdn": fqdn,
        "created_by": created_by,
        "event_type": event_type,
        "status": status,
        "severity": severity,
        "action": action,
        "resource_changes": list(resource_changes),
        "notifications": list(notifications),
    }


def refused_request(endpoint: str, method: str, source: str, key_id: str | None = None) -> Json:
    """The `info` of a notification about a request that the PCE refused."""
    info = {"api_endpoint": endpoint, "api_method": method, "src_ip": source}
    return {**info, "api_key_id": key_id} if key_id else info


def authentication_failed(href: str, ms: int, fqdn: str, info: Json) -> Json:
    """What a refused API key leaves behind in the audit trail; `info` is that of `refused_request`."""
    kind = "request.authentication_failed"
    note = {"uuid": str(uuid.uuid4()), "notification_type": kind, "info": info}
    return envelope(href, ms, fqdn, {"system": {}}, kind, "failure", "err", None, (), (note,))
