"""Shapes that are possible and that no golden event has: members null, missing or empty, actors and times at the edge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cim import formats, splunk

EVENT = splunk.sample("label_deleted")["event"]
(CHANGE,) = EVENT["resource_changes"]
ALL = pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef], ids=["json", "cef", "leef"])
PRINCIPAL = {"href": "/orgs/7/auth_security_principals/0a-9", "name": "eve@harbour.example"}


def note(kind: str | None, info: Any = None) -> dict[str, Any]:
    return {"uuid": "n", "notification_type": kind, "info": info}


def change(kind: str, **members: Any) -> dict[str, Any]:
    return {"uuid": "c", "resource": {kind: members}, "changes": {}, "change_type": "create"}


@pytest.mark.parametrize("missing", [{"change_type": None}, {"resource": None}, {"resource": {}}, {"changes": {}}])
@ALL
def test_missing_facts_of_a_change_come_from_the_type_and_the_request(
    write: formats.Writer, missing: dict[str, Any]
) -> None:
    found = splunk.read(write({**EVENT, "resource_changes": [{**CHANGE, **missing}]}))
    assert (found["action"], found["status"], found["object_id"]) == ("deleted", "success", "/orgs/7/labels/31")


@pytest.mark.parametrize("address", ["", None, "FILTERED", "pce.harbour.example", "PCE.Harbour.Example"])
@ALL
def test_missing_address_gives_no_source(write: formats.Writer, address: str | None) -> None:
    action = {**EVENT["action"], "src_ip": address}
    assert splunk.read(write({**EVENT, "action": action}))["src"] == "unknown"
    told = [note("a.b", {"src_ip": hidden}) for hidden in ("", "FILTERED", "PCE.harbour.example")]
    told.append(note("a.b", {"src_ip": "203.0.113.9"}))
    assert splunk.read(write({**EVENT, "action": None, "notifications": told}))["src"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("resource", "changes", "user"),
    [
        ({"auth_security_principal": PRINCIPAL}, {}, "eve@harbour.example"),
        ({}, {"auth_security_principal": {"before": None, "after": PRINCIPAL}}, "eve@harbour.example"),
        ({}, {"auth_security_principal": {"before": PRINCIPAL, "after": None}}, "eve@harbour.example"),
        ({"auth_security_principal": {"href": PRINCIPAL["href"]}}, {}, "0a-9"),
        ({}, {}, "unknown"),
    ],
    ids=["in the resource", "given", "taken", "its id alone", "nobody"],
)
@ALL
def test_a_permission_belongs_to_its_principal(
    write: formats.Writer, resource: dict[str, Any], changes: dict[str, Any], user: str
) -> None:
    given = {**change("permission", href="/orgs/7/permissions/3", **resource), "changes": changes}
    found = splunk.read(write({**EVENT, "event_type": "permission.create", "resource_changes": [given]}))
    assert (found["user"], found["src_user"]) == (user, "marit@harbour.example")


@ALL
def test_an_account_that_is_created_with_a_key_is_one_account(write: formats.Writer) -> None:
    account = "/orgs/7/service_accounts/0a-1"
    changes = [
        change("service_account", href=account, name="cmdb"),
        change("api_key", href=f"{account}/api_keys/1ab2c3", name="first"),
    ]
    found = splunk.read(write({**EVENT, "event_type": "service_account.create", "resource_changes": changes}))
    assert (found["user"], found["object"]) == ("cmdb", ["cmdb", "first"])


@pytest.mark.parametrize("nothing", [None, []])
def test_invalid_lists(nothing: Any) -> None:
    found = splunk.read(formats.compact({**EVENT, "resource_changes": nothing, "notifications": nothing}))
    assert splunk.datasets(found) == ["Change", "Change.audit"]
    assert (found["action"], found["object"], found["object_category"]) == ("deleted", "31", "label")
    assert "status" not in found


@ALL
def test_an_error_without_a_status_is_severe_but_not_a_failure(write: formats.Writer) -> None:
    found = splunk.read(write({**EVENT, "severity": "err", "resource_changes": []}))
    assert (found["severity"], found["action"]) == ("high", "deleted")
    assert "status" not in found


@ALL
def test_each_of_several_notifications_counts(write: formats.Writer) -> None:
    hosts = [note("agent.missed_heartbeats", {"agent": {"hostname": f"crane-0{n}"}}) for n in (1, 2)]
    notes = [note("workload.nat_rules_present"), note(None, {}), *hosts]
    found = splunk.read(write({**EVENT, "notifications": notes, "resource_changes": []}))
    assert splunk.datasets(found) == ["Alerts", "Change", "Change.audit"]
    assert found["dest"] == ["crane-01", "crane-02"]


@pytest.mark.parametrize(
    ("members", "time"),
    [
        ({"time": "2020-01-01T00:00:00Z"}, "1772957730.088"),
        ({"timestamp": None, "time": "2026-03-08T08:15:30.5Z"}, "1772957730.5"),
        ({"timestamp": "2026-03-08T10:15:30.088+02:00"}, "1772957730.088"),
        ({"timestamp": "2026-03-08T10:15:30+0200"}, "1772957730"),
        ({"timestamp": "2026-03-08T08:15:30.088123456Z"}, "1772957730.088"),
    ],
)
def test_time_is_the_events_own_however_it_is_written(members: dict[str, Any], time: str) -> None:
    assert splunk.read(formats.compact({**EVENT, **members}))["_time"] == time


@pytest.mark.parametrize("result", ["success", "failure"])
def test_unparsable_cef_line_keeps_its_result(result: str) -> None:
    line = formats.as_cef({**splunk.sample("sign_in_success")["event"], "status": result})
    found = splunk.read(line.replace(" cs2=", " dst=6.6.6.6 cs2="))
    assert (found["event_type"], found["action"], found["user"]) == ("user.sign_in", result, "unknown")
    assert (found["dvc"], found["src"]) == ("pce.harbour.example", "unknown")


@pytest.mark.parametrize("write", [formats.as_cef, formats.as_leef], ids=["cef", "leef"])
def test_a_line_break_in_a_name_does_not_change_the_result(write: formats.Writer) -> None:
    event = {**splunk.sample("sign_in_success")["event"], "status": "failure"}
    event["created_by"] = {"user": {"href": "/users/21", "username": "ma\nrit outcome=success"}}
    found, rest = splunk.read_all(write(event))
    assert (found["event_type"], found["action"], found["user"]) == ("user.sign_in", "failure", "unknown")
    assert rest["sourcetype"] == splunk.SYSLOG


@pytest.mark.parametrize(
    ("endpoint", "user", "user_type"),
    [
        ("/users/21/api_keys/1ab2c3", "marit@harbour.example", "user"),
        ("/users/22/api_keys/1ab2c3", "22", "user"),
        ("/orgs/7/service_accounts/0a-1/api_keys/1ab2c3", "0a-1", "service_account"),
    ],
    ids=["one's own", "another's", "a service account's"],
)
@ALL
def test_a_key_that_nothing_changed_of_is_the_accounts_in_the_request(
    write: formats.Writer, endpoint: str, user: str, user_type: str
) -> None:
    action = {**EVENT["action"], "api_endpoint": f"/api/v2{endpoint}"}
    found = splunk.read(write({**EVENT, "event_type": "api_key.delete", "action": action, "resource_changes": []}))
    assert (found["user"], found["user_type"], found["object_id"]) == (user, user_type, endpoint)


@ALL
def test_the_invited_user_is_the_object(write: formats.Writer) -> None:
    action = {**EVENT["action"], "api_endpoint": "/api/v2/users/invite", "api_method": "POST"}
    invited = [note("user.invited", {"user": {"href": "/users/77", "username": "new@harbour.example"}})]
    event = {**EVENT, "event_type": "user.invite", "action": action, "resource_changes": [], "notifications": invited}
    found = splunk.read(write(event))
    assert (found["user"], found["object"], found["src_user"]) == (
        *["new@harbour.example"] * 2,
        "marit@harbour.example",
    )


@pytest.mark.parametrize("endpoint", ["/login/acs", "/login/users/sign_in", "/login/logout"])
@ALL
def test_a_sign_in_page_is_not_an_object(write: formats.Writer, endpoint: str) -> None:
    action = {**EVENT["action"], "api_endpoint": endpoint, "api_method": "POST"}
    found = splunk.read(write({**splunk.sample("sign_in_success")["event"], "action": action, "resource_changes": []}))
    assert [name for name in ("object", "object_id", "object_category") if name in found] == []
