"""What an inventory input writes is state, not an event: it has its fields and its time, and counts nowhere else."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from illumio_pce.inventory_events import Header
from illumio_pce.inventory_kinds import COLLECTIONS, Context

from tests import inventory as made
from tests.cim import splunk
from tests.inventory import SOURCETYPE
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import all_searches
from workbench.splunk.spl import search as spl_search
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.store import EventStore
from workbench.splunk.spl.values import Event

RUN = 1_796_000_400_250
#: Lists that have a name of their own; Splunk calls the others by their path, such as `ports{}`.
NAMED = {"labels", "ip", "conditions", "pce_fqdns"}
EVENTS = [
    made.workload(RUN, 7, "user.login"),
    made.ven(RUN, 7, conditions=["clone_detected"]),
    made.label(RUN, 3, "app", "agent.tampering"),
    made.label_group(RUN, 4, "Coast", ["loc=gdansk", "loc=rotterdam"]),
    made.ip_list(RUN, 1, "Any (0.0.0.0/0 and ::/0)", is_any=True, ip_ranges=["0.0.0.0/0", "::/0"]),
    made.service(RUN, 2, "All Services", is_all=True, ports=["all"]),
    made.rule_set(RUN, 5, "Shop"),
    made.manifest(RUN, "workloads", 1, complete=False, full=False, why="HTTP 403"),
]


def read(event: made.Json) -> splunk.Fields:
    return splunk.read(json.dumps(event, separators=(",", ":"), ensure_ascii=False), SOURCETYPE)


@pytest.mark.parametrize("event", EVENTS, ids=[event["kind"] for event in EVENTS])
def test_an_object_has_the_time_of_its_run_and_its_fields_and_nothing_else(event: made.Json) -> None:
    found = read(event)
    assert float(found["_time"]) == RUN / 1000
    assert {"eventtype", "tag", "signature", "severity"}.isdisjoint(found)
    for name, value in event.items():
        expected = [str(one) for one in value] if isinstance(value, list) else _text(value)
        field = f"{name}{{}}" if isinstance(value, list) and name not in NAMED else name
        assert found[field] == (expected[0] if isinstance(value, list) and len(value) == 1 else expected), name


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _long(prefix: str, count: int, length: int = 60) -> list[str]:
    """Names of that length; each `ü` takes two bytes."""
    return [f"{prefix}-{number:03}-".ljust(length, "ü") for number in range(count)]


#: Records of which a list alone would fill what Splunk extracts, and members that have to be found all the same.
LONG: dict[str, tuple[str, Any, dict[str, str]]] = {
    "an IP list": (
        "ip_lists",
        {"ip_ranges": [{"from_ip": f"10.{n}.0.1", "to_ip": f"10.{n}.255.255"} for n in range(48)]
         + [{"from_ip": "0.0.0.0/0"}, {"from_ip": "::/0"}], "fqdns": [{"fqdn": name} for name in _long("fqdn", 50, 90)]},
        {"ranges": "50", "is_any": "true"},
    ),
    "a label group": (
        "label_groups",
        {"key": "app", "labels": [{"href": f"/orgs/1/labels/{n}", "key": "app", "value": name}
                                  for n, name in enumerate(_long("label", 300))]},
        {"key": "app", "members": "300"},
    ),
    "a service": (
        "services",
        {"windows_services": [{"service_name": name} for name in _long("service", 50)], "service_ports": [{"proto": -1}]},
        {"is_all": "true"},
    ),
    "a workload": (
        "workloads",
        {"hostname": "shop-db1", "labels": [{"href": f"/orgs/1/labels/{n}", "key": "app", "value": name}
                                            for n, name in enumerate(_long("label", 200))],
         "ven": {"href": "/orgs/1/vens/7", "status": "active"}},
        {"hostname": "shop-db1", "ven_href": "/orgs/1/vens/7", "ven_status": "active", "managed": "true"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("collection", "record", "found"), LONG.values(), ids=LONG)
def test_no_field_is_lost_behind_what_splunk_extracts(collection: str, record: Any, found: dict[str, str]) -> None:
    whole = {"href": f"/orgs/1/{collection}/7", "name": "Long", **record}
    (item,) = COLLECTIONS[collection].project([whole], Context("pce.example.com"))
    text = Header("pce.example.com", 1, "1", RUN).present(item)
    written, fields = json.loads(text), splunk.read(text, SOURCETYPE)

    assert 4_800 < len(text.encode()) <= 5_000
    assert {name: fields.get(name) for name in found} == found
    lists = {name: value for name, value in written.items() if isinstance(value, list)}
    assert lists.keys() == {name for name, value in item.members.items() if isinstance(value, list)}
    for name, value in lists.items():
        assert value == item.members[name][: len(value)]
        assert fields[name if name in NAMED else f"{name}{{}}"] == value, name


def test_the_lists_of_a_rule_share_what_splunk_extracts() -> None:
    sides = {"providers": _long("to", 50), "consumers": _long("from", 50), "ingress_services": _long("on", 5)}
    rule = {side: [{"ip_list": {"href": f"/{name}", "name": name}} for name in names] for side, names in sides.items()}
    record = {
        "href": "/orgs/1/rule_sets/7",
        "name": "Long",
        "rules": [{"href": "/orgs/1/rule_sets/7/sec_rules/8", **rule}],
    }
    _, item = COLLECTIONS["rule_sets"].project([record], Context("pce.example.com"))
    fields = splunk.read(Header("pce.example.com", 1, "1", RUN).present(item), SOURCETYPE)

    assert fields["services{}"] == sides["ingress_services"]
    told = {name: len(fields[f"{name}{{}}"]) for name in ("providers", "consumers")}
    assert 15 < told["providers"] < 50 and abs(told["providers"] - told["consumers"]) <= 2


def test_only_what_names_the_inventory_reads_it() -> None:
    """No detection, report or keeper besides, and no macro for audit events, finds an object of the PCE."""
    knowledge = Knowledge(Confs.load(splunk.PACKAGE), 0.0)
    macros = {name: settings.texts() for name, settings in Confs.load(splunk.PACKAGE).stanzas("macros").items()}
    store = EventStore(made.indexed(EVENTS), knowledge)
    searches = {name: stanza["search"] for name, stanza in all_searches([splunk.PACKAGE]).items()}
    searches |= {"audit": "`illumio_pce_audit`", "changes": "`illumio_pce_audit` | `illumio_pce_latest`"}
    found = partial(spl_search.run, events=store, knowledge=knowledge, now=RUN / 1000 + 3600)
    reading = {
        name
        for name, text in searches.items()
        if "illumio:pce:inventory" not in expand(text, macros) and _reads(found, text)
    }
    assert reading == set()
    assert _reads(found, "`illumio_pce_inventory`")


def _reads(prepare: Any, text: str) -> bool:
    first = text.split("|", maxsplit=1)[0].strip()
    return bool(first) and bool(prepare(first))


def test_names_are_added_where_the_lookups_have_them() -> None:
    """By the href of an object or of an agent, of the draft or the active version; nothing where nothing is known."""
    tables = {
        "illumio_pce_workloads": "_key,pce_fqdn,href,agent_href,name,labels\n"
        "a,pce,/orgs/1/workloads/7,/orgs/1/agents/70,shop-db,app=Shop\x1fenv=Prod\n"
        "b,other,/orgs/1/workloads/8,/orgs/1/agents/8,not-here,\n",
        "illumio_pce_labels": "_key,pce_fqdn,href,name\nc,pce,/orgs/1/labels/3,Shop\n",
        "illumio_pce_objects": "_key,pce_fqdn,href,name,labels\nd,pce,/orgs/1/sec_policy/*/ip_lists/1,Any,\n"
        "e,pce,/orgs/1/vens/7,shop-ven,app=Shop\n",
    }
    hrefs = [
        "/orgs/1/workloads/7", "/orgs/1/agents/70", "/orgs/1/labels/3", "/orgs/1/sec_policy/draft/ip_lists/1",
        "/orgs/1/sec_policy/active/ip_lists/1", "/orgs/1/sec_policy/42/ip_lists/1", "/orgs/1/vens/7", "/orgs/1/workloads/8",
    ]  # fmt: skip
    rows: list[Event] = [{"h": href, "pce_fqdn": "pce"} for href in hrefs]
    rows += [{"h": hrefs[0], "host": "pce"}, {"h": hrefs[:2], "pce_fqdn": "pce"}, {"host": "pce"}]
    knowledge = Knowledge(Confs.load(splunk.PACKAGE, lookups=tables), 0.0)
    found = spl_search.run_over(
        "| `illumio_pce_with_names(h)` | table h_name h_labels", rows, knowledge=knowledge, now=0.0
    )

    both = {"h_name": "shop-db", "h_labels": ["app=Shop", "env=Prod"]}
    assert found == [
        both, both, {"h_name": "Shop"}, {"h_name": "Any"}, {"h_name": "Any"}, {"h_name": "Any"},
        {"h_name": "shop-ven", "h_labels": "app=Shop"}, {}, both, {}, {},
    ]  # fmt: skip
