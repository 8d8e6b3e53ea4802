"""What an inventory input writes is state, not an event: it has its fields and its time, and counts nowhere else."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

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
