"""Writes an audit event as a PCE does on the wire: JSON, CEF and LEEF behind a syslog prefix.

Sources: key order and the lack of escapes of CEF, as seen on a PCE 26.2; LEEF after the guide's only example.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Callable

PREFIX = "sec=104233.118 sev=INFO pid=811 tid=22040 rid=5f9b1f6e-7c1a-4f0e-9f57-d0c7c1a0be11 "
SEVERITIES = {"info": "1", "warning": "3", "err": "4"}
CUT = 3995

Event = dict[str, Any]
Writer = Callable[..., str]


def compact(value: Any) -> str:
    """JSON as the PCE writes it: without blanks, Unicode as it is; nothing for an empty list."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def as_json(event: Event, client: str | None = None) -> str:
    """The event as JSON over syslog. The client's address stands in the event or is hidden."""
    return PREFIX + compact(event)


def as_cef(event: Event, client: str | None = None, cut: int = CUT) -> str:
    """The event as CEF; `client` is the address that JSON may hide."""
    action = event["action"]
    changes, rest = (compact(event["resource_changes"]) if event["resource_changes"] else ""), ""
    if len(changes) > cut:
        changes, rest = changes[:cut], changes[cut:]
    identity, name = _actor(event)
    parts = [
        f"CEF:0|Illumio|PCE|26.2.20|{_name(event)}|{_name(event).replace('.', ' ').title()}",
        f"|{SEVERITIES[event['severity']]}|rt={_moment(event)} dvchost={event['pce_fqdn']}",
        f" duid={identity}" if identity else "",
        f" duser={name} dst={_client(event, client) or event['pce_fqdn']} outcome={event['status'] or ''} cat=audit_events",
        _request(action),
        f" cs2={changes} cs2Label=resource_changes",
        f" cs4={compact(event['notifications']) if event['notifications'] else ''} cs4Label=notifications",
        f" cn2=2 cn2Label=schema-version cs1Label=event_href cs1={event['href']}",
        f" cs3={rest} cs3Label=resource_changes_2" if rest else "",
    ]
    return PREFIX + "".join(parts)


def as_leef(event: Event, client: str | None = None, between: str = "\t") -> str:
    """The event as LEEF; `client` is the address that JSON may hide."""
    action = event["action"] or {}
    fields = {
        "src": _client(event, client) or "",
        "cat": "organizational",
        "devTime": event["timestamp"],
        "devTimeFormat": "yyyy-mm-dd'T'HH:mm:ss.ttttttZ",
        "sev": SEVERITIES[event["severity"]],
        "usrName": _actor(event)[1],
        "url": action.get("api_endpoint") or "",
        "version": 2,
        "pce_fqdn": event["pce_fqdn"],
        "created_by": compact(event["created_by"]),
        "action": compact(event["action"]) if event["action"] else "",
        "resource_changes": compact(event["resource_changes"]),
        "notifications": compact(event["notifications"]),
        "event_href": event["href"],
    }
    text = between.join(f"{name}={value}" for name, value in fields.items())
    return f"{PREFIX}LEEF:2.0|Illumio|PCE|25.2.10|{_name(event)}|{text}"


def _name(event: Event) -> str:
    return str(event["event_type"]) + (f".{event['status']}" if event["status"] else "")


def _moment(event: Event) -> str:
    moment = datetime.strptime(event["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ")
    return moment.strftime("%b %d %Y %H:%M:%S.") + f"{moment.microsecond // 1000:03d} +0000"


def _client(event: Event, client: str | None) -> str | None:
    address = (event["action"] or {}).get("src_ip")
    return client or (address if address != "FILTERED" else None)


def _request(action: dict[str, Any] | None) -> str:
    if not action or action["api_endpoint"] is None:
        return ""
    return f" request={action['api_endpoint']} requestMethod={action['api_method']} reason={action['http_status_code']}"


def _actor(event: Event) -> tuple[str, str]:
    kind, actor = next(iter(event["created_by"].items()))
    if kind == "system":
        return "", "system"
    name = actor.get("username") or actor.get("hostname") or actor.get("name")
    # A VEN goes by its UUID, where the event knows it.
    href = event["created_by"].get("ven", actor)["href"]
    return str(href).rpartition("/")[2], str(name)


def spaced_json(event: Event) -> str:
    """The event with its members sorted by name and blanks around every sign."""
    return PREFIX + json.dumps(event, sort_keys=True, separators=(" , ", " : "), ensure_ascii=False)
