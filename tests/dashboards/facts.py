"""What happened, counted from the raw events by plain Python: nothing of our confs, macros or engine is used here.

The names and lists are the readings of docs/fields.md and the detections' descriptions, written down a second time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

SEVERITIES = {
    "emerg": "critical", "alert": "critical", "crit": "critical", "err": "high", "error": "high",
    "warning": "medium", "notice": "low", "info": "informational", "debug": "informational",
}  # fmt: skip
SIGN_INS = {
    "user.sign_in", "user.login", "user.authenticate", "user.authentication_failed", "user.use_expired_password",
    "users.auth_token", "request.authentication_failed",
}  # fmt: skip
IDENTITY = (
    "saml_config", "saml_sp_config", "saml_acs", "ldap_config", "login_proxy_ldap_config", "radius_config",
    "authentication_settings", "password_policy",
)  # fmt: skip
RIGHTS = ("permission", "auth_security_principal", "security_principal", "security_principals", "access_restriction")
STRENGTH = {"full": 3, "enforced": 3, "selective": 2, "visibility_only": 1, "illuminated": 1, "idle": 0}
POLICY = {
    "rule_set", "rule_sets", "sec_rule", "sec_rules", "sec_policy", "deny_rule", "enforcement_boundary", "ip_list",
    "ip_lists", "service", "services", "label_group", "virtual_service", "firewall_settings",
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One audit event: its text, parsed, and the time it bears (epoch s)."""

    raw: str
    time: float
    body: Mapping[str, Any]

    @property
    def type(self) -> str:
        return str(self.body["event_type"])

    @property
    def hour(self) -> int:
        return int(self.time // 3600)

    @property
    def pce(self) -> str:
        return str(self.body["pce_fqdn"])

    @property
    def org(self) -> str:
        found = re.match(r"/orgs/(\d+)/", self.body.get("href") or "")
        return found.group(1) if found else "unknown"

    @property
    def severity(self) -> str:
        return SEVERITIES.get(self.body["severity"], "unknown")

    @property
    def failed(self) -> bool:
        return bool(self.body["status"] == "failure")

    @cached_property
    def changes(self) -> list[dict[str, Any]]:
        return self.body.get("resource_changes") or []

    @cached_property
    def notes(self) -> list[dict[str, Any]]:
        return self.body.get("notifications") or []

    @property
    def kinds(self) -> set[str]:
        return {note["notification_type"] for note in self.notes}

    @cached_property
    def actor(self) -> str:
        """Who did it."""
        by = self.body.get("created_by") or {}
        for kind, name in (
            ("user", "username"),
            ("service_account", "name"),
            ("agent", "hostname"),
            ("ven", "hostname"),
            ("container_cluster", "name"),
        ):
            if by.get(kind, {}).get(name):
                return str(by[kind][name])
        return self.told_person or self.key or ("system" if "system" in by else "unknown")

    @cached_property
    def told_person(self) -> str:
        """The person in a notification, where the system wrote the event."""
        for note in self.notes:
            info = note.get("info") or {}
            if isinstance(info, dict):
                name = info.get("user", {}).get("username") or info.get("associated_user", {}).get("supplied_username")
                if name:
                    return str(name)
        return ""

    @property
    def key(self) -> str:
        infos = [(self.body.get("action") or {}).get("info"), *(note.get("info") for note in self.notes)]
        return next(
            (str(info["api_key_id"]) for info in infos if isinstance(info, dict) and info.get("api_key_id")), ""
        )

    @property
    def by_person(self) -> bool:
        by = self.body.get("created_by") or {}
        return "user" in by or ("system" in by and bool(self.told_person))

    @cached_property
    def by_ven(self) -> bool:
        """A request of a VEN, by its actor or by what it asked for."""
        by = self.body.get("created_by") or {}
        action = self.body.get("action") or {}
        infos = [note.get("info") or {} for note in self.notes]
        endpoints = [
            action.get("api_endpoint"),
            *(info.get("api_endpoint") for info in infos if isinstance(info, dict)),
        ]
        asked = any(re.search(r"/agents/[^/]+/|/heartbeat", endpoint or "") for endpoint in endpoints)
        return "agent" in by or "ven" in by or (asked and "user" not in by and "service_account" not in by)

    @property
    def source(self) -> str:
        return str((self.body.get("action") or {}).get("src_ip"))

    def resources(self, *kinds: str) -> list[dict[str, Any]]:
        """The changes of resources of these kinds."""
        return [change for change in self.changes if set(kinds) & set(change["resource"])]


def facts(indexed: Iterable[Mapping[str, Any]]) -> list[Fact]:
    """The audit events, each href once: the last line that has an action, else the last line."""
    kept: dict[str, Mapping[str, Any]] = {}
    for number, event in enumerate(indexed):
        if event["sourcetype"] != "illumio:pce:events":
            continue
        href = json.loads(event["_raw"]).get("href") or f"none {number}"
        if href not in kept or _rank(event) >= _rank(kept[href]):
            kept[href] = event
    return [Fact(event["_raw"], event["_time"], json.loads(event["_raw"])) for event in kept.values()]


def _rank(event: Mapping[str, Any]) -> tuple[bool, float]:
    return json.loads(event["_raw"]).get("action") is not None, event["_indextime"]


def records(indexed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The collector's records, with `_time`."""
    found = (event for event in indexed if event["sourcetype"] == "illumio:pce:ingest")
    return [{**json.loads(event["_raw"]), "_time": event["_time"]} for event in found]


def health(indexed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines of nodes and of their parts: node, time, severity, `part` (node, or its `src`), and each key=value."""
    rows = []
    for event in indexed:
        if event["sourcetype"] == "illumio:pce:system_health":
            pairs = dict(re.findall(r"(\w+)=(\S+)", event["_raw"]))
            node = event["_raw"].split(" ")[2]
            part = pairs.pop("src", "node")
            rows.append({**pairs, "part": part, "node": node, "_time": event["_time"], "worst": pairs["sev"]})
    return rows


# --- what an event is ------------------------------------------------------------------------------


def failed_sign_in(fact: Fact) -> bool:
    """A person who failed to sign in, the second factor included."""
    return fact.failed and fact.by_person and not fact.by_ven and fact.type in SIGN_INS | {"user.verify_mfa"}


def sign_in_step(fact: Fact) -> bool:
    """One of the events that the PCE writes when a person signs in, or fails to, before the second factor."""
    return fact.type in SIGN_INS and fact.by_person and not fact.by_ven


def sign_ins(found: Iterable[Fact]) -> list[Fact]:
    """The first step of each sign-in. Steps of a person with the same outcome belong together until a pause of a minute;
    the same step twice in them is a second sign-in."""
    first: list[Fact] = []
    last: dict[tuple[str, bool, str], float] = {}
    steps: dict[tuple[str, bool, str], list[str]] = {}
    for fact in sorted(filter(sign_in_step, found), key=lambda fact: fact.time):
        who = fact.actor.lower(), fact.failed, fact.pce
        if who not in last or fact.time - last[who] > 60:
            steps[who] = []
        sign_ins_before = max((steps[who].count(one) for one in set(steps[who])), default=0)
        steps[who].append(fact.type)
        last[who] = fact.time
        if steps[who].count(fact.type) > sign_ins_before:
            first.append(fact)
    return first


def provision(fact: Fact) -> bool:
    return not fact.failed and any(change["change_type"] == "create" for change in fact.resources("sec_policy"))


def enforcement(fact: Fact) -> list[tuple[str, str | None, str]]:
    """(workload, before, after) of each change of enforcement."""
    found = []
    for change in fact.changes:
        for member in ("enforcement_mode", "mode"):
            value = (change.get("changes") or {}).get(member)
            if isinstance(value, dict) and not fact.failed:
                resource = change["resource"]
                place: dict[str, Any] = next(iter(resource.values()))
                found.append((place.get("hostname") or place.get("name") or "", value.get("before"), value["after"]))
    return found


def is_weaker(before: str | None, after: str) -> bool:
    """Whether there is less enforcement than before."""
    return before is not None and STRENGTH[before] > STRENGTH[after]


def lowered(fact: Fact) -> int:
    """How many workloads have less enforcement than before."""
    return sum(is_weaker(before, after) for _, before, after in enforcement(fact))


def removed(fact: Fact) -> int:
    """How many workloads a person unpaired or deleted."""
    types = ("workloads.unpair", "agents.unpair", "workloads.bulk_delete", "workload.delete")
    return len(fact.resources("workload", "agent", "ven")) or 1 if fact.type in types and not fact.failed else 0


def affected(fact: Fact) -> int:
    """Workloads that a provision affects."""
    return max(
        ((one.get("changes") or {}).get("workloads_affected", {}).get("after", 0) for one in fact.changes), default=0
    )


def broad(fact: Fact) -> bool:
    """A rule set over everything, or a rule over all workloads, addresses or services."""
    for change in fact.changes:
        changed = change.get("changes") or {}
        if fact.type in ("rule_set.create", "rule_set.update") and "scopes" in changed:
            after = json.dumps(changed["scopes"].get("after", changed["scopes"].get("created")))
            if re.search(r'"href": null|\[\]', after):
                return True
        if fact.type in ("sec_rule.create", "sec_rule.update"):
            sides = json.dumps([_new(changed, name) for name in ("sources", "destinations", "providers", "consumers")])
            services = json.dumps(_new(changed, "ingress_services"))
            if re.search(r'"actors": "ams"|"name": "Any\b', sides) or "All Services" in services:
                return True
    return False


def _new(changed: Mapping[str, Any], name: str) -> Any:
    side = changed.get(name) or {}
    return [side.get("created"), side.get("after")]
