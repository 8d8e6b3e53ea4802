"""Workflow actions: a link to the PCE's console where it is certain, links to Investigate, and none to anywhere else."""

from __future__ import annotations

import re
from configparser import RawConfigParser
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.cim import formats, splunk

ACTIONS = RawConfigParser(delimiters=("=",), comment_prefixes=("#",))
ACTIONS.read(splunk.PACKAGE / "default" / "workflow_actions.conf", encoding="utf-8")
CONSOLE = "illumio_pce_console_workload"
INVESTIGATE = {"person": "user", "actor": "src_user", "workload": "dest", "address": "src"}
UUID, OTHER = "6f0c1a52-7f1e-4d1b-9a53-0d5a1c2b3e4f", "0f0c1a52-7f1e-4d1b-9a53-0d5a1c2b3e40"
CONSOLES = {
    "illumio_pce_consoles.csv": "pce_fqdn,console_host,console_port\npce.harbour.example,console.harbour.example,8443\n"
}
WRITERS = (formats.as_json, formats.as_cef, formats.as_leef)
HOSTILE = (
    "/@evil.example",
    "443@evil.example/",
    "#",
    "?a=b",
    "\\",
    "javascript:alert(1)",
    "<b>",
    "&form.kind=x",
    "%2f",
)


def _setting(name: str, key: str) -> str:
    return ACTIONS[name][key]


def _fields(name: str) -> set[str]:
    return {field.strip() for field in _setting(name, "fields").split(",")}


def _link(name: str, values: dict[str, Any]) -> str:
    """The address of an action as the spec says: values are put in URI-encoded."""
    return re.sub(r"\$(@?\w+)\$", lambda token: quote(str(values[token[1]]), safe=""), _setting(name, "link.uri"))


def _console(event: splunk.Fields) -> list[str]:
    """The link to the console, which Splunk offers if the event has all fields and an event type of the list."""
    ours = any(name.startswith("illumio_pce_") for name in splunk.values(event.get("eventtype")))
    return [_link(CONSOLE, event)] if ours and all(event.get(field) for field in _fields(CONSOLE)) else []


def _about(*hrefs: str, pce: str = "pce.harbour.example") -> dict[str, Any]:
    """An event about workloads with these hrefs."""
    event = splunk.sample("agent_activated")["event"]
    change = {"uuid": OTHER, "change_type": "update", "changes": {"name": {"before": "a", "after": "b"}}}
    changes = [{**change, "resource": {"workload": {"href": href, "name": "quay-04"}}} for href in hrefs]
    return {**event, "event_type": "workload.update", "pce_fqdn": pce, "resource_changes": changes}


def test_each_action_has_what_the_spec_asks_for() -> None:
    assert set(ACTIONS.sections()) == {CONSOLE, *(f"illumio_pce_investigate_{kind}" for kind in INVESTIGATE)}
    for name in ACTIONS.sections():
        assert _setting(name, "type") == "link" and _setting(name, "label")
        assert _setting(name, "eventtypes") == "illumio_pce_*"
        # $!field$ would put a value in as it is.
        assert "$!" not in _setting(name, "link.uri")
    assert set(re.findall(r"\$(.+?)\$", _setting(CONSOLE, "link.uri"))) == _fields(CONSOLE)


def _collected(event: dict[str, Any], lookups: dict[str, str] | None = None) -> splunk.Fields:
    """An event that an input has collected."""
    return splunk.read(
        formats.as_json(event), "illumio:pce:events", source="illumio_pce_events://audit", lookups=lookups
    )


def test_the_workload_of_an_event() -> None:
    event = _collected(_about(f"/orgs/7/workloads/{UUID}"), CONSOLES)

    assert _console(event) == [f"https://console.harbour.example:8443/#/workloads/{UUID}"]


def test_no_link_without_certainty() -> None:
    one = f"/orgs/7/workloads/{UUID}"
    as_shipped = _collected(_about(one))
    other_pce = _collected(_about(one, pce="pce.inland.example"), CONSOLES)
    several = _collected(_about(one, f"/orgs/7/workloads/{OTHER}"), CONSOLES)
    with_another = _collected(_about(one, "/orgs/7/sec_policy/draft/rule_sets/12"), CONSOLES)
    something_else = _collected(_about("/orgs/7/sec_policy/draft/rule_sets/12"), CONSOLES)

    found = (as_shipped, other_pce, several, with_another, something_else)
    assert [_console(event) for event in found] == [[], [], [], [], []]


@pytest.mark.parametrize("write", WRITERS)
def test_events_by_syslog_have_no_link(write: formats.Writer) -> None:
    """Their props.conf stanzas would need the same fields three times over."""
    assert _console(splunk.read(write(_about(f"/orgs/7/workloads/{UUID}")), lookups=CONSOLES)) == []


@pytest.mark.parametrize(
    "href",
    [
        f"https://evil.example/orgs/7/workloads/{UUID}",
        f"//evil.example/orgs/7/workloads/{UUID}",
        f"/orgs/7/workloads/{UUID}/../../x",
        f"/orgs/7/workloads/{UUID}?next=//evil.example",
        "/orgs/7/workloads/javascript:alert(1)",
        f"/orgs/7/workloads/{UUID}\n",
        f"/orgs/7/workloads/{UUID}@evil.example",
        "/orgs/7/workloads/$pce_console_host$",
    ],
)
def test_a_hostile_href_is_no_workload(href: str) -> None:
    assert _console(_collected(_about(href), CONSOLES)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_changes_where_a_link_leads(text: str) -> None:
    fields = {"pce_console_host": "console.example", "pce_console_port": "8443", "pce_workload_uuid": text}
    parts = urlsplit(_link(CONSOLE, fields))
    assert (parts.scheme, parts.netloc) == ("https", "console.example:8443")
    assert parts.fragment == f"/workloads/{quote(text, safe='')}"
    for action, field in INVESTIGATE.items():
        name, kind = f"illumio_pce_investigate_{action}", action.replace("actor", "person")
        inside = urlsplit(_link(name, {"@field_value": text}))
        assert (inside.scheme, inside.netloc, inside.path) == ("", "", "/app/TA_illumio_pce/investigate")
        assert parse_qs(inside.query) == {"form.kind": [kind], "form.entered": [text]}
        assert _fields(name) == {field}  # Splunk asks for all of them
