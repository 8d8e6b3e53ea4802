"""The inventory input as splunkd runs it: its real process between the emulated PCE and the stand-in for splunkd."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.canary import traces
from tests.e2e.lab import PceLab, on_the_pythons_of_splunk
from workbench.pce import READ_INVENTORY, Pce, faults
from workbench.pce.inventory import IpList, Label, LabelGroup, RuleSet, Service, Workload, fill
from workbench.pce.jobs import JobRules
from workbench.splunk.splunkd import Kill

_FLEET = 40
COLLECTIONS = {"workloads", "vens", "labels", "label_groups", "ip_lists", "services", "rule_sets"}


class Fleet:
    """Runs the input, and tells what each run wrote."""

    def __init__(self, lab: PceLab) -> None:
        self.lab = lab
        self._read = 0

    def run(self, *, ends_well: bool = True) -> list[dict[str, Any]]:
        run = self.lab.run_inventory()
        assert (run.exit_code == 0) is ends_well, self.lab.log()
        return self.written()

    def written(self) -> list[dict[str, Any]]:
        """What was written since this was asked last."""
        found = self.lab.inventory()[self._read :]
        self._read += len(found)
        return found


@pytest.fixture
def fleet(empty_lab: PceLab) -> Fleet:
    """A fleet, jobs that are done at the first poll, an account and an input `fleet`."""
    empty_lab.pce.job_rules = JobRules(pending_polls=0, polls=0)
    fill(empty_lab.pce.inventory, _FLEET, now=empty_lab.pce.clock())
    empty_lab.add_account()
    empty_lab.add_inventory()
    return Fleet(empty_lab)


def expected_kinds(pce: Pce) -> Counter[str]:
    inventory = pce.inventory
    rule_sets = inventory.all(RuleSet)
    return Counter(
        workload=len(inventory.all(Workload)),
        ven=sum(workload.managed for workload in inventory.all(Workload)),
        label=len(inventory.all(Label)),
        label_group=len(inventory.all(LabelGroup)),
        ip_list=len(inventory.all(IpList)),
        service=len(inventory.all(Service)),
        rule_set=len(rule_sets),
        rule=sum(len(rule_set.rules) for rule_set in rule_sets),
        manifest=len(COLLECTIONS),
    )


def kinds(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(event["kind"] for event in events)


def manifests(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {event["collection"]: event for event in events if event["kind"] == "manifest"}


def objects(events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """The objects of events, but not their VENs, which change with the workloads."""
    others = (event for event in events if event["kind"] not in ("manifest", "ven"))
    return sorted((event["kind"], event["href"], event["state"]) for event in others)


def workloads(lab: PceLab) -> list[Workload]:
    return [workload for workload in lab.pce.inventory.all(Workload) if workload.managed]


def test_everything_is_written_once(fleet: Fleet) -> None:
    first = fleet.run()
    assert kinds(first) == expected_kinds(fleet.lab.pce)
    assert {(event["pce_fqdn"], event["org_id"], event["snapshot"], event["state"]) for event in first} == {
        ("pce.example.com", 1, first[0]["snapshot"], "present")
    }
    assert all(event["name"] for event in first)
    assert set(manifests(first)) == COLLECTIONS
    for manifest in manifests(first).values():
        assert (manifest["complete"], manifest["full"]) == (True, True), manifest
        assert (manifest["added"], manifest["changed"], manifest["deleted"]) == (manifest["count"], 0, 0), manifest
        assert "why" not in manifest
    assert kinds(fleet.run()) == Counter(manifest=len(COLLECTIONS))


def test_events_and_record_say_which_input_they_are_of(fleet: Fleet) -> None:
    lab, written = fleet.lab, fleet.run()
    indexed = list(lab.splunkd.events(sourcetype="illumio:pce:inventory"))
    assert {(event.source, event.host, event.index) for event in indexed} == {
        ("illumio_pce_inventory://fleet", "pce.example.com", "main")
    }
    (record,) = lab.records()
    assert (record["input"], record["outcome"], record["events"]) == (
        "illumio_pce_inventory://fleet", "ok", len(written),
    )  # fmt: skip
    assert {request.method for request in lab.server.requests} == {"GET"}
    assert traces(lab.log() + json.dumps(lab.inventory()), lab.key.secret) == []


def test_a_later_run_writes_what_changed(fleet: Fleet) -> None:
    lab = fleet.lab
    fleet.run()
    changed, deleted, quiet = workloads(lab)[:3]
    changed.enforcement_mode = "idle" if changed.enforcement_mode != "idle" else "full"
    quiet.heartbeat = lab.pce.clock()
    lab.pce.inventory.delete(deleted)
    offices = lab.pce.inventory.all(IpList)[1]
    offices.fqdns = ["vpn2.example"]
    later = fleet.run()
    assert objects(later) == sorted(
        [
            ("workload", changed.href, "present"),
            ("workload", deleted.href, "deleted"),
            ("ip_list", offices.href.replace("/draft/", "/*/"), "present"),
        ]
    )
    assert ("ven", deleted.ven_href, "deleted") in [
        (event["kind"], event["href"], event["state"]) for event in later if event["kind"] == "ven"
    ]
    assert [manifests(later)["workloads"][name] for name in ("count", "added", "changed", "deleted", "full")] == [
        _FLEET - 1, 0, 1, 1, False,
    ]  # fmt: skip


def test_what_may_be_a_part_deletes_nothing(fleet: Fleet) -> None:
    lab = fleet.lab
    fleet.run()
    gone = lab.pce.inventory.all(Label)[-1]
    lab.pce.inventory.delete(gone)
    lab.pce.faults.switch_on(faults.status(403), path="/orgs/1/labels")
    lab.pce.inventory.job_rules["services"] = JobRules(pending_polls=0, polls=0, fails=True)
    second = fleet.run(ends_well=False)
    found = manifests(second)
    assert objects(second) == []
    assert {name for name, manifest in found.items() if not manifest["complete"]} == {"labels", "services"}
    assert "403" in found["labels"]["why"]
    assert "job" in found["services"]["why"]
    record = lab.records()[-1]
    assert (record["outcome"], record["error_category"]) == ("failed", "forbidden")

    lab.pce.faults.clear()
    lab.pce.inventory.job_rules.clear()
    assert objects(fleet.run()) == [("label", gone.href, "deleted")]

    # Half of the workloads are missing at once, and are back in the next run.
    half = workloads(lab)[: _FLEET // 2]
    lab.pce.inventory.hidden = {workload.href for workload in half}
    events = fleet.run()
    assert objects(events) == []
    assert manifests(events)["workloads"]["deleted"] == 0
    assert manifests(events)["workloads"]["why"]
    lab.pce.inventory.hidden = set()
    events = fleet.run()
    assert {event["state"] for event in events} == {"present"}
    assert "why" not in manifests(events)["workloads"]

    # The same key loses its role for the whole organisation: it is told nothing, and sees a part.
    shop = next(one for one in lab.pce.inventory.all(Label) if one.text == "app=webshop")
    lab.key.permissions, lab.key.scope = {READ_INVENTORY}, (shop,)
    scoped = manifests(fleet.run())
    assert [(scoped[name]["deleted"], scoped[name]["complete"]) for name in ("workloads", "vens", "rule_sets")] == [
        (0, False)
    ] * 3
    assert all("role" in scoped[name]["why"] for name in ("workloads", "vens", "rule_sets"))


def test_other_releases_and_roundabout_answers_tell_the_same(fleet: Fleet) -> None:
    inventory = fleet.lab.pce.inventory
    # Another member of the supercluster serves this VEN, and keeps its heartbeats to itself.
    foreign = workloads(fleet.lab)[1]
    foreign.member, fleet.lab.pce.health[0].kind = "far.example.com", "member"
    told = fleet.run()
    first = {event["href"]: event for event in told if event["kind"] != "manifest"}
    assert {event.get("silent") for event in first.values() if event["kind"] == "ven"} == {None, False}
    assert "silent" not in first[foreign.href]
    assert "last_heartbeat_on" not in first[foreign.href]
    assert manifests(told)["rule_sets"]["pce_fqdns"] == ["pce.example.com", "far.example.com"]

    # Records of releases before 22.3, and one of 20.2: what they lack is found elsewhere, but for the type of a VEN.
    inventory.labels_href_only = inventory.ven_href_only = inventory.without_managed = True
    fleet.lab.pce.job_rules.base = "https://pce.my-company.com:8443/api/v2"
    for event in fleet.run():
        if event["kind"] == "workload":
            before = {**first[event["href"]], "time": event["time"], "snapshot": event["snapshot"]}
            assert event == {name: value for name, value in before.items() if name != "ven_type"}
        else:
            assert event["kind"] == "manifest", event
    # 200 instead of 202: the response itself is taken, as long as it is whole.
    inventory.without_jobs = {"vens", "workloads"}
    assert objects(fleet.run()) == []
    inventory.most_results = _FLEET // 2
    told = fleet.run()
    assert objects(told) == []
    assert [manifests(told)[name]["complete"] for name in ("vens", "workloads", "labels")] == [False, False, True]
    # Asked for as many as there are, it gives them; and an empty collection has no datafile.
    inventory.gives_what_is_asked = True
    fleet.lab.pce.job_rules.empty_without_result = True
    services = inventory.all(Service)
    for service in services:
        inventory.delete(service)
    told = fleet.run()
    assert {name for name, manifest in manifests(told).items() if not manifest["complete"]} == set()
    assert manifests(told)["services"]["deleted"] == len(services)
    # The PCE counts more than it shows.
    inventory.without_jobs = set()
    inventory.hidden, inventory.hidden_counted = {workloads(fleet.lab)[0].href}, True
    told = fleet.run()
    assert objects(told) == []
    assert (manifests(told)["workloads"]["complete"], "why" in manifests(told)["workloads"]) == (False, True)
    # Deny rules are read with their rule set, and nowhere else: those that are known are not taken for deleted.
    inventory.hidden, inventory.deny_rules_apart = set(), True
    assert any(rule.deny for rule_set in inventory.all(RuleSet) for rule in rule_set.rules)
    told = fleet.run()
    assert {(event["kind"], event["state"]) for event in told} == {("rule_set", "present"), ("manifest", "present")}
    found = manifests(told)["rule_sets"]
    assert (found["complete"], found["deleted"], found["unlisted"]) == (True, 0, ["deny_rules"])


def test_a_run_that_is_killed_loses_no_change(fleet: Fleet) -> None:
    lab = fleet.lab
    lab.run_inventory(kill=Kill(after_events=_FLEET // 2))
    told = [*fleet.written(), *fleet.run()]
    once = {event["href"]: event for event in told if event["kind"] != "manifest"}
    assert kinds(list(once.values())) == expected_kinds(lab.pce) - Counter(manifest=len(COLLECTIONS))
    assert {event["state"] for event in told} == {"present"}
    deleted, changed = workloads(lab)[:2]
    lab.pce.inventory.delete(deleted)
    changed.policy_sync = "syncing"
    lab.run_inventory(kill=Kill(after_events=1))
    told = [*fleet.written(), *fleet.run()]
    assert {(deleted.href, "deleted"), (changed.href, "present")} <= {
        (event.get("href"), event["state"]) for event in told
    }
    assert kinds(fleet.run()) == Counter(manifest=len(COLLECTIONS))


@on_the_pythons_of_splunk
def test_it_runs_on_the_pythons_of_splunk(fleet: Fleet) -> None:
    assert kinds(fleet.run()) == expected_kinds(fleet.lab.pce)
