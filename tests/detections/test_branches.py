"""Each branch of each detection: shapes that must fire it, and the near misses beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.detections.made import APP, BEGIN, ENV, SYSTEM, Json, change, event, indexed, note, request, ven
from tests.detections.replay import replay
from workbench.splunk.conf.reader import Confs

ROOT = Path(__file__).resolve().parents[2]


def mode(before: str, after: str, name: str = "enforcement_mode") -> Json:
    return {name: {"before": before, "after": after}}


def tampering(info: Any) -> Json:
    return event("agent.tampering", notes=[note("workload.oob_policy_changes", info)], by=ven(), severity="err")


def update(kind: str) -> Json:
    return event("agent.update", notes=[note(kind)], by=ven())


def pruning(*notes: Json, kind: str = "system_task.prune_old_log_events") -> Json:
    pruned = note("system_task.event_pruning_completed", {"num_events_pruned": 7, "org_ids": [1]})
    return event(kind, notes=[*notes, pruned], by=SYSTEM)


ALL_ENVIRONMENTS: Json = {"label": {"href": None, "key": "env", "value": None}}
ALL_APPLICATIONS: Json = {"label": {"href": None, "key": "app", "value": None}}


def scope(kind: str, before: Any, after: Any) -> Json:
    changes = {"scopes": {"before": before, "after": after}}
    return event(f"rule_set.{kind}", [change("rule_set", changes, kind, name="Customs")])


def provision(number: Any, kind: str = "sec_policy.create", **members: Any) -> Json:
    changes = {"workloads_affected": {"before": None, "after": number}, "object_counts": {"before": None, "after": {}}}
    return event(kind, [change("sec_policy", changes, "create", commit_message="Quarterly review")], **members)


def key(lifetime: Any, kind: str = "create") -> Json:
    changes = {
        "key_id": {"before": None, "after": "1e0216"},
        "expiration_in_seconds": {"before": None, "after": lifetime},
    }
    return event(f"api_key.{kind}", [change("api_key", changes, kind, name="nightly")])


def gone(event_type: str, kind: str, number: int, **members: Any) -> Json:
    return event(event_type, [change(kind, None, "delete", place) for place in range(number)], **members)


def moved(number: int, kind: str = "vens.bulk_transplant") -> Json:
    target = {"target_pce_fqdn": {"before": None, "after": "pce.elsewhere.example"}}
    return event(kind, [change("ven", target, number=place, hostname=f"crane-{place}") for place in range(number)])


def failed(event_type: str, code: int, at: float, **members: Any) -> Json:
    return event(event_type, action=request(code=code), at=at, status="failure", severity="err", **members)


def sign_in_failed(user: str, src: str, at: float, event_type: str = "user.sign_in") -> Json:
    told = note("user.login_failed", {"associated_user": {"supplied_username": user}})
    action = request("/login/users/sign_in", "POST", 200, src)
    return event(event_type, notes=[told], by=SYSTEM, action=action, at=at, status="failure")


def of_agent(number: int, at: float, **members: Any) -> Json:
    endpoint = f"/api/v2/orgs/1/agents/{number}/heartbeat"
    told = note("request.authentication_failed", {"api_endpoint": endpoint, "api_method": "POST", "src_ip": "10.9.0.3"})
    action = request(endpoint, "POST", 401, "10.9.0.3")
    return event(
        "request.authentication_failed", notes=[told], by=SYSTEM, action=action, at=at, status="failure", **members
    )


FIRES: dict[str, dict[str, list[Json]]] = {
    "enforcement_lowered": {
        **{
            kind: [event(kind, [change("workload", mode("full", "visibility_only"))])]
            for kind in ("workload.update", "workloads.update", "workloads.bulk_update", "agent.update")
        },
        "full to selective": [event("workloads.update", [change("workload", mode("full", "selective"))])],
        "selective to idle": [event("workloads.update", [change("workload", mode("selective", "idle"))])],
        "visibility only to idle": [event("workload.update", [change("workload", mode("visibility_only", "idle"))])],
        "members in the other order": [
            event("workload.update", [change("workload", {"enforcement_mode": {"after": "idle", "before": "full"}})])
        ],
        "the second of two": [
            event(
                "workloads.update",
                [change("workload", mode("idle", "full")), change("workload", mode("full", "idle"), number=2)],
            )
        ],
        "before 20.2": [event("workloads.update", [change("workload", mode("enforced", "illuminated", "mode"))])],
        "a virtual server": [event("virtual_server.update", [change("virtual_server", mode("enforced", "unmanaged", "mode"))])],
        "a pairing profile": [event("pairing_profile.update", [change("pairing_profile", mode("full", "idle"))])],
        "a profile of containers": [
            event("container_workload_profile.update", [change("container_workload_profile", mode("full", "idle"))])
        ],
        "a profile that manages no more": [
            event(
                "container_workload_profile.update",
                [change("container_workload_profile", {"managed": {"before": True, "after": False}})],
            )
        ],
        "a type that no list has": [event("kubernetes_workloads.tune", [change("kubernetes_workload", mode("full", "idle"))])],
        "in a resource of a sub-collection": [
            event("org.update", [change("org", {"workloads": {"updated": [change("workload", mode("full", "idle"))]}})])
        ],
        "a null status": [event("workloads.update", [change("workload", mode("full", "idle"))], status=None)],
    },
    "ven_tampering": {
        "reverted": [tampering({"tampering_revert_succeeded": True, "num_events": 1})],
        "not reverted": [tampering({"tampering_revert_succeeded": False, "num_events": 3})],
        "of 2019": [tampering({"tampering_revert_succeeded": True, "num_reverts": 2})],
        "signal": [tampering({"event_classification": "signal", "events": [{"process_name": "nft"}]})],
        "without a notification": [event("agent.tampering", by=ven())],
        "before 18.2": [event("fw_tampering_reverted", by=ven())],
        "within a report": [
            event("agent.update", notes=[note("workload.oob_policy_changes", {"num_reverts": 1})], by=ven())
        ],
    },
    "ven_update_notice": {
        **{kind: [update(kind)] for kind in (
            "agent.process_failed", "agent.policy_deploy_failed", "agent.service_not_available",
        )},
        "before 18.2": [event("proc_restart_failure", by=ven(), severity="err")],
        "an upgrade that did not end": [event("agent.upgrade_time_out", by=ven(), severity="warning")],
        "as a type of its own": [event("agent.service_not_available", by=ven())],
    },
    "ven_clones": {
        "one that is an error": [event("agent.clone_detected", by=ven(), severity="err")],
        "one of severity 1": [event("agent.clone_detected", by=ven(), severity=1)],
        "one": [event("agent.clone_detected", by=ven(), severity="warning")],
        "five at once": [event("agent.clone_detected", by=ven(n), at=n, severity="warning") for n in range(5)],
    },
    "policy_broad_scope": {
        "all environments": [scope("create", None, [[APP, ALL_ENVIRONMENTS]])],
        "no label at all": [scope("create", None, [[]])],
        "only in the resource": [event("rule_set.create", [change("rule_set", {}, "create", scopes=[[ALL_APPLICATIONS]])])],
        "widened": [scope("update", [[APP, ENV]], [[APP, ALL_ENVIRONMENTS]])],
        "widened further": [scope("update", [[APP, ALL_ENVIRONMENTS]], [[ALL_APPLICATIONS, ALL_ENVIRONMENTS]])],
        "a scope added": [
            event("rule_set.update", [change("rule_set", {"scopes": {"created": [[ALL_APPLICATIONS, ENV]]}})])
        ],
        "deleted": [event("rule_sets.delete", [change("rule_set", None, "delete", scopes=[[ALL_APPLICATIONS]])])],
    },
    "policy_many_workloads": {
        "by number": [provision(100)],
        "a number as text": [provision("400")],
        "inside another event": [
            provision(400, "container_cluster.update_services", by={"container_cluster": {"href": "/x/1", "name": "harbour"}})
        ],
        "in the resource": [event("sec_policy.create", [change("sec_policy", {}, "create", workloads_affected=300)])],
    },
    "policy_boundary_removed": {
        "a boundary": [event("enforcement_boundary.delete", [change("enforcement_boundary", {}, "delete")])],
        "without changes": [event("enforcement_boundary.delete")],
        "a deny rule": [event("deny_rule.delete", [change("deny_rule", None, "delete")])],
        "a rule that denies": [
            event("sec_rule.delete", [change("sec_rule", None, "delete", href="/orgs/1/sec_policy/draft/rule_sets/2/deny_rules/3")])
        ],
        "with its rule set": [
            event("rule_sets.delete", [change("rule_set", None, "delete"), change("deny_rule", None, "delete")])
        ],
        "disabled": [
            event("enforcement_boundary.update", [change("enforcement_boundary", {"enabled": {"before": True, "after": False}})])
        ],
    },
    "workloads_bulk_removed": {
        **{
            f"{kind} of {resource}s": [gone(kind, resource, 10)]
            for kind, resource in (
                ("workloads.unpair", "workload"), ("agents.unpair", "agent"), ("vens.unpair", "ven"),
                ("workloads.bulk_delete", "workload"),
            )
        },
        "one by one": [gone("workload.delete", "workload", 1, at=place * 60) for place in range(10)],
        "moved to another PCE, whatever the type": [moved(10)],
        "an unknown type": [gone("harbour.clear", "workload", 10)],
        "by a task of the PCE": [gone("system_task.inactive_ven_cleanup", "ven", 10, by=SYSTEM)],
        "with a service account": [
            gone("workloads.unpair", "workload", 12, by={"service_account": {"href": "/x/1", "name": "cmdb"}})
        ],
    },
    "access_csrf": {
        "as a notification": [failed("request.authorization_failed", 403, 0, notes=[note("user.csrf_validation_failed")])],
        "as a type": [failed("authz_csrf_validation_failure", 403, 0)],
        "as a type of the notification's name": [failed("user.csrf_validation_failed", 403, 0)],
    },
    "access_burst": {
        "at the console": [sign_in_failed("eva", "198.51.100.7", n * 60) for n in range(5)],
        "from many addresses": [sign_in_failed("eva", f"198.51.100.{n}", n * 60) for n in range(5)],
        "whatever the case of the name": [sign_in_failed("Eva" if n % 2 else "eva", "198.51.100.7", n) for n in range(6)],
        "of the second factor": [sign_in_failed("eva", "198.51.100.7", n, "user.verify_mfa") for n in range(5)],
    },
    "access_spray": {"five users": [sign_in_failed(f"user-{n}", "198.51.100.7", n * 120) for n in range(5)]},
    "access_agent_failures": {
        "of many": [of_agent(n, n * 30) for n in range(10)],
        "of one": [of_agent(3, n * 30) for n in range(10)],
        "without an action": [of_agent(n, n * 30) | {"action": None} for n in range(10)],
        "in their own names": [of_agent(n, n * 30) | {"created_by": ven(n)} for n in range(10)],
    },
    "access_rights_changed": {
        kind: [event(kind, [change(kind.split(".")[0], {"role": {"before": None, "after": {"href": "/x"}}})])]
        for kind in (
            "permission.create", "permission.update", "permission.delete", "auth_security_principal.create",
            "security_principal.delete", "access_restriction.update", "access_restriction.delete",
        )
    },
    "identity_provider_changed": {
        kind: [event(kind, [change(kind.split(".")[0], {"name": {"before": "a", "after": "b"}})])]
        for kind in (
            "saml_config.create", "saml_config.update", "saml_config.pce_signing_cert", "saml_sp_config.update",
            "ldap_config.create", "ldap_config.delete", "radius_config.update", "authentication_settings.update",
            "password_policy.update",
        )
    },
    "credential_created": {
        "a key": [key(90 * 86_400)],
        "a service account": [event("service_account.create", [change("service_account", {}, "create", name="cmdb")])],
    },
    "credential_without_expiry": {
        "-1": [key(-1)],
        "null": [key(None)],
        "no such member": [event("api_key.create", [change("api_key", {"key_id": {"before": None, "after": "1e"}}, "create")])],
        "its end taken off": [key(-1, "update")],
        "of a service account": [
            event("service_account.create", [
                change("service_account", {}, "create"),
                change("api_key", {"expiration_in_seconds": {"before": None, "after": -1}}, "create"),
            ])
        ],
    },
    "audit_trail_changed": {
        **{
            kind: [event(kind, [change(kind.split(".")[0], {"type": {"before": "a", "after": "b"}})])]
            for kind in (
                "syslog_destination.create", "syslog_destination.update", "syslog_destination.delete",
                "event_settings.update",
            )
        },
        "within the settings": [event("settings.update", [change("event_settings", {"audit_event_min_severity": {}})])],
        "by the request alone": [event("settings.update", action=request("/api/v2/orgs/1/settings/events"))],
    },
    "audit_events_lost": {
        "soft limit": [pruning(note("soft_limit.exceeded", {"limit_type": "events_db"}))],
        "hard limit": [pruning(note("hard_limit.exceeded"))],
        "recovered": [pruning(note("system_task.hard_limit_recovery_completed"))],
        "recovered, as a type": [pruning(kind="system_task.hard_limit_recovery_completed")],
    },
    "pce_server_errors": {
        **{
            kind: [failed(kind, 500, n * 10) for n in range(10)]
            for kind in ("request.internal_server_error", "request.service_unavailable", "workload.update")
        },
        "without an action": [failed("request.unknown_server_error", 500, n) | {"action": None} for n in range(10)],
    },
    "ven_suspended": {
        "by the VEN": [event("agent.suspend", by=ven())],
        "by a person": [event("agent.suspend", [change("agent", {"status": {"before": "active", "after": "suspended"}})])],
    },
    "event_type_unknown": {
        "with a dot": [event("tide_table.publish")],
        "without": [event("tides")],
    },
}  # fmt: skip

QUIET: dict[str, dict[str, list[Json]]] = {
    "enforcement_lowered": {
        "raised": [event("workloads.update", [change("workload", mode("visibility_only", "selective"))])],
        "refused": [event("workloads.update", [change("workload", mode("full", "idle"))], status="failure")],
        "the same": [event("workloads.update", [change("workload", mode("full", "full"))])],
        "new": [event("workload.create", [change("workload", {"enforcement_mode": {"before": None, "after": "idle"}}, "create")])],
        "managed again": [
            event(
                "container_workload_profile.update",
                [change("container_workload_profile", {"managed": {"before": False, "after": True}})],
            )
        ],
        "from another's before": [
            event("workloads.update", [change("workload", {**mode("idle", "full"), "name": {"before": "full", "after": "idle"}})])
        ],
    },
    "ven_update_notice": {
        "all is well": [update("agent.policy_deploy_succeeded")],
        "a check that found nothing": [event("system_task.agent_uninstall_timeout", by=SYSTEM)],
    },
    "ven_clones": {"a clone that was given an identity": [event("agent.activate_clone", by=ven())]},
    "policy_broad_scope": {
        "narrow": [scope("create", None, [[APP, ENV]])],
        "narrowed": [scope("update", [[ALL_APPLICATIONS, ALL_ENVIRONMENTS]], [[APP, ENV]])],
        "narrowed, though still broad": [scope("update", [[ALL_APPLICATIONS, ALL_ENVIRONMENTS]], [[APP, ALL_ENVIRONMENTS]])],
        "a broad one renamed": [
            event("rule_set.update", [change("rule_set", {"name": {"before": "a", "after": "b"}}, scopes=[[ALL_APPLICATIONS]])])
        ],
    },
    "policy_many_workloads": {"a few": [provision(99)], "fewer than before": [
        event("sec_policy.create", [change("sec_policy", {"workloads_affected": {"before": 300, "after": 2}}, "create")])
    ]},
    "policy_boundary_removed": {
        "a plain rule": [event("sec_rule.delete", [change("sec_rule", None, "delete")])],
        "made": [event("enforcement_boundary.create", [change("enforcement_boundary", {"name": {"before": None, "after": "delete"}}, "create")])],
        "switched on": [
            event("deny_rule.update", [change("deny_rule", {"enabled": {"before": False, "after": True}})])
        ],
        "refused": [event("enforcement_boundary.delete", status="failure")],
    },
    "workloads_bulk_removed": {
        "nine": [gone("workloads.unpair", "workload", 9)],
        "slowly": [gone("workload.delete", "workload", 1, at=place * 900) for place in range(10)],
        "what a task did not delete": [
            event("system_task.agent_offline_check", [
                change("workload", {"online": {"before": True, "after": False}}, number=n) for n in range(20)
            ], by=SYSTEM)
        ],
        "an unknown type that deletes something else": [gone("tide_tables.delete", "label", 40)],
        "what was left of those already deleted": [
            gone("system_task.vacuum_deactivated_agent_and_deleted_workloads", "workload", 40, by=SYSTEM)
        ],
        "moved back": [
            event("ven.update", [
                change("ven", {"target_pce_fqdn": {"before": "pce.elsewhere.example", "after": None}}, number=n)
                for n in range(20)
            ])
        ],
        "by the VENs themselves": [event("agent.deactivate", by=ven(n), at=n) for n in range(20)],
    },
    "access_burst": {
        "four": [sign_in_failed("eva", "198.51.100.7", n) for n in range(4)],
        "slowly": [sign_in_failed("eva", "198.51.100.7", n * 300) for n in range(9)],
        "of VENs": [of_agent(3, n) for n in range(20)],
    },
    "access_spray": {"four users": [sign_in_failed(f"user-{n % 4}", "198.51.100.7", n) for n in range(12)]},
    "access_agent_failures": {"nine": [of_agent(n, n) for n in range(9)]},
    "identity_provider_changed": {"only tried": [event("ldap_config.verify_connection")]},
    "credential_without_expiry": {
        "ends in three months": [key(90 * 86_400)],
        "ends in ten days": [key(10 * 86_400)],
        "made for half a day": [key(43_200)],
        "deleted": [event("api_key.delete", [change("api_key", None, "delete")])],
    },
    "audit_trail_changed": {"other settings": [event("settings.update", [change("settings", {"max_explorer_results": {}})])]},
    "audit_events_lost": {
        "pruned by age": [pruning()],
        "too many labels": [event("label.create", notes=[note("soft_limit.exceeded", {"limit_type": "labels"})])],
    },
    "pce_server_errors": {"nine": [failed("request.internal_server_error", 500, n) for n in range(9)]},
    "ven_suspended": {"at work again": [event("agent.unsuspend", by=ven())]},
}  # fmt: skip


def _alerts(detection: str, events: list[Json]) -> list[dict[str, Any]]:
    return replay(detection, indexed(events), None, BEGIN + 12 * 3600)


def _cases(table: dict[str, dict[str, list[Json]]]) -> list[Any]:
    return [
        pytest.param(detection, events, id=f"{detection}: {name}")
        for detection, cases in table.items()
        for name, events in cases.items()
    ]


@pytest.mark.parametrize(("detection", "events"), _cases(FIRES))
def test_it_fires_once_and_names_all_events(detection: str, events: list[Json]) -> None:
    (alert,) = _alerts(detection, events)

    hrefs = alert["href"] if isinstance(alert["href"], list) else [alert["href"]]
    assert sorted(hrefs) == sorted(one["href"] for one in events)
    assert alert["user"] and alert["src"] and alert["dest"] and alert["reason"]


@pytest.mark.parametrize(("detection", "events"), _cases(QUIET))
def test_it_stays_silent(detection: str, events: list[Json]) -> None:
    assert _alerts(detection, events) == []


@pytest.mark.parametrize(("affected", "fires"), [(24, False), (25, True), (49, True)])
def test_a_provision_counts_by_its_share_where_the_number_of_managed_workloads_is_known(
    affected: int, fires: bool
) -> None:
    macro = "[illumio_pce_policy_many_workloads_managed]\ndefinition = 100\n"
    confs = Confs.load(ROOT / "package", {"local/macros.conf": macro})

    found = replay("policy_many_workloads", indexed([provision(affected)]), None, BEGIN + 3600, confs)

    assert bool(found) is fires


@pytest.mark.parametrize(("lifetime", "expires"), [(-1, "never"), (90 * 86_400, "2031-05-28"), (None, None)])
def test_a_new_key_says_when_it_ends(lifetime: int | None, expires: str | None) -> None:
    (alert,) = _alerts("credential_created", [key(lifetime)])

    assert alert.get("expires") == expires
    assert ("expires" in str(alert["reason"])) is (expires is not None)


@pytest.mark.parametrize(("src", "severity"), [("203.0.113.9", "medium"), ("10.1.8.1", "low")])
def test_an_address_that_others_use_is_less_of_a_surprise_than_one_that_nobody_does(src: str, severity: str) -> None:
    def signed_in(number: int, src: str, day: float) -> Json:
        by = {"user": {"href": f"/users/{number}", "username": f"user-{number}@kestrel-freight.example"}}
        return event("user.sign_in", by=by, action=request(src=src), at=86_400 * day)

    past = [signed_in(number, f"10.1.{number}.1", day) for number in (7, 8) for day in range(8)]
    until = BEGIN + 9 * 86_400

    found = replay("access_new_address", indexed([*past, signed_in(7, src, 8)]), None, until)

    assert [(alert["user"], alert["src"], alert["severity"]) for alert in found] == [
        ("user-7@kestrel-freight.example", src, severity)
    ]


@pytest.mark.parametrize(("number", "severity"), [(1, "low"), (19, "low"), (20, "medium")])
def test_many_vens_that_one_check_marks_offline_are_worse_than_one(number: int, severity: str) -> None:
    offline = {"online": {"before": True, "after": False}}
    gone = [change("workload", offline, number=n, hostname=f"crane-{n}") for n in range(number)]

    (alert,) = _alerts("ven_offline", [event("system_task.agent_offline_check", gone, by=SYSTEM)])

    assert (int(str(alert["workloads"])), alert["severity"]) == (number, severity)


@pytest.mark.parametrize(
    ("users", "src", "fires"), [(5, "198.51.100.7", True), (4, "198.51.100.7", False), (5, "198.51.100.8", False)]
)
def test_a_success_from_an_address_that_tried_many_users_fires_after_one_failure_each(
    users: int, src: str, fires: bool
) -> None:
    tried = [sign_in_failed(f"user-{n}", "198.51.100.7", n * 60) for n in range(users)]
    by = {"user": {"href": "/users/3", "username": "user-3"}}
    success = event("user.sign_in", by=by, action=request("/login/users/sign_in", "POST", 200, src), at=600)

    found = _alerts("access_success_after_failures", [*tried, success])

    assert [alert["user"] for alert in found] == (["user-3"] if fires else [])
