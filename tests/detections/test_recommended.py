"""What is asked for, row by row: Illumio's recommended events and practices, what nobody else ships, the known traps."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.detections.made import APP, BEGIN, EVA, SYSTEM, Json, change, event, indexed, note, request, ven
from tools.detections.model import read_all
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs

ROOT = Path(__file__).resolve().parents[2]
TEXT = ROOT.parent / "shared" / "reference" / "illumio-core-23.5-events-described.txt"
HEALTH = "system_health"
# Samples of a PCE's volume and of its health, which are no audit events, stand in test_each_detection.
PRACTICE = "the quantity of events and its trend"


def _rule_set(kind: str) -> Json:
    everything = {"label": {"href": None, "key": "app", "value": None}}
    changes = {"scopes": {"before": [[APP]], "after": [[everything]]}} if kind.endswith("update") else {}
    return event(kind, [change("rule_set", changes, kind.split(".")[1], scopes=[[everything]])])


def _rule(kind: str) -> Json:
    """A rule with a high-value label, which was added or removed."""
    member = "before" if kind.endswith("delete") else "after"
    return event(kind, [change("sec_rule", {"sources": {member: [APP]}}, kind.split(".")[1])])


def _checked(kind: str) -> Json:
    return event(kind, [change("workload", {"online": {"before": True, "after": False}})], by=SYSTEM)


# Row of Illumio's table → an event of it that is worth a look.
ROWS: dict[str, Json] = {
    "lost_agent.found": event("lost_agent.found", by=ven()),
    "system_task.agent_missed_heartbeats_check": _checked("system_task.agent_missed_heartbeats_check"),
    "system_task.agent_offline_check": _checked("system_task.agent_offline_check"),
    "agent.suspend": event("agent.suspend", by=ven()),
    "agent.tampering": event("agent.tampering", by=ven()),
    "agent.update": event("agent.update", notes=[note("agent.process_failed")], by=ven()),
    "rule_set.create": _rule_set("rule_set.create"),
    "rule_set.update": _rule_set("rule_set.update"),
    "rule_sets.delete": _rule_set("rule_sets.delete"),
    "sec_rule.create": _rule("sec_rule.create"),
    "sec_rule.update": _rule("sec_rule.update"),
    "sec_rule.delete": _rule("sec_rule.delete"),
    "sec_policy.create": event(
        "sec_policy.create", [change("sec_policy", {"workloads_affected": {"before": None, "after": 190}}, "create")]
    ),
    "agent.clone_detected": event("agent.clone_detected", by=ven(), severity="err"),
}


def _of(kind: str, resource: str, changes: Any = None, how: str = "update", **members: Any) -> list[Json]:
    return [event(kind, [change(resource, changes, how)], **members)]


def _refused(user: str, at: float) -> Json:
    """A failed sign-in at the console, which the PCE writes with severity info."""
    told = note("user.login_failed", {"associated_user": {"supplied_username": user}})
    tried = request("/login/users/sign_in", "POST")
    return event("user.sign_in", notes=[told], by=SYSTEM, action=tried, at=at, status="failure", severity="info")


MODE = {"enforcement_mode": {"before": "full", "after": "idle"}}
ENDLESS = {"key_id": {"before": None, "after": "1e"}, "expiration_in_seconds": {"before": None, "after": -1}}
SOON = {**ENDLESS, "expiration_in_seconds": {"before": None, "after": 10 * 86_400}}
REVERTED = {"tampering_revert_succeeded": False, "num_events": 1}
# What else is asked for, in words → its detection, and events that must fire it.
ELSE: dict[str, tuple[str, list[Json]]] = {
    "permissions": ("access_rights_changed", _of("permission.create", "permission", how="create")),
    "a role's users": ("access_rights_changed", _of("auth_security_principal.create", "auth_security_principal")),
    "SAML": ("identity_provider_changed", _of("saml_config.update", "saml_config")),
    "LDAP": ("identity_provider_changed", _of("ldap_config.update", "ldap_config")),
    "RADIUS": ("identity_provider_changed", _of("radius_config.update", "radius_config")),
    "syslog destinations": ("audit_trail_changed", _of("syslog_destination.delete", "syslog_destination")),
    "event settings": ("audit_trail_changed", _of("event_settings.update", "event_settings")),
    "API keys": ("credential_created", _of("api_key.create", "api_key", SOON, "create")),
    "service accounts": ("credential_created", _of("service_account.create", "service_account", how="create")),
    "a key that never expires, which is -1": ("credential_without_expiry", _of("api_key.create", "api_key", ENDLESS)),
    "a key about to expire": (
        "credential_without_expiry",
        _of("api_key.create", "api_key", SOON, "create", at=-5 * 86_400),
    ),
    "a full store of events, in the note of another": (
        "audit_events_lost",
        [event("system_task.prune_old_log_events", notes=[note("hard_limit.exceeded")], by=SYSTEM)],
    ),
    "a burst of server errors": (
        "pce_server_errors",
        [event("request.internal_server_error", action=request(code=500), at=n, status="failure") for n in range(10)],
    ),
    "tampering that was not reverted": (
        "ven_tampering",
        [event("agent.tampering", notes=[note("workload.oob_policy_changes", REVERTED)], by=ven(), severity="err")],
    ),
    "a boundary deleted": ("policy_boundary_removed", _of("enforcement_boundary.delete", "enforcement_boundary")),
    "a deny rule deleted": ("policy_boundary_removed", _of("deny_rule.delete", "deny_rule")),
    "an event type never seen": ("event_type_unknown", [event("tide_table.publish")]),
    "enforcement lowered": ("enforcement_lowered", _of("workloads.update", "workload", MODE)),
    "enforcement lowered by what is paired": (
        "enforcement_lowered",
        _of("pairing_profile.update", "pairing_profile", MODE),
    ),
    "bulk unpairing": (
        "workloads_bulk_removed",
        [event("workloads.unpair", [change("workload", None, "delete", n) for n in range(10)])],
    ),
    "failed sign-ins by burst, of severity info": ("access_burst", [_refused("eva", n) for n in range(5)]),
    "failed sign-ins over users": ("access_spray", [_refused(f"user-{n}", n) for n in range(5)]),
    "failed sign-ins and a success": (
        "access_success_after_failures",
        [
            *(_refused(EVA["user"]["username"], n) for n in range(5)),
            event("user.sign_in", at=60, action=request("/x", "POST")),
        ],
    ),
    "an administrator from a new address": (
        "access_new_address",
        [
            *(event("user.sign_in", by=EVA, action=request(src="10.1.1.1"), at=86_400 * day) for day in range(8)),
            event("user.sign_in", by=EVA, action=request(src="203.0.113.9"), at=86_400 * 8),
        ],
    ),
    "CSRF": ("access_csrf", [event("request.authorization_failed", notes=[note("user.csrf_validation_failed")])]),
    "policy provisioned inside another event": (
        "policy_many_workloads",
        [
            event(
                "container_cluster.update_services",
                [change("sec_policy", {"workloads_affected": {"before": None, "after": 400}}, "create")],
                by={"container_cluster": {"href": "/orgs/1/container_clusters/1", "name": "harbour"}},
            )
        ],
    ),
}


@lru_cache(maxsize=1)
def _confs() -> Confs:
    labels = "label,importance\n/orgs/1/labels/4,customs office\n"
    return Confs.load(ROOT / "package", lookups={"illumio_pce_high_value_labels": labels})


def _fired(events: list[Json], only: str = "") -> set[str]:
    stanzas = saved_searches([ROOT / "package"])
    chosen = {name: stanza for name, stanza in stanzas.items() if name == (only or name)}
    until = BEGIN + 3 * 3600 + 86_400 * (8 if "new" in only else 0)
    return {str(alert["detection"]) for alert in alerts(chosen, _confs(), indexed(events), None, until)}


@pytest.mark.parametrize("row", ROWS)
def test_an_event_of_a_recommended_row_fires_the_detection_that_says_it_answers_it(row: str) -> None:
    (answering,) = (one.id for one in read_all() if row in one.illumio)

    assert _fired([ROWS[row]], answering) == {answering}


@pytest.mark.parametrize("what", ELSE)
def test_what_else_is_asked_for_fires(what: str) -> None:
    detection, events = ELSE[what]

    assert _fired(events, detection) == {detection}


def test_failures_of_vens_are_no_failed_sign_ins_of_people() -> None:
    told = request("/api/v2/orgs/1/agents/4/heartbeat", "POST", 401)
    failures = [
        event("request.authentication_failed", by=SYSTEM, action=told, at=n, status="failure", severity="warning")
        for n in range(40)
    ]

    assert _fired(failures) == {"access_agent_failures"}


@pytest.mark.skipif(not TEXT.exists(), reason="Illumio's text is not beside the repository")
def test_no_row_of_illumio_is_without_an_answer() -> None:
    section = TEXT.read_text(encoding="utf-8").split("Recommended Events to Monitor", 1)[1]
    rows = set(re.findall(r'^\s*event_type="([a-z_.]+)["”]', section, re.MULTILINE))

    assert len(rows) > 10
    assert rows == set(ROWS)
    assert {row for one in read_all() for row in one.illumio} == {*rows, HEALTH, PRACTICE}
