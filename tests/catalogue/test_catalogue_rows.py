"""The catalogue is consistent in itself, and its tables are the lookups that ship."""

from __future__ import annotations

import pytest

from tests.catalogue import entries
from tests.catalogue.entries import CATALOGUE, ROOT

EVENTS = entries.event_types()
NOTIFICATIONS = entries.rows("notification_types")
RESOURCES = entries.rows("resources")

VOCABULARY = {
    "cim_dataset": {
        "Alerts",
        "Authentication",
        "Change.Account_Management",
        "Change.Auditing_Changes",
        "Change.Endpoint_Changes",
        "Change.Network_Changes",
        "Event_Signatures",
    },
    "severity": {"critical", "high", "medium", "low", "informational"},
    "recommended": {"0", "1"},
    "certainty": {"documented", "seen", "earlier release", "listed", "misspelt", "doubtful"},
    "action": {"", "created", "modified", "deleted", "started", "stopped", "cleared", "failure"},
}


@pytest.mark.parametrize("column", sorted(VOCABULARY))
def test_column_keeps_to_its_words(column: str) -> None:
    assert {row[column] for row in EVENTS} <= VOCABULARY[column]


def test_rows_are_sorted_and_unique() -> None:
    for found, key in ((EVENTS, "event_type"), (NOTIFICATIONS, "notification_type")):
        listed = [row[key] for row in found]
        assert listed == sorted(set(listed))


def test_columns_are_filled() -> None:
    needed = ("signature", "description", "resource", "verb", "category", "object_category", "since")
    bare = [row["event_type"] for row in EVENTS if not all(row[column] for column in needed)]
    # What is about no object says so by an empty object_category.
    assert [
        name for name in bare if not name.startswith(("system_task.", "request.", "database.", "tls_channel."))
    ] == []


def test_every_change_has_action_object_and_group() -> None:
    """The lookup of changes has no empty cell: what Splunk makes of one is documented nowhere."""
    of_change = ("action", "change_type", "object_category")
    assert [r["event_type"] for r in entries.event_types("Change") if not all(r[name] for name in of_change)] == []


def test_alerts_and_nothing_else_are_of_that_type() -> None:
    assert {r["type"] for r in EVENTS} == {"alert", "event"}
    assert [r for r in EVENTS if (r["type"] == "alert") != (r["cim_dataset"] == "Alerts")] == []


def test_every_kind_of_resource_has_its_group() -> None:
    assert [row for row in RESOURCES if not all(row.values())] == []
    listed = [row["resource"] for row in RESOURCES]
    assert listed == sorted(set(listed))
    groups = {row["resource"]: row["change_type"] for row in RESOURCES}
    of_types = {r["event_type"].partition(".")[0]: r["change_type"] for r in entries.event_types("Change")}
    named = {word: group for word, group in of_types.items() if word in groups}
    assert len(named) > 60
    assert {word: groups[word] for word in named} == named


def test_canonical_names_are_listed_and_final() -> None:
    canonical = {row["event_type"]: row["canonical"] for row in EVENTS}
    assert {name for name in canonical.values() if canonical.get(name) != name} == set()


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("agent.reguest_policy", "agent.request_policy"),
        ("agent.refresh_policy", "agent.request_policy"),
        ("fw_config_change", "agent.firewall_config"),
        ("activation_failure", "agent.activate"),
        ("deactivation_success", "agent.deactivate"),
        ("server_suspended", "agent.suspend"),
        ("login.logout", "user.sign_out"),
        ("user.authentication_failed", "request.authentication_failed"),
        ("interface_status.update", "workload_interfaces.update"),
    ],
)
def test_name_leads_to_its_canonical_one(name: str, canonical: str) -> None:
    assert {row["event_type"]: row["canonical"] for row in EVENTS}[name] == canonical


@pytest.mark.parametrize("name", ["event_types", "notification_types", "resources", "severities"])
def test_lookup_is_the_table_itself(name: str) -> None:
    """A link; a copy of the repository may hold the text instead."""
    assert (ROOT / f"package/lookups/illumio_pce_{name}.csv").read_bytes() == (CATALOGUE / f"{name}.csv").read_bytes()
