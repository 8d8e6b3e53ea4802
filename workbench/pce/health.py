"""What `/health` says of a PCE, and what the same PCE sends by syslog: every minute a line for each node.

Sources: the schema of `/health` (Illumio Core REST API, 25.2 and 26.3), the guide's example beside it, and the metrics
of "PCE Health Monitoring" (Core 24.2) with their thresholds. Where these differ, a switch chooses; each says whose form
it is. Assumed: which of the three statuses a PCE with a missing node has (`warning`, as its syslog says), and which of
its nodes says so by syslog (the first that is reachable).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .events.times import render_ms

_SERVICES = ("agent_service", "collector_service", "login_service", "search_index_service")
#: From these on, a value is a warning ("PCE Health Monitoring"): per cent of CPU, memory and disk; seconds of lag.
_PERCENT, _LAG_SECONDS = 95, 30
_SEVERITIES = {"normal": "INFO", "warning": "WARN", "critical": "ERR"}
_LEVELS = {"normal": "info", "warning": "notice", "critical": "err"}


@dataclass
class Node:
    """A node. `disks` is by location; one without a `runlevel` is a node that the PCE does not reach."""

    hostname: str | None
    ip_address: str | None
    kind: str = "core"
    cpu: float = 3
    memory: float = 40
    disks: Mapping[str, float] = field(default_factory=lambda: {"disk": 11})
    runlevel: int | None = 5
    uptime_seconds: int = 864_000
    not_running: Sequence[str] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The worst of its parts."""
        warns = max(self.cpu, self.memory, *self.disks.values()) >= _PERCENT or self.not_running
        return "warning" if warns else "normal"


@dataclass
class Health:
    """One PCE's health; `status` overrides what follows from its nodes, `lag` is of its databases (seconds).

    nested_services: lists of services one level deeper, as in the guide's example; the schema has them flat.
    with_metrics: `metrics` and `groups`, which the guide calls experimental; PCEs before 19.3 lack them.
    null_nodes: a node that is not reached has null in every member but `runlevel`, as the schema allows; otherwise it
        keeps its name.
    """

    fqdn: str
    nodes: list[Node]
    kind: str = "standalone"
    status: str | None = None
    lag: float = 0.5
    notifications: Sequence[Mapping[str, str]] = ()
    groups: Mapping[str, float] = field(default_factory=lambda: {"policy_database_size_gb": 3.5})
    nested_services: bool = False
    with_metrics: bool = True
    null_nodes: bool = False

    @classmethod
    def of_2x2(cls, fqdn: str) -> Health:
        """Two core nodes and two data nodes, all well."""
        domain = fqdn.partition(".")[2]
        names = [("core0", "core"), ("core1", "core"), ("data0", "data0"), ("data1", "data1")]
        return cls(fqdn, [Node(f"{n}.{domain}", f"10.77.0.{i}", kind) for i, (n, kind) in enumerate(names, 4)])

    @property
    def missing(self) -> int:
        """How many nodes are not reached."""
        return sum(node.runlevel is None for node in self.nodes)

    @property
    def worst(self) -> str:
        """The status that is told."""
        bad = self.missing or self.lag > _LAG_SECONDS or any(node.status != "normal" for node in self._reached())
        return self.status or ("warning" if bad else "normal")

    def answer(self, now: float) -> dict[str, Any]:
        """As an entry of `/health` (`now`: epoch s)."""
        stamp = render_ms(int(now * 1000))
        lag = {"status": "warning" if self.lag > _LAG_SECONDS else "normal", "lag_seconds": self.lag}
        found: dict[str, Any] = {
            "status": self.worst,
            "type": self.kind,
            "fqdn": self.fqdn,
            "available_seconds": 864_000,
            "notifications": list(self.notifications),
            "listen_only_mode_enabled_at": None,
            "nodes": [self._node(node, stamp) for node in self.nodes],
            "network": {"replication": [_replication(name, lag) for name in ("agent", "traffic")]},
            "generated_at": stamp,
        }
        if self.with_metrics:
            contents: list[Any] = [{"cluster": [{"node": "data0", "metrics": _metrics(self.groups)}]}]
            component: dict[str, Any] = {"section": "Policy Database Summary", "contents": contents}
            found["groups"] = [{"group": "policy", "status": "normal", "components": [component]}]
        return found

    def lines(self, now: float) -> Iterator[str]:
        """What the nodes that are reached send by syslog at that time (epoch s)."""
        for number, node in enumerate(self._reached()):
            leads = number == 0
            status = self.worst if leads and self.missing else node.status
            name = (node.hostname or "").partition(".")[0]
            state = "degraded" if self.missing or self.status == "critical" else "healthy"
            role = f"cluster={state}" + (f" missing={self.missing}" if self.missing else "")
            disks = " ".join(f"{location}={percent}%" for location, percent in node.disks.items())
            yield (
                f"{render_ms(int(now * 1000))} level={_LEVELS[status]} host={name} ip=127.0.0.1 "
                f"program=illumio_pce/system_health| sec=1.{number} sev={_SEVERITIES[status]} pid=7 tid=8 rid=0 "
                f"{role if leads else 'leader=10.77.0.4'} cpu={node.cpu}% {disks} memory={node.memory}%"
            )

    def _reached(self) -> list[Node]:
        return [node for node in self.nodes if node.runlevel is not None]

    def _node(self, node: Node, stamp: str) -> dict[str, Any]:
        if node.runlevel is None:
            names = (None, None) if self.null_nodes else (node.hostname, node.ip_address)
            members = ("cpu", "memory", "disk", "services", "generated_at", "runlevel", "uptime_seconds", "type")
            return {"hostname": names[0], "ip_address": names[1], **dict.fromkeys(members)}
        running = [service for service in _SERVICES if service not in node.not_running]
        lists = {"running": running, "not_running": list(node.not_running), "partial": [], "optional": []}
        status = "warning" if node.not_running else "normal"
        services: dict[str, Any] = {"status": status, **({"services": lists} if self.nested_services else lists)}
        found: dict[str, Any] = {
            "hostname": node.hostname,
            "ip_address": node.ip_address,
            "type": node.kind,
            "runlevel": node.runlevel,
            "uptime_seconds": node.uptime_seconds,
            "cpu": _usage(node.cpu),
            "memory": _usage(node.memory),
            "disk": [{"location": location, "value": _usage(used)} for location, used in node.disks.items()],
            "services": services,
            "generated_at": stamp,
        }
        if self.with_metrics and node.metrics:
            found["metrics"] = [{"metric": "disk_latency", "entries": [{"values": _metrics(node.metrics)}]}]
        return found


def _usage(percent: float) -> dict[str, Any]:
    return {"status": "warning" if percent >= _PERCENT else "normal", "percent": percent}


def _metrics(values: Mapping[str, float]) -> list[dict[str, Any]]:
    return [
        {"status": "normal", "name": name, "value": value, "unit": "", "frequency": ""}
        for name, value in values.items()
    ]


def _replication(database: str, value: Mapping[str, Any]) -> dict[str, Any]:
    details = {"database_name": database, "primary_fqdn": "data0", "replica_fqdn": "data1"}
    return {"type": "intracluster", "details": details, "value": value}
