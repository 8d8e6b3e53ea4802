"""System health reads as Performance, with the node as its destination."""

from __future__ import annotations

import pytest

from tests.cim import splunk

RSYSLOG = "2026-03-08T08:15:30+00:00 level=info host=core1 ip=127.0.0.1 program=illumio_pce/system_health| "
RFC5424 = '<12>1 2026-03-08T08:15:30.000000+00:00 core1 illumio_pce/system_health 77 - [meta sequenceId="9"] '
MARKS = "sec=11.5 sev={sev} pid=77 tid=88 rid=0 "


@pytest.mark.parametrize("header", [RSYSLOG, RFC5424])
def test_node_line_has_its_metrics(header: str) -> None:
    found = splunk.read(header + MARKS.format(sev="WARN") + "cluster=degraded missing=1 cpu=97% disk=12% memory=40%")
    expected = {
        "sourcetype": "illumio:pce:system_health",
        "dest": "core1",
        "cpu_load_percent": "97",
        "mem_used_percent": "40",
        "storage_used_percent": "12",
        "storage_free_percent": "88",
        "cluster": "degraded",
        "missing": "1",
        "severity": "medium",
        "vendor_severity": "WARN",
    }
    assert {field: found.get(field) for field in expected} == expected
    assert float(found["_time"]) == 1772957730
    assert splunk.datasets(found) == ["Performance"]
    assert {"cpu", "memory", "storage"} <= set(found["tag"])


@pytest.mark.parametrize(
    ("written", "severity"),
    [
        ("INFO", "informational"),
        ("NOTICE", "low"),
        ("WARN", "medium"),
        ("ERR", "high"),
        ("ERROR", "high"),
        ("FATAL", "critical"),
    ],
)
def test_severity_is_in_words_of_cim(written: str, severity: str) -> None:
    assert splunk.read(RSYSLOG + MARKS.format(sev=written) + "cpu=1%")["severity"] == severity


@pytest.mark.parametrize("disk", ["?", "Policy"])
def test_disk_value_other_than_a_percentage_sets_no_storage(disk: str) -> None:
    line = f"src=disk_latency disk={disk} policy_disk_latency_milliseconds=310.5"
    found = splunk.read(RSYSLOG + MARKS.format(sev="INFO") + line)
    assert (found["disk"], found["component"], found["policy_disk_latency_milliseconds"]) == (
        disk,
        "disk_latency",
        "310.5",
    )
    assert "storage_used_percent" not in found
    assert "src" not in found
    assert "storage" not in found["tag"]


def test_fullest_mount_is_the_storage() -> None:
    mounts = "persistent_data_root=91% ephemeral_data_root=95% runtime_data_root=5% log_dir=9% log_dir_inodes=99%"
    found = splunk.read(RSYSLOG + MARKS.format(sev="WARN") + mounts)
    assert (found["storage_used_percent"], found["storage_free_percent"]) == ("95", "5")


def test_unknown_key_creates_no_field() -> None:
    found = splunk.read(RSYSLOG + MARKS.format(sev="INFO") + "cpu=1% user=root index=secret")
    assert "user" not in found
    assert found["index"] == "main"
