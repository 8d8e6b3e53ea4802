"""Events written out in Illumio's text, read from it at test time."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.catalogue import vendor_text
from tests.cim import formats, splunk


def examples() -> str:
    return "\n".join(vendor_text.section("Examples of Events", "Differences from Previous Releases"))


def json_events() -> list[dict[str, Any]]:
    """The JSON objects with an event type that the section holds."""
    decoder, text = json.JSONDecoder(), examples()
    found, at = [], 0
    for start in (match.start() for match in re.finditer(r"^\{|^\{ ", text, re.MULTILINE)):
        if start < at:
            continue
        try:
            value, at = decoder.raw_decode(text, start)
        except ValueError:
            continue
        if isinstance(value, dict) and "event_type" in value:
            found.append(value)
    return found


def wrapped_line(first: str, last: str) -> str:
    """An example that the text wraps: its lines joined, from the one that begins with `first` on."""
    text = examples()
    start = text.index(first)
    return (
        text[start : text.index(last, start)].replace("\n", " ").replace("/system_events/ ", "/system_events/").strip()
    )


def test_json_examples_find_their_dataset() -> None:
    events = json_events()
    assert len(events) >= 7
    for event in events:
        found = splunk.read(formats.PREFIX + formats.compact(event))
        assert found["event_type"] == event["event_type"]
        assert found["signature"] != "unknown"
        assert splunk.datasets(found)


def test_cef_example_is_read() -> None:
    found = splunk.read(wrapped_line("CEF:0|", "Workload Security Policy Updated (LEEF)"))
    assert (found["event_type"], found["status"], found["src"]) == ("user.logout", "success", "10.6.5.4")
    assert found["href"].startswith("/system_events/e97bd255")
    assert found["user_type"] == "user"


def test_leef_example_is_read() -> None:
    line = wrapped_line("LEEF:2.0|", "event_href=/orgs/7/events/someUUID") + " event_href=/orgs/7/events/someUUID"
    found = splunk.read(line)
    assert (found["event_type"], found["status"], found["org_id"]) == ("interface_status.update", "success", "7")
    assert (found["user"], found["user_type"]) == ("someHostname", "agent")
    assert found["canonical_event_type"] == "workload_interfaces.update"
