"""How a day's events come to be indexed: by the collector's runs with their records, and health lines by syslog.

Everything has the form in which the add-on's own collector and a syslog receiver hand it to splunkd.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .generate import text_of
from .parts import Json
from .times import parse_micros, render_ms
from .world import World

Indexed = dict[str, Any]

_SECOND = 1_000
_EVERY = 300 * _SECOND
# The input's late_arrival_window: each run asks for this much again.
_WINDOW = 3_600 * _SECOND

# Parts of a run's record that are the same each time.
_FAILED = {
    "outcome": "failed",
    "error_category": "connection",
    "error": "No connection to the PCE could be made.",
    "remedy": "Check that the PCE is up and that a firewall lets this Splunk instance reach its host and port.",
}
_SETTINGS = {
    "backlog_seconds": 0,
    "pce_clock_ahead_seconds": 0.0,
    "retention_days": 30.0,
    "least_severity": "informational",
}
_NOTHING_AMISS: dict[str, Any] = {"peak_memory_mib": 52.4, "flawed_events": {}, "gaps": [], "notes": []}


def ms_of(event: Json) -> int:
    """An event's own time."""
    return (parse_micros(event["timestamp"]) or 0) // 1000


@dataclass
class Collector:
    """One input that reads a PCE each five minutes. In `outages` ([from, to), ms) it does not reach the PCE."""

    name: str
    world: World
    outages: Sequence[tuple[int, int]] = ()
    index: str = "illumio"
    _delivered: set[str] = field(default_factory=set)

    def runs(self, events: Iterable[Json], start_ms: int, end_ms: int, delays: Random) -> Iterator[Indexed]:
        """What is indexed from `start_ms` until before `end_ms`: audit events and the record of each run.

        Of the events of VENs one in twenty turns up minutes after its time: the VEN was cut off.
        """
        known = sorted(((ms_of(event), event) for event in events), key=lambda pair: pair[0])
        times = [ms for ms, _ in known]
        there_at = [ms + _delay(event, delays) for ms, event in known]
        watermark = start_ms
        for run in range(start_ms + 7 * _SECOND, end_ms, _EVERY):
            if any(low <= run < high for low, high in self.outages):
                yield self._record(run, watermark, [], 0, 0, failed=True)
                continue
            places = range(bisect_left(times, watermark - _WINDOW), bisect_left(times, run))
            there = [place for place in places if there_at[place] < run]
            new = [place for place in there if known[place][1]["href"] not in self._delivered]
            self._delivered.update(known[place][1]["href"] for place in new)
            for number, place in enumerate(reversed(new)):
                yield self._event(known[place][1], run + 2 * _SECOND + number)
            late = [watermark - times[place] for place in new if times[place] < watermark]
            moments = [times[place] for place in new]
            yield self._record(run, watermark, moments, len(there) - len(new), max(late, default=0), late=len(late))
            watermark = run

    def _event(self, event: Json, indexed_ms: int) -> Indexed:
        return self._indexed("illumio:pce:events", text_of(event), ms_of(event), indexed_ms)

    def _record(
        self, run: int, watermark: int, moments: Sequence[int], again: int, late_by: int, late: int = 0,
        *, failed: bool = False,
    ) -> Indexed:  # fmt: skip
        """The run's own account, with the members of the collector's record."""
        ended = run + (31 if failed else 3) * _SECOND
        size = 1_400 * len(moments)
        content: dict[str, Any] = {
            "time": render_ms(ended),
            "kind": "run",
            **(_FAILED if failed else {"outcome": "ok"}),
            "input": self.name,
            "account": self.name,
            "pce": self.world.fqdn,
            "org_id": self.world.org.rsplit("/", 1)[1],
            "duration_seconds": (ended - run) / 1000,
            "lag_seconds": (ended - (watermark if failed else run)) / 1000,
            **_SETTINGS,
            **({} if failed else {"window_from": render_ms(watermark - _WINDOW), "window_to": render_ms(run)}),
            "requests": 4 if failed else 1,
            "retries": 3 if failed else 0,
            "errors_met": {"connection": 4} if failed else {},
            "events": len(moments),
            "duplicates_dropped": again,
            "filtered_out": 0,
            "late_arrivals": late,
            "late_by_seconds": late_by / 1000,
            "resent_after_restart": 0,
            "pages": 1 if moments else 0,
            **({"oldest_event": render_ms(min(moments)), "newest_event": render_ms(max(moments))} if moments else {}),
            "bytes_received": size + 1_400 * again,
            "bytes_written": size,
            **_NOTHING_AMISS,
        }
        return self._indexed("illumio:pce:ingest", json.dumps(content), ended, ended)

    def _indexed(self, sourcetype: str, raw: str, ms: int, indexed_ms: int) -> Indexed:
        return {
            "_raw": raw,
            "_time": ms / 1000,
            "_indextime": indexed_ms / 1000,
            "sourcetype": sourcetype,
            "source": f"illumio_pce_events://{self.name}",
            "host": self.world.fqdn,
            "index": self.index,
        }


def _delay(event: Json, delays: Random) -> int:
    """How long after its time the PCE has an event (ms)."""
    cut_off = "agent" in event["created_by"] and delays.random() < 0.05
    return delays.randrange(240, 3_000) * _SECOND if cut_off else 400


@dataclass(frozen=True)
class Node:
    """A node of the cluster; the leader tells of the whole, the others of the leader."""

    name: str
    address: str
    leads: bool = False


NODES = (
    Node("pce-core-1", "10.77.1.4", leads=True), Node("pce-core-2", "10.77.1.5"), Node("pce-data-1", "10.77.1.6"),
)  # fmt: skip


def health_lines(
    start_ms: int,
    end_ms: int,
    rng: Random,
    disk_full: tuple[int, int] = (0, 0),
    node_away: tuple[int, int] = (0, 0),
    index: str = "illumio",
) -> Iterator[Indexed]:
    """A line of each node each five minutes, as a syslog receiver that keeps one in five has them.

    In `disk_full` the data node's disk is past its limit; in `node_away` the second core node is gone.
    """
    for moment in range(start_ms, end_ms, _EVERY):
        away = node_away[0] <= moment < node_away[1]
        for number, node in enumerate(NODES):
            if away and number == 1:
                continue
            full = number == 2 and disk_full[0] <= moment < disk_full[1]
            ms = moment + number * 900 + rng.randrange(800)
            state = f"leader={NODES[0].address}"
            if node.leads:
                state = "cluster=degraded missing=1" if away else "cluster=healthy"
            severity = "WARN" if full or (away and node.leads) else "INFO"
            disk = 96 if full else 10 + 30 * (number == 2) + rng.randrange(3)
            told = f"{state} cpu={rng.randrange(2, 30)}% disk={disk}% memory={rng.randrange(35, 60)}%"
            yield _health_line(ms, node.name, severity, told, index)


def part_lines(start_ms: int, end_ms: int, rng: Random, slow: tuple[int, int] = (0, 0)) -> Iterator[Indexed]:
    """What the data node says of the policy database and of latencies, each five minutes; in `slow` its disk is.

    Keys and units: Illumio's "PCE health metrics reference". Its first limit of disk latency is 300 ms.
    """
    for moment in range(start_ms, end_ms, _EVERY):
        is_slow = slow[0] <= moment < slow[1]
        latency = rng.randrange(320, 480) if is_slow else rng.randrange(2, 30)
        parts = (
            f"src=policy policy_database_size_gb={rng.randrange(118, 124) / 10} "
            f"policy_database_utilization_percentage={rng.randrange(41, 44)} "
            f"policy_database_transaction_id_max_age={rng.randrange(210, 230)}000000 "
            f"policy_database_vacuum_backlog_percentage={rng.randrange(3, 9)} "
            f"ven_heartbeat_average_latency_seconds={rng.randrange(10, 40) / 100} "
            f"ven_policy_average_latency_seconds={rng.randrange(100, 300) / 100}",
            f"src=disk_latency disk=Policy policy_disk_latency_milliseconds={latency}",
            f"src=disk_latency disk=Traffic traffic_disk_latency_milliseconds={rng.randrange(5, 60)}",
        )
        for number, told in enumerate(parts):
            severity = "WARN" if is_slow and number == 1 else "INFO"
            yield _health_line(moment + 4000 + number * 100, NODES[2].name, severity, told, "illumio")


def _health_line(ms: int, node: str, severity: str, told: str, index: str) -> Indexed:
    text = (
        f"<14>1 {render_ms(ms)[:-1]}000+00:00 {node} illumio_pce/system_health 4242 - "
        f'[meta sequenceId="{ms // _EVERY % 100_000}"] sec={ms // 1000 % 1_000_000}.{ms % 1000:03} '
        f"sev={severity} pid=5633 tid=10752960 rid=0 {told}"
    )
    return {
        "_raw": text,
        "_time": ms / 1000,
        "_indextime": (ms + 200) / 1000,
        "sourcetype": "illumio:pce:system_health",
        "source": "syslog",
        "host": "relay-1",
        "index": index,
    }
