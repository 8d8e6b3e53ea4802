"""Index time: each shape of line gets its source type and its time; what is not known stays and is not lost."""

from __future__ import annotations

import pytest

from tests.cim import formats, splunk

EVENT = splunk.sample("label_deleted")["event"]
JSON = formats.compact(EVENT)

HEADERS = {
    "none": "",
    "direct": formats.PREFIX,
    "kubernetes": formats.PREFIX + "[cc_mode=clas] [cc_uuid=5f9b1f6e-7c1a-4f0e-9f57-d0c7c1a0be11] ",
    "rfc5424": '<14>1 2026-03-01T08:15:31.000000+00:00 core0 illumio_pce/agent 811 - [meta sequenceId="52"] ',
    "rfc3164": "<14>Mar  1 08:15:31 core0 illumio_pce/agent[811]: ",
    "rsyslog": "2026-03-01T08:15:31.1+00:00 level=info host=core0 ip=127.0.0.1 program=illumio_pce/agent| ",
}


@pytest.mark.parametrize("header", sorted(HEADERS))
def test_json_event_is_recognised_after_any_header(header: str) -> None:
    found = splunk.read(HEADERS[header] + JSON)
    assert (found["sourcetype"], found["_raw"], found["event_type"]) == ("illumio:pce:events", JSON, "label.delete")


@pytest.mark.parametrize("header", sorted(HEADERS))
@pytest.mark.parametrize("write", [formats.as_cef, formats.as_leef], ids=["cef", "leef"])
def test_cef_and_leef_are_recognised_after_any_header(header: str, write: formats.Writer) -> None:
    line = HEADERS[header] + write(EVENT)[len(formats.PREFIX) :]
    found = splunk.read(line)
    assert found["sourcetype"] in ("illumio:pce:cef", "illumio:pce:leef")
    assert (found["_raw"], found["event_type"]) == (line, "label.delete")


# 2026-03-08T08:15:30Z is 1772957730 seconds after 1970.
@pytest.mark.parametrize(
    ("written", "epoch"),
    [
        ("2026-03-08T08:15:30.088Z", 1772957730.088),
        ("2026-03-08T08:15:30.0880000Z", 1772957730.088),
        ("2026-03-08T08:15:30Z", 1772957730),
        ("2026-03-08T13:45:30+05:30", 1772957730),
        ("2026-03-08T00:15:30.5-08:00", 1772957730.5),
        ("2026-03-08T08:15:30.25", 1772957730.25),
    ],
)
@pytest.mark.parametrize("member", ["timestamp", "time"])
def test_json_time_is_the_events_own(written: str, epoch: float, member: str) -> None:
    event = {name: value for name, value in EVENT.items() if name != "timestamp"}
    found = splunk.read(formats.PREFIX + formats.compact({**event, member: written}))
    assert float(found["_time"]) == epoch


@pytest.mark.parametrize(
    ("written", "epoch"),
    [
        ("Mar 08 2026 08:15:30.088 +0000", 1772957730.088),
        ("Mar 08 2026 10:15:30.088 +0200", 1772957730.088),
        ("Mar 08 2026 08:15:30", 1772957730),
        ("Mar 8 2026 08:15:30", 1772957730),
    ],
)
def test_cef_time_is_the_events_own(written: str, epoch: float) -> None:
    line = formats.as_cef(EVENT)
    before, _, after = line.partition("rt=")
    found = splunk.read(f"{before}rt={written} dvchost{after.partition(' dvchost')[2]}")
    assert float(found["_time"]) == epoch
    assert found["event_type"] == "label.delete"


def test_time_without_zone_is_read_in_the_configured_zone() -> None:
    event = {**EVENT, "timestamp": "2026-03-08T10:15:30"}
    zone = {"transforms.conf": '[illumio_pce_zone]\nINGEST_EVAL = illumio_pce_zone:="+0200"\n'}
    assert float(splunk.read(formats.as_json(event), more=zone)["_time"]) == 1772957730
    with_zone = splunk.read(formats.as_json(EVENT), more=zone)
    assert with_zone["_time"] == splunk.read(formats.as_json(EVENT))["_time"]


@pytest.mark.parametrize(
    "line",
    [
        "sshd[4]: Accepted publickey for root",
        '{"somebody": "else"}',
        "CEF:0|Other|Product|1|x|y|1|src=1.2.3.4",
        formats.PREFIX + '{"event_type": "label.create", "truncated',
        "starting illumio_pce services",
    ],
)
def test_unrecognised_line_is_not_changed(line: str) -> None:
    found = splunk.read(line)
    assert (found["sourcetype"], found["_raw"]) == (splunk.SYSLOG, line)
    assert float(found["_time"]) == splunk.NOW
    assert "event_type" not in found


def test_unrecognised_line_does_not_inherit_the_previous_time() -> None:
    first, second = splunk.read_all(formats.as_json(EVENT) + "\nnothing known\n")
    assert float(first["_time"]) == 1772957730.088
    assert float(second["_time"]) == splunk.NOW


def test_words_of_other_formats_inside_an_event_do_not_route_it() -> None:
    hostile = (
        'CEF:0|Illumio|PCE|1|flow_allowed|x|1| LEEF:2.0|Illumio|PCE|1|x| illumio_pce/system_health {"dst_ip":"1.1.1.1"}'
    )
    event = {**EVENT, "created_by": {"user": {"href": "/users/5", "username": hostile}}}
    assert splunk.read(formats.as_json(event))["sourcetype"] == "illumio:pce:events"
    assert splunk.read(formats.as_json(event))["user"] == hostile
    assert splunk.read(formats.as_cef(event))["sourcetype"] == "illumio:pce:cef"
    assert splunk.read(formats.as_leef(event))["sourcetype"] == "illumio:pce:leef"


def test_no_intermediate_field_is_indexed() -> None:
    for line in (formats.as_json(EVENT), formats.as_cef(EVENT), "nothing known"):
        assert [name for name in splunk.read(line) if name.startswith("illumio_pce_")] == []


@pytest.mark.parametrize("name", ["sign_in_success", "hostile_name", "session_timeout"])
@pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef], ids=["json", "cef", "leef"])
def test_rules_of_the_new_source_type_would_change_nothing(name: str, write: formats.Writer) -> None:
    """Whether a rewritten source type's own index-time rules run as well is documented nowhere."""
    once = splunk.read(write(splunk.sample(name)["event"]))
    twice = splunk.read(once["_raw"], once["sourcetype"])
    assert twice == once


def test_time_under_the_events_source_type_is_that_of_the_member() -> None:
    event = {"notifications": [{"info": {"timestamp": "2001-01-01T00:00:00.000Z"}}], **EVENT}
    assert (
        splunk.read(formats.compact(event), "illumio:pce:events")["_time"]
        == splunk.read(formats.as_json(EVENT))["_time"]
    )


@pytest.mark.parametrize("write", [formats.as_cef, formats.as_leef], ids=["cef", "leef"])
def test_unknown_key_of_several_words_costs_nothing_but_itself(write: formats.Writer) -> None:
    event = {**EVENT, "status": "success"}
    line = write(event).replace("cat=", "novelty=a b cat=")
    plain, found = splunk.read(write(event)), splunk.read(line)
    names = splunk.audit_fields() | {"eventtype", "changed"}
    assert {name: found.get(name) for name in names} == {name: plain.get(name) for name in names}


def test_own_log_has_its_source_type_and_its_fields() -> None:
    """By its file's name, in the form that package/bin/illumio_pce/log.py writes."""
    line = "2026-03-08 08:15:30,088 log_level=INFO pid=7 tid=MainThread file=a.py:run:3 | input=main found=7"
    found = splunk.read(line, "illumio:pce:log")
    assert (found["_time"], found["log_level"], found["found"]) == ("1772957730.088", "INFO", "7")
    stanzas = splunk.knowledge(())[0].stanzas("props")
    (source,) = [name for name in stanzas if stanzas[name].text("sourcetype") == "illumio:pce:log"]
    assert source == "source::...ta_illumio_pce_*.log*"
