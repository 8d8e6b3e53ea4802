"""Rights, accounts and credentials: who gave what to whom, said so that it can be understood."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, EVA, SYSTEM, Json, change, event, indexed, request
from tests.detections.replay import PACKAGE, replay
from workbench.splunk.conf.reader import Confs

HOUR, DAY = 3600, 86_400
ME = str(EVA["user"]["username"])
IDA, IDAS = "ida@kestrel-freight.example", {"user": {"href": "/users/8", "username": "ida@kestrel-freight.example"}}
NIGHTLY: Json = {"service_account": {"href": "/orgs/1/service_accounts/5", "name": "nightly"}}
PROD: Json = {"label": {"href": "/orgs/1/labels/5", "key": "env", "value": "prod"}}


def role(name: str) -> Json:
    return {"href": f"/orgs/1/roles/{name}"}


def permission(holder: str, before: str | None, after: str | None, scope: Any = ()) -> Json:
    """A role given to somebody, taken or exchanged."""
    how = "create" if before is None else "delete" if after is None else "update"
    principal = {"href": "/orgs/1/auth_security_principals/7", "name": holder}
    changes = {
        "role": {"before": before and role(before), "after": after and role(after)},
        "scope": {"before": None, "after": list(scope)},
        "auth_security_principal": {"before": None, "after": principal},
    }
    return event(f"permission.{how}", [change("permission", changes, how, auth_security_principal=principal)])


def service_account(changes: Json, kind: str = "update") -> Json:
    return event(f"service_account.{kind}", [change("service_account", changes, kind, name="nightly")])


def key(holder: int, lifetime: int | None = 90 * DAY) -> Json:
    changes = {
        "key_id": {"before": None, "after": "1e02"},
        "expiration_in_seconds": {"before": None, "after": lifetime},
    }
    one = change("api_key", changes, "create", name="ci", href=f"/users/{holder}/api_keys/1e02")
    return event("api_key.create", [one], action=request(f"/api/v2/users/{holder}/api_keys", "POST", 201))


def account(kind: str, username: str, changes: Json | None = None, by: Json = EVA, **user: Any) -> Json:
    how = "create" if kind.endswith("create") else "update"
    one = change("user", changes or {}, how, username=username, href="/users/8", **user)
    return event(kind, [one], by=by, action=request("/api/v2/users/8"))


def account_gone(kind: str, **members: Any) -> Json:
    gone = {"resource": {"user": {"href": "/users/8", "username": IDA}}, "changes": {}, "change_type": "delete"}
    return event(kind, [gone], **members)


LIFTED = {"access_restriction": {"before": {"href": "/orgs/1/access_restrictions/4"}, "after": None}}
OWNER_NOW = {"permissions": {"before": [{"role": role("read_only")}], "after": [{"role": role("owner")}]}}
LOCAL_NOW = {"type": {"before": "external", "after": "local"}}

# Detection, event → what the alert's reason says behind who did it, and how severe it is.
TOLD: dict[str, tuple[str, Json, str, str]] = {
    "owner to oneself": (
        "access_rights_changed", permission(ME.upper(), None, "owner"), "gave the role owner on everything to themselves", "critical",
    ),
    "owner to another": (
        "access_rights_changed", permission(IDA, None, "owner"), f"gave the role owner on everything to {IDA}", "high",
    ),
    "a role on a scope": (
        "access_rights_changed", permission(IDA, None, "ruleset_manager", [PROD]),
        f"gave the role ruleset manager on prod to {IDA}", "high",
    ),
    "a role to read": (
        "access_rights_changed", permission(IDA, None, "read_only"), f"gave the role read only on everything to {IDA}", "medium",
    ),
    "another role": (
        "access_rights_changed", permission(IDA, "read_only", "admin"),
        f"gave the role admin instead of read only on everything to {IDA}", "high",
    ),
    "a role taken": (
        "access_rights_changed", permission(IDA, "ruleset_manager", None), f"took the role ruleset manager from {IDA}", "medium",
    ),
    "an owner fewer": ("access_rights_changed", permission(IDA, "owner", None), f"took the role owner from {IDA}", "high"),
    "a service account that becomes owner": (
        "access_rights_changed", service_account({**OWNER_NOW, **LIFTED}),
        "gave the role owner instead of read only to nightly, lifted the access restriction of nightly", "high",
    ),
    "its restriction lifted": (
        "access_rights_changed", service_account(LIFTED), "lifted the access restriction of nightly", "high",
    ),
    "a tenant": (
        "access_rights_changed", event("login_proxy_msp_tenants.create", [change("org", {}, "create", name="Harbour Ltd")]),
        "created the managed tenant Harbour Ltd", "high",
    ),
    "a user who is gone": (
        "access_rights_changed", account_gone("user.delete"),
        f"deleted the user {IDA}", "medium",
    ),
    "a local account that is gone": (
        "access_rights_changed",
        account_gone("user_local_profile.delete"),
        f"deleted the local account {IDA}", "medium",
    ),
    "a service account that is gone": (
        "access_rights_changed", service_account(LIFTED, "delete"), "deleted the service account nightly", "medium",
    ),
    "a role without its details": (
        "access_rights_changed", event("permission.create", [change("permission", None, "create")]),
        "created the permission ", "high",
    ),
    "one's own key": ("credential_created", key(7), "created 1 credential: API key ci, expires 2031-05-28", "medium"),
    "a key in another's name": (
        "credential_created", key(8, -1), "created 1 credential: API key ci in the name of 8, expires never", "high",
    ),
    "an account that is owner": (
        "credential_created", service_account({"permissions": {"before": None, "after": [{"role": role("owner")}]}}, "create"),
        "created 1 credential: service account nightly with the role owner", "high",
    ),
    "a cluster's token": (
        "credential_created", event("container_cluster.create", [change("container_cluster", {}, "create", name="harbour")]),
        "created 1 credential: container cluster token harbour", "medium",
    ),
    "pairing keys without limit": (
        "credential_created", event("pairing_profile.update", [
            change("pairing_profile", {"key_lifespan": {"before": 3600, "after": "unlimited"}}, name="Servers"),
        ]), "created 1 credential: pairing keys without limit Servers", "medium",
    ),
    "a new profile for pairing keys without limit": (
        "credential_created", event("pairing_profile.create", [
            change("pairing_profile", {"allowed_uses_per_key": {"before": None, "after": "unlimited"}}, "create", name="Servers"),
        ]), "created 1 credential: pairing keys without limit Servers", "medium",
    ),
    "a key whose end is taken off": (
        "credential_created", event("api_key.update", [
            change("api_key", {"expiration_in_seconds": {"before": 7_776_000, "after": -1}}, name="ci", href="/users/7/api_keys/1e02"),
        ]), "created 1 credential: extended API key ci, expires never", "medium",
    ),
    "a key for ever": (
        "credential_without_expiry", key(7, -1), "made 1 key that never expires: ci", "medium",
    ),
    "settings of sign-ins": (
        "identity_provider_changed", event("authentication_settings.update", [
            change("authentication_settings", {"authentication_type": {"before": "SAML", "after": "Local"}}),
        ]), "changed how users sign in: authentication settings crane-1: authentication type: SAML → Local", "high",
    ),
    "a local account": (
        "access_account_changed", account("user_local_profile.create", IDA, type="local"), f"created the local account {IDA}", "medium",
    ),
    "an account that becomes local": (
        "access_account_changed", account("user.update", IDA, LOCAL_NOW), f"turned {IDA} into a local account", "medium",
    ),
    "another's password": (
        "access_account_changed", account("user.reset_password", IDA), f"reset the password of {IDA}", "medium",
    ),
    "another's second factor": (
        "access_account_changed", account("user.update", IDA, {"mfa_enabled": {"before": True, "after": False}}),
        f"changed the second factor of {IDA}", "high",
    ),
}  # fmt: skip

SILENT: dict[str, tuple[str, Json]] = {
    "a service account's description": (
        "access_rights_changed", service_account({"description": {"before": "", "after": "roles"}}),
    ),
    "a user deleted in vain": ("access_rights_changed", account_gone("user.delete", status="failure")),
    "refused": ("access_rights_changed", permission(ME, None, "owner") | {"status": "failure"}),
    "a key whose end comes later": (
        "credential_created", event("api_key.update", [
            change("api_key", {"expiration_in_seconds": {"before": 86_400, "after": 7_776_000}}, href="/users/7/api_keys/1e02"),
        ]),
    ),
    "keys with a limit": ("credential_created", event("pairing_profile.update", [
        change("pairing_profile", {"key_lifespan": {"before": "unlimited", "after": 3600}}),
    ])),
    "keys that had no limit before": ("credential_created", event("pairing_profile.update", [
        change("pairing_profile", {"key_lifespan": {"before": "unlimited", "after": "unlimited"}}),
    ])),
    "a new profile for pairing keys with a limit": ("credential_created", event("pairing_profile.create", [
        change("pairing_profile", {"key_lifespan": {"before": None, "after": 3600}}, "create"),
    ])),
    "a pairing key": ("credential_created", event("pairing_profile.create_pairing_key")),
    "an account of the identity provider": (
        "access_account_changed", account("user.create", IDA, type="external"),
    ),
    "made by the PCE at the first sign-in": ("access_account_changed", account("user.create", IDA, by=SYSTEM)),
    "one's own password": ("access_account_changed", account("user.update_password", IDA, by=IDAS)),
    "a name": ("access_account_changed", account("user.update", IDA, {"full_name": {"before": "a", "after": "b"}})),
}  # fmt: skip


def _alerts(detection: str, events: list[Json]) -> list[dict[str, Any]]:
    return replay(detection, indexed(events), BEGIN, BEGIN + 12 * HOUR)


@pytest.mark.parametrize(("detection", "one", "told", "severity"), TOLD.values(), ids=TOLD)
def test_the_reason_says_who_did_what_to_whom(detection: str, one: Json, told: str, severity: str) -> None:
    (alert,) = _alerts(detection, [one])

    assert str(alert["reason"]).startswith(f"{ME} {told}")
    assert alert["severity"] == severity


@pytest.mark.parametrize(("detection", "one"), SILENT.values(), ids=SILENT)
def test_what_gives_nobody_anything_is_silent(detection: str, one: Json) -> None:
    assert _alerts(detection, [one]) == []


KEY_77 = "/users/15/api_keys/77"
KEPT = f"""credential,pce_fqdn,object
{KEY_77},pce.kestrel-freight.example,splunk collector
{KEY_77},pce.elsewhere.example,siem
{KEY_77},pce.kestrel-freight.example,{KEY_77}
"""


def _key_deleted(changes: Any) -> Json:
    gone = {"resource": {"api_key": {"href": KEY_77}}, "changes": changes, "change_type": "delete"}
    return event("api_key.delete", [gone], action=request(f"/api/v2{KEY_77}", "DELETE", 204))


@pytest.mark.parametrize(
    ("changes", "kept"),
    [({"name": {"before": "splunk collector", "after": None}}, ""), (None, KEPT)],
    ids=["among the changes", "known to the keeper"],
)
def test_a_deleted_key_of_the_collection_is_known_by_its_name(changes: Any, kept: str) -> None:
    confs = Confs.load(PACKAGE, lookups={"illumio_pce_credentials": kept} if kept else {})

    (alert,) = replay("collector_credential_deleted", indexed([_key_deleted(changes)]), BEGIN, BEGIN + HOUR, confs)

    assert alert["reason"] == f"{ME} deleted what events are collected with: splunk collector"


def test_a_deleted_key_that_nothing_names_is_not_of_the_collection() -> None:
    assert _alerts("collector_credential_deleted", [_key_deleted(None)]) == []


def test_a_key_that_expires_is_told_by_the_name_among_its_changes() -> None:
    changes = {"name": {"before": None, "after": "ci"}, "expiration_in_seconds": {"before": None, "after": -1}}
    made = {"resource": {"api_key": {"href": KEY_77}}, "changes": changes, "change_type": "create"}

    (alert,) = _alerts("credential_without_expiry", [event("api_key.create", [made])])

    assert alert["reason"] == f"{ME} made 1 key that never expires: ci"


def _deleted(at: float, kind: str = "user.delete") -> Json:
    return event(kind, [change("user", {}, "delete", username=IDA, href="/users/8")], at=at)


def _acted(at: float, by: Json = IDAS) -> Json:
    return event("sec_rule.update", [change("sec_rule", {}, "update")], by=by, at=at)


def test_an_account_that_acts_after_it_was_deleted_is_told_of_even_weeks_later() -> None:
    gone, acted = _deleted(-20 * DAY), _acted(HOUR)

    (alert,) = _alerts("access_deleted_account", [gone, acted])

    assert (alert["user"], alert["href"]) == (IDA, acted["href"])
    assert (
        str(alert["reason"]) == f"{IDA}, deleted on 2031-02-07 at 19:30 UTC, was active from 198.51.100.7: Rule updated"
    )


@pytest.mark.parametrize(
    "events",
    [
        [_acted(-HOUR), _deleted(0)],
        [_deleted(0), _acted(HOUR, EVA)],
        [_deleted(0), account("user.create", IDA) | {"timestamp": "2031-02-27T19:50:00.000Z"}, _acted(HOUR)],
        [_deleted(0) | {"status": "failure"}, _acted(HOUR)],
    ],
    ids=["before", "another", "created again", "not deleted"],
)
def test_an_account_that_is_there_may_act(events: list[Json]) -> None:
    assert _alerts("access_deleted_account", events) == []


def test_the_href_tells_a_deleted_account_whatever_its_name_is_now() -> None:
    renamed = {"user": {"href": "/users/8", "username": "ida.new@kestrel-freight.example"}}

    (alert,) = _alerts("access_deleted_account", [_deleted(0), _acted(HOUR, renamed)])

    assert alert["user"] == "ida.new@kestrel-freight.example"


#: Two kinds of what one does on the first day.
TWO = [key(7), event("syslog_destination.delete", [change("syslog_destination", None, "delete")])]
LOWERED = {"enforcement_mode": {"before": "full", "after": "idle"}}
THIRD: dict[str, tuple[Json, str | None]] = {
    "an owner": (service_account(OWNER_NOW), "rights changed"),
    "a service account's description": (service_account({"description": {"before": "", "after": "x"}}), None),
    "members of a group": (event("security_principal_users.update", [change("security_principal", {})]), "rights changed"),
    "a user who is gone": (account_gone("user.delete"), "rights changed"),
    "a local account": (account("user_local_profile.create", IDA, type="local"), "accounts of others changed"),
    "an account that becomes local": (account("user.update", IDA, LOCAL_NOW), "accounts of others changed"),
    "an account that nothing names": (event("user.reset_password"), None),
    "a name": (account("user.update", IDA, {"full_name": {"before": "a", "after": "b"}}), None),
    "a SAML certificate": (event("saml_sp_config.pce_signing_cert"), "sign-in settings changed"),
    "a domain": (event("domain.update", [change("domain", {})]), "sign-in settings changed"),
    "timeouts of all workloads": (event("workload_settings.update"), "protection settings changed"),
    "a lowered workload": (event("workloads.update", [change("workload", LOWERED)]), "enforcement lowered"),
    "a raised workload": (event("workloads.update", [
        change("workload", {"enforcement_mode": {"before": "idle", "after": "full"}}),
    ]), None),
}  # fmt: skip


@pytest.mark.parametrize(("third", "kind"), THIRD.values(), ids=THIRD)
def test_what_another_detection_reports_is_a_kind_of_change(third: Json, kind: str | None) -> None:
    found = _alerts("actor_several_changes", [*TWO, third])

    assert [kind in alert["kind"] for alert in found] == ([True] if kind else [])


def test_maintenance_tokens_alert_again_each_time_that_they_have_doubled() -> None:
    tokens = [
        event("agent.generate_maintenance_token", [change("agent", {}, number=n)], at=n * 600) for n in range(8)
    ]  # fmt: skip

    assert [alert["total"] for alert in _alerts("ven_maintenance_token", tokens)] == ["1", "2", "4", "8"]
