"""Flow summaries read as Network Traffic, alike in JSON, CEF and LEEF."""

from __future__ import annotations

from typing import Callable

import pytest

from tests.cim import flows, splunk

WRITERS = {"json": flows.as_json, "cef": flows.as_cef, "leef": flows.as_leef}
#: What LEEF does not carry.
LACKING = {"json": set(), "cef": set(), "leef": {"user", "process_name", "pce_fqdn"}}


@pytest.mark.parametrize("format_", sorted(WRITERS))
@pytest.mark.parametrize("decision", sorted(flows.DECISIONS))
def test_flow_has_its_fields(format_: str, decision: str) -> None:
    found = splunk.read(WRITERS[format_](decision))
    assert found["sourcetype"] == "illumio:pce:flows"
    assert {field: found.get(field) for field in flows.FIELDS} == flows.FIELDS
    assert (found["action"], found["vendor_action"]) == (flows.DECISIONS[decision][1], decision)
    assert splunk.datasets(found) == ["Network_Traffic"]
    assert float(found["_time"]) == 1772957730
    of_actor = {"user": "NT AUTHORITY\\SYSTEM", "process_name": "postgres", "pce_fqdn": "pce.harbour.example"}
    expected = {field: value for field, value in of_actor.items() if field not in LACKING[format_]}
    assert {field: found[field] for field in of_actor if field in found} == expected


@pytest.mark.parametrize("write", [flows.as_json, flows.as_cef], ids=["json", "cef"])
def test_dvc_is_the_pce(write: Callable[[str], str]) -> None:
    assert splunk.read(write("allowed"))["dvc"] == "pce.harbour.example"


def test_blocked_ping_is_icmp_without_port() -> None:
    line = (
        flows.as_json("blocked")
        .replace('"proto":6', '"proto":1')
        .replace('"dst_port":5432', '"icmp_type":8,"icmp_code":0')
    )
    found = splunk.read(line)
    assert (found["transport"], found["protocol"], found["icmp_type"], found["icmp_code"]) == ("icmp", "icmp", "8", "0")
    assert "dest_port" not in found


@pytest.mark.parametrize(("number", "name"), [(17, "udp"), (47, "gre"), (50, "esp"), (132, "sctp"), (58, "icmp")])
def test_protocol_number_reads_as_its_name(number: int, name: str) -> None:
    """Numbers after IANA's list; CEF and LEEF write the name."""
    as_json = splunk.read(flows.as_json("allowed").replace('"proto":6', f'"proto":{number}'))
    as_cef = splunk.read(flows.as_cef("allowed").replace("proto=tcp", f"proto={name}"))
    assert as_json["transport"] == as_cef["transport"] == name


def test_duration_is_in_seconds() -> None:
    as_json = splunk.read(flows.as_json("allowed").replace('"pd":0', '"ddms":1500,"tdms":90000,"pd":0'))
    as_cef = splunk.read(flows.as_cef("allowed").replace("msg={", 'msg={"ddms":1500,"tdms":90000,'))
    assert as_json["duration"] == as_cef["duration"] == "1.5"


def test_address_of_version_6() -> None:
    line = flows.as_json("allowed").replace("10.20.0.5", "2001:db8::5").replace("10.20.0.9", "2001:db8::9")
    found = splunk.read(line)
    assert (found["src"], found["dest_ip"], found["protocol_version"]) == ("2001:db8::5", "2001:db8::9", "ipv6")


def test_totals_are_used_if_deltas_are_missing() -> None:
    line = flows.as_json("allowed").replace('"dst_dbi":1200,"dst_dbo":3400,', "").replace("dst_tb", "tb")
    found = splunk.read(line)
    assert (found["bytes_in"], found["bytes_out"], found["bytes"]) == ("90000", "91000", "181000")
