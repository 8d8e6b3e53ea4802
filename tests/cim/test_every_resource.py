"""Every kind of resource that is known becomes an object with its name, id and kind, in each format."""

from __future__ import annotations

import pytest

from tests.cim import formats, splunk

NAMED = """
api_key api_usage_limit_profile auth_security_principal bound_service cluster container_cluster
container_workload container_workload_profile domain firewall_setting ip_list ip_tables_rule
kubernetes_workload label_group license network network_device network_endpoint
network_enforcement_node object_limit_profile org org_setting pairing_profile resource rule_set
saml_sp_config secure_connect_gateway security_principal service service_account slb
syslog_destination traffic_collector_setting virtual_server virtual_service vulnerability
vulnerability_report workload_setting
"""

#: The member that names a resource, by kind; kinds as the vendor's schema and records have them.
NAMED_BY = {
    **dict.fromkeys(["agent", "ven", "workload"], "hostname"),
    "user": "username",
    "label": "value",
    "label_dimension": "key",
    **dict.fromkeys(
        NAMED.split(),
        "name",
    ),
    **dict.fromkeys(["permission", "sec_policy", "sec_rule", "security_policy", "service_binding"], "href"),
}
WRITERS = [formats.as_json, formats.as_cef, formats.as_leef]


@pytest.mark.parametrize("kind", sorted(NAMED_BY))
@pytest.mark.parametrize("write", WRITERS, ids=["json", "cef", "leef"])
def test_resource_becomes_an_object(kind: str, write: formats.Writer) -> None:
    resource = {"href": f"/orgs/7/{kind}s/5", NAMED_BY[kind]: "of the harbour"}
    change = {
        "uuid": "u",
        "resource": {kind: resource},
        "changes": {"a": {"before": 1, "after": 2}},
        "change_type": "update",
    }
    event = {**splunk.sample("label_deleted")["event"], "event_type": "quay.update", "resource_changes": [change]}
    found = splunk.read(write(event))
    named = "of the harbour"
    expected = {"object": named, "object_category": kind, "object_attrs": "a", "action": "modified"}
    assert {field: found.get(field) for field in expected} == expected
    assert found["object_id"] == resource["href"]
    assert found["dest"] == (named if NAMED_BY[kind] == "hostname" else "pce.harbour.example")


@pytest.mark.parametrize(
    ("info", "user"),
    [
        ({"user": {"href": "/users/3", "username": "ida@harbour.example"}}, "ida@harbour.example"),
        ({"associated_user": {"supplied_username": "ida"}}, "ida"),
        ({"api_key_id": "api_90"}, "api_90"),
        ({"user": None}, "system"),
        (None, "system"),
    ],
)
@pytest.mark.parametrize("write", WRITERS, ids=["json", "cef", "leef"])
def test_person_of_any_notification_is_found(info: object, user: str, write: formats.Writer) -> None:
    first = {"uuid": "a", "notification_type": "user.pw_changed", "info": None}
    notes = [first, {"uuid": "b", "notification_type": "user.pce_session_created", "info": info}]
    event = {**splunk.sample("session_timeout")["event"], "notifications": notes}
    assert splunk.read(write(event))["user"] == user
