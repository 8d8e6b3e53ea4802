"""What lowers or endangers protection, and what only looks like it: each kind, its severity and what the alert says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, EVA, SYSTEM, Json, change, event, indexed, note, request, ven
from tests.detections.named import confs
from tests.detections.replay import replay

HOUR = 3600
SSH: Json = {"href": "/orgs/1/sec_policy/draft/services/22"}
RDP: Json = {"port": 3389, "proto": 6}
DISCARD: Json = {"port": 9, "proto": 6}
PROD: Json = {"href": "/orgs/1/labels/5", "key": "env", "value": "prod"}
DEV: Json = {"href": "/orgs/1/labels/6", "key": "env", "value": "dev"}
GDANSK: Json = {"href": "/orgs/1/labels/7", "key": "loc", "value": "gdansk"}
CLUSTER: Json = {"container_cluster": {"href": "/orgs/1/container_clusters/1", "name": "harbour"}}
EVA_IS = "eva@kestrel-freight.example"
PCE = "pce.kestrel-freight.example"


def became(member: str, before: Any, after: Any) -> Json:
    return {member: {"before": before, "after": after}}


def on(number: int, changes: Any, kind: str = "workloads.update", **members: Any) -> Json:
    """One request that changes so many workloads alike."""
    return event(kind, [change("workload", changes, number=n, hostname=f"crane-{n}") for n in range(number)], **members)


def of(kind: str, resource: str, changes: Any, how: str = "update", **members: Any) -> Json:
    """One request that changes one resource, which has a name."""
    return event(kind, [change(resource, changes, how, name="quay")], **members)


def unread(number: int, **members: Any) -> Json:
    """As a PCE writes CEF that grows too long: no resource has its changes any more."""
    made = on(number, {}, **members)
    for one in made["resource_changes"]:
        del one["changes"]
    return made


def lost(kind: str, resource: str, how: str, at: float = 0, by: Json = EVA) -> Json:
    """The same of one object of policy."""
    gone = change(resource, None, how, name="quay")
    del gone["changes"]
    return event(kind, [gone], at=at, by=by)


def collector(changes: Json, how: str = "create") -> Json:
    return of(f"traffic_collector_setting.{how}", "traffic_collector_setting", changes, how)


def provision(number: int, at: float = 0, **members: Any) -> Json:
    changed = {"workloads_affected": {"before": None, "after": number}}
    return event("sec_policy.create", [change("sec_policy", changed, "create")], at=at, **members)


def clone(number: int, at: float, **members: Any) -> Json:
    noted = [note("agent.clone_detected")]
    return event("agent.clone_detected", notes=noted, by=ven(number), at=at, **{"severity": "warning", **members})


FULL_TO_IDLE = became("enforcement_mode", "full", "idle")
TO_FULL = became("enforcement_mode", "visibility_only", "full")
NO_SERVICES = became("selectively_enforced_services", [SSH], [])
OFF = became("visibility_level", "flow_summary", "flow_off")
LABELS = {"labels": {"created": [DEV], "deleted": [PROD]}}
COEXISTS = became("firewall_coexistence", [], [{"illumio_primary": False, "scope": []}])
ALONE = became("firewall_coexistence", [{"illumio_primary": False, "scope": []}], [])
TIMEOUT = became("workload_disconnected_timeout_seconds", [{"scope": [], "value": 3600}], [{"scope": [], "value": -1}])

# Detection, severity, the event, and part of what the alert has to say.
SEES: dict[str, tuple[str, str, Json, str]] = {
    "visibility off": (
        "enforcement_lowered", "medium", on(2, OFF),
        "of 2 workloads: crane-0, crane-1 (visibility level from flow summary to flow off)",
    ),
    "enforced services emptied": ("enforcement_lowered", "high", on(1, NO_SERVICES), "crane-0 (no enforced services)"),
    "enforced services gone": (
        "enforcement_lowered", "high", on(1, became("selectively_enforced_services", [SSH], None)), "no enforced services",
    ),
    "enforced services fewer": (
        "enforcement_lowered", "medium", on(1, became("selectively_enforced_services", [SSH, RDP], [RDP])),
        "crane-0 (1 of 2 enforced services removed)",
    ),
    "enforced services exchanged": (
        "enforcement_lowered", "high", on(2, became("selectively_enforced_services", [SSH, RDP], [DISCARD])),
        "crane-0, crane-1 (2 of 2 enforced services removed)",
    ),
    "enforced services, as a collection": (
        "enforcement_lowered", "high",
        on(1, {"selectively_enforced_services": {"created": [DISCARD], "deleted": [SSH]}}), "1 of 1 enforced services removed",
    ),
    "enforcement, from what to what": (
        "enforcement_lowered", "high", on(1, FULL_TO_IDLE), f"{EVA_IS} lowered the protection of 1 workload: crane-0 "
        "(enforcement mode from full to idle)",
    ),
    "a profile is called a profile": (
        "enforcement_lowered", "high", of("pairing_profile.update", "pairing_profile", FULL_TO_IDLE),
        f"{EVA_IS} lowered the protection of the pairing profile quay (enforcement mode from full to idle)",
    ),
    "a profile of containers too": (
        "enforcement_lowered", "high",
        of("container_workload_profile.update", "container_workload_profile", became("managed", True, False)),
        "of the container workload profile quay (managed from true to false)",
    ),
    "fifty at once": ("enforcement_lowered", "critical", on(50, FULL_TO_IDLE), "of 50 workloads"),
    "raised on many": (
        "enforcement_raised", "medium", on(20, TO_FULL),
        f"{EVA_IS} raised 20 workloads to full enforcement within a day: crane-0, crane-1, crane-10 and 17 more",
    ),
    "raised on very many": ("enforcement_raised", "high", on(100, TO_FULL), "raised 100 workloads"),
    "raised, before 20.2": ("enforcement_raised", "medium", on(20, became("mode", "illuminated", "enforced")), "raised 20"),
    "changes lost": (
        "bulk_change_unknown", "medium", unread(1), "changed 1 workload in one request: crane-0. The event lost what was changed",
    ),
    "a provision that lost its changes": (
        "bulk_change_unknown", "medium", lost("sec_policy.create", "sec_policy", "create"), "changed policy: Security policy provisioned (quay)",
    ),
    "a rule set that lost its changes": (
        "bulk_change_unknown", "medium", lost("rule_set.update", "rule_set", "update"), "changed policy: Rule set updated (quay)",
    ),
    "labels replaced": (
        "labels_removed", "medium", on(10, LABELS, "workloads.set_labels"),
        f"{EVA_IS} removed or replaced labels of 10 workloads within a day: from env=prod to env=dev",
    ),
    "labels replaced, as before and after": (
        "labels_removed", "medium", on(10, became("labels", [PROD, GDANSK], [DEV, GDANSK])), "labels of 10 workloads",
    ),
    "labels fewer": ("labels_removed", "medium", on(10, became("labels", [PROD, GDANSK], [GDANSK])), "from env=prod,loc=gdansk to loc=gdansk"),
    "all labels gone": ("labels_removed", "medium", on(10, became("labels", [PROD], [])), "10 workloads"),
    "labels removed, whatever the event carries": (
        "labels_removed", "medium", on(10, {}, "workloads.remove_labels"), "10 workloads",
    ),
    "labels of very many": ("labels_removed", "high", on(100, LABELS), "100 workloads"),
    "labels deleted": (
        "labels_removed", "medium",
        event("labels.delete", [change("label", None, "delete", n, key="app", value=f"app-{n}") for n in range(10)]),
        f"{EVA_IS} deleted 10 labels within a day",
    ),
    "another firewall is primary": (
        "protection_settings_changed", "high", of("firewall_settings.update", "firewall_setting", COEXISTS),
        "firewall coexistence: + illumio primary: no, scope: everything",
    ),
    "static policy": (
        "protection_settings_changed", "high",
        of("firewall_settings.update", "firewall_setting", became("static_policy_scopes", None, [[]])),
        "static policy scopes: + everything",
    ),
    "static policy, as a collection": (
        "protection_settings_changed", "high",
        of("firewall_settings.update", "firewall_setting", {"static_policy_scopes": {"created": [[PROD]], "deleted": []}}),
        "static policy scopes: + env=prod",
    ),
    "coexistence taken back": (
        "protection_settings_changed", "medium", of("firewall_settings.update", "firewall_setting", ALONE),
        "firewall coexistence: − illumio primary: no, scope: everything",
    ),
    "offline timers": (
        "protection_settings_changed", "medium", of("workload_settings.update", "workload_setting", TIMEOUT),
        "timeout seconds: scope: everything, value: 3600 → scope: everything, value: -1",
    ),
    "the label map of a cluster": (
        "protection_settings_changed", "medium",
        of("container_cluster.update_label_map", "container_cluster", became("label_map", ["prod"], ["dev"])),
        "container cluster quay: label map: prod → dev",
    ),
    "a cluster deleted": (
        "protection_settings_changed", "high", of("container_cluster.delete", "container_cluster", None, "delete"),
        "deleted container cluster quay",
    ),
    "flows dropped": (
        "audit_trail_changed", "high", collector({"action": {"before": None, "after": "drop"}}),
        "created traffic collector setting quay: action: drop",
    ),
    "flows merged": (
        "audit_trail_changed", "medium", collector({"action": {"before": None, "after": "aggregate"}}), "action: aggregate",
    ),
    "flows no longer dropped": ("audit_trail_changed", "medium", collector({}, "delete"), "deleted traffic collector setting quay"),
    "trusted proxies": (
        "audit_trail_changed", "high",
        of("trusted_proxy_ips.update", "trusted_proxy_ips", became("trusted_proxy_ips", [], ["198.51.100.7"])),
        "trusted proxy ips: + 198.51.100.7",
    ),
    "the retention of events": (
        "audit_trail_changed", "high",
        of("event_settings.update", "event_settings", became("audit_event_retention_seconds", 2592000, 86400)),
        "audit event retention seconds: 2592000 → 86400",
    ),
    "a syslog destination out of reach": (
        "audit_events_lost", "medium", event("remote_syslog.unreachable", by=SYSTEM, status=None),
        "cannot reach one of its syslog destinations",
    ),
    "the same in the notification of another": (
        "audit_events_lost", "medium", event("cluster.update", notes=[note("workload.online"), note("remote_syslog.unreachable")], by=SYSTEM),
        "cannot reach one of its syslog destinations",
    ),
    "the PCE stopped": ("pce_stopped", "high", event("pce.application_stopped", by=SYSTEM, status=None), f"The PCE {PCE} "),
    "a node for switches degraded": (
        "network_enforcement_lost", "high", of("network_enforcement_node.degraded", "network_enforcement_node", {}, by=SYSTEM),
        "Network enforcement node degraded: quay",
    ),
    "a node for switches deactivated": (
        "network_enforcement_lost", "high", of("network_enforcement_node.deactivate", "network_enforcement_node", {}),
        f"quay (by {EVA_IS})",
    ),
    "a node for switches silent": (
        "network_enforcement_lost", "medium",
        event("network_enforcement_node.missed_heartbeats", by=SYSTEM, status=None), "Network enforcement node silent",
    ),
    "an older release": (
        "ven_downgraded", "low", on(2, became("upgrade_target_version", "24.2.30-1187", "9.5.0-3"), "workload.upgrade"),
        "sent 2 VENs to an older release (24.2.30 to 9.5.0)",
    ),
    "an older release for many": (
        "ven_downgraded", "medium", on(10, became("version", "24.2.30", "24.2.10"), "ven_software.upgrade"), "10 VENs",
    ),
    "an unknown type on nine": ("event_type_unknown", "informational", on(9, {}, "tide_table.publish"), "about 9 resources"),
    "an unknown type on ten": ("event_type_unknown", "medium", on(10, {}, "tide_table.publish"), f"10 resources by {EVA_IS}"),
    "an unknown type on fifty": ("event_type_unknown", "high", on(50, {}, "tide_table.publish"), "about 50 resources"),
    "one clone": ("ven_clones", "low", clone(1, 0), "1 clone of VENs within a day: crane-1 at 198.51.100.7"),
    "one clone that is an error": ("ven_clones", "high", clone(1, 0, severity="err"), "crane-1"),
    "a VEN that unpairs itself": (
        "ven_removed", "low", event("agent.deactivate", by=ven(1)), "1 VEN was unpaired by its own host: crane-1",
    ),
    "endpoints offline": (
        "ven_offline", "low", on(1, became("online", True, False), "system_task.endpoint_offline_check", by=SYSTEM), "1 VEN",
    ),
}  # fmt: skip

IS_SILENT: dict[str, tuple[str, Json]] = {
    "visibility on again": ("enforcement_lowered", on(9, became("visibility_level", "flow_off", "flow_summary"))),
    "a service that stood there twice": ("enforcement_lowered", on(9, became("selectively_enforced_services", [SSH, SSH], [SSH]))),
    "one service more": ("enforcement_lowered", on(9, became("selectively_enforced_services", [SSH], [RDP, SSH]))),
    "services that full enforcement needs no more": (
        "enforcement_lowered", on(9, {**became("enforcement_mode", "selective", "full"), **NO_SERVICES}),
    ),
    "lowered in vain": ("enforcement_lowered", on(9, OFF, status="failure")),
    "raised on a few": ("enforcement_raised", on(19, TO_FULL)),
    "raised in vain": ("enforcement_raised", on(40, TO_FULL, status="failure")),
    "raised for what will be paired": (
        "enforcement_raised",
        event("pairing_profile.update", [change("pairing_profile", TO_FULL, number=n) for n in range(30)]),
    ),
    "new workloads in full enforcement": ("enforcement_raised", on(40, became("enforcement_mode", None, "full"))),
    "a provision that tells its changes": ("bulk_change_unknown", provision(3)),
    "a rule set that is gone": ("bulk_change_unknown", lost("rule_set.delete", "rule_set", "delete")),
    "many of which nothing changed": ("bulk_change_unknown", on(40, {})),
    "many that say what changed": ("bulk_change_unknown", on(40, became("description", "", "crane"))),
    "labels of nine": ("labels_removed", on(9, LABELS)),
    "labels added": ("labels_removed", on(40, {"labels": {"created": [PROD], "deleted": []}})),
    "labels added to others": ("labels_removed", on(40, became("labels", [PROD], [PROD, GDANSK]))),
    "labels as they were": ("labels_removed", on(40, became("labels", [PROD], [PROD]))),
    "first labels": ("labels_removed", on(40, became("labels", None, [PROD]))),
    "settings in vain": (
        "protection_settings_changed", of("firewall_settings.update", "firewall_setting", COEXISTS, status="failure"),
    ),
    "a cluster of its own accord": ("protection_settings_changed", of("container_cluster.update", "container_cluster", {})),
    "a syslog destination in reach again": ("audit_events_lost", event("remote_syslog.reachable", by=SYSTEM)),
    "the PCE started": ("pce_stopped", event("pce.application_started", by=SYSTEM)),
    "a check of nodes that found nothing": (
        "network_enforcement_lost", event("network_enforcement_node.missed_heartbeats_check", by=SYSTEM),
    ),
    "a newer release": ("ven_downgraded", on(40, became("version", "9.5.0", "24.2.10"), "workload.upgrade")),
    "another build of a release": ("ven_downgraded", on(40, became("version", "24.2.10-7", "24.2.10-3"), "workload.upgrade")),
    "a clone in vain": ("ven_clones", clone(1, 0, status="failure")),
}  # fmt: skip


def _alerts(detection: str, events: list[Json], hours: float = 2) -> list[dict[str, Any]]:
    return replay(detection, indexed(events), BEGIN, BEGIN + hours * HOUR)


@pytest.mark.parametrize("case", SEES)
def test_it_is_seen_with_its_severity_and_said(case: str) -> None:
    detection, severity, happened, said = SEES[case]

    (alert,) = _alerts(detection, [happened])

    assert alert["severity"] == severity
    assert said in alert["reason"]


@pytest.mark.parametrize("case", IS_SILENT)
def test_what_only_looks_like_it_is_silent(case: str) -> None:
    detection, happened = IS_SILENT[case]

    assert _alerts(detection, [happened]) == []


def test_a_service_account_whose_changes_are_lost_alerts_again_when_their_number_doubles() -> None:
    feed: Json = {"service_account": {"href": "/orgs/1/service_accounts/5", "name": "feed"}}
    lists = [lost("ip_list.update", "ip_list", "update", place * HOUR, feed) for place in range(8)]

    assert [alert["total"] for alert in _alerts("bulk_change_unknown", lists, 9)] == ["1", "2", "4", "8"]


def test_lowerings_in_slices_each_alert_and_tell_the_running_total() -> None:
    found = _alerts("enforcement_lowered", [on(20, FULL_TO_IDLE, at=place * HOUR) for place in range(3)], 4)

    assert [(alert["total"], alert["severity"]) for alert in found] == [
        ("20", "high"),
        ("40", "high"),
        ("60", "critical"),
    ]
    assert ["in all within a day" in alert["reason"] for alert in found] == [False, True, True]


def test_provisions_in_slices_add_up() -> None:
    """45 workloads every six minutes, of which none is many."""
    found = _alerts("policy_many_workloads", [provision(45, at=place * 360) for place in range(20)], 4)

    assert [alert["total"] for alert in found] == ["270", "540"]
    assert found[0]["reason"] == (
        f"{EVA_IS} provisioned policy 6 times within a day, which affects 270 workloads in all, at most 45 at once"
    )


def test_slow_provisions_add_up_over_the_day() -> None:
    found = _alerts("policy_many_workloads", [provision(45, at=place * HOUR) for place in range(18)], 20)

    assert [alert["total"] for alert in found] == ["765"]


@pytest.mark.parametrize(("number", "fires"), [(299, False), (300, True)])
def test_what_clusters_provision_by_themselves_does_not_add_up_but_one_of_many_counts(number: int, fires: bool) -> None:
    found = _alerts("policy_many_workloads", [provision(number, at=place * 60, by=CLUSTER) for place in range(20)], 4)

    assert bool(found) is fires


def test_a_known_stranger_that_touches_many_alerts_though_it_was_seen_the_same_day() -> None:
    found = _alerts("event_type_unknown", [on(1, {}, "tide_table.publish"), on(12, {}, "tide_table.publish", at=HOUR)])

    assert [alert["severity"] for alert in found] == ["informational", "medium"]


def test_clones_alert_with_the_first_of_a_day_with_five_in_an_hour_and_with_twice_as_many() -> None:
    found = _alerts("ven_clones", [clone(n, n * 360) for n in range(12)], 3)

    assert [(alert["total"], alert["severity"]) for alert in found] == [("1", "low"), ("5", "medium"), ("10", "medium")]


def test_clones_that_were_activated_are_counted_beside() -> None:
    activated = event("agent.activate_clone", [change("agent", {}, "create", hostname="crane-1")], by=ven(1), at=1)

    (alert,) = _alerts("ven_clones", [clone(1, 0), activated])

    assert alert["total"] == "1"
    assert "Activated under an identity of their own: 1" in alert["reason"]


@pytest.mark.parametrize(("ahead", "alerts_itself"), [(0.5, True), (24, True), (25, False), (24 * 400, False)])
def test_an_event_from_the_future_alerts_itself_or_the_ingest_tells_of_it(ahead: float, alerts_itself: bool) -> None:
    """A clock that is so many hours ahead; the other detections read a day ahead."""
    (line,) = indexed([event("agent.suspend", by=ven(), at=ahead * HOUR)])
    line["_indextime"] = f"{BEGIN + 2}"
    found = {name: replay(name, [line], BEGIN, BEGIN + 30 * HOUR) for name in ("ven_suspended", "ingest_failing")}

    assert bool(found["ven_suspended"]) is alerts_itself
    assert [alert["problem"] for alert in found["ingest_failing"]] == (["future"] if ahead > 1 else [])


@pytest.mark.parametrize(
    ("hosts", "severities"), [(19, ["low"]), (20, ["low", "medium"]), (40, ["low", "medium", "medium"])]
)
def test_vens_that_unpair_themselves_alert_once_a_day_and_when_they_are_many(hosts: int, severities: list[str]) -> None:
    """One every minute and a half."""
    gone = [event("agent.deactivate", by=ven(n), at=n * 90) for n in range(hosts)]

    assert [alert["severity"] for alert in _alerts("ven_removed", gone)] == severities


def test_a_high_value_workload_whose_ven_unpairs_itself_alerts_each_time() -> None:
    listed = confs({"illumio_pce_high_value_workloads": "workload,importance\ncrane-1,cargo\n"})
    gone = [event("agent.deactivate", by=ven(n), at=n * 600) for n in (0, 1, 2)]

    found = replay("ven_removed", indexed(gone), BEGIN, BEGIN + HOUR, listed)

    assert [(alert["dest"], alert["severity"]) for alert in found] == [("crane-0", "low"), ("crane-1", "high")]


def test_the_actor_of_a_request_is_named_though_it_is_a_service_account() -> None:
    by = {"service_account": {"href": "/orgs/1/service_accounts/1", "name": "cmdb"}}

    (alert,) = _alerts("enforcement_raised", [on(20, TO_FULL, by=by, action=request(src="10.9.0.3"))])

    assert (alert["user"], alert["src"]) == ("cmdb", "10.9.0.3")
    assert alert["reason"].startswith("cmdb raised 20 workloads")
    assert EVA["user"]["username"] not in alert["reason"]
