"""Blocks that are removed, switched off or made hollow, and changes that leave a block what it was.

A deny rule and a boundary have sides and services like a rule; `override` puts a deny rule before allow rules (Illumio's
REST API guide, "Deny rules").
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import APP, BEGIN, ENV, Json, change, event, indexed
from tests.detections.replay import replay

DRAFT = "/orgs/1/sec_policy/draft"
AMS: Json = {"actors": "ams"}
RDP: Json = {"href": f"{DRAFT}/services/8", "name": "RDP"}
SSH: Json = {"href": f"{DRAFT}/services/9", "name": "SSH"}
DENY: Json = {"href": f"{DRAFT}/rule_sets/3/deny_rules/4"}
TELNET: Json = {"table_name": "filter", "chain_name": "INPUT", "parameters": "-p tcp --dport 23 -j DROP"}
WEB: Json = {"table_name": "filter", "chain_name": "INPUT", "parameters": "-p tcp --dport 80 -j ACCEPT"}


def boundary(**changes: Any) -> Json:
    made = change(
        "enforcement_boundary", changes, name="No RDP between zones", href=f"{DRAFT}/enforcement_boundaries/6"
    )
    return event("enforcement_boundary.update", [made])


def deny_rule(kind: str = "deny_rule", how: str = "update", **changes: Any) -> Json:
    return event(f"{kind}.{how}", [change(kind, changes or None, how, href=f"{DRAFT}/rule_sets/3/deny_rules/4")])


def ip_list(name: str, changes: Any, how: str = "update") -> Json:
    return event(f"ip_list.{how}", [change("ip_list", changes, how, name=name, href=f"{DRAFT}/ip_lists/9")])


def iptables(how: str = "update", **changes: Any) -> Json:
    return event(
        f"ip_tables_rule.{how}", [change("ip_tables_rule", changes, how, href=f"{DRAFT}/rule_sets/3/ip_tables_rules/1")]
    )


def ranges(number: int) -> list[Json]:
    return [{"from_ip": f"203.0.113.{place}"} for place in range(number)]


def tcp(port: int) -> Json:
    return {"proto": 6, "port": port}


def label(key: str, value: str) -> Json:
    return {"label": {"href": "/orgs/1/labels/6", "key": key, "value": value}}


def rule_set(changes: Any, how: str = "update", **members: Any) -> Json:
    return event(f"rule_set.{how}", [change("rule_set", changes, how, name="Yard", **members)])


# Change → what the reason says of it, and how severe it is.
WEAKENED: dict[str, tuple[Json, str, str]] = {
    "a boundary that loses its service and most destinations": (
        boundary(
            ingress_services={"created": [], "deleted": [RDP]}, providers={"created": [APP], "deleted": [AMS]},
        ),
        "enforcement boundary No RDP between zones: services no longer RDP, destinations from all workloads to app=customs",
        "high",
    ),
    "one of two services": (
        deny_rule(ingress_services={"before": [RDP, SSH], "after": [SSH]}), "services from RDP, SSH to SSH", "high",
    ),
    "a port whose digits the new one holds": (
        deny_rule(ingress_services={"before": [tcp(22)], "after": [tcp(2222)]}), "services from tcp 22 to tcp 2222", "high",
    ),
    "a label whose value the new one holds": (
        deny_rule(sources={"deleted": [ENV], "created": [label("env", "prod-old")]}),
        "sources from env=prod to env=prod-old",
        "high",
    ),
    "an address whose digits the new one holds": (
        deny_rule(destinations={"deleted": ranges(2)[1:], "created": ranges(11)[10:]}),
        "destinations from 203.0.113.1 to 203.0.113.10",
        "high",
    ),
    "a statement that the new one goes on from": (
        iptables(statements={"before": [TELNET], "after": [TELNET | {"parameters": TELNET["parameters"] + " -m limit"}]}),
        "no longer INPUT -p tcp --dport 23 -j DROP",
        "high",
    ),
    "for a list with a name that holds a bar": (
        deny_rule(sources={"deleted": [APP], "created": [{"ip_list": {"name": "lab|all workloads|old"}}]}),
        "sources from app=customs to lab|all workloads|old",
        "high",
    ),
    "all sources": (deny_rule(consumers={"deleted": [APP]}), "sources no longer app=customs", "high"),
    "under the later names": (deny_rule(sources={"deleted": [APP], "created": [ENV]}), "sources from app=customs to env=prod", "high"),
    "an exception": (deny_rule(providers={"created": [{"exclusion": True, **APP}]}), "destinations all but app=customs", "high"),
    "override": (deny_rule(override={"before": True, "after": False}), "no longer overrides allow rules", "high"),
    "switched off": (deny_rule(enabled={"before": True, "after": False}), "deny rule 4 of rule set 3: disabled", "high"),
    "a rule that denies": (deny_rule("sec_rule", enabled={"before": True, "after": False}), "disabled", "high"),
    "deleted": (deny_rule(how="delete"), "4 of rule set 3: deleted", "high"),
    "an iptables rule that drops, deleted": (
        iptables("delete", statements={"deleted": [WEB, TELNET]}), "no longer INPUT -p tcp --dport 23 -j DROP", "high",
    ),
    "one that drops, changed": (
        iptables(statements={"before": [WEB, TELNET], "after": [WEB]}), "no longer INPUT -p tcp --dport 23 -j DROP", "high",
    ),
    "a rule set with deny rules, disabled": (
        rule_set({"enabled": {"before": True, "after": False}}, deny_rules=[DENY]),
        "rule set Yard: disabled with its deny rules",
        "high",
    ),
    "a rule set with deny rules, deleted": (
        rule_set(None, "delete", deny_rules=[DENY]),
        "rule set Yard: deleted with its deny rules",
        "high",
    ),
    "a rule set that loses deny rules": (
        rule_set({"deny_rules": {"before": [DENY, DENY], "after": [DENY]}}),
        "rule set Yard: lost 1 deny rules",
        "high",
    ),
    "a block list emptied": (
        ip_list("Threat feed", {"ip_ranges": {"before": ranges(1), "after": []}}), "lost 1 entries (203.0.113.0, ...)", "high",
    ),
    "a block list that only loses": (
        ip_list("Blocked addresses", {"ip_ranges": {"created": [], "deleted": ranges(3)}}), "lost 3 entries", "medium",
    ),
    "a block list deleted": (ip_list("Denied partners", None, "delete"), "IP list Denied partners: deleted", "high"),
}  # fmt: skip

AS_BEFORE: dict[str, Json] = {
    "a rule set without deny rules, disabled": rule_set({"enabled": {"before": True, "after": False}}, deny_rules=[]),
    "a rule set that gets a deny rule": rule_set({"deny_rules": {"created": [DENY]}}),
    "a rule set with deny rules, renamed": rule_set({"name": {"before": "a", "after": "Yard"}}, deny_rules=[DENY]),
    "a service more": deny_rule(ingress_services={"before": [RDP], "after": [SSH, RDP]}),
    "all services instead": deny_rule(ingress_services={"deleted": [RDP], "created": [{"proto": -1}]}),
    "a source more": deny_rule(sources={"created": [APP]}),
    "all workloads instead": boundary(consumers={"deleted": [APP], "created": [AMS]}),
    "override given": deny_rule(override={"before": False, "after": True}),
    "switched on": boundary(enabled={"before": False, "after": True}),
    "the same ports in another order": deny_rule(
        ingress_services={"before": [tcp(22), tcp(2222)], "after": [tcp(2222), tcp(22)]}
    ),
    "a port more whose digits hold the other": deny_rule(
        ingress_services={"before": [tcp(22)], "after": [tcp(2222), tcp(22)]}
    ),
    "renamed": boundary(name={"before": "No RDP", "after": "No RDP between zones"}),
    "refused": boundary(enabled={"before": True, "after": False}) | {"status": "failure"},
    "a rule that allows, switched off": event(
        "sec_rule.update", [change("sec_rule", {"enabled": {"before": True, "after": False}})]
    ),
    "an iptables rule that accepts, deleted": iptables("delete", statements={"deleted": [WEB]}),
    "the same statements in another order": iptables(statements={"before": [WEB, TELNET], "after": [TELNET, WEB]}),
    "another list emptied": ip_list("Offices", {"ip_ranges": {"before": ranges(9), "after": []}}),
    "another list deleted": ip_list("Offices", None, "delete"),
    "one address unblocked": ip_list("Blocked addresses", {"ip_ranges": {"deleted": ranges(2)}}),
    "the feed of a day": ip_list("Threat feed", {"ip_ranges": {"created": ranges(40), "deleted": ranges(60)}}),
}  # fmt: skip


def _alerts(events: list[Json]) -> list[dict[str, Any]]:
    return replay("policy_boundary_removed", indexed(events), None, BEGIN + 3600)


@pytest.mark.parametrize(("one", "said", "severity"), WEAKENED.values(), ids=WEAKENED)
def test_it_says_what_the_block_lost(one: Json, said: str, severity: str) -> None:
    (alert,) = _alerts([one])

    assert said in str(alert["reason"])
    assert (alert["severity"], alert["href"]) == (severity, one["href"])


@pytest.mark.parametrize("one", AS_BEFORE.values(), ids=AS_BEFORE)
def test_a_block_that_holds_back_as_much_is_silent(one: Json) -> None:
    assert _alerts([one]) == []


def test_many_blocks_make_one_sentence() -> None:
    (alert,) = _alerts([deny_rule("deny_rule", "delete") for _ in range(2)] + [
        event("deny_rule.delete", [change("deny_rule", None, "delete", number=n)]) for n in range(1, 7)
    ])  # fmt: skip

    assert str(alert["reason"]).endswith("; and 4 more")
    assert int(str(alert["count"])) == 8
