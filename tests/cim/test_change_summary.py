"""illumio_pce_change_summary: each shape of a change in words, in every format.

The shapes are those of real records and of Illumio's "Events Described" (the "Resource Updated" and "Security Rule
Created" examples, the LEEF example); the names in them are ours.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cim import formats, splunk
from workbench.splunk.spl import operators, search
from workbench.splunk.spl.functions import json_functions
from workbench.splunk.spl.values import Value, text_of

Json = dict[str, Any]
EVENT = {**splunk.sample("label_deleted")["event"], "event_type": "quay.update", "notifications": []}
DRAFT = "/orgs/7/sec_policy/draft"
RULE_SET = {"href": f"{DRAFT}/rule_sets/6", "name": "Web"}
WORKLOAD = {"href": "/orgs/7/workloads/9f-1", "name": None, "hostname": "crane-01"}
DATA = splunk.ROOT.parent / "shared" / "data"


def change(kind: str, resource: Json, changes: Any, how: str = "update") -> Json:
    """A changed resource."""
    return {"uuid": "u", "resource": {kind: resource}, "changes": changes, "change_type": how}


def turned(before: Any, after: Any) -> Json:
    """An attribute before and after."""
    return {"before": before, "after": after}


def label(number: int, key: str, value: str | None) -> Json:
    """A label as rules and scopes hold it."""
    return {"label": {"href": f"/orgs/7/labels/{number}", "key": key, "value": value}}


def summary(*changes: Json, write: formats.Writer = formats.as_json, **members: Any) -> Any:
    """`change_summary` of an event with these changes: text, a list for several objects, None for none."""
    return told(write({**EVENT, "resource_changes": list(changes), **members}))


def told(line: str) -> Any:
    """`change_summary` of a line."""
    (row,) = splunk.search("`illumio_pce_change_summary`", [splunk.read(line)])
    assert not [name for name in row if name.startswith("say_")]
    return row.get("change_summary")


ALL_ENVIRONMENTS = {"label": {"href": None, "key": "env", "value": None}}
SHAPES: dict[str, tuple[Json, str]] = {
    "members that come and go": (
        change(
            "sec_rule",
            {"href": f"{DRAFT}/rule_sets/6/sec_rules/7"},
            {
                "consumers": {"created": [label(1, "app", "Payments")], "deleted": [label(2, "role", "queue")]},
                "ingress_services": {
                    "created": [{"href": f"{DRAFT}/services/1", "name": "All Services"}],
                    "deleted": [{"href": f"{DRAFT}/services/5", "name": "HTTPS"}],
                },
                "enabled": turned(True, False),
            },
        ),
        "rule 7 in rule set 6: consumers: + app=Payments, − role=queue; services: HTTPS → All Services;"
        " enabled: yes → no",
    ),
    "a new rule": (
        change(
            "sec_rule",
            {"href": f"{DRAFT}/rule_sets/6/sec_rules/8"},
            {
                "rule_list": turned(None, {"href": f"{DRAFT}/rule_sets/6"}),
                "description": turned(None, ""),
                "type": turned(None, "SecRule"),
                "providers": {"created": [{"source": True, "actors": "ams"}]},
                "destinations": {
                    "created": [
                        {"source": False, "ip_list": {"href": f"{DRAFT}/ip_lists/1"}},
                        {"provider": True, "label": {"href": "/orgs/7/labels/62"}},
                        {"exclusion": True, **label(3, "env", "Test")},
                    ]
                },
                "ingress_services": {"created": [{"port": 443, "proto": 6}, {"port": 1, "to_port": 99, "proto": 17}]},
            },
            "create",
        ),
        "created rule 8 in rule set 6: providers: All workloads;"
        " destinations: IP list 1, label 62, all but env=Test; services: tcp 443, udp 1-99",
    ),
    "a new rule set": (
        change(
            "rule_set",
            RULE_SET,
            {
                "name": turned(None, "Web"),
                "enabled": turned(None, True),
                "scopes": turned(None, [[label(1, "app", "shop"), ALL_ENVIRONMENTS]]),
            },
            "create",
        ),
        "created rule set Web: enabled: yes; scopes: (app=shop, env=all)",
    ),
    "a scope that became everything": (
        change("rule_set", RULE_SET, {"scopes": turned([[label(1, "app", "shop")]], [[]])}),
        "rule set Web: scopes: app=shop → everything",
    ),
    "a deleted rule set": (
        change("rule_set", {**RULE_SET, "scopes": [[label(1, "app", "shop")]]}, None, "delete"),
        "deleted rule set Web: scopes: app=shop",
    ),
    "rules within their rule set": (
        change(
            "rule_set",
            RULE_SET,
            {
                "rules": {
                    "created": [
                        {
                            "href": f"{DRAFT}/rule_sets/6/sec_rules/77",
                            "enabled": True,
                            "consumers": [{"actors": "ams"}],
                            "providers": [label(1, "app", "shop")],
                        }
                    ],
                    "deleted": [{"href": f"{DRAFT}/rule_sets/6/sec_rules/78"}],
                }
            },
        ),
        "rule set Web: rules: + rule 77 (enabled: yes, consumers: All workloads, providers: app=shop),"
        " − rule 78 in Web",
    ),
    "a boundary": (
        change(
            "enforcement_boundary",
            {"href": f"{DRAFT}/enforcement_boundaries/4", "name": "No RDP"},
            {"ingress_services": {"deleted": [{"port": 3389, "proto": 6}]}, "consumers": {"deleted": []}},
        ),
        "enforcement boundary No RDP: services: − tcp 3389",
    ),
    "a deny rule that is gone": (
        change("deny_rule", {"href": f"{DRAFT}/rule_sets/6/deny_rules/3"}, {}, "delete"),
        "deleted deny rule 3 in rule set 6",
    ),
    "addresses": (
        change(
            "ip_list",
            {"href": f"{DRAFT}/ip_lists/4", "name": "Bad"},
            {
                "ip_ranges": {
                    "created": [
                        {"from_ip": "10.0.0.0/8", "to_ip": None, "exclusion": False},
                        {"from_ip": "192.0.2.1", "to_ip": "192.0.2.9", "exclusion": True},
                    ],
                    "deleted": [],
                },
                "fqdns": {"deleted": [{"fqdn": "*.quay.example"}]},
            },
        ),
        "IP list Bad: ip ranges: + 10.0.0.0/8, + all but 192.0.2.1-192.0.2.9; fqdns: − *.quay.example",
    ),
    "a service": (
        change(
            "service",
            {"href": f"{DRAFT}/services/5", "name": "SSH"},
            {
                "name": turned(None, "SSH"),
                "service_ports": {"created": [{"port": 22, "proto": 6}, {"proto": -1}, {"proto": 1}]},
                "windows_services": {"created": [{"service_name": "sshd", "port": 22, "proto": 6}]},
            },
            "create",
        ),
        "created service SSH: service ports: tcp 22, All Services, icmp; windows services: tcp 22 sshd",
    ),
    "a new label": (
        change(
            "label",
            {"href": "/orgs/7/labels/9", "key": "app", "value": "shop"},
            {"key": turned(None, "app"), "value": turned(None, "shop"), "external_data_set": turned(None, None)},
            "create",
        ),
        "created label app=shop",
    ),
    "a label group": (
        change(
            "label_group",
            {"href": f"{DRAFT}/label_groups/2", "name": "Quays"},
            {
                "labels": {"created": [{"href": "/orgs/7/labels/9", "key": "loc", "value": "North"}]},
                "sub_groups": {"deleted": [{"href": f"{DRAFT}/label_groups/3", "name": "Piers"}]},
            },
        ),
        "label group Quays: labels: + loc=North; sub groups: − Piers",
    ),
    "a workload": (
        change(
            "workload",
            WORKLOAD,
            {
                "enforcement_mode": turned("idle", "selective"),
                "labels": {
                    "deleted": [{"href": "/orgs/7/labels/10", "key": "env", "value": "Test"}],
                    "created": [{"href": "/orgs/7/labels/75", "key": "env", "value": "Prod"}],
                },
                "online": turned(True, False),
            },
        ),
        "workload crane-01: enforcement mode: idle → selective; labels: env=Test → env=Prod; online: yes → no",
    ),
    "interfaces": (
        change(
            "workload",
            WORKLOAD,
            {
                "workload_interfaces": {
                    "updated": [
                        {
                            "resource": {
                                "href": "/orgs/7/workloads/9f-1/interfaces/eth0",
                                "name": "eth0",
                                "address": {"family": 2, "addr": 17, "mask_addr": 3},
                            },
                            "changes": {
                                "cidr_block": turned(None, 16),
                                "link_state": turned("unknown", "up"),
                                "network": turned(None, {"href": "/orgs/7/networks/12"}),
                            },
                        }
                    ]
                }
            },
        ),
        "workload crane-01: workload interfaces: eth0 (cidr block: none → 16, link state: unknown → up,"
        " network: none → network 12)",
    ),
    "a VEN, of which an agent is told, too": (
        {
            **change("agent", {"href": "/orgs/7/agents/2", "hostname": "crane-01"}, {"version": turned("21.5", "22.5")}),
            "resource": {
                "agent": {"href": "/orgs/7/agents/2", "hostname": "crane-01"},
                "ven": {"href": "/orgs/7/vens/9f-1", "hostname": "crane-01"},
            },
        },
        "agent crane-01: version: 21.5 → 22.5",
    ),
    "a pairing profile": (
        change(
            "pairing_profile",
            {"href": "/orgs/7/pairing_profiles/3", "name": "Default"},
            {"enforcement_mode": turned("full", "idle"), "allowed_uses_per_key": turned("unlimited", 1)},
        ),
        "pairing profile Default: enforcement mode: full → idle; allowed uses per key: unlimited → 1",
    ),
    "a granted role": (
        change(
            "permission",
            {"href": "/orgs/7/permissions/12"},
            {
                "role": turned(None, {"href": "/orgs/7/roles/owner"}),
                "scope": turned(None, []),
                "auth_security_principal": turned(None, {"href": "/orgs/7/auth_security_principals/1", "name": "ann"}),
            },
            "create",
        ),
        "created permission 12: role: owner; scope: everything; auth security principal: ann",
    ),
    "another role": (
        change(
            "permission",
            {"href": "/orgs/7/permissions/12", "auth_security_principal": {"name": "ann"}},
            {
                "role": turned({"href": "/orgs/7/roles/read_only"}, {"href": "/orgs/7/roles/admin"}),
                "scope": turned([label(1, "app", "shop")], []),
            },
        ),
        "permission of ann: role: read_only → admin; scope: app=shop → everything",
    ),
    "rights of a service account": (
        change(
            "service_account",
            {"href": "/orgs/7/service_accounts/1", "name": "robot"},
            {
                "permissions": turned(
                    [{"role": {"href": "/orgs/7/roles/read_only"}, "scope": []}],
                    [{"role": {"href": "/orgs/7/roles/owner"}, "scope": [label(1, "app", "shop")]}],
                )
            },
        ),
        "service account robot: permissions: role: read_only, scope: everything → role: owner, scope: app=shop",
    ),
    "an API key": (
        change(
            "api_key",
            {"href": "/users/1/api_keys/1e0", "name": "feed"},
            {
                "user_id": turned(None, {"href": "/users/1"}),
                "name": turned(None, "feed"),
                "login_count": turned(None, 0),
                "expiration_in_seconds": turned(None, -1),
                "secret_hash": turned(None, "FILTERED"),
            },
            "create",
        ),
        "created API key feed: user id: user 1; login count: 0; expiration in seconds: never;"
        " secret hash: (hidden by the PCE)",
    ),
    "a syslog destination": (
        change(
            "syslog_destination",
            {"href": "/orgs/7/settings/syslog/destinations/0a1b2c3d"},
            {
                "audit_event_logger": turned(
                    {"configuration_event_included": True, "min_severity": "info", "system_event_included": True},
                    {"configuration_event_included": False, "min_severity": "error", "system_event_included": True},
                ),
                "remote_syslog": turned(None, {"address": "192.0.2.5", "port": 514}),
            },
        ),
        "syslog destination 0a1b2c3d: audit event logger: configuration event included: yes → no,"
        " min severity: info → error; remote syslog: none → address: 192.0.2.5, port: 514",
    ),
    "settings": (
        change(
            "event_settings",
            {"href": "/orgs/7/settings/events"},
            {"audit_event_retention_seconds": turned(2592000, 86400)},
        ),
        "event settings: audit event retention seconds: 2592000 → 86400",
    ),
    "coexistence": (
        change(
            "firewall_setting",
            {"href": f"{DRAFT}/firewall_settings"},
            {
                "firewall_coexistence": turned(
                    [], [{"illumio_primary": False, "workload_mode": None, "scope": [label(1, "app", "shop")]}]
                ),
                "static_policy_scopes": turned([], [[]]),
            },
        ),
        "firewall setting: firewall coexistence: + illumio primary: no, workload mode: none, scope: app=shop;"
        " static policy scopes: + everything",
    ),
    "SAML": (
        change(
            "saml_sp_config",
            {"href": "/orgs/7/saml_configs/1", "name": None},
            {"saml_idp": turned("https://idp.example", "https://evil.example"), "pce_signing_cert": turned("a", "a")},
        ),
        "SAML sp config 1: saml idp: https://idp.example → https://evil.example",
    ),
    "LDAP": (
        change(
            "ldap_config",
            {"href": "/login/ldap_configs/2", "name": "AD"},
            {"address": turned("ad1.example", "ad2.example"), "bind_password": turned("FILTERED", "FILTERED")},
        ),
        "LDAP config AD: address: ad1.example → ad2.example",
    ),
    "an iptables rule": (
        change(
            "ip_tables_rule",
            {"href": f"{DRAFT}/rule_sets/6/ip_tables_rules/2"},
            {"statements": {"created": [{"table_name": "filter", "chain_name": "INPUT", "parameters": "-j ACCEPT"}]}},
        ),
        "ip tables rule 2 in rule set 6: statements:"
        " + table name: filter, chain name: INPUT, parameters: -j ACCEPT",
    ),
    "a provision": (
        change(
            "sec_policy",
            {
                "href": "/orgs/7/sec_policy/12",
                "commit_message": 'Ticket "17"',
                "version": 12,
                "modified_objects": {
                    "rulesets": {
                        f"{DRAFT}/rule_sets/6": {"name": "Web", "action": "update", "description": None},
                        f"{DRAFT}/rule_sets/8": {"name": "Mail", "action": "delete", "description": "x"},
                    },
                    "services": {},
                    "ip_lists": {f"{DRAFT}/ip_lists/4": {"action": "create", "name": "Bad"}},
                },
            },
            {"workloads_affected": turned(None, 190), "object_counts": turned(None, {"rule_sets": 1, "services": 0})},
            "create",
        ),
        'provisioned policy version 12: provision note: Ticket "17";'
        " changed objects: rulesets: Web (update), Mail (delete), ip lists: Bad (create);"
        " workloads affected: 190; object counts: rule sets: 1, services: 0",
    ),
    "a change that is not told": (
        change("workload", WORKLOAD, {"labels": None, "description": turned("old", "new")}),
        "workload crane-01: labels: changed, the event does not say how; description: old → new",
    ),
    "changes that a cut line lost": (
        {"uuid": "u", "resource": {"workload": WORKLOAD}, "change_type": "update"},
        "workload crane-01: changed, the event does not say what",
    ),
    "values that stayed the same": (
        change("user", {"href": "/users/1", "username": "ann@quay.example"}, {"token_hash": turned("FILTERED", "FILTERED")}),
        "user ann@quay.example: no value changed",
    ),
    "a deletion without a name": (
        change("license", {"href": "/orgs/7/licenses/3"}, None, "delete"),
        "deleted license 3",
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef], ids=["json", "cef", "leef"])
def test_a_change_is_told_in_words(shape: str, write: formats.Writer) -> None:
    given, expected = SHAPES[shape]

    assert summary(given, write=write) == expected


# Where Splunk's pages say nothing, both ways give the same (compare test_either_way.py).


def dotted(left: Value, right: Value) -> Value:
    """What is null adds nothing. Assumed: it makes all of it null."""
    return "".join(text_of(value) for value in (left, right) if value is not None)


def embedded(value: Value) -> Any:
    """Text that happens to be a JSON object or list is taken for one. Assumed: it stays text."""
    known, document = json_functions._load(value) if type(value) is str else (False, None)
    return document if known and isinstance(document, (dict, list)) else EMBED(value)


EMBED = json_functions._embed
OTHERWISE = {
    "a dot with a null": (operators, "concatenate", dotted),
    "json_extract of what is no JSON": (json_functions, "NOT_JSON", ""),
    "JSON as text in json_object": (json_functions, "_embed", embedded),
}


@pytest.mark.parametrize("question", OTHERWISE)
def test_what_is_documented_nowhere_makes_no_difference(question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    search._parsed.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(*OTHERWISE[question])
        found = {shape: summary(given) for shape, (given, _) in SHAPES.items()}
    search._parsed.cache_clear()

    assert found == {shape: expected for shape, (_, expected) in SHAPES.items()}


def test_several_objects_have_a_value_each_and_a_rule_has_its_rule_set_by_name() -> None:
    rule = change("sec_rule", {"href": f"{DRAFT}/rule_sets/6/sec_rules/7"}, {"enabled": turned(False, True)})

    assert summary(change("rule_set", RULE_SET, {"enabled": turned(True, False)}), rule) == [
        "rule set Web: enabled: yes → no",
        "rule 7 in Web: enabled: no → yes",
    ]


def test_what_is_cut_is_counted() -> None:
    gone = [
        change("label", {"href": f"/orgs/7/labels/{n}", "key": "app", "value": f"a{n}"}, None, "delete")
        for n in range(13)
    ]
    members = change("ip_list", {"href": f"{DRAFT}/ip_lists/4", "name": "Bad"},
                     {"ip_ranges": {"created": [{"from_ip": f"192.0.2.{n}"} for n in range(20)]}})  # fmt: skip
    attributes = change("org_setting", {"href": "/orgs/7/settings"}, {f"a{n}": turned(1, 2) for n in range(24)})
    text = change("workload", WORKLOAD, {"description": turned(None, "x" * 500)})

    assert summary(*gone)[9:] == ["deleted label app=a9", "and 3 more objects"]
    assert summary(members).endswith("+ 192.0.2.7, + 12 more")
    assert summary(attributes).endswith("a19: 1 → 2; and 4 more attributes")
    assert summary(text) == f"workload crane-01: description: none → {'x' * 160}… (340 more characters)"


def test_long_lists_before_and_after_are_compared_or_said_not_to_be() -> None:
    def grown(size: int) -> Any:
        before = [f"10.0.{n // 250}.{n % 250}" for n in range(size)]
        return summary(change("ip_list", {"name": "Bad"}, {"ip_ranges": turned(before, [*before, "192.0.2.1"])}))

    assert grown(199) == "IP list Bad: ip ranges: + 192.0.2.1"
    assert grown(300).endswith("10.0.0.7, 293 more (too many to compare)")


def test_members_that_look_alike_are_told_apart() -> None:
    given = change("domain", {"name": "quay"}, {"hosts": turned(["a", 'a"', "a\\", "b,c"], ["a", "b", "c", 'a"'])})

    assert summary(given) == "domain quay: hosts: + b, + c, − a\\, − b,c"


@pytest.mark.parametrize(
    "hostile",
    [
        '"}],"changes":{"x":{"before":1', '{"href":"/orgs/7/labels/1","name":"harmless"}', '["everything"]', "\\", "$1 \\1",
        '{"key":"app","value":"shop"}', "a → b; enabled: no → yes", '"""/orgs/7/x"""', "<script>", "{{{[[[", "%_*",
    ],
)  # fmt: skip
@pytest.mark.parametrize("write", [formats.as_json, formats.as_cef], ids=["json", "cef"])
def test_text_is_told_as_it_is(hostile: str, write: formats.Writer) -> None:
    given = change("workload", {"name": hostile}, {"description": turned("old", hostile)})

    assert summary(given, write=write) == f"workload {hostile}: description: old → {hostile}"


def test_line_breaks_become_blanks() -> None:
    given = change("workload", {"name": "a\nb"}, {"description": turned("c\r\n\td", "e")})

    assert summary(given) == "workload a b: description: c d → e"


def test_a_megabyte_is_told_in_a_few_lines() -> None:
    many = [
        change("workload", {**WORKLOAD, "hostname": f"h{n}"}, {"description": turned("a" * 150, "b" * 150)})
        for n in range(2000)
    ]
    found = summary(*many, change("label", {"name": "x"}, None, "delete"))

    assert found[-1] == "and 1991 more objects"
    assert sum(map(len, found)) < 5000


def test_an_event_without_changes_says_so_and_one_that_is_no_change_has_none() -> None:
    assert summary(event_type="pairing_profile.create_pairing_key") == "the event does not say what changed"
    assert summary(event_type="rule_set.update", status="failure") == "nothing, the request failed"
    assert summary(event_type="user.sign_in") is None


def test_several_events_do_not_mix() -> None:
    lines = [
        formats.as_json(
            {**EVENT, "resource_changes": [change("workload", WORKLOAD, {"online": turned(n == 0, n == 1)})]}
        )
        for n in range(2)
    ]
    rows = splunk.search(
        "`illumio_pce_change_summary`",
        [splunk.read(line) for line in [*lines, formats.as_json(EVENT | {"resource_changes": []})]],
    )

    assert [row["change_summary"] for row in rows] == [
        "workload crane-01: online: yes → no",
        "workload crane-01: online: no → yes",
        "the event does not say what changed",
    ]


@pytest.mark.skipif(not DATA.is_dir(), reason="the events of others are not here")
def test_real_events_are_told_in_words() -> None:
    given = json.loads(Path(DATA / "api-events.json").read_text(encoding="utf-8"))
    found = {event["event_type"]: told(formats.as_json(event)) for event in given if event["resource_changes"]}

    assert found == {
        "user.sign_in": "user first.last@company.com: last sign in ip: 10.10.10.9 → 10.10.10.10;"
        " sign in attempts count: 53 → 54",
        "sec_rule.create": "created rule 223 in rule set 219: resolve labels: providers: virtual_services,"
        " consumers: workloads; providers: label 562; consumers: All workloads",
    }


@pytest.mark.skipif(not DATA.is_dir(), reason="the events of others are not here")
def test_a_real_pair_is_told_alike_in_json_and_cef() -> None:
    pairs = json.loads(Path(DATA / "json-cef-pairs.json").read_text(encoding="utf-8"))["audit"]
    changed = [pair for pair in pairs if pair["event"]["resource_changes"]]

    assert (
        [told(pair["cef"]) for pair in changed]
        == ["user admin@lab.local: sign in attempts count: 270 → 271"]
        == [told(formats.as_json(pair["event"])) for pair in changed]
    )
