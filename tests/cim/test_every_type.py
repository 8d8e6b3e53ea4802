"""Every type of the catalogue lands in its dataset, with the action and group that the catalogue says."""

from __future__ import annotations

import pytest

from tests.catalogue import entries
from tests.catalogue.entries import Row
from tests.cim import formats, splunk

WHERE = {
    "Authentication": ["Authentication"],
    "Alerts": ["Alerts"],
    "Event_Signatures": ["Event_Signatures"],
    "Change.Account_Management": ["Change", "Change.account"],
    "Change.Auditing_Changes": ["Change", "Change.audit"],
    "Change.Endpoint_Changes": ["Change", "Change.endpoint"],
    "Change.Network_Changes": ["Change", "Change.network"],
}


CHANGE_TYPES = {"create": "created", "update": "modified", "delete": "deleted"}


def bare_event(event_type: str) -> formats.Event:
    """An event of the type that says nothing but that it succeeded."""
    return {
        "href": "/orgs/7/events/00000000-0000-4000-8000-000000000001",
        "timestamp": "2026-03-01T08:15:30.011Z",
        "pce_fqdn": "pce.harbour.example",
        "created_by": {"system": {}},
        "event_type": event_type,
        "status": "success",
        "severity": "info",
        "action": None,
        "resource_changes": [],
        "notifications": [],
    }


@pytest.mark.parametrize("row", entries.event_types(), ids=entries.names(entries.event_types()))
def test_type_reads_as_the_catalogue_says(row: Row) -> None:
    found = splunk.read(formats.as_json(bare_event(row["event_type"])))
    assert splunk.datasets(found) == WHERE[row["cim_dataset"]]
    assert found["signature"] == row["signature"]
    assert found["description"] == row["description"]
    assert found["canonical_event_type"] == row["canonical"]
    if row["cim_dataset"].startswith("Change"):
        of_change = ("action", "change_type", "object_category")
        assert {field: found[field] for field in of_change} == {field: row[field] for field in of_change}


@pytest.mark.parametrize("row", entries.event_types()[::7], ids=entries.names(entries.event_types()[::7]))
@pytest.mark.parametrize("write", [formats.as_cef, formats.as_leef], ids=["cef", "leef"])
def test_type_has_the_same_fields_in_other_formats(row: Row, write: formats.Writer) -> None:
    found = splunk.read(write(bare_event(row["event_type"])))
    assert found["event_type"] == row["event_type"]
    assert splunk.datasets(found) == WHERE[row["cim_dataset"]]


CHANGES = [row for row in entries.event_types("Change") if row["verb"].rpartition("_")[2] in CHANGE_TYPES]


@pytest.mark.parametrize("row", CHANGES, ids=entries.names(CHANGES))
@pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef], ids=["json", "cef", "leef"])
def test_change_of_a_named_resource_says_who_did_what_to_which(row: Row, write: formats.Writer) -> None:
    """A person changes one resource of the kind that the type is about; an account change is about that account."""
    is_account = row["cim_dataset"] == "Change.Account_Management"
    kind = row["resource"].removesuffix("_local_profile").removesuffix("s") if is_account else row["object_category"]
    how = row["verb"].rpartition("_")[2]
    resource = {"href": f"/orgs/7/{kind}s/5", "name": "of the harbour"}
    change = {"uuid": "c", "resource": {kind: resource}, "changes": {}, "change_type": how}
    person = {"user": {"href": "/users/21", "username": "marit@harbour.example"}}
    found = splunk.read(write({**bare_event(row["event_type"]), "created_by": person, "resource_changes": [change]}))
    expected = {
        "user": "of the harbour" if is_account else "marit@harbour.example",
        "src_user": "marit@harbour.example" if is_account else None,
        "object": "of the harbour",
        "object_id": resource["href"],
        "object_category": "user" if is_account else kind,
        "action": CHANGE_TYPES[how],
        "change_type": row["change_type"],
        "dest": "of the harbour" if kind in ("agent", "workload") else "pce.harbour.example",
    }
    assert {field: found.get(field) for field in expected} == expected
    assert splunk.datasets(found) == WHERE[row["cim_dataset"]]


@pytest.mark.parametrize("row", entries.rows("notification_types"), ids=lambda row: row["notification_type"])
@pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef], ids=["json", "cef", "leef"])
def test_notification_decides_whether_an_event_is_an_alert(row: Row, write: formats.Writer) -> None:
    note = {"uuid": "n", "notification_type": row["notification_type"], "info": None}
    found = splunk.read(write({**bare_event("label.create"), "notifications": [note]}))
    assert found["notification_type"] == row["notification_type"]
    assert ("Alerts" in splunk.datasets(found)) == (row["alert"] == "1")
    assert found.get("type") == ("alert" if row["alert"] == "1" else None)
