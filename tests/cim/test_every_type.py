"""Every type of the catalogue lands in its dataset, with the action and group that the catalogue says."""

from __future__ import annotations

import pytest

from tests.cim import formats, splunk
from tools.catalogue import entries
from tools.catalogue.entries import Row

WHERE = {
    "Authentication": ["Authentication"],
    "Alerts": ["Alerts"],
    "Event_Signatures": ["Event_Signatures"],
    "Change.Account_Management": ["Change", "Change.account"],
    "Change.Auditing_Changes": ["Change", "Change.audit"],
    "Change.Endpoint_Changes": ["Change", "Change.endpoint"],
    "Change.Network_Changes": ["Change", "Change.network"],
}


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
        assert (found["action"], found["change_type"]) == (row["action"], row["change_type"])


@pytest.mark.parametrize("row", entries.event_types()[::7], ids=entries.names(entries.event_types()[::7]))
@pytest.mark.parametrize("write", [formats.as_cef, formats.as_leef], ids=["cef", "leef"])
def test_type_reads_alike_in_other_formats(row: Row, write: formats.Writer) -> None:
    found = splunk.read(write(bare_event(row["event_type"])))
    assert found["event_type"] == row["event_type"]
    assert splunk.datasets(found) == WHERE[row["cim_dataset"]]


@pytest.mark.parametrize("notification", entries.alert_notifications())
def test_notification_of_an_alert_makes_any_event_one(notification: str) -> None:
    event = {**bare_event("label.create"), "notifications": [{"notification_type": notification, "info": None}]}
    assert "Alerts" in splunk.datasets(splunk.read(formats.as_json(event)))
