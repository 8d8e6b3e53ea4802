"""Overly broad rules, graded by how broad they are, and rules with high-value labels.

What the members mean stands in Illumio's REST API guide, "Rules": `ams` are all workloads, which within the scopes of
a rule set are those of the scope; with `unscoped_consumers` the source is not held to the scope.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.detections.made import APP, BEGIN, ENV, Json, change, event, indexed
from tests.detections.replay import replay, shipped
from workbench.splunk.conf.reader import Confs

ROOT = Path(__file__).resolve().parents[2]

AMS: Json = {"actors": "ams"}
ANY: Json = {"ip_list": {"href": "/orgs/1/sec_policy/draft/ip_lists/88", "name": "Any (0.0.0.0/0 and ::/0)"}}
OFFICES: Json = {"ip_list": {"href": "/orgs/1/sec_policy/draft/ip_lists/89", "name": "Any office"}}
HTTPS: Json = {"href": "/orgs/1/sec_policy/draft/services/9", "name": "HTTPS 443"}
ALL_SERVICES: Json = {"href": "/orgs/1/sec_policy/draft/services/12", "name": "All Services"}

FROM_ANY, TO_ANY = "any address as source", "any address as destination"
FROM_ALL, TO_ALL = "all workloads of the scope as source", "all workloads of the scope as destination"
FROM_EVERY = "all workloads of every scope as source"
EVERY_SCOPE: Json = {"unscoped_consumers": {"before": False, "after": True}}


def rule(source: Json, destination: Json, service: Json, kind: str = "create", **more: Any) -> Json:
    changes = {
        "sources": {"created": [source]},
        "destinations": {"created": [destination]},
        "ingress_services": {"created": [service]},
        **more,
    }
    return event(f"sec_rule.{kind}", [change("sec_rule", changes, kind)])


def iptables(parameters: str, chain: str = "INPUT") -> Json:
    statement = {"table_name": "filter", "chain_name": chain, "parameters": parameters}
    return event(
        "ip_tables_rule.create", [change("ip_tables_rule", {"statements": {"created": [statement]}}, "create")]
    )


# Rule → what it is open for, its breadth, and how severe that is.
BROAD: dict[str, tuple[Json, set[str], int, str]] = {
    "all workloads to one application": (rule(AMS, APP, HTTPS), {FROM_ALL}, 1, "low"),
    "one application to all workloads": (rule(APP, AMS, HTTPS), {TO_ALL}, 1, "low"),
    "all workloads to all": (rule(AMS, AMS, HTTPS), {FROM_ALL, TO_ALL}, 2, "medium"),
    "all workloads of other scopes too": (rule(AMS, APP, HTTPS, **EVERY_SCOPE), {FROM_EVERY}, 2, "medium"),
    "all services": (rule(APP, ENV, ALL_SERVICES), {"all services"}, 2, "medium"),
    "every protocol": (rule(APP, ENV, {"proto": -1}), {"all services"}, 2, "medium"),
    "every port": (rule(APP, ENV, {"proto": 6, "port": 0, "to_port": 65535}), {"all services"}, 2, "medium"),
    "to any address": (rule(APP, ANY, HTTPS), {TO_ANY}, 2, "medium"),
    "from any address": (rule(ANY, APP, HTTPS), {FROM_ANY}, 3, "medium"),
    "changed to any address": (rule(ANY, APP, HTTPS, "update"), {FROM_ANY}, 3, "medium"),
    "named by href alone": (
        rule({"ip_list": {"href": "/orgs/1/sec_policy/draft/ip_lists/1"}}, APP, HTTPS), {FROM_ANY}, 3, "medium",
    ),
    "told by its range": (
        rule(APP, {"ip_list": {"name": "World", "ip_ranges": [{"from_ip": "::/0"}]}}, HTTPS), {TO_ANY}, 2, "medium",
    ),
    "a scope wide open within": (
        rule(AMS, AMS, ALL_SERVICES), {FROM_ALL, TO_ALL, "all services"}, 4, "medium",
    ),
    "all workloads of every scope on all services": (
        rule(AMS, AMS, ALL_SERVICES, **EVERY_SCOPE), {FROM_EVERY, TO_ALL, "all services"}, 5, "high",
    ),
    "any to any": (rule(ANY, ANY, HTTPS), {FROM_ANY, TO_ANY}, 5, "high"),
    "from any address on all services": (rule(ANY, APP, ALL_SERVICES), {FROM_ANY, "all services"}, 5, "high"),
    "within the event of its rule set": (
        event("rule_set.create", [change("rule_set", {}, "create"), *rule(ANY, APP, HTTPS)["resource_changes"]]),
        {FROM_ANY}, 3, "medium",
    ),
    "as a part of its rule set": (
        event("rule_set.create", [change("rule_set", {"rules": {"created": [
            {"consumers": [APP], "providers": [ENV], "ingress_services": [HTTPS]},
            {"consumers": [ANY], "providers": [ENV], "ingress_services": [ALL_SERVICES]},
        ]}}, "create")]),
        {FROM_ANY, "all services"}, 5, "high",
    ),
    "under a type that no list has": (
        event("kubernetes_rules.sync", rule(APP, ANY, HTTPS)["resource_changes"]), {TO_ANY}, 2, "medium",
    ),
    "ports in halves": (
        event("sec_rule.update", [change("sec_rule", {"ingress_services": {"before": [HTTPS], "after": [
            {"proto": 6, "port": 1, "to_port": 32767}, {"proto": 6, "to_port": 65535, "port": 32768},
        ]}})]),
        {"all services"}, 2, "medium",
    ),
    "sources of every scope": (
        event("sec_rule.update", [change("sec_rule", EVERY_SCOPE)]), {"sources of every scope"}, 2, "medium",
    ),
    "all addresses but those of a list": (
        rule(OFFICES, APP, HTTPS, all_ips_except_for_in_consumers={"before": None, "after": True}), {FROM_ANY}, 3, "medium",
    ),
    "an iptables rule that accepts all": (iptables("-j ACCEPT"), {FROM_ANY, "all services"}, 5, "high"),
    "one from any address": (iptables("-s 0.0.0.0/0 -p tcp --dport 22 -j ACCEPT"), {FROM_ANY}, 3, "medium"),
    "one on all ports": (iptables("-p tcp -s 10.0.0.0/8 -j ACCEPT"), {"all services"}, 2, "medium"),
    "one to any address": (iptables("-p tcp --dport 443 -j ACCEPT", "OUTPUT"), {TO_ANY}, 2, "medium"),
    "under the earlier names": (
        event("sec_rule.create", [change("sec_rule", {
            "providers": {"before": None, "after": [AMS]}, "consumers": {"before": None, "after": [AMS]},
        }, "create")]),
        {FROM_ALL, TO_ALL}, 2, "medium",
    ),
}  # fmt: skip

NARROW: dict[str, Json] = {
    "labels and one service": rule(APP, ENV, HTTPS),
    "a list of addresses": rule(OFFICES, APP, HTTPS),
    "a range of ports": rule(APP, ENV, {"proto": 6, "port": 8000, "to_port": 8100}),
    "a service of a like name": rule(APP, ENV, {"href": "/orgs/1/sec_policy/draft/services/13", "name": "All printers"}),
    "everything taken out": event(
        "sec_rule.update",
        [change("sec_rule", {
            "sources": {"deleted": [ANY, AMS], "created": [APP]}, "ingress_services": {"deleted": [ALL_SERVICES]},
        })],
    ),
    "as open as before": event(
        "sec_rule.update",
        [change("sec_rule", {
            "sources": {"before": [ANY], "after": [APP, ANY]},
            "ingress_services": {"before": [ALL_SERVICES], "after": [ALL_SERVICES, HTTPS]},
        })],
    ),
    "a boundary": event(
        "enforcement_boundary.create", [change("enforcement_boundary", {"consumers": {"created": [ANY, AMS]}}, "create")]
    ),
    "a rule that denies": event(
        "sec_rule.create",
        [change("sec_rule", {"sources": {"created": [ANY]}}, "create", href="/orgs/1/sec_policy/draft/rule_sets/2/deny_rules/3")],
    ),
    "dynamic ports": rule(APP, ENV, {"proto": 6, "port": 49152, "to_port": 65535}),
    "switched on": event("sec_rule.update", [change("sec_rule", {"enabled": {"before": False, "after": True}})]),
    "an iptables rule for one network": iptables("-s 10.4.0.0/16 -p tcp --dport 22 -j ACCEPT"),
    "for answers": iptables("-m state --state ESTABLISHED,RELATED -j ACCEPT"),
    "for the host itself": iptables("-i lo -j ACCEPT"),
    "for ICMP": iptables("-p icmp -j ACCEPT"),
    "one that drops": iptables("-s 0.0.0.0/0 -j DROP"),
    "deleted": rule(APP, ENV, HTTPS, "delete"),
    "refused": rule(ANY, ANY, ALL_SERVICES) | {"status": "failure"},
}  # fmt: skip

VALUED = "label,importance\n/orgs/1/labels/4,customs office\nprod,production\n"
#: Everything that touches one of these: put in, taken out, or deleted with the rule; by href or by value.
OVER_VALUED: dict[str, Json] = {
    "as source": rule(APP, {"label": {"href": "/orgs/1/labels/9"}}, HTTPS),
    "as destination": rule({"label": {"href": "/orgs/1/labels/9"}}, ENV, HTTPS),
    "taken out": event("sec_rule.update", [change("sec_rule", {"destinations": {"deleted": [APP]}})]),
    "deleted": event("sec_rule.delete", [change("sec_rule", {"sources": {"before": [ENV], "after": None}}, "delete")]),
}


def _alerts(events: list[Json], confs: Confs | None = None) -> list[dict[str, Any]]:
    return replay("policy_broad_rule", indexed(events), None, BEGIN + 3600, confs)


def _set(value: Any) -> set[str]:
    return set(value if isinstance(value, list) else [value])


@pytest.mark.parametrize(("one", "open_for", "breadth", "severity"), BROAD.values(), ids=BROAD)
def test_it_says_what_is_everything_and_how_severe_that_is(
    one: Json, open_for: set[str], breadth: int, severity: str
) -> None:
    (alert,) = _alerts([one])

    assert (_set(alert["open_for"]), int(str(alert["breadth"])), alert["severity"]) == (open_for, breadth, severity)
    assert all(part in str(alert["reason"]) for part in open_for)
    assert alert["href"] == one["href"]


@pytest.mark.parametrize("one", NARROW.values(), ids=NARROW)
def test_a_narrow_rule_is_silent(one: Json) -> None:
    assert _alerts([one]) == []


@pytest.mark.parametrize("one", OVER_VALUED.values(), ids=OVER_VALUED)
def test_a_rule_that_touches_a_label_of_high_value_is_high(one: Json) -> None:
    (alert,) = _alerts([one], shipped(VALUED))

    assert alert["severity"] == "high"
    assert "over a high-value label" in str(alert["reason"])
    assert _alerts([one]) == []


def test_an_administrator_who_raises_the_breadth_hears_less() -> None:
    macro = "[illumio_pce_policy_broad_rule_breadth]\ndefinition = 2\n"
    confs = Confs.load(ROOT / "package", {"local/macros.conf": macro})

    assert _alerts([rule(AMS, APP, HTTPS)], confs) == []
    assert len(_alerts([rule(AMS, AMS, HTTPS)], confs)) == 1


SERVICES = "/orgs/1/sec_policy/draft/services"
LISTS = "/orgs/1/sec_policy/draft/ip_lists"
DAY = 86_400
BARE: Json = rule({"ip_list": {"href": f"{LISTS}/21"}}, APP, {"href": f"{SERVICES}/20"})
NAMED = "Any (0.0.0.0/0 and ::/0)"
RENAMED: Json = {"description": {"before": None, "after": "Shipped with the PCE"}}


def _object(kind: str, number: int, name: str, changes: Json, days: float, **members: Any) -> Json:
    href = f"/orgs/1/sec_policy/draft/{kind}s/{number}"
    return event(f"{kind}.update", [change(kind, changes, href=href, name=name)], at=-DAY * days, **members)


def _opened(days: float, *, again: bool = False) -> Json:
    ranges = [{"from_ip": "0.0.0.0/0"}]
    changes = {"ip_ranges": {"created": [] if again else ranges, "deleted": ranges if again else []}}
    return _object("ip_list", 21, "Vendors", changes, days)


def _taught(before: list[Json], confs: Confs | None = None) -> list[dict[str, Any]]:
    """Of a rule that names its objects by href alone."""
    return replay("policy_broad_rule", indexed([*before, BARE]), BEGIN - 60, BEGIN + 3600, confs)


@pytest.mark.parametrize("days", [0.01, 1.1, 29])
def test_what_is_everything_is_learnt_from_events_that_name_it(days: float) -> None:
    both = [_object("ip_list", 21, NAMED, RENAMED, days), _object("service", 20, "All Services", RENAMED, days)]

    (alert,) = _taught(both)

    assert (_set(alert["open_for"]), alert["severity"]) == ({FROM_ANY, "all services"}, "high")
    assert "source ip list 21" in str(alert["reason"])


def test_it_is_learnt_from_another_rule_and_from_the_active_version() -> None:
    other = rule({"ip_list": {"href": f"{LISTS.replace('draft', 'active')}/21", "name": "Any"}}, ENV, HTTPS)
    past = other | {"timestamp": "2031-02-20T08:00:00.000Z"}

    (alert,) = _taught([past])

    assert _set(alert["open_for"]) == {FROM_ANY}


def test_a_rule_that_uses_a_list_which_was_opened_alerts() -> None:
    (alert,) = _taught([_opened(12)])

    assert _set(alert["open_for"]) == {FROM_ANY}


@pytest.mark.parametrize(
    "before",
    [
        [],
        [_opened(12), _opened(11, again=True)],
        [_object("ip_list", 21, "Any office", RENAMED, 3)],
        [_object("ip_list", 22, NAMED, RENAMED, 3)],
        [_object("ip_list", 21, NAMED, RENAMED, 3, pce_fqdn="pce-2.kestrel-freight.example")],
        [_object("ip_list", 21, NAMED, RENAMED, 40)],
    ],
    ids=["nothing", "opened and closed", "a like name", "another list", "the list of another PCE", "long ago"],
)
def test_what_is_not_known_to_be_everything_is_silent(before: list[Json]) -> None:
    assert _taught(before) == []


def test_the_reason_says_what_was_and_what_is() -> None:
    changes = {
        "sources": {"before": [APP], "after": [AMS]},
        "destinations": {"deleted": [ENV], "created": [ANY]},
        "ingress_services": {"before": [HTTPS], "after": [{"proto": 6, "port": 1, "to_port": 65535}]},
    }
    href = "/orgs/1/sec_policy/draft/rule_sets/7/sec_rules/44"

    (alert,) = _alerts([event("sec_rule.update", [change("sec_rule", changes, href=href)])])

    assert str(alert["reason"]).endswith(
        "rule 44 of rule set 7: source from app=customs to all workloads, "
        f"destination from env=prod to {NAMED}, service from HTTPS 443 to tcp 1-65535"
    )


def _begins(number: int) -> Json:
    """A rule with which an application begins: all workloads of its scope to each other, of another author each time."""
    by = {"user": {"href": f"/users/{number}", "username": f"user-{number}"}}
    return rule(AMS, AMS, ALL_SERVICES) | {"created_by": by, "timestamp": f"2031-02-27T{9 + number:02}:00:00.000Z"}


def test_rules_within_their_scopes_alert_once_a_day_and_when_they_double() -> None:
    nine = [_begins(number) for number in range(9)]
    opened = rule(ANY, APP, HTTPS) | {"timestamp": "2031-02-27T17:30:00.000Z"}

    found = replay("policy_broad_rule", indexed([*nine, opened]), None, BEGIN + 3600)

    assert [(alert["user"], alert["severity"]) for alert in found] == [
        ("user-0", "medium"), ("eva@kestrel-freight.example", "medium"),
    ]  # fmt: skip
