"""A request that its caller had no right to: an attempt to change what its endpoint names."""

from __future__ import annotations

import pytest

from tests.cim import formats, splunk

EVENT = splunk.sample("authorization_failed")["event"]
ALL = pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef], ids=["json", "cef", "leef"])


def refused(write: formats.Writer, endpoint: str, method: str = "PUT") -> splunk.Fields:
    action = {**EVENT["action"], "api_endpoint": f"/api/v2{endpoint}", "api_method": method}
    return splunk.read(write({**EVENT, "action": action, "notifications": []}))


@pytest.mark.parametrize(
    ("endpoint", "object_id", "category", "group"),
    [
        ("/orgs/7/sec_policy/draft/rule_sets/44", "/orgs/7/sec_policy/draft/rule_sets/44", "rule_set", "policy"),
        ("/orgs/7/sec_policy/draft/rule_sets/44/sec_rules?x=/users/1", None, "sec_rule", "policy"),
        ("/orgs/7/workloads/update", "/orgs/7/workloads", "workload", "workload"),
        ("/orgs/7/agents/12/heartbeat", "/orgs/7/agents/12", "agent", "agent"),
        ("/orgs/7/permissions", None, "permission", "AAA"),
        ("/users/21/api_keys", None, "api_key", "AAA"),
        ("/orgs/7/authentication_settings", None, "authentication_settings", "AAA"),
        ("/orgs/7/settings/events", None, "event_settings", "logging"),
        ("/orgs/7/settings/syslog/destinations/a1", None, "syslog_destination", "logging"),
        ("/orgs/7/vulnerabilities/CVE-1", None, "vulnerability", "vulnerability"),
    ],
)
@ALL
def test_endpoint_names_the_object(
    write: formats.Writer, endpoint: str, object_id: str | None, category: str, group: str
) -> None:
    found = refused(write, endpoint)
    expected = {
        "object_id": object_id or endpoint.partition("?")[0],
        "object_category": category,
        "change_type": group,
        "action": "modified",
        "status": "failure",
    }
    assert {field: found[field] for field in expected} == expected
    assert splunk.datasets(found) == ["Change"]


@pytest.mark.parametrize(
    ("method", "action"), [("POST", "created"), ("PUT", "modified"), ("DELETE", "deleted"), ("GET", "read")]
)
@ALL
def test_method_gives_the_attempted_action(write: formats.Writer, method: str, action: str) -> None:
    assert refused(write, "/orgs/7/labels/3", method)["action"] == action


@pytest.mark.parametrize("endpoint", ["/users/login", "/orgs/7", "/orgs/7/health", "/product_version"])
@ALL
def test_request_without_a_resource_is_not_a_change(write: formats.Writer, endpoint: str) -> None:
    found = refused(write, endpoint)
    assert splunk.datasets(found) == ["Event_Signatures"]
    assert found["status"] == "failure"
    assert "object" not in found
