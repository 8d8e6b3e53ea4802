"""Which detections an event belongs to, by plain Python, from the words of their pages in docs/detections/."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.dashboards.facts import (
    IDENTITY,
    RIGHTS,
    SIGN_INS,
    Fact,
    affected,
    broad,
    failed_sign_in,
    lowered,
    removed,
)


def _verb(*kinds: str) -> Callable[[Fact], bool]:
    names = {f"{kind}.{verb}" for kind in kinds for verb in ("create", "update", "delete")}
    return lambda fact: fact.type in names and not fact.failed


def _creates_key(fact: Fact) -> bool:
    return fact.type in ("api_key.create", "service_account.create") and not fact.failed


def _never_expires(fact: Fact) -> bool:
    lifetimes = [(one.get("changes") or {}).get("expiration_in_seconds", {}).get("after", 0) for one in fact.changes]
    return any(lifetime < 0 for lifetime in lifetimes)


_UPDATE_NOTICES = {"agent.process_failed", "agent.policy_deploy_failed", "agent.service_not_available"}
_STORE = {"hard_limit.exceeded", "soft_limit.exceeded", "system_task.hard_limit_recovery_completed"}

#: Detections that one event alone belongs to.
SINGLE: dict[str, Callable[[Fact], bool]] = {
    "ven_tampering": lambda fact: fact.type == "agent.tampering",
    "ven_suspended": lambda fact: fact.type == "agent.suspend",
    "ven_lost": lambda fact: fact.type == "lost_agent.found",
    "ven_offline": lambda fact: fact.type == "system_task.agent_offline_check" and bool(fact.changes or fact.notes),
    "ven_update_notice": lambda fact: fact.type == "agent.update" and bool(fact.kinds & _UPDATE_NOTICES),
    "access_csrf": lambda fact: "user.csrf_validation_failed" in fact.kinds,
    "access_rights_changed": _verb(*RIGHTS),
    "identity_provider_changed": _verb(*IDENTITY),
    "audit_trail_changed": _verb("syslog_destination", "event_settings"),
    "audit_events_lost": lambda fact: fact.type.startswith("system_task.") and bool(fact.kinds & _STORE),
    "credential_without_expiry": lambda fact: _creates_key(fact) and _never_expires(fact),
    "credential_created": _creates_key,
    "policy_boundary_removed": lambda fact: fact.type in ("enforcement_boundary.delete", "deny_rule.delete"),
    "enforcement_lowered": lambda fact: lowered(fact) > 0,
    "policy_broad_scope": lambda fact: broad(fact) and fact.type.startswith("rule_set"),
    "policy_broad_rule": lambda fact: broad(fact) and fact.type.startswith("sec_rule"),
    "policy_many_workloads": lambda fact: affected(fact) >= 50 and not fact.failed,
}


def causes(found: Iterable[Fact], unknown_types: Iterable[str]) -> dict[str, set[str]]:
    """Detection → the texts of the events that belong to it, with the thresholds as shipped."""
    all_of_them, unknown = list(found), set(unknown_types)
    belongs = {name: {fact.raw for fact in all_of_them if fits(fact)} for name, fits in SINGLE.items()}
    belongs["event_type_unknown"] = {fact.raw for fact in all_of_them if fact.type in unknown}
    failures = [fact for fact in all_of_them if failed_sign_in(fact)]
    refused = [fact for fact in all_of_them if fact.type == "request.authentication_failed" and fact.by_ven]
    errors = [fact for fact in all_of_them if ((fact.body.get("action") or {}).get("http_status_code") or 0) >= 500]
    clones = [fact for fact in all_of_them if fact.type == "agent.clone_detected"]
    gone = [fact for fact in all_of_them if removed(fact)]
    belongs["access_burst"] = _within(failures, 600, lambda fact: fact.actor.lower(), lambda those: len(those) >= 5)
    belongs["access_spray"] = _within(
        failures, 1800, lambda fact: fact.source, lambda those: len({fact.actor.lower() for fact in those}) >= 5
    )
    belongs["access_agent_failures"] = _within(refused, 600, _pce, lambda those: len(those) >= 10)
    belongs["pce_server_errors"] = _within(errors, 600, _pce, lambda those: len(those) >= 10)
    belongs["ven_clones"] = _within(
        clones,
        3600,
        _pce,
        lambda those: len(those) >= 5 or any(fact.severity in ("high", "critical") for fact in those),
    )
    belongs["workloads_bulk_removed"] = _within(
        gone, 3600, lambda fact: fact.actor, lambda those: sum(map(removed, those)) >= 10
    )
    belongs["access_success_after_failures"] = _after(failures, all_of_them)
    return {name: texts for name, texts in belongs.items() if texts}


def _pce(fact: Fact) -> str:
    return fact.pce


def _within(
    found: list[Fact], seconds: int, subject: Callable[[Fact], str], enough: Callable[[list[Fact]], bool]
) -> set[str]:
    """The events of all windows that hold enough events of one subject."""
    belongs: set[str] = set()
    for first in found:
        those = [fact for fact in found if subject(fact) == subject(first) and 0 <= fact.time - first.time < seconds]
        belongs |= {fact.raw for fact in those} if enough(those) else set()
    return belongs


def _after(failures: list[Fact], found: list[Fact]) -> set[str]:
    """Sign-ins within half an hour after 4 failures of that person, or 10 from that address."""
    belongs = set()
    for fact in found:
        if fact.type in SIGN_INS | {"user.verify_mfa"} and fact.by_person and not fact.by_ven and not fact.failed:
            before = [one for one in failures if 0 <= fact.time - one.time < 1800]
            of_user = sum(one.actor.lower() == fact.actor.lower() for one in before)
            if of_user >= 4 or sum(one.source == fact.source for one in before) >= 10:
                belongs.add(fact.raw)
    return belongs
