"""What events tell of each kind of object, by records that are written here after the API's schemas."""

from __future__ import annotations

import json
import random
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from illumio_pce.inventory_kinds import COLLECTIONS, Context, Item
from illumio_pce.inventory_known import digest_of
from illumio_pce.inventory_silent import Timers

Record = dict[str, Any]
NOW_MS = 1_760_000_000_000  # 2025-10-09T08:53:20Z
FULL_WORKLOAD: Record = {
    "href": "/orgs/1/workloads/0a1b",
    "name": None,
    "hostname": "shop-db1",
    "managed": True,
    "online": True,
    "enforcement_mode": "full",
    "visibility_level": "flow_summary",
    "labels": [
        {"href": "/orgs/1/labels/2", "key": "env", "value": "Prod"},
        {"href": "/orgs/1/labels/1", "key": "app", "value": "Shop"},
    ],
    "interfaces": [
        {"name": "lo", "address": "127.0.0.1", "loopback": True},
        {"name": "eth0", "address": "10.9.8.7", "cidr_block": 24},
        {"name": "eth0", "address": "fe80::1%eth0"},
        {"name": "eth0", "address": "2001:DB8::7"},
        {"name": "docker0", "address": "172.17.0.1"},
        {"name": "eth1", "address": "169.254.3.4"},
    ],
    "ignored_interface_names": ["docker0"],
    "public_ip": "203.0.113.9",
    "os_id": "centos-x86_64-8.0",
    "ven": {"href": "/orgs/1/vens/0a1b", "status": "active", "ven_type": "server"},
    "agent": {
        "href": "/orgs/1/agents/47732",
        "active_pce_fqdn": "pce.example.com",
        "config": {"mode": "enforced"},
        "status": {
            "status": "active",
            "agent_version": "24.2.20-1234",
            "last_heartbeat_on": "2025-10-09T08:50:00.000Z",
            "uptime_seconds": 5000,
            "security_policy_sync_state": "syncing",
        },
    },
    "created_at": "2025-01-01T00:00:00Z",
    "updated_at": "2025-10-09T08:50:01Z",
}


def context(**settings: Any) -> Context:
    return Context("pce.example.com", NOW_MS, timers=Timers(settings))


def items(collection: str, *records: Record, given: Context | None = None) -> list[Item]:
    return list(COLLECTIONS[collection].project(records, given or context()))


def members(collection: str, record: Record, given: Context | None = None) -> dict[str, Any]:
    (item,) = items(collection, record, given=given)
    return dict(item.members)


def test_a_managed_workload() -> None:
    (item,) = items("workloads", FULL_WORKLOAD)
    assert (item.kind, item.href, item.name) == ("workload", "/orgs/1/workloads/0a1b", "shop-db1")
    assert item.members == {
        "hostname": "shop-db1",
        "managed": True,
        "online": True,
        "enforcement_mode": "full",
        "visibility_level": "flow_summary",
        "labels": ["app=Shop", "env=Prod"],
        "ip": ["10.9.8.7", "2001:db8::7"],
        "os": "centos-x86_64-8.0",
        "ven_href": "/orgs/1/vens/0a1b",
        "agent_href": "/orgs/1/agents/47732",
        "ven_version": "24.2.20-1234",
        "ven_status": "active",
        "ven_type": "server",
        "active_pce_fqdn": "pce.example.com",
        "policy_sync": "syncing",
        "silent": False,
        "created_at": "2025-01-01T00:00:00Z",
    }
    assert item.passing == {"last_heartbeat_on": "2025-10-09T08:50:00.000Z"}
    assert item.last == {"hostname": "shop-db1"}


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"updated_at": "2025-10-09T09:00:00Z"}, False),
        ({"labels": list(reversed(FULL_WORKLOAD["labels"]))}, False),
        ({"interfaces": list(reversed(FULL_WORKLOAD["interfaces"]))}, False),
        ({"agent": {**FULL_WORKLOAD["agent"], "status": {}}}, True),
        ({"enforcement_mode": "idle"}, True),
        ({"labels": []}, True),
        ({"name": "db"}, True),
    ],
)
def test_what_is_a_change(changes: Record, changed: bool) -> None:
    (old,), (new,) = items("workloads", FULL_WORKLOAD), items("workloads", {**FULL_WORKLOAD, **changes})
    assert (digest_of(old) != digest_of(new)) is changed


def test_heartbeat_and_uptime_are_no_change() -> None:
    status = {
        **FULL_WORKLOAD["agent"]["status"],
        "last_heartbeat_on": "2025-10-09T08:52:00Z",
        "uptime_seconds": 5120,
    }
    later = {**FULL_WORKLOAD, "agent": {**FULL_WORKLOAD["agent"], "status": status}}
    assert digest_of(*items("workloads", FULL_WORKLOAD)) == digest_of(*items("workloads", later))


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"name": "web", "hostname": "web1"}, "web"),
        ({"name": None, "hostname": "web1"}, "web1"),
        ({"name": "", "hostname": None}, "0a1b"),
        ({"name": "two\nlines\u0085\ud800"}, "two lines"),
    ],
)
def test_a_name_is_never_empty_and_on_one_line(record: Record, name: str) -> None:
    (item,) = items("workloads", {"href": "/orgs/1/workloads/0a1b", **record})
    assert item.name == name


@pytest.mark.parametrize(
    ("record", "managed"),
    [
        ({"managed": False, "ven": None}, False),
        ({"ven": {"href": "/orgs/1/vens/1"}}, True),
        ({"agent": {"href": "/orgs/1/agents/1"}}, True),
        ({"agent": {"status": {}}, "ven": None}, False),
    ],
)
def test_older_releases_do_not_say_whether_a_workload_is_managed(record: Record, managed: bool) -> None:
    assert members("workloads", {"href": "/orgs/1/workloads/1", **record})["managed"] is managed


def test_an_unmanaged_workload_has_only_what_it_has() -> None:
    record = {"href": "/orgs/1/workloads/1", "managed": False, "online": True, "hostname": None, "interfaces": []}
    assert members("workloads", record) == {"managed": False, "online": True}


def test_a_workload_is_less_than_a_kilobyte() -> None:
    (item,) = items("workloads", FULL_WORKLOAD)
    assert len(json.dumps([*item])) < 800


def test_a_ven() -> None:
    (item,) = items(
        "vens",
        {
            "href": "/orgs/1/vens/0a1b",
            "name": None,
            "hostname": "shop-db1",
            "version": "24.2.20-1234",
            "status": "active",
            "ven_type": "endpoint",
            "os_id": None,
            "os_platform": "windows",
            "active_pce_fqdn": None,
            "workloads": [{"href": "/orgs/1/workloads/0a1b"}],
            "conditions": [
                {"latest_event": {"notification_type": "missed_heartbeats", "severity": "warning"}},
                {"latest_event": {"notification_type": "clone_detected"}},
                {"latest_event": None},
            ],
            "last_heartbeat_at": "2025-10-08T08:00:00Z",
            "updated_at": "2025-10-08T07:55:00Z",
        },
    )
    assert (item.kind, item.name) == ("ven", "shop-db1")
    assert item.members == {
        "hostname": "shop-db1",
        "version": "24.2.20-1234",
        "status": "active",
        "ven_type": "endpoint",
        "workload_href": "/orgs/1/workloads/0a1b",
        "conditions": ["clone_detected", "missed_heartbeats"],
        "os": "windows",
        "silent": True,
    }
    assert item.passing == {"last_heartbeat_at": "2025-10-08T08:00:00Z"}


# --- silent ----------------------------------------------------------------------------------------

MINUTES_AGO = {5: "2025-10-09T08:48:20Z", 61: "2025-10-09T07:52:20Z", 1500: "2025-10-08T07:53:20Z"}


def silent(minutes: int, ven_type: str = "server", labels: tuple[int, ...] = (), **settings: Any) -> bool | None:
    record = {
        "href": "/orgs/1/vens/1",
        "ven_type": ven_type,
        "last_heartbeat_at": MINUTES_AGO[minutes],
        "labels": [{"href": f"/orgs/1/labels/{number}"} for number in labels],
    }
    return members("vens", record, context(**settings)).get("silent")


def timer(value: int, ven_type: str = "server", *scope: str) -> Record:
    return {"value": value, "ven_type": ven_type, "scope": [{"href": f"/orgs/1/{item}"} for item in scope]}


def timers(*some: Record) -> Record:
    return {"workload_disconnected_timeout_seconds": list(some)}


def test_without_timers_the_guides_defaults_apply() -> None:
    assert [silent(5), silent(61)] == [False, True]
    assert [silent(61, "endpoint"), silent(1500, "endpoint")] == [False, True]
    assert silent(61, "containerized")


def test_a_timer_of_the_kind_of_ven_applies() -> None:
    settings = timers(timer(7200), timer(60, "endpoint"))
    assert [silent(61, **settings), silent(5, "endpoint", **settings)] == [False, True]


def test_never_is_never_silent() -> None:
    assert silent(1500, **timers(timer(-1))) is False


def test_the_narrowest_scope_applies() -> None:
    settings = timers(timer(3600), timer(7200, "server", "labels/1"), timer(-1, "server", "labels/1", "labels/2"))
    found = [silent(1500, "server", labels, **settings) for labels in ((), (1,), (1, 2), (2,))]
    assert found == [True, True, False, True]
    assert silent(61, "server", (1,), **settings) is False


def test_a_scope_may_name_a_label_group_once_its_labels_are_known() -> None:
    settings = timers(
        {
            "value": -1,
            "ven_type": "server",
            "scope": [{"label_group": {"href": "/orgs/1/sec_policy/active/label_groups/g"}}],
        }
    )
    assert silent(1500, "server", (1,), **settings) is None
    given = context(**settings)
    items(
        "label_groups",
        {"href": "/orgs/1/sec_policy/active/label_groups/g", "labels": [{"href": "/orgs/1/labels/1"}]},
        given=given,
    )
    record = {
        "href": "/orgs/1/vens/1",
        "last_heartbeat_at": MINUTES_AGO[1500],
        "labels": [{"href": "/orgs/1/labels/1"}],
    }
    assert members("vens", record, given)["silent"] is False
    assert members("vens", {**record, "labels": []}, given)["silent"] is True


@pytest.mark.parametrize(
    "scope",
    [
        [[{"href": "/orgs/1/labels/9"}]],
        ["/orgs/1/labels/9"],
        [{"labels": [{"href": "/orgs/1/labels/9"}]}],
        [{"label": {"href": "/orgs/1/labels/9"}, "exclusion": True}],
        "/orgs/1/labels/9",
    ],
)
def test_a_timer_whose_scope_has_an_unknown_form_applies_to_nobody_knows_whom(scope: Any) -> None:
    settings = timers({**timer(-1), "scope": scope}, timer(3600))
    assert silent(1500, **settings) is None
    given = context(**settings)
    assert given.timers is not None
    assert given.timers.has_unreadable_scope
    assert given.timers.as_settings() == Timers(given.timers.as_settings()).as_settings()
    assert silent(1500, **given.timers.as_settings()) is None
    # A narrower one that applies leaves no doubt.
    known = timer(7200, "server", "labels/1", "labels/2")
    assert silent(1500, "server", (1, 2), **timers(*settings["workload_disconnected_timeout_seconds"], known)) is True


@pytest.mark.parametrize("scope", [None, [], [{"label": {"href": "/orgs/1/labels/1"}, "exclusion": False}]])
def test_scopes_that_can_be_read_leave_no_doubt(scope: Any) -> None:
    settings = timers({**timer(-1), "scope": scope})
    assert silent(1500, "server", (1,), **settings) is False
    assert not Timers(settings).has_unreadable_scope


@pytest.mark.parametrize("heartbeat", [None, "", "yesterday", 5])
def test_without_a_heartbeat_silence_is_not_judged(heartbeat: Any) -> None:
    assert "silent" not in members("vens", {"href": "/orgs/1/vens/1", "last_heartbeat_at": heartbeat})


def test_vens_that_another_member_serves_are_not_judged() -> None:
    record = {"href": "/orgs/1/vens/1", "last_heartbeat_at": MINUTES_AGO[1500]}
    served: list[Record] = [
        {},
        {"active_pce_fqdn": None},
        {"active_pce_fqdn": "PCE.example.com"},
        {"active_pce_fqdn": "other.example.com"},
    ]
    assert [members("vens", {**record, **by}).get("silent") for by in served] == [True, True, True, None]


@pytest.mark.parametrize("name", ["pce.example.com:8443", "pce.example.com.", "PCE.example.com.:8443"])
def test_a_port_and_a_final_dot_make_no_other_pce(name: str) -> None:
    record = {"href": "/orgs/1/vens/1", "last_heartbeat_at": MINUTES_AGO[1500], "active_pce_fqdn": name}
    found = members("vens", record)
    assert (found["silent"], found["active_pce_fqdn"].lower()) == (True, "pce.example.com")


def test_a_standalone_pce_serves_all_vens_whatever_they_call_it() -> None:
    given = context()
    given.is_standalone = True
    record = {"href": "/orgs/1/vens/1", "last_heartbeat_at": MINUTES_AGO[1500], "active_pce_fqdn": "vip.example.com"}
    assert members("vens", record, given)["silent"] is True


def test_the_type_of_a_ven_that_its_workload_does_not_tell_is_that_of_the_ven() -> None:
    given = context()
    members("vens", {"href": "/orgs/1/vens/1", "ven_type": "endpoint"}, given)
    agent = {"href": "/orgs/1/agents/1", "status": {"last_heartbeat_on": MINUTES_AGO[61]}}
    record = {"href": "/orgs/1/workloads/1", "managed": True, "agent": agent}
    found = [members("workloads", {**record, "ven": {"href": f"/orgs/1/vens/{n}"}}, given)["silent"] for n in (1, 2)]
    assert found == [False, True]


def test_without_settings_silence_is_not_judged() -> None:
    assert "silent" not in members("workloads", FULL_WORKLOAD, Context("pce.example.com", NOW_MS))


# --- labels and policy -----------------------------------------------------------------------------


def test_labels_that_come_as_hrefs_are_joined() -> None:
    given = context()
    (label,) = items("labels", {"href": "/orgs/1/labels/1", "key": "app", "value": "Shop", "updated_at": "…"})
    assert (label.name, label.members, label.last) == ("Shop", {"key": "app", "value": "Shop"}, label.members)
    given.names.keep(label.kind, label.href, label.name, label.last)
    record = {"href": "/orgs/1/workloads/1", "labels": [{"href": "/orgs/1/labels/1"}, {"href": "/orgs/1/labels/9"}]}
    assert members("workloads", record, given)["labels"] == ["app=Shop"]


def group(name: str, *labels: str, inner: tuple[str, ...] = ()) -> Record:
    return {
        "href": f"/orgs/1/sec_policy/active/label_groups/{name}",
        "name": name,
        "key": "app",
        "labels": [{"href": f"/orgs/1/labels/{value}", "key": "app", "value": value} for value in labels],
        "sub_groups": [{"href": f"/orgs/1/sec_policy/active/label_groups/{one}", "name": one} for one in inner],
    }


def test_label_groups_are_flattened_and_may_hold_each_other() -> None:
    found = items(
        "label_groups", group("a", "1", inner=("b",)), group("b", "2", inner=("a", "c", "gone")), group("c", "1", "3")
    )
    assert [(item.name, item.members["labels"], item.members["members"]) for item in found] == [
        ("a", ["app=1", "app=2", "app=3"], 3),
        ("b", ["app=1", "app=2", "app=3"], 3),
        ("c", ["app=1", "app=3"], 2),
    ]
    assert found[0].href == "/orgs/1/sec_policy/*/label_groups/a"


@pytest.mark.parametrize("version", ["draft", "active", "42"])
def test_hrefs_are_the_same_for_each_version_of_an_object(version: str) -> None:
    (item,) = items("services", {"href": f"/orgs/1/sec_policy/{version}/services/7", "name": "web"})
    assert item.href == "/orgs/1/sec_policy/*/services/7"


def test_an_ip_list() -> None:
    record = {
        "href": "/orgs/1/sec_policy/active/ip_lists/7",
        "name": "Offices",
        "ip_ranges": [
            {"from_ip": "10.0.0.0/8"},
            {"from_ip": "192.0.2.1", "to_ip": "192.0.2.9"},
            {"from_ip": "10.1.0.0/16", "exclusion": True},
        ],
        "fqdns": [{"fqdn": "*.example.com"}],
    }
    assert members("ip_lists", record) == {
        "ip_ranges": ["10.0.0.0/8", "192.0.2.1-192.0.2.9", "!10.1.0.0/16"],
        "fqdns": ["*.example.com"],
        "ranges": 3,
        "is_any": False,
    }


@pytest.mark.parametrize(
    ("ranges", "is_any"),
    [(["0.0.0.0/0", "::/0"], True), (["0.0.0.0/0"], False), (["::/0", "10.0.0.0/8", "0.0.0.0/0"], True)],
)
def test_any_is_all_of_ipv4_and_ipv6(ranges: list[str], is_any: bool) -> None:
    record = {"href": "/orgs/1/sec_policy/active/ip_lists/1", "ip_ranges": [{"from_ip": text} for text in ranges]}
    assert members("ip_lists", record)["is_any"] is is_any


def test_an_event_stays_below_a_million_characters() -> None:
    many = [
        {"href": f"/orgs/1/labels/{n}", "key": f"{n:06}" + "k" * 300, "value": "v" * 300, "error_type": f"{n:0300}"}
        for n in range(6000)
    ]
    events = [{"latest_event": {"notification_type": label["error_type"]}} for label in many]
    roles = [{"role": {"href": f"/orgs/1/roles/{label['error_type']}"}} for label in many]
    record: Record = {
        "href": "/orgs/1/x/1",
        "labels": many,
        "conditions": events,
        "errors": many,
        "permissions": roles,
        "scopes": [[{"label": label} for label in many[:100]]] * 100,
        "rules": [{"href": "/orgs/1/sec_rules/1", "providers": [{"label": label} for label in many]}],
    }
    for collection in COLLECTIONS.values():
        for item in collection.project([record], context()):
            assert len(json.dumps(dict(item.members))) < 900_000, collection.name


def test_a_long_list_is_cut_and_counted() -> None:
    ranges = [{"from_ip": f"10.0.0.{number}"} for number in range(200)]
    found = members("ip_lists", {"href": "/orgs/1/sec_policy/active/ip_lists/1", "ip_ranges": ranges})
    assert (len(found["ip_ranges"]), found["ranges"]) == (50, 200)


@pytest.mark.parametrize(
    ("port", "text"),
    [
        ({"port": 443, "proto": 6}, "443/tcp"),
        ({"port": 8000, "to_port": 8010, "proto": 17}, "8000-8010/udp"),
        ({"proto": -1}, "all"),
        ({"proto": 1}, "icmp"),
        ({"proto": 1, "icmp_type": 8, "icmp_code": 0}, "icmp 8/0"),
        ({"proto": 47}, "protocol 47"),
        ({"proto": 6}, "tcp"),
        ({"service_name": "sshd"}, "sshd"),
        ({"process_name": "c:\\web.exe", "port": 80, "proto": 6}, "80/tcp c:\\web.exe"),
    ],
)
def test_ports_in_words(port: Record, text: str) -> None:
    assert members("services", {"href": "/orgs/1/sec_policy/active/services/1", "service_ports": [port]}) == {
        "ports": [text],
        "is_all": text == "all",
    }


RULE_SET: Record = {
    "href": "/orgs/1/sec_policy/active/rule_sets/3",
    "name": "Shop",
    "enabled": True,
    "scopes": [
        [{"label": {"href": "/orgs/1/labels/1"}}, {"label": {"href": "/orgs/1/labels/2"}, "exclusion": True}],
        [],
    ],
    "rules": [
        {
            "href": "/orgs/1/sec_policy/active/rule_sets/3/sec_rules/5",
            "enabled": True,
            "providers": [{"label_group": {"href": "/orgs/1/sec_policy/active/label_groups/g"}}],
            "consumers": [
                {"actors": "ams"},
                {"ip_list": {"href": "/orgs/1/sec_policy/active/ip_lists/1"}},
                {"workload": {"href": "/orgs/1/workloads/1", "name": None, "hostname": "web1"}},
                {"workload": {"href": "/orgs/1/workloads/2"}},
            ],
            "ingress_services": [{"href": "/orgs/1/sec_policy/active/services/1"}, {"port": 443, "proto": 6}],
        }
    ],
    "deny_rules": [
        {"href": "/orgs/1/sec_policy/active/rule_sets/3/deny_rules/5", "enabled": False, "override": True},
        {"href": "/orgs/1/sec_policy/active/rule_sets/3/deny_rules/6", "enabled": True, "override": False},
    ],
}


@pytest.fixture
def shop() -> list[Item]:
    """The rule set, its rule and its two deny rules, where what they name is known."""
    given = context()
    for kind, href, name, last in (
        ("label", "/orgs/1/labels/1", "Shop", {"key": "app"}),
        ("label", "/orgs/1/labels/2", "Prod", {"key": "env"}),
        ("label_group", "/orgs/1/sec_policy/*/label_groups/g", "Tiers", {"key": "role"}),
        ("ip_list", "/orgs/1/sec_policy/*/ip_lists/1", "Any", {}),
        ("service", "/orgs/1/sec_policy/*/services/1", "All Services", {}),
    ):
        given.names.keep(kind, href, name, last)
    return items("rule_sets", RULE_SET, given=given)


def test_a_rule_set_has_its_scopes_and_the_number_of_its_rules(shop: list[Item]) -> None:
    assert shop[0].members == {"enabled": True, "scopes": ["All", "app=Shop, env!=Prod"], "rules": 3}


def test_a_rule_names_who_may_reach_whom_by_which_services(shop: list[Item]) -> None:
    rule = shop[1]
    assert (rule.kind, rule.href, rule.name) == (
        "rule",
        "/orgs/1/sec_policy/*/rule_sets/3/sec_rules/5",
        "Rule 5 of Shop",
    )
    assert rule.members == {
        "rule_set_href": "/orgs/1/sec_policy/*/rule_sets/3",
        "action": "allow",
        "enabled": True,
        "providers": ["role=Tiers"],
        "consumers": ["/orgs/1/workloads/2", "All workloads", "Any", "web1"],
        "services": ["443/tcp", "All Services"],
    }


def test_a_deny_rule_may_override_others(shop: list[Item]) -> None:
    assert [(rule.name, rule.members["action"], rule.members["enabled"]) for rule in shop[2:]] == [
        ("Deny rule 5 of Shop", "override_deny", False),
        ("Deny rule 6 of Shop", "deny", True),
    ]


def test_the_other_kinds_have_a_few_members() -> None:
    assert members(
        "pairing_profiles", {"href": "/orgs/1/pairing_profiles/1", "enabled": True, "key_lifespan": "unlimited"}
    ) == {
        "enabled": True,
        "key_lifespan": "unlimited",
    }
    assert members(
        "container_clusters", {"href": "/orgs/1/container_clusters/1", "online": False, "last_connected": None}
    ) == {"online": False}
    (user,) = items("users", {"href": "/users/7", "username": "jo@example.com", "full_name": "Jo", "locked": False})
    assert (user.name, user.members) == ("Jo", {"username": "jo@example.com", "locked": False})
    account = {
        "href": "/orgs/1/service_accounts/1",
        "name": "splunk",
        "permissions": [{"role": {"href": "/orgs/1/roles/viewer"}, "scope": []}],
        "api_keys": [{"state": "active"}, {"state": "expired"}],
    }
    assert members("service_accounts", account) == {"roles": ["viewer"], "keys": 2, "expired_keys": 1}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["href", "key", "value", "name", "status"]), inner)
    ),
    max_leaves=6,
)
MEMBERS = [
    "name",
    "hostname",
    "managed",
    "online",
    "enforcement_mode",
    "labels",
    "interfaces",
    "ignored_interface_names",
    "ven",
    "agent",
    "os_id",
    "conditions",
    "workloads",
    "key",
    "value",
    "sub_groups",
    "ip_ranges",
    "fqdns",
    "service_ports",
    "windows_services",
    "scopes",
    "rules",
    "deny_rules",
    "providers",
    "consumers",
    "ingress_services",
    "enabled",
    "service",
    "permissions",
    "api_keys",
    "errors",
    "key_lifespan",
    "active_pce_fqdn",
]


@given(st.sampled_from(sorted(COLLECTIONS)), st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=8))
def test_no_record_is_too_odd(collection: str, record: Record) -> None:
    for item in items(collection, {**record, "href": "/orgs/1/things/1"}):
        assert item.name
        told = [item.kind, item.href, item.name, dict(item.members), dict(item.passing)]
        assert "\\u" not in json.dumps(told, ensure_ascii=False).replace("\\\\", "")  # no control character
        assert digest_of(item)


def test_label_groups_take_little_memory_and_the_labels_that_they_spell_out() -> None:
    def label(number: int) -> Record:
        return {"href": f"/orgs/1/labels/{number}", "key": "app", "value": f"v{number}"}

    def group(number: int) -> Record:
        labels = [label(n) for n in range(50)]
        return {"href": f"/orgs/1/sec_policy/active/label_groups/{number}", "name": "G", "key": "app", "labels": labels}

    tracemalloc.start()
    try:
        found = COLLECTIONS["label_groups"].project((group(number) for number in range(1000)), context())
        first = next(found)
        assert tracemalloc.get_traced_memory()[0] < 2_000_000  # the records: 25 MB
    finally:
        tracemalloc.stop()
    assert first.members["labels"][:2] == ["app=v0", "app=v1"]


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same with each list in another order."""
    if isinstance(value, dict):
        return {name: shuffled(item, chance) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    return chance.sample([shuffled(item, chance) for item in value], len(value))


def of_labels(*numbers: int) -> list[Record]:
    return [{"label": {"href": f"/orgs/1/labels/{number}"}} for number in numbers]


@pytest.mark.parametrize(
    ("collection", "record"),
    [
        ("workloads", FULL_WORKLOAD),
        ("vens", {"workloads": [{"href": f"/orgs/1/workloads/{n}"} for n in range(3)]}),
        ("ip_lists", {"ip_ranges": [{"from_ip": f"10.0.0.{n}"} for n in range(60)]}),
        ("ip_lists", {"fqdns": [{"fqdn": f"host{n}.example.com"} for n in range(60)]}),
        ("services", {"service_ports": [{"port": n, "proto": 6} for n in range(1, 61)]}),
        ("services", {"windows_services": [{"process_name": f"{n}.exe"} for n in range(60)]}),
        ("rule_sets", {"rules": [], "scopes": [of_labels(n, n + 1, n + 2) for n in range(60)]}),
        ("virtual_services", {"service_ports": [{"port": n, "proto": 6} for n in range(1, 61)]}),
        ("pairing_profiles", {"labels": [{"href": f"/orgs/1/labels/{n}"} for n in range(4)]}),
        ("label_groups", {"labels": [{"href": f"/orgs/1/labels/{n}"} for n in range(4)]}),
    ],
)
def test_the_order_of_a_list_is_no_change(collection: str, record: Record) -> None:
    given = context()
    for number in range(70):
        href = f"/orgs/1/labels/{number}"
        given.names.keep("label", href, f"value{number}", {"key": f"key{number % 3}"})
    record = {"href": "/orgs/1/x/1", **record}
    first = members(collection, record, given)
    chance = random.Random(1)
    assert [members(collection, shuffled(record, chance), given) for _ in range(3)] == [first] * 3
