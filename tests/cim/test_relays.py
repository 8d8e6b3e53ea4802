"""What relays do to lines: ends written out, messages joined, headers, times and severities rewritten."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cim import flows, formats, splunk

EVENT = splunk.sample("workloads_enforcement")["event"]
OTHER = {**splunk.sample("label_deleted")["event"], "href": "/orgs/7/events/0000002c-1c2d-4e3f-8a5b-000000013556"}
WRITERS = {"json": formats.as_json, "cef": formats.as_cef, "leef": formats.as_leef}
ALL = pytest.mark.parametrize("format_", sorted(WRITERS))
HEADER = "<14>1 2026-03-01T08:15:31+00:00 core0 illumio_pce/agent 811 - - "
FIELDS = sorted(splunk.audit_fields() | {"eventtype", "sourcetype", "host", "_time"})
#: Written-out and real ends of a message, as syslog servers leave them.
ENDS = ["#012", "#015#012", "#000", "\x00", "  ", " #012", "#012#000"]


def message(format_: str, event: formats.Event) -> str:
    """The event as it comes by syslog, with a header that has a priority."""
    return HEADER + WRITERS[format_](event)[len(formats.PREFIX) :]


def fields(event: splunk.Fields) -> dict[str, Any]:
    return {name: event.get(name) for name in FIELDS}


@pytest.mark.parametrize("end", ENDS)
@ALL
def test_escaped_line_end_from_a_relay_is_in_no_field(format_: str, end: str) -> None:
    plain, found = splunk.read(message(format_, EVENT)), splunk.read(message(format_, EVENT) + end)
    assert fields(found) == fields(plain)
    assert found["_raw"] == plain["_raw"]


@pytest.mark.parametrize("between", ["#012", "#015#012", "#000", "\x00", "#012 ", "", "812 "], ids=repr)
@pytest.mark.parametrize("second", sorted(WRITERS))
@ALL
def test_joined_messages_are_two_events(format_: str, second: str, between: str) -> None:
    found = splunk.read_all(message(format_, EVENT) + between + message(second, OTHER))
    assert [fields(event) for event in found] == [
        fields(splunk.read(message(format_, EVENT))),
        fields(splunk.read(message(second, OTHER))),
    ]


@ALL
def test_many_messages_on_many_lines_are_as_many_events(format_: str) -> None:
    line = "#012".join(message(format_, EVENT) for _ in range(3))
    counted = "".join(f"{len(text)} {text}" for text in [message(format_, OTHER)] * 3)
    found = splunk.read_all(f"{line}\n{counted}\n{message(format_, EVENT)}\n")
    assert [event["href"] for event in found] == [EVENT["href"]] * 3 + [OTHER["href"]] * 3 + [EVENT["href"]]


@pytest.mark.parametrize("format_", ["cef", "leef"])
def test_joined_messages_without_a_header_in_front_stay_one_event_that_is_marked(format_: str) -> None:
    """Nothing in the line says for certain where the first of them ends: no field of the second is taken for the first's."""
    found = splunk.read(WRITERS[format_](EVENT) + "#012" + message(format_, OTHER))
    assert (found["joined_messages"], found["event_type"], found["status"]) == ("1", "workloads.update", "success")
    assert (found["user"], found["src"], found.get("href")) == ("unknown", "unknown", None)


@pytest.mark.parametrize("format_", ["json", "cef", "leef"])
def test_unsplit_joined_messages_make_no_false_event(format_: str) -> None:
    """What \\G means in LINE_BREAKER, and where Splunk cuts a stream, is said nowhere: here lines alone break."""
    line = message(format_, EVENT) + "#012" + message("cef", OTHER)
    found = splunk.read(line, more={"props.conf": "[illumio:pce:syslog]\nLINE_BREAKER = ([\\r\\n]+)\n"})
    if format_ == "json":
        assert (found["sourcetype"], found["_raw"], "event_type" in found) == (splunk.SYSLOG, line, False)
    else:
        assert (found["joined_messages"], found["event_type"]) == ("1", "workloads.update")
        assert (found["user"], found.get("href"), "changed" in found) == ("unknown", None, False)


def test_line_by_itself_is_not_marked() -> None:
    assert [one for one in WRITERS if "joined_messages" in splunk.read(message(one, EVENT))] == []


@pytest.mark.parametrize("head", ["CEF: 0|", "CEF:1|", "CEF: 1|"])
def test_cef_header_may_have_a_blank_and_another_version(head: str) -> None:
    plain, found = splunk.read(formats.as_cef(EVENT)), splunk.read(formats.as_cef(EVENT).replace("CEF:0|", head))
    assert fields(found) == fields(plain)


@pytest.mark.parametrize(
    ("written", "severity"), [("Low", "low"), ("Medium", "medium"), ("High", "high"), ("Very-High", "critical")]
)
def test_severity_of_cef_in_words(written: str, severity: str) -> None:
    found = splunk.read(formats.as_cef(EVENT).replace("|1|rt=", f"|{written}|rt="))
    assert (found["vendor_severity"], found["severity"]) == (written, severity)


#: The event's own time in milliseconds: 2026-03-01T08:15:31Z is 1772352931.
TIMES = [
    ("2026-03-01T08:15:30.011Z", 1772352930.011),
    ("2026-03-01 08:15:30.011", 1772352930.011),
    ("2026-03-01T09:15:30.5+01:00", 1772352930.5),
    ("1772352930011", 1772352930.011),
    ("1772352930", 1772352930),
    ("1772352930.011", 1772352930.011),
    ("Mar 01 2026 08:15:30.011 UTC", 1772352930.011),
    ("Mar 01 2026 08:15:30 GMT", 1772352930),
    ("Mar 01 2026 09:15:30 GMT+01:00", 1772352930),
    ("Mar 01 2026 08:15:30.011 GMT+00:00", 1772352930.011),
    # What cannot be read: the header's.
    ("yesterday", 1772352931),
    ("31/12/2026", 1772352931),
    ("", 1772352931),
]


@pytest.mark.parametrize(("written", "time"), TIMES)
def test_time_of_cef_in_another_spelling_costs_no_field(written: str, time: float) -> None:
    line = message("cef", EVENT)
    before, _, after = line.partition("rt=")
    found = splunk.read(f"{before}rt={written} dvchost{after.partition(' dvchost')[2]}")
    assert float(found["_time"]) == time
    plain = splunk.read(line)
    names = splunk.audit_fields() | {"eventtype"}
    assert {name: found.get(name) for name in names} == {name: plain.get(name) for name in names}


def test_unreadable_time_without_a_header_becomes_time_of_receipt() -> None:
    line = formats.as_cef(EVENT).replace("rt=", "rt=x")
    assert float(splunk.read(line)["_time"]) == splunk.NOW


@pytest.mark.parametrize("value", ["\\/", "a\\", "a\\\\/b", 'x\\"/'])
def test_escaped_slash_is_a_slash_and_other_backslashes_stay(value: str) -> None:
    event = {**EVENT, "created_by": {"user": {"href": "/users/21", "username": value}}}
    line = formats.as_json(event).replace("/", "\\/")
    found, plain = splunk.read(line), splunk.read(formats.as_json(event))
    assert fields(found) == fields(plain)
    assert found["user"] == value


@pytest.mark.parametrize("write", [*WRITERS.values(), flows.as_json, flows.as_cef])
def test_host_is_the_pce_that_wrote_the_event(write: Any) -> None:
    event = EVENT if write in WRITERS.values() else "blocked"
    assert splunk.read(write(event))["host"] == "pce.harbour.example"


@pytest.mark.parametrize("name", ["", "-x", "pce/../x", "a" * 254, "pce|x", "index=x"])
@ALL
def test_invalid_host_name_does_not_set_the_host(format_: str, name: str) -> None:
    assert splunk.read(WRITERS[format_]({**EVENT, "pce_fqdn": name}))["host"] == "unknown"


def test_host_of_system_health_stays() -> None:
    """A line tells its node, no PCE; `dest` is the node."""
    line = "2026-03-08T08:15:30+00:00 host=core1 ip=127.0.0.1 program=illumio_pce/system_health| sev=INFO cpu=1%"
    assert (splunk.read(line)["host"], splunk.read(line)["dest"]) == ("unknown", "core1")


def test_metadata_of_the_modular_input_is_kept() -> None:
    """Its host, its time and its source type, whatever the event says; `receive` takes the first from TIME_FORMAT here."""
    event = {**EVENT, "timestamp": None, "time": None, "pce_fqdn": "other.example"}
    found = splunk.read(json.dumps(event), "illumio:pce:events", source="illumio_pce_events://main")
    assert (found["host"], float(found["_time"])) == ("unknown", splunk.NOW)
    by_file = splunk.read(json.dumps(event), "illumio:pce:events")
    assert by_file["host"] == "other.example"
