"""A PCE's health from its API reads as its syslog does: the same fields, tags and severities."""

from __future__ import annotations

import json
from typing import Any

import pytest
from illumio_pce.health_events import events_of, unreachable

from tests.cim import splunk
from tests.cim.test_cim_requirements import complaints, exceptions
from workbench.pce.health import Health, Node

NOW = 1_772_957_730.0
TIME = "2026-03-08T08:15:30.000Z"
SOURCETYPE = "illumio:pce:cluster_health"
#: Of a node's state, what both sources tell.
SHARED = (
    "app", "cpu_load_percent", "dest", "disk", "dvc", "eventtype", "mem_used_percent", "memory", "sev", "severity", "signature",
    "signature_id", "storage_free_percent", "storage_used_percent", "tag", "vendor_product", "vendor_severity",
)  # fmt: skip


def from_api(health: Health) -> list[splunk.Fields]:
    events = events_of([health.answer(NOW)], "")
    return [splunk.read(json.dumps({"time": TIME, **event}), SOURCETYPE) for event in events]


def from_syslog(health: Health) -> list[splunk.Fields]:
    return [splunk.read(line) for line in health.lines(NOW)]


def numbers(found: splunk.Fields) -> dict[str, Any]:
    """The shared fields, a percentage without its sign."""
    return {name: found[name].rstrip("%") if isinstance(found.get(name), str) else found.get(name) for name in SHARED}


def cluster() -> Health:
    nodes = [
        Node("core0", "10.77.0.4", cpu=97, memory=40.5, disks={"disk": 10}),
        Node("data0", "10.77.0.6", "data0", memory=95, disks={"disk": 99}),
    ]
    return Health("pce.example.com", nodes)


def test_a_node_reads_the_same_from_either_source() -> None:
    api = [found for found in from_api(cluster()) if found["kind"] == "node"]
    syslog = from_syslog(cluster())
    assert [numbers(found) for found in api] == [numbers(found) for found in syslog]
    assert numbers(api[0])["severity"] == "medium"
    assert {splunk.datasets(found)[0] for found in api} == {"Performance"}
    assert all({"cpu", "memory", "storage"} <= set(found["tag"]) for found in api)
    assert {float(found["_time"]) for found in (*api, *syslog)} == {NOW}


def test_the_fullest_mount_is_the_same_from_either_source() -> None:
    health = cluster()
    health.nodes[0].disks = {"log_dir": 20, "persistent_data_root": 91, "persistent_data_root_inodes": 96}
    (api, syslog) = (from_api(health)[1], from_syslog(health)[0])
    for name in ("storage_used_percent", "storage_free_percent", "log_dir", "persistent_data_root"):
        assert api[name] == syslog[name].rstrip("%")
    assert api["storage_used_percent"] == "91"


def test_the_cluster_is_told_as_the_leader_tells_it() -> None:
    health = Health.of_2x2("pce.example.com")
    health.nodes[3].runlevel = None
    whole, leader = from_api(health)[0], from_syslog(health)[0]
    for name in ("cluster", "missing", "sev", "severity"):
        assert whole[name] == leader[name]
    assert (whole["dest"], whole["pce_fqdn"], whole["component"]) == ("pce.example.com", "pce.example.com", "cluster")
    assert "cpu" not in whole["tag"]


def test_what_only_the_api_tells_has_fields_of_its_own() -> None:
    health = cluster()
    health.nodes[0].not_running = ["agent_service", "login_service"]
    health.nodes[0].metrics = {"policy_disk_latency_milliseconds": 12.5}
    whole, core, _ = from_api(health)
    assert (whole["policy_database_replication_lag"], whole["policy_database_size_gb"]) == ("0.5", "3.5")
    assert core["services.not_running{}"] == ["agent_service", "login_service"]
    assert (core["runlevel"], core["uptime_seconds"], core["policy_disk_latency_milliseconds"]) == (
        "5",
        "864000",
        "12.5",
    )
    assert core["problems{}"] == ["cpu (97 %)", "services (agent_service, login_service)"]


@pytest.mark.parametrize("down", [True, False])
def test_every_event_has_what_cim_requires(down: bool) -> None:
    health = Health.of_2x2("pce.example.com")
    health.nodes[3].runlevel = None
    refused = unreachable("pce.example.com", "The PCE answers nothing.", "timeout", down=down)
    found = [*from_api(health), splunk.read(json.dumps({"time": TIME, **refused}), SOURCETYPE)]
    assert {complaint for event in found for complaint in complaints("Performance", event)} - exceptions() == set()
    assert {dataset for event in found for dataset in splunk.datasets(event)} == {"Performance"}
