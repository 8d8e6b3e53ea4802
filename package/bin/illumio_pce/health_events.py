"""The events that a response of `/health` becomes: one for each PCE, and one for each of its nodes.

Their members are the keys of the PCE's syslog line (`system_health`), where there is one for the same thing, so that
searches read either; beside them what only the API tells, and the fields of CIM that a calculation would be needed for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Optional

from .health_values import (
    CRITICAL,
    NORMAL,
    WARNING,
    Level,
    Measurement,
    Number,
    entries_of,
    level_of,
    measurements,
    number_of,
    services_of,
    text_or_none,
)
from .json_values import object_of

Members = dict[str, Any]
#: A part of a node, how much of it is used (per cent), and how bad that is.
_Part = tuple[str, Optional[Number], Optional[Level]]

_DATABASES = {"agent": "policy", "policy": "policy", "traffic": "traffic"}
#: Disks that syslog names as well. How full a disk is does not include how many of its inodes are used.
_MOUNTS = re.compile(r"(?:disk|log_dir|(?:ephemeral|runtime|persistent)_data_root)(?:_inodes)?")
#: Splunk's own fields, and CIM's that are not about a PCE's health: no measurement becomes one of them.
_TAKEN = frozenset(
    {"action", "app", "dest", "dvc", "eventtype", "host", "index", "linecount", "punct", "source", "sourcetype"}
    | {"splunk_server", "src", "tag", "time", "timestamp", "user", "vendor_product"}
)
_MOST_MEASUREMENTS = 200


def events_of(answer: Any, fallback: str) -> Iterator[Members]:
    """The events of a response; none where it holds no PCE. `fallback`: the PCE's name where it gives none."""
    for pce in entries_of(answer):
        if not pce.keys() & {"fqdn", "nodes", "status"}:
            continue
        fqdn = text_or_none(pce.get("fqdn")) or fallback
        nodes = entries_of(pce.get("nodes"))
        yield _pce_event(pce, fqdn, nodes)
        for node in nodes:
            yield _node_event(node, fqdn)


def unreachable(fqdn: str, error: str, category: str, *, down: bool) -> Members:
    """The event of a PCE whose health cannot be read; `down`: it may be down, rather than refuse the key."""
    level = CRITICAL if down else WARNING
    state = {"cluster": "unreachable"} if down else {}
    return _complete(
        {
            "kind": "pce",
            "component": "cluster",
            "pce_fqdn": fqdn,
            "dest": fqdn,
            "status": "unreachable" if down else "unknown",
            **state,
            "error_category": category,
            "error": error,
        },
        [level],
        [f"its health API ({error})"],
    )


def _pce_event(pce: Mapping[str, Any], fqdn: str, nodes: list[Mapping[str, Any]]) -> Members:
    missing = sum(map(_is_missing, nodes))
    notes = [
        _without_null({name: text_or_none(note.get(name)) for name in ("status", "token", "message")})
        for note in entries_of(pce.get("notifications"))
    ]
    replicas = [_replica(one) for one in entries_of(object_of(pce.get("network")).get("replication"))]
    groups = entries_of(pce.get("groups"))
    found = list(measurements(pce.get("groups")))
    own = level_of(pce.get("status"))
    problems = _pce_problems(missing, notes, replicas, groups, found)
    if own is None and not nodes:
        own = WARNING  # neither good nor bad is known
    if _bad(own) and not problems:
        problems = [f"its status ({text_or_none(pce.get('status')) or 'unknown'})"]
    # Nothing promises that the status of a PCE follows from that of all its parts.
    parts = [level_of(one.get("status")) for one in (*notes, *replicas, *groups)]
    levels = [own, WARNING if missing else None, *parts, *(one.level for one in found)]
    return _complete(
        {
            "kind": "pce",
            "component": "cluster",
            "pce_fqdn": fqdn,
            "dest": fqdn,
            "pce_type": text_or_none(pce.get("type")),
            "status": text_or_none(pce.get("status")),
            "cluster": "degraded" if any(map(_bad, levels)) else "healthy" if own else None,
            "missing": missing,
            "nodes": len(nodes),
            "available_seconds": number_of(pce.get("available_seconds")),
            "listen_only_mode_enabled_at": text_or_none(pce.get("listen_only_mode_enabled_at")),
            "generated_at": text_or_none(pce.get("generated_at")),
            **_lags(replicas),
            "notifications": notes,
            "replication": replicas,
        },
        levels,
        problems,
        found,
    )


def _pce_problems(
    missing: int,
    notes: list[Members],
    replicas: list[Members],
    groups: list[Mapping[str, Any]],
    found: list[Measurement],
) -> list[str]:
    return [
        *([f"missing nodes ({missing})"] if missing else []),
        *(f"notification {_shown(note.get('token'))}" for note in notes if _bad(level_of(note.get("status")))),
        *(f"replication of {_shown(one.get('of'))}" for one in replicas if _bad(level_of(one.get("status")))),
        *(f"group {_shown(text_or_none(one.get('group')))}" for one in groups if _bad(level_of(one.get("status")))),
        *_problems_of(found),
    ]


def _node_event(node: Mapping[str, Any], fqdn: str) -> Members:
    name, address = text_or_none(node.get("hostname")), text_or_none(node.get("ip_address"))
    cpu, memory = object_of(node.get("cpu")), object_of(node.get("memory"))
    disks = list(_disks(node.get("disk")))
    services = services_of(node.get("services"))
    found = list(measurements(node.get("metrics")))
    used = [percent for disk, percent, _ in disks if percent is not None and not disk.endswith("_inodes")]
    cpu_used, memory_used = number_of(cpu.get("percent")), number_of(memory.get("percent"))
    missing = _is_missing(node)
    parts = [
        ("cpu", cpu_used, level_of(cpu.get("status"))),
        ("memory", memory_used, level_of(memory.get("status"))),
        *disks,
    ]
    levels = [*(level for _, _, level in parts), level_of(services.get("status")), *(one.level for one in found)]
    return _complete(
        {
            "kind": "node",
            "component": "unreachable node" if missing else None,
            "pce_fqdn": fqdn,
            "dest": name or address or fqdn,
            "node": name,
            "ip_address": address,
            "node_type": text_or_none(node.get("type")),
            "runlevel": number_of(node.get("runlevel")),
            "uptime_seconds": number_of(node.get("uptime_seconds")),
            "generated_at": text_or_none(node.get("generated_at")),
            "cpu": cpu_used,
            "memory": memory_used,
            **{disk: percent for disk, percent, _ in disks},
            "cpu_load_percent": cpu_used,
            "mem_used_percent": memory_used,
            "storage_used_percent": max(used) if used else None,
            "storage_free_percent": round(100 - max(used), 6) if used else None,
            "services": services,
        },
        [*levels, CRITICAL if missing else None],
        _node_problems(parts, services, found, missing=missing),
        found,
    )


def _node_problems(
    parts: list[_Part], services: Mapping[str, Any], found: list[Measurement], *, missing: bool
) -> list[str]:
    return [
        *(["runlevel (none: the PCE does not reach the node)"] if missing else []),
        *(f"{part} ({_shown(percent)} %)" for part, percent, level in parts if _bad(level)),
        *([_service_problem(services)] if _bad(level_of(services.get("status"))) else []),
        *_problems_of(found),
    ]


def _complete(
    members: Members, levels: Iterable[Level | None], problems: list[str], found: Iterable[Measurement] = ()
) -> Members:
    """The event with its severity, its problems and its measurements, without what is not known.

    Splunk extracts the fields of the first 5,000 bytes, so what may be long comes last.
    """
    worst = max((level for level in levels if level is not None), default=NORMAL)
    long = {name: value for name, value in members.items() if isinstance(value, (list, dict))}
    short = {name: value for name, value in members.items() if name not in long}
    event = _without_null({**short, "sev": worst.sev, "vendor_severity": worst.sev, "severity": worst.severity})
    event["problems"] = problems
    own = _TAKEN | members.keys() | event.keys()
    values: dict[str, list[Any]] = {}
    for one in found:
        if one.name not in own and (one.name in values or len(values) < _MOST_MEASUREMENTS):
            known = values.setdefault(one.name, [])
            if one.value not in known:
                known.append(one.value)
    event.update({name: some[0] if len(some) == 1 else some for name, some in values.items()})
    return {name: value for name, value in {**event, **long}.items() if value not in ([], {})}


def _is_missing(node: Mapping[str, Any]) -> bool:
    """Whether the PCE does not reach the node: its runlevel is null; or nothing at all is known of it."""
    if "runlevel" in node:
        return node["runlevel"] is None
    return not any(node.get(part) for part in ("cpu", "memory", "disk", "services"))


def _disks(value: Any) -> Iterator[_Part]:
    """Each disk, by its key."""
    for disk in entries_of(value):
        usage = object_of(disk.get("value")) or disk
        location = re.sub(r"[^a-z0-9]+", "_", (text_or_none(disk.get("location")) or "").lower()).strip("_")[:60]
        key = location if _MOUNTS.fullmatch(location) else f"disk_{location}".rstrip("_")
        yield key, number_of(usage.get("percent")), level_of(usage.get("status"))


def _replica(one: Mapping[str, Any]) -> Members:
    details, value = object_of(one.get("details")), object_of(one.get("value"))
    database = text_or_none(details.get("database_name"))
    return _without_null(
        {
            "type": text_or_none(one.get("type")),
            "of": _DATABASES.get(database or "", database) or text_or_none(details.get("fqdn")),
            "status": text_or_none(value.get("status")),
            "lag_seconds": number_of(value.get("lag_seconds")),
            "primary_fqdn": text_or_none(details.get("primary_fqdn")),
            "replica_fqdn": text_or_none(details.get("replica_fqdn")),
        }
    )


def _lags(replicas: list[Members]) -> Members:
    """The largest lag of each database within the cluster, and of the other PCEs, by the keys of syslog."""
    lags: dict[str, Any] = {}
    for one in replicas:
        if one.get("type") == "intercluster":
            key = "intercluster_replication_lag"
        elif one.get("of") in ("policy", "traffic"):
            key = f"{one['of']}_database_replication_lag"
        else:
            key = "database_replication_lag"
        lag = one.get("lag_seconds")
        if lag is not None:
            lags[key] = max(lags.get(key, lag), lag)
    return lags


def _service_problem(services: Mapping[str, Any]) -> str:
    down = [*services.get("not_running", ()), *services.get("partial", ())]
    return f"services ({', '.join(down) or services['status']})"


def _problems_of(found: Iterable[Measurement]) -> list[str]:
    return [f"{one.name} ({_shown(one.value)})" for one in found if _bad(one.level)]


def _bad(level: Level | None) -> bool:
    return level is not None and level.rank > 0


def _shown(value: Any) -> str:
    return "unknown" if value is None else str(value)


def _without_null(members: Mapping[str, Any]) -> Members:
    return {name: value for name, value in members.items() if value is not None}
