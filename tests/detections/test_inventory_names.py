"""What events name by hrefs alone, named by the inventory: in change summaries, alerts, pages and the report.

Each with a filled inventory and an empty one, which leaves all as it was. What is expected is written by hand from the
events and the rows of the lookups.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.cim import formats, splunk
from tests.detections.made import BEGIN, SYSTEM, Json, change, event, indexed, note, request
from tests.detections.named import PCE, confs, inventory, label, policy, workload
from tests.detections.replay import PACKAGE, replay
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import all_searches
from workbench.splunk.spl.search import run, run_over

DRAFT = "/orgs/1/sec_policy/draft"
HOUR = 3_600.0
NOW = 1_930_000_000.0
#: A name that would end a string, a line, a token of a dashboard or a group of a pattern, if it could.
HOSTILE = 'Quay "} | eval x=1\n`y` $reason$ \\1 {"href":"/orgs/1/labels/63"}'
TOLD = "Quay ') | eval x=1 `y` $reason$ /1 ('href':'/orgs/1/labels/63')"
FILLED = inventory(
    workloads=[workload(1, "crane-1", "app=Shop", "env=Prod"), workload(7002, "crane-9", "app=Mail")],
    labels=[label(62, "app", HOSTILE), label(63, "env", "Prod", state="deleted")],
    objects=[
        policy("ip_list", 7, "Quays"), policy("service", 9, "HTTPS"), policy("rule_set", 6, "Web"),
        policy("service", 11, "Other name"),
    ],
)  # fmt: skip
EMPTY: dict[str, str] = {}
BOTH = pytest.mark.parametrize("lookups", [FILLED, EMPTY], ids=["filled", "empty"])


def ref(kind: str, href: str, **members: Any) -> Json:
    """A member of a rule, by its href."""
    return {kind: {"href": href, **members}}


def record(kind: str, href: str, changes: Json, how: str = "update", **members: Any) -> Json:
    """A changed resource that the event names by its href."""
    return {
        "uuid": "u",
        "resource": {kind: {"href": href, **members}},
        "changes": changes,
        "change_type": how,
    }


RULE = f"{DRAFT}/rule_sets/6/sec_rules/5"
RULE_CHANGES: Json = {
    "consumers": {
        "created": [ref("label", "/orgs/1/labels/62"), ref("ip_list", f"{DRAFT}/ip_lists/7")],
        "deleted": [ref("workload", "/orgs/1/workloads/1")],
    },
    "ingress_services": {
        "before": [{"href": f"{DRAFT}/services/9"}, {"href": f"{DRAFT}/services/11", "name": "SSH"}],
        "after": [{"href": f"{DRAFT}/services/10"}],
    },
}


def rows(spl: str, one: Json, lookups: dict[str, str], write: formats.Writer = formats.as_json) -> list[Json]:
    """What a macro makes of an event."""
    return run_over(spl, [splunk.read(write(one))], knowledge=Knowledge(confs(lookups), 0.0), now=NOW)


@pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef], ids=["json", "cef", "leef"])
def test_a_change_summary_has_the_names_of_the_inventory_and_keeps_those_of_the_event(write: formats.Writer) -> None:
    given = event("sec_rule.update", [record("sec_rule", RULE, RULE_CHANGES)])

    (named,) = rows("`illumio_pce_change_summary`", given, FILLED, write)
    (plain,) = rows("`illumio_pce_change_summary`", given, EMPTY, write)

    assert named["change_summary"] == (
        f"rule 5 in Web: consumers: + app={TOLD}, + Quays, − crane-1; services: + service 10, − HTTPS, − SSH"
    )
    assert plain["change_summary"] == (
        "rule 5 in rule set 6: consumers: + label 62, + IP list 7, − workload 1; services: + service 10, − service 9, − SSH"
    )
    # The summary is all that it adds: the event's own fields are what they were.
    assert {**named, "change_summary": ""} == {**plain, "change_summary": ""}
    assert plain["object"] == RULE


SUMMARIES: dict[str, tuple[Json, str, str]] = {
    "a deleted label still has its name": (
        record("label", "/orgs/1/labels/63", {}, "delete"), "deleted label env=Prod", "deleted label 63",
    ),
    "a label within a scope": (
        record("rule_set", f"{DRAFT}/rule_sets/6", {"scopes": {"before": [], "after": [[ref("label", "/orgs/1/labels/63")]]}}),
        "rule set Web: scopes: everything → env=Prod", "rule set 6: scopes: everything → label 63",
    ),
    "an object that another one holds": (
        record("virtual_service", f"{DRAFT}/virtual_services/4", {"service": {"before": {"href": f"{DRAFT}/services/9"}, "after": None}}),
        "virtual service 4: service: HTTPS → none", "virtual service 4: service: service 9 → none",
    ),
    "an active object is the draft's twin": (
        record("sec_rule", RULE, {"providers": {"created": [ref("ip_list", "/orgs/1/sec_policy/active/ip_lists/7")]}}),
        "rule 5 in Web: providers: + Quays", "rule 5 in rule set 6: providers: + IP list 7",
    ),
    "a deny rule": (
        record("deny_rule", f"{DRAFT}/rule_sets/6/deny_rules/5", {"enabled": {"before": True, "after": False}}),
        "deny rule 5 in Web: enabled: yes → no", "deny rule 5 in rule set 6: enabled: yes → no",
    ),
    "what the inventory does not know": (
        record("label", "/orgs/1/labels/99", {}, "delete"), "deleted label 99", "deleted label 99",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SUMMARIES)
def test_each_kind_of_reference_is_named(case: str) -> None:
    changed, named, plain = SUMMARIES[case]
    given = event("quay.update", [changed])

    (filled,) = rows("`illumio_pce_change_summary`", given, FILLED)
    (empty,) = rows("`illumio_pce_change_summary`", given, EMPTY)

    assert (filled["change_summary"], empty["change_summary"]) == (named, plain)


def test_the_same_href_on_another_pce_is_another_object() -> None:
    given = event("quay.update", [record("label", "/orgs/1/labels/63", {}, "delete")], pce_fqdn="other.example")

    (found,) = rows("`illumio_pce_change_summary`", given, FILLED)

    assert found["change_summary"] == "deleted label 63"


def test_one_search_names_the_events_of_two_pces_apart_and_keeps_their_order() -> None:
    made: list[tuple[int, str]] = [(63, PCE), (63, "other.example"), (99, PCE), (62, PCE)]
    events = [
        splunk.read(
            formats.as_json(
                event("quay.update", [record("label", f"/orgs/1/labels/{number}", {}, "delete")], pce_fqdn=pce)
            )
        )
        for number, pce in made
    ]

    found = run_over("`illumio_pce_change_summary`", events, knowledge=Knowledge(confs(FILLED), 0.0), now=NOW)

    assert [row["change_summary"] for row in found] == [
        "deleted label env=Prod", "deleted label 63", "deleted label 99", f"deleted label app={TOLD}",
    ]  # fmt: skip


def alerts(detection: str, one: Json, lookups: dict[str, str]) -> list[dict[str, Any]]:
    return replay(detection, indexed([one]), BEGIN - HOUR, BEGIN + HOUR, confs(lookups))


EVERYBODY = {"consumers": {"created": [{"actors": "ams"}]}}
REASONS: dict[str, tuple[str, Json, str, str]] = {
    "a rule": (
        "policy_broad_rule",
        event("sec_rule.create", [record("sec_rule", RULE, {
            **EVERYBODY, "providers": {"created": [ref("label", "/orgs/1/labels/62")]},
            "ingress_services": {"created": [{"href": f"{DRAFT}/services/9"}]},
        }, "create")]),
        f": rule 5 of rule set Web: source all workloads, destination app={TOLD}, service HTTPS",
        ": rule 5 of rule set 6: source all workloads, destination label 62, service service 9",
    ),
    "a scope": (
        "policy_broad_scope",
        event("rule_set.update", [record("rule_set", f"{DRAFT}/rule_sets/6", {"scopes": {
            "before": [[ref("label", "/orgs/1/labels/62"), ref("label", "/orgs/1/labels/63")]],
            "after": [[ref("label", "/orgs/1/labels/63")]],
        }})]),
        f": rule set Web: scope from app={TOLD} env=Prod to env=Prod (all applications)",
        ": rule set 6: scope from labels/62 labels/63 to labels/63 (one label)",
    ),
    "a block": (
        "policy_boundary_removed",
        event("deny_rule.delete", [record("deny_rule", f"{DRAFT}/rule_sets/6/deny_rules/5", {}, "delete")]),
        ": deny rule 5 of rule set Web: deleted", ": deny rule 5 of rule set 6: deleted",
    ),
    "a workload": (
        "enforcement_lowered",
        event("workload.update", [record("workload", "/orgs/1/workloads/1", {"enforcement_mode": {"before": "full", "after": "idle"}})]),
        " lowered the protection of 1 workload: crane-1 (enforcement mode from full to idle)",
        " lowered the protection of something (enforcement mode from full to idle); 1 in all within a day",
    ),
    "workloads that lost their labels": (
        "labels_removed",
        event("workload.update", [
            record("workload", "/orgs/1/workloads/1", {"labels": {"deleted": [{"href": "/orgs/1/labels/63"}]}})
        ] * 10),
        " removed or replaced labels of 1 workload within a day: from env=Prod to none",
        ' removed or replaced labels of 1 workload within a day: from {"href":"/orgs/1/labels/63"} to none',
    ),
    "a VEN by its agent": (
        "ven_suspended",
        event("agent.suspend", [record("agent", "/orgs/1/agents/7002", {})]),
        ": crane-9", ": a host that the event does not name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REASONS)
def test_an_alert_names_what_its_event_does_not(case: str) -> None:
    detection, given, named, plain = REASONS[case]

    (filled,) = alerts(detection, given, FILLED)
    (empty,) = alerts(detection, given, EMPTY)

    assert str(filled["reason"]).endswith(named) and "\n" not in str(filled["reason"])
    assert str(empty["reason"]).endswith(plain)


def test_an_alert_about_a_workload_is_about_the_workload_and_not_about_its_pce() -> None:
    _, given, *_ = REASONS["a VEN by its agent"]

    (filled,), (empty,) = (alerts("ven_suspended", given, lookups) for lookups in (FILLED, EMPTY))

    assert (filled["dest"], filled["risk_dest"], filled["dest_labels"]) == ("crane-9", "crane-9", "app=Mail")
    assert (empty["dest"], empty["risk_dest"]) == ("pce.kestrel-freight.example",) * 2
    assert not empty.get("dest_labels")


def test_the_pages_name_workloads_and_objects() -> None:
    suspended = event("agent.suspend", [record("agent", "/orgs/1/agents/7002", {})])
    opened = event("sec_rule.update", [record("sec_rule", RULE, RULE_CHANGES)])
    base = "`illumio_pce_page_workload_protection` | eval shown=workload | `illumio_pce_with_labels(shown)`"
    found: dict[str, list[Any]] = {}
    for name, lookups in {"filled": FILLED, "empty": EMPTY}.items():
        knowledge = Knowledge(confs(lookups), 0.0)
        events = indexed([suspended, opened])
        (ven,) = run(base, events, knowledge=knowledge, now=BEGIN + HOUR)
        columns = run(
            "`illumio_pce_audit` event_type=sec_rule.update | `illumio_pce_shown` | eval detection=\"none\""
            " | `illumio_pce_events_columns`",
            events, knowledge=knowledge, now=BEGIN + HOUR,
        )  # fmt: skip
        found[name] = [ven["workload"], ven["place"], ven["shown"], ven["state"], columns[0]["Object"]]

    assert found == {
        "filled": ["crane-9", "/orgs/1/agents/7002", "crane-9 (app=Mail)", "suspended", "rule 5 of rule set Web"],
        "empty": ["pce.kestrel-freight.example", "pce.kestrel-freight.example", "pce.kestrel-freight.example", "suspended", RULE],
    }  # fmt: skip


@BOTH
def test_the_report_of_provisions_names_objects_and_drafts(lookups: dict[str, str]) -> None:
    provision = record("sec_policy", "/orgs/1/sec_policy/9", {"workloads_affected": {"before": None, "after": 3}}, "create",
                       version=9, commit_message="Ticket 17", modified_objects={
                           "rulesets": {f"{DRAFT}/rule_sets/6": {"action": "update"}},
                           "services": {f"{DRAFT}/services/11": {"name": "SSH", "action": "update"}},
                       })  # fmt: skip
    events = [
        event("sec_rule.update", [record("sec_rule", RULE, {"enabled": {"before": True, "after": False}})]),
        event("sec_policy.create", [provision], at=600, action=request("/api/v2/orgs/1/sec_policy", "POST")),
    ]
    report = all_searches([PACKAGE])["Illumio PCE - Provisions"]["search"]

    (row,) = run(report, indexed(events), knowledge=Knowledge(confs(lookups), 0.0), now=BEGIN + HOUR)

    drafts = "rule 5 in Web" if lookups else "rule 5 in rule set 6"
    assert str(row["Draft changes"]).endswith(f": {drafts}: enabled: yes → no")
    unnamed = f'{DRAFT}/rule_sets/6":{{"action":"update"}}'
    assert row["Objects"] == ["rule set Web (update)" if lookups else unnamed, "service SSH (update)"]


def test_a_notification_that_names_an_agent_alone_names_its_workload() -> None:
    given = event(
        "system_task.agent_missed_heartbeats_check",
        notes=[note("agent.missed_heartbeats", {"agent": {"href": "/orgs/1/agents/7002"}})],
        by=SYSTEM,
    )

    (filled,), (empty,) = (alerts("ven_missed_heartbeats", given, lookups) for lookups in (FILLED, EMPTY))

    assert str(filled["reason"]).endswith(" missed heartbeats: crane-9")
    assert "crane-9" not in str(empty["reason"])


def test_a_name_of_the_event_stands_though_the_inventory_has_another() -> None:
    given = event(
        "rule_set.update",
        [
            change(
                "rule_set", {"enabled": {"before": True, "after": False}}, href=f"{DRAFT}/rule_sets/6", name="Old web"
            )
        ],
    )

    (found,) = rows("`illumio_pce_change_summary` | `illumio_pce_named`", given, FILLED)

    assert found["change_summary"] == "rule set Old web: enabled: yes → no"
    assert found["object"] == "Old web" and "names_" not in " ".join(found)
