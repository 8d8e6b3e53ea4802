"""The macro that every search of ours goes through keeps each event once, in its fullest form."""

from __future__ import annotations

from tests.cim import formats, splunk

EVENT = splunk.sample("sign_in_success")["event"]


def found(lines: list[tuple[formats.Event, int]]) -> list[splunk.Fields]:
    """What the macro leaves of events, each with the time when it was indexed."""
    events = [{**splunk.read(formats.as_json(event)), "_indextime": str(at)} for event, at in lines]
    return splunk.search("`illumio_pce_latest`", events)


def test_line_with_action_is_kept_whenever_it_was_indexed() -> None:
    unfinished = {**EVENT, "action": None, "event_type": "request.invalid"}
    for order in ((10, 20), (20, 10)):
        left = found([(unfinished, order[0]), (EVENT, order[1])])
        assert [event["event_type"] for event in left] == ["user.sign_in"]


def test_last_of_equal_lines_is_kept() -> None:
    older = {**EVENT, "severity": "err"}
    assert [event["severity"] for event in found([(older, 10), (EVENT, 20)])] == ["informational"]


def test_all_lines_without_href_are_kept() -> None:
    nameless = {name: value for name, value in EVENT.items() if name != "href"}
    assert len(found([(nameless, 10), (nameless, 11), (EVENT, 12), (EVENT, 13)])) == 3


def test_changes_become_rows() -> None:
    event = splunk.read(formats.as_json(splunk.sample("workloads_enforcement")["event"]))
    rows = splunk.search("`illumio_pce_changes`", [event])
    assert [(row["attribute"], row["before"], row["after"]) for row in rows] == [
        ("enforcement_mode", "full", "idle"),
        ("visibility_level", "flow_summary", "flow_off"),
        ("enforcement_mode", "selective", "idle"),
    ]


def test_changes_of_collections_become_rows() -> None:
    change = {
        "uuid": "c",
        "resource": {"workload": {"href": "/orgs/7/workloads/1", "name": None, "hostname": "crane-01"}},
        "changes": {
            "labels": {"created": [{"key": "env", "value": "Prod"}], "deleted": [{"key": "env", "value": "Test"}]},
            "workload_interfaces": {"updated": [{"resource": {"name": "eth0"}, "changes": {}}]},
        },
        "change_type": "update",
    }
    event = splunk.read(formats.as_json({**EVENT, "event_type": "workload.update", "resource_changes": [change]}))
    rows = splunk.search("`illumio_pce_changes`", [event])
    assert [(row["attribute"], row.get("before"), row["after"]) for row in rows] == [
        ("labels", '[{"key":"env","value":"Test"}]', '[{"key":"env","value":"Prod"}]'),
        ("workload_interfaces", None, '[{"resource":{"name":"eth0"},"changes":{}}]'),
    ]
