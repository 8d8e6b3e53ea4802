"""Who did it, for every kind of actor, and which account an account change is about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cim import formats, splunk

EVENT = splunk.sample("label_deleted")["event"]
ALL = pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef], ids=["json", "cef", "leef"])
AGENT = {"href": "/orgs/7/agents/12", "hostname": "crane-01"}
VEN = {"href": "/orgs/7/vens/0f9a-77", "hostname": "crane-01"}
#: Stands for a name that is missing.
NAME = "?"
#: Neither a request nor a change.
SILENT: dict[str, Any] = {"action": None, "resource_changes": []}


def actor(found: splunk.Fields) -> tuple[Any, Any, Any]:
    return found["user"], found["user_type"], found["app"]


@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        ({"user": {"href": "/users/21", "username": "ida"}}, ("ida", "user", "illumio:pce")),
        (
            {"service_account": {"href": "/orgs/7/service_accounts/0a-1", "name": "cmdb sync"}},
            ("cmdb sync", "service_account", "illumio:pce"),
        ),
        ({"system": {}}, ("system", "system", "illumio:pce")),
    ],
    ids=["user", "service account", "system"],
)
@ALL
def test_actor_of_a_request(write: formats.Writer, created_by: Any, expected: tuple[str, str, str]) -> None:
    assert actor(splunk.read(write({**EVENT, "created_by": created_by}))) == expected


JDOE = {"user": {"href": "/users/16", "username": "jdoe"}}
# A name that looks like a request to its own path.
FORGER = {"user": {"href": "/users/16", "username": "j request=/orgs/7/container_clusters/1b-9/x"}}
SYNC = {"service_account": {"href": "/orgs/7/service_accounts/0a-1", "name": "cmdb sync"}}
CLUSTER = {"container_cluster": {"href": "/orgs/7/container_clusters/1b-9", "name": "harbour"}}
A_CLUSTER = "/api/v2/orgs/7/container_clusters/1b-9/container_workload_profiles/3"
AN_AGENT = "/api/v2/orgs/7/agents/12/update"


@pytest.mark.parametrize(
    ("created_by", "endpoint", "expected"),
    [
        (JDOE, A_CLUSTER, "user"),
        (JDOE, AN_AGENT, "user"),
        (JDOE, AN_AGENT.replace("12", "116"), "user"),
        (FORGER, A_CLUSTER, "user"),
        (SYNC, A_CLUSTER, "service_account"),
        (CLUSTER, A_CLUSTER, "container_cluster"),
        ({"agent": AGENT}, AN_AGENT, "agent"),
        ({"agent": AGENT, "ven": VEN}, AN_AGENT, "agent"),
    ],
    ids=["at a cluster", "at an agent", "ids that end alike", "forged name", "account", "cluster", "agent", "VEN"],
)
@ALL
def test_a_path_tells_its_actor_only_if_it_is_its_own(
    write: formats.Writer, created_by: Any, endpoint: str, expected: str
) -> None:
    action = {**EVENT["action"], "api_endpoint": endpoint, "api_method": "PUT"}
    found = splunk.read(write({**EVENT, "created_by": created_by, "action": action}))
    assert found["user_type"] == expected


@pytest.mark.parametrize("created_by", [{"agent": AGENT}, {"agent": AGENT, "ven": VEN}], ids=["agent", "agent and VEN"])
@ALL
def test_agent_reports_under_a_hidden_endpoint(write: formats.Writer, created_by: Any) -> None:
    action = {**EVENT["action"], "api_endpoint": "FILTERED", "api_method": "PUT"}
    event = {**EVENT, "event_type": "agent.goodbye", "created_by": created_by, "action": action, "resource_changes": []}
    found = splunk.read(write(event))
    assert actor(found) == ("crane-01", "agent", "illumio:ven")
    assert (found["dest"], found["object"], found["object_category"]) == ("crane-01", "crane-01", "agent")


@ALL
def test_rejected_heartbeat_without_action_has_no_person(write: formats.Writer) -> None:
    info = {"api_endpoint": "/api/v25/orgs/7/agents/12/heartbeat", "api_method": "POST", "src_ip": "198.51.100.7"}
    note = {"uuid": "n", "notification_type": "request.authentication_failed", "info": info}
    event = {
        **EVENT,
        "event_type": "request.authentication_failed",
        "created_by": {"agent": AGENT},
        "status": "failure",
        "action": None,
        "resource_changes": [],
        "notifications": [note],
    }
    found = splunk.read(write(event))
    assert actor(found) == ("crane-01", "agent", "illumio:ven")
    assert (found["src"], found["action"]) == ("198.51.100.7", "failure")


@pytest.mark.parametrize(
    "created_by",
    [
        None,
        {},
        {"user": None},
        {"agent": {}},
    ],
)
def test_missing_actor_is_unknown(created_by: Any) -> None:
    found = splunk.read(formats.as_json({**EVENT, "created_by": created_by}))
    assert (found["user"], found["user_type"]) == ("unknown", "unknown")


@pytest.mark.parametrize("name", [None, ""])
@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        ({"user": {"href": "/users/21", "username": NAME}}, ("21", "user", "illumio:pce")),
        ({"agent": {"href": "/orgs/7/agents/12", "hostname": NAME}}, ("12", "agent", "illumio:ven")),
        ({"agent": {**AGENT, "hostname": NAME}, "ven": {**VEN, "hostname": NAME}}, ("0f9a-77", "agent", "illumio:ven")),
        ({"service_account": {"href": "/orgs/7/service_accounts/0a-1"}}, ("0a-1", "service_account", "illumio:pce")),
        (
            {"container_cluster": {"href": "/orgs/7/container_clusters/1-2", "name": NAME}},
            ("1-2", "container_cluster", "illumio:pce"),
        ),
    ],
    ids=["user", "agent", "VEN", "service account", "cluster"],
)
@pytest.mark.parametrize("write", [formats.as_json, formats.as_leef], ids=["json", "leef"])
def test_unnamed_actor_is_shown_by_its_id(
    write: formats.Writer, created_by: Any, expected: tuple[str, str, str], name: str | None
) -> None:
    """A name of theirs in a notification is somebody else's."""
    named = json.loads(json.dumps(created_by).replace(json.dumps(NAME), json.dumps(name)))
    note = {"uuid": "n", "notification_type": "a.b", "info": {"user": {"href": "/users/9", "username": "another"}}}
    found = splunk.read(write({**EVENT, "created_by": named, "notifications": [note]}))
    assert actor(found) == expected
    assert found["user_id"] == expected[0]


@ALL
def test_unnamed_host_is_neither_source_nor_destination(write: formats.Writer) -> None:
    """An id is no name of a host: nobody could look for it."""
    line = write({**EVENT, "event_type": "agent.goodbye", **SILENT, "created_by": {"agent": AGENT, "ven": VEN}})
    found = splunk.read(line.replace("crane-01", ""))
    assert (found["user"], found["object"], found["src"], found["dest"]) == (
        *("0f9a-77", "0f9a-77", "unknown"),
        "pce.harbour.example",
    )


@ALL
def test_ven_id_is_its_uuid_if_the_event_has_it(write: formats.Writer) -> None:
    found = splunk.read(
        write({**EVENT, "event_type": "agent.goodbye", **SILENT, "created_by": {"agent": AGENT, "ven": VEN}})
    )
    assert (found["user_id"], found["object_id"]) == ("0f9a-77", "/orgs/7/vens/0f9a-77")
    alone = splunk.read(write({**EVENT, "event_type": "agent.goodbye", **SILENT, "created_by": {"agent": AGENT}}))
    assert (alone["user_id"], alone["object_id"]) == ("12", "/orgs/7/agents/12")


@pytest.mark.parametrize(
    ("owner", "user", "user_type"),
    [
        ("/users/21", "marit@harbour.example", "user"),
        ("/users/22", "22", "user"),
        ("/orgs/7/service_accounts/0a-1", "0a-1", "service_account"),
    ],
    ids=["its maker's", "another's", "a service account's"],
)
@ALL
def test_key_belongs_to_the_owner_in_its_href(write: formats.Writer, owner: str, user: str, user_type: str) -> None:
    change = {
        "uuid": "c",
        "resource": {"api_key": {"href": f"{owner}/api_keys/1ab2c3", "name": "nightly"}},
        "changes": {},
        "change_type": "delete",
    }
    found = splunk.read(write({**EVENT, "event_type": "api_key.delete", "resource_changes": [change]}))
    assert (found["user"], found["user_type"], found["object"]) == (user, user_type, "nightly")
    assert (found["src_user"], found["src_user_type"]) == ("marit@harbour.example", "user")


def _key(changes: Any, **resource: Any) -> dict[str, Any]:
    href = "/users/15/api_keys/77"
    return {
        "uuid": "c",
        "resource": {"api_key": {"href": href, **resource}},
        "changes": changes,
        "change_type": "update",
    }


ROLE = {
    "uuid": "d",
    "resource": {"permission": {"href": "/orgs/7/permissions/3"}},
    "changes": {},
    "change_type": "delete",
}
RENAMED = {"key_id": {"before": "1e02", "after": "1e02"}, "name": {"before": "old", "after": "new"}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([_key({"name": {"before": None, "after": "splunk collector"}})], "splunk collector"),
        ([_key({"name": {"before": "splunk collector", "after": None}})], "splunk collector"),
        ([_key(RENAMED)], "new"),
        ([_key({**RENAMED, "name": {"after": "new", "before": "old"}})], "new"),
        ([_key(RENAMED, name="nightly")], "nightly"),
        ([_key({"owner": {"name": {"before": "x", "after": "y"}}})], "/users/15/api_keys/77"),
        ([_key(None)], "/users/15/api_keys/77"),
        ([_key(RENAMED), ROLE], ["/users/15/api_keys/77", "/orgs/7/permissions/3"]),
    ],
    ids=[
        "created",
        "deleted",
        "renamed",
        "in another order",
        "by its own name",
        "another's",
        "unnamed",
        "beside another",
    ],
)
@ALL
def test_a_key_goes_by_the_name_among_its_changes(write: formats.Writer, changes: Any, expected: Any) -> None:
    found = splunk.read(write({**EVENT, "event_type": "api_key.update", "resource_changes": changes}))
    assert found["object"] == expected


@ALL
def test_host_replaces_an_empty_name(write: formats.Writer) -> None:
    workload = {"href": "/orgs/7/workloads/1", "name": "", "hostname": "crane-01"}
    change = {"uuid": "c", "resource": {"workload": workload}, "changes": {}, "change_type": "update"}
    found = splunk.read(write({**EVENT, "event_type": "workload.update", "resource_changes": [change]}))
    assert (found["object"], found["dest"]) == ("crane-01", "crane-01")
