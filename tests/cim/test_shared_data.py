"""Events of others, read from beside the repository where they are: every one finds its dataset and its main fields."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cim import formats, splunk

DATA = splunk.ROOT.parent / "shared" / "data"
TOKENS = {
    "@@IP": "192.0.2.8",
    "@@SRC_IP": "192.0.2.9",
    "@@DST_IP": "192.0.2.10",
    "@@COUNT": "3",
    "@@PORT": "53",
    "@@DIR": "I",
    "@@PD": "1",
}


def shared(name: str) -> str:
    path: Path = DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not beside the repository")
    text = path.read_text(encoding="utf-8")
    for token in sorted(TOKENS, key=len, reverse=True):
        text = text.replace(token, TOKENS[token])
    return text


def check_audit_event(found: splunk.Fields, event: dict[str, Any]) -> None:
    assert found["event_type"] == event["event_type"]
    assert found.get("href") == event["href"]
    assert found["dvc"] == event["pce_fqdn"]
    assert found.get("vendor_status") == event["status"]
    assert found["signature"] != "unknown"
    assert splunk.datasets(found)
    names = [
        actor.get("username") or actor.get("hostname") or actor.get("name") for actor in event["created_by"].values()
    ]
    if names[0] and "src_user" not in found:
        assert found["user"] == names[0]
    assert "FILTERED" not in splunk.values(found["src"])
    assert len(splunk.values(found.get("changed"))) == len(event["resource_changes"])


def test_api_events() -> None:
    for event in json.loads(shared("api-events.json")):
        check_audit_event(splunk.read(formats.compact(event), "illumio:pce:events"), event)


@pytest.mark.parametrize("name", ["syslog-json-events.samples", "syslog-json-events-18.2.samples"])
def test_events_over_syslog(name: str) -> None:
    lines = shared(name).splitlines()
    assert len(lines) >= 10
    for line in lines:
        event = json.loads(line[line.index("{") :])
        found = splunk.read(line)
        check_audit_event(found, event)
        assert abs(float(found["_time"]) - splunk.epoch(event["time"])) < 0.0005


def test_pairs_differ_only_in_what_cef_does_not_carry() -> None:
    for pair in json.loads(shared("json-cef-pairs.json"))["audit"]:
        as_json = splunk.read(formats.PREFIX + formats.compact(pair["event"]))
        as_cef = splunk.read(formats.PREFIX + pair["cef"])
        check_audit_event(as_json, pair["event"])
        differing = {f for f in splunk.audit_fields() if as_json.get(f) != as_cef.get(f)}
        hidden = (pair["event"]["action"] or {}).get("src_ip") == "FILTERED"
        assert differing == {"vendor_severity"} | ({"src"} if hidden else set())
        assert as_json["_time"] == as_cef["_time"]


def test_flow_of_a_pce_in_cef() -> None:
    flow = json.loads(shared("json-cef-pairs.json"))["flows"][0]
    found = splunk.read(flow)
    assert (found["action"], found["user"], found["process_name"], found["dest_port"]) == (
        "allowed",
        "NT AUTHORITY\\SYSTEM",
        "dns.exe",
        "53",
    )


def test_flows_over_syslog() -> None:
    for line in shared("syslog-flow-summaries.samples").splitlines():
        found = splunk.read(line)
        assert (found["sourcetype"], found["transport"], found["src"], found["dest"]) == (
            "illumio:pce:flows",
            "udp",
            "192.0.2.9",
            "192.0.2.10",
        )
        assert splunk.datasets(found) == ["Network_Traffic"]


def test_flows_of_the_guide() -> None:
    """Its line wraps taken out: JSON breaks anywhere; CEF and LEEF between words, or behind a slash, bar or hyphen."""
    text = re.sub(r"\n{2,}(?=tid=|\"dst_labels)", "\n", shared("flow-summaries-wrapped.txt"))
    blocks = [block for block in re.split(r"\n\s*\n", text) if re.match(r"\d{4}-|CEF:|LEEF:", block)]
    found = []
    for block in blocks:
        in_words = re.sub(r"(?<![/|-])\n", " ", block) if "EF:" in block else block
        found.append(splunk.read(in_words.replace("\n", "")))
    assert [(event["action"], event["transport"], event["dest_port"], event["direction"]) for event in found] == [
        ("allowed", "udp", "5353", "inbound"),
        ("allowed", "tcp", "22", "inbound"),
        ("allowed", "udp", "138", "inbound"),
        ("blocked", "udp", "138", "inbound"),
        ("flow", "tcp", "1022", "outbound"),
        ("allowed", "udp", "137", "inbound"),
        ("flow", "tcp", "22", "inbound"),
        ("blocked", "udp", "5353", "inbound"),
        ("flow", "tcp", "1022", "outbound"),
    ]
    assert {event["org_id"] for event in found} == {"1"}
    assert {dataset for event in found for dataset in splunk.datasets(event)} == {"Network_Traffic"}


def test_system_health() -> None:
    lines = shared("system-health.txt").splitlines()
    found = [splunk.read(line) for line in lines if line]
    assert [event["cpu_load_percent"] for event in found] == ["2", "2", "34"]
    assert [event["severity"] for event in found] == ["informational", "informational", "medium"]


def test_growing_events_all_find_their_dataset() -> None:
    members = ("created_by", "action", "resource_changes", "notifications")
    for row in csv.DictReader(shared("growing-events-rows.csv").splitlines()):
        event: dict[str, Any] = {name: json.loads(row[name]) if row[name] else None for name in members}
        event.update({name: row[name] for name in ("href", "pce_fqdn", "event_type", "severity")})
        event.update(status=row["status"] or None, timestamp="2024-09-25T05:02:52.011Z")
        check_audit_event(splunk.read(formats.compact(event), "illumio:pce:events"), event)
