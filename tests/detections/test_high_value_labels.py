"""What is high-value by the labels of the inventory: workloads and labels that a macro names by key and value.

Severities stand in docs/detections: ven_suspended is high, critical for a high-value workload.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, ENV, Json, change, event, indexed
from tests.detections.named import PCE, confs, inventory, label, policy, workload
from tests.detections.replay import PACKAGE, replay
from workbench.detect import alerts as alerts_of
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import keepers
from workbench.splunk.spl.search import run

DRAFT = "/orgs/1/sec_policy/draft"
HOUR = 3_600.0
HIGH = '[illumio_pce_high_value_label_values]\ndefinition = "app=Payments", "env=Prod"\n'
#: The event writes the host name in capitals, the list in small letters, and the inventory as the event does.
FLEET = inventory(
    workloads=[workload(1, "CRANE-1", "app=Shop", "env=Prod"), workload(2, "crane-2", "app=Shop", "env=Test")],
    labels=[label(62, "app", "Payments"), label(63, "env", "Prod"), label(64, "env", "Test")],
)
LISTED = {"illumio_pce_high_value_workloads": "workload,importance\ncrane-2,ferries\ncrane-1,cargo\n"}


def suspended(host: str) -> Json:
    return event("agent.suspend", [change("agent", {}, href="/orgs/1/agents/1", hostname=host)])


def told(given: Json, lookups: dict[str, str], macros: str = "", detection: str = "ven_suspended") -> dict[str, Any]:
    (found,) = replay(detection, indexed([given]), BEGIN - HOUR, BEGIN + HOUR, confs(lookups, macros))
    return found


def _named_alike(state: str) -> dict[str, str]:
    """A host that was built anew for a test, and the workload that it was before."""
    return inventory(workloads=[workload(1, "CRANE-1", "env=Test"), workload(2, "CRANE-1", "env=Prod", state=state)])


# Host, lookups, macro → severity, and why it is high-value.
WORKLOADS: dict[str, tuple[str, dict[str, str], str, str, str | None]] = {
    "by a label": ("CRANE-1", FLEET, HIGH, "critical", "env=Prod"),
    "by a label in other letters": ("CRANE-1", FLEET, HIGH.replace("env=Prod", "ENV=PROD"), "critical", "env=Prod"),
    "of two workloads with its name": ("CRANE-1", _named_alike("present"), HIGH, "critical", "env=Prod"),
    "of a deleted workload with its name": ("CRANE-1", _named_alike("deleted"), HIGH, "high", None),
    "while it is deleted itself": (
        "CRANE-1", inventory(workloads=[workload(1, "CRANE-1", "env=Prod", state="deleted")]), HIGH, "high", None,
    ),
    "by no label of the macro": ("crane-2", FLEET, HIGH, "high", None),
    "while the macro names none": ("CRANE-1", FLEET, "", "high", None),
    "without an inventory": ("CRANE-1", {}, HIGH, "high", None),
    "by the list beside the labels": ("crane-2", {**FLEET, **LISTED}, HIGH, "critical", "ferries"),
    "by both": ("CRANE-1", {**FLEET, **LISTED}, HIGH, "critical", "cargo"),
    "by the list alone": ("CRANE-1", LISTED, HIGH, "critical", "cargo"),
}  # fmt: skip


@pytest.mark.parametrize("case", WORKLOADS)
def test_a_workload_is_high_value(case: str) -> None:
    host, lookups, macros, severity, why = WORKLOADS[case]

    found = told(suspended(host), lookups, macros)

    assert (found["severity"], found.get("high_value") or None) == (severity, why)


def test_the_pages_raise_the_severity_as_the_alert_does() -> None:
    found = {}
    for macros in (HIGH, ""):
        knowledge = Knowledge(confs(FLEET, macros), 0.0)
        (row,) = run(
            "`illumio_pce_audit` | `illumio_pce_shown` | `illumio_pce_cause`",
            indexed([suspended("CRANE-1")]), knowledge=knowledge, now=BEGIN + HOUR,
        )  # fmt: skip
        found[macros] = row["cause"]

    assert found == {HIGH: "ven_suspended critical", "": "ven_suspended high"}


def rule(member: Json) -> Json:
    changed = change(
        "sec_rule", {"consumers": {"created": [member]}}, "create", href=f"{DRAFT}/rule_sets/6/sec_rules/5"
    )
    del changed["resource"]["sec_rule"]["hostname"]
    return event("sec_rule.create", [changed])


def alerts(given: Json, lookups: dict[str, str], macros: str, detection: str) -> list[dict[str, Any]]:
    return replay(detection, indexed([given]), BEGIN - HOUR, BEGIN + HOUR, confs(lookups, macros))


BARE: Json = {"label": {"href": "/orgs/1/labels/62"}}
LABELS: dict[str, tuple[Json, dict[str, str], str, str | None]] = {
    "by its href": (BARE, FLEET, HIGH, "app=Payments"),
    "by its href, without an inventory": (BARE, {}, HIGH, None),
    "while the macro names none": (BARE, FLEET, "", None),
    "by the key and value of the event": (ENV, {}, HIGH, "env=prod"),
    "another label of the key": ({"label": {"href": "/orgs/1/labels/64"}}, FLEET, HIGH, None),
    "of another key": ({"label": {"href": "/orgs/1/labels/5", "key": "loc", "value": "Prod"}}, FLEET, HIGH, None),
    "by the list": (BARE, {"illumio_pce_high_value_labels": "label,importance\n/orgs/1/labels/62,cash\n"}, HIGH, "cash"),
}  # fmt: skip


@pytest.mark.parametrize("case", LABELS)
def test_a_label_in_a_rule_is_high_value(case: str) -> None:
    member, lookups, macros, why = LABELS[case]

    found = alerts(rule(member), lookups, macros, "policy_broad_rule")

    assert [(one["severity"], one["high_value"]) for one in found] == ([("high", why)] if why else [])


@pytest.mark.parametrize("side", ["consumers", "providers", "sources", "destinations"])
@pytest.mark.parametrize(("label_of", "why"), [(ENV, "env=prod"), ({"actors": "ams"}, None)], ids=["label", "all"])
def test_a_deleted_rule_tells_its_labels_in_its_resource(side: str, label_of: Json, why: str | None) -> None:
    href = f"{DRAFT}/rule_sets/6/sec_rules/5"
    gone = {"resource": {"sec_rule": {"href": href, side: [label_of]}}, "changes": None, "change_type": "delete"}

    found = alerts(event("sec_rule.delete", [gone]), {}, HIGH, "policy_broad_rule")

    assert [(one["severity"], one["high_value"]) for one in found] == ([("high", why)] if why else [])


def test_the_labels_beside_a_change_of_another_member_are_not_the_change() -> None:
    changed = change("sec_rule", {"enabled": {"before": True, "after": False}}, href="/x/5", consumers=[ENV])

    assert alerts(event("sec_rule.update", [changed]), {}, HIGH, "policy_broad_rule") == []


def test_a_label_that_a_group_got_is_high_value_by_its_href() -> None:
    got = change(
        "label_group",
        {"labels": {"created": [{"href": "/orgs/1/labels/62"}]}},
        href=f"{DRAFT}/label_groups/8",
        name="Tills",
    )
    given = event("label_group.update", [got])

    (filled,) = alerts(given, FLEET, HIGH, "policy_object_opened")
    (empty,) = alerts(given, {}, HIGH, "policy_object_opened")

    assert (filled["severity"], filled["high_value"]) == ("high", "app=Payments")
    assert str(filled["reason"]).endswith(" opened what rules use: label group Tills: got app=Payments")
    assert (empty["severity"], empty.get("high_value") or None) == ("medium", None)
    assert str(empty["reason"]).endswith(" opened what rules use: label group Tills: got label 62")


EVERYTHING = inventory(
    objects=[
        policy("ip_list", 88, "Welt", is_any="true"), policy("ip_list", 89, "Any office", is_any="false"),
        policy("service", 12, "Alles", is_all="true"), policy("ip_list", 90, "Gone", is_any="true", state="deleted"),
    ],
)  # fmt: skip


def opened(source: int, service: int, pce: str = PCE) -> Json:
    changed = rule({"ip_list": {"href": f"{DRAFT}/ip_lists/{source}"}})
    changed["resource_changes"][0]["changes"]["ingress_services"] = {
        "created": [{"href": f"{DRAFT}/services/{service}"}]
    }
    return {**changed, "pce_fqdn": pce}


@pytest.mark.parametrize(
    ("given", "open_for"),
    [
        (opened(88, 12), ["all services", "any address as source"]),
        (opened(88, 13), ["any address as source"]),
        (opened(89, 13), None),
        (opened(90, 13), None),
        (opened(88, 12, "other.example"), None),
    ],
    ids=["both", "Any alone", "neither", "Any that was deleted", "of another PCE"],
)
def test_any_and_all_services_are_known_by_the_inventory(given: Json, open_for: list[str] | None) -> None:
    found = alerts(given, EVERYTHING, "", "policy_broad_rule")

    assert [one["open_for"] for one in found] == ([open_for if len(open_for) > 1 else open_for[0]] if open_for else [])
    assert alerts(given, {}, "", "policy_broad_rule") == []


def test_what_an_event_narrowed_after_the_inventory_is_no_longer_any() -> None:
    ranges = {"ip_ranges": {"deleted": [{"from_ip": "0.0.0.0/0"}], "created": [{"from_ip": "10.0.0.0/8"}]}}
    narrowed = event("ip_list.update", [change("ip_list", ranges, href=f"{DRAFT}/ip_lists/88")])
    events = indexed([narrowed, opened(88, 13) | {"timestamp": "2031-02-27T19:40:00.000Z"}])

    def over(seen: str) -> list[Any]:
        lookups = inventory(objects=[policy("ip_list", 88, "Welt", is_any="true", seen=seen)])
        return [
            one["open_for"] for one in replay("policy_broad_rule", events, BEGIN - HOUR, BEGIN + HOUR, confs(lookups))
        ]

    assert over(f"{BEGIN - 60:.0f}") == []
    assert over(f"{BEGIN + 60:.0f}") == ["any address as source"]


# A provision's share of the managed workloads.

COUNTED = inventory(
    workloads=[
        *(workload(number, f"crane-{number}", org_id="1") for number in range(40)),
        workload(50, "by-hand", managed="false"), workload(51, "gone", state="deleted"),
        workload(52, "tenant", org_id="2"), workload(53, "elsewhere", pce_fqdn="other.example"),
    ],
)  # fmt: skip
TYPED = "[illumio_pce_policy_many_workloads_managed]\ndefinition = 80\n"


def provision(affected: int, pce: str = PCE) -> Json:
    record = {
        "uuid": "u", "resource": {"sec_policy": {"href": "/orgs/1/sec_policy/9", "version": 9}},
        "changes": {"workloads_affected": {"before": None, "after": affected}}, "change_type": "create",
    }  # fmt: skip
    return event("sec_policy.create", [record], pce_fqdn=pce)


def shares(given: Json, lookups: dict[str, str], macros: str) -> list[str]:
    """The reasons of the alerts, after the keeper of the counts has run."""
    found: Confs = confs(lookups, macros)
    search = {"policy_many_workloads": saved_searches([PACKAGE])["policy_many_workloads"]}
    counting = {name: one for name, one in keepers([PACKAGE]).items() if "Managed workload count" in name}
    assert len(counting) == 1
    over = alerts_of(search, found, indexed([given]), BEGIN - HOUR, BEGIN + HOUR, keepers=counting)
    return [str(one["reason"]).partition(", which affects ")[2] for one in over]


@pytest.mark.parametrize(
    ("affected", "pce", "lookups", "macros", "reasons"),
    [
        (10, PCE, COUNTED, "", ["10 workloads, at most 25% of the 40 managed workloads in the inventory"]),
        (9, PCE, COUNTED, "", []),
        (10, PCE, COUNTED, TYPED, ["10 workloads, at most 25% of the 40 managed workloads in the inventory"]),
        (10, PCE, {}, TYPED, []),
        (20, PCE, {}, TYPED, ["20 workloads, at most 25% of the 80 managed workloads that were set"]),
        (20, "third.example", COUNTED, TYPED, ["20 workloads, at most 25% of the 80 managed workloads that were set"]),
        (99, PCE, {}, "", []),
        (100, PCE, {}, "", ["100 workloads"]),
    ],
)
def test_a_provision_counts_by_its_share_of_the_workloads_that_the_inventory_counts(
    affected: int, pce: str, lookups: dict[str, str], macros: str, reasons: list[str]
) -> None:
    assert shares(provision(affected, pce), lookups, macros) == reasons
