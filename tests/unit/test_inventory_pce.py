"""What an inventory input learns beside its collections: the PCE's name, its members, timers and labels."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest
from illumio_pce.timestamps import render

from tests.inventory_world import (
    FQDN,
    HOUR,
    Event,
    InventoryWorld,
    assert_kept,
    manifest_of,
    others,
    path_of,
    workload,
)

# --- which PCE it is -------------------------------------------------------------------------------


def test_the_name_is_that_of_health(world: InventoryWorld) -> None:
    world.host, world.pce.health = "balancer.example.com", {"fqdn": "pce1.example.com"}
    assert {event["pce_fqdn"] for event in world.run()} == {"pce1.example.com"}


def test_a_member_of_a_supercluster_is_known_by_the_name_it_is_asked_by(world: InventoryWorld) -> None:
    world.pce.health = [{"fqdn": "leader.example.com"}, {"fqdn": FQDN}]
    manifest = manifest_of(world.run())
    assert (manifest["pce_fqdn"], manifest["pce_fqdns"]) == (FQDN, [FQDN, "leader.example.com"])


def test_a_key_that_may_not_read_health_learns_the_name_from_events(world: InventoryWorld) -> None:
    world.pce.status["/api/v2/health"] = 403
    assert manifest_of(world.run())["pce_fqdn"] == "cloud.example.com"


@pytest.mark.parametrize("status", [401, 302])
def test_health_that_refuses_a_good_key_or_is_elsewhere_stops_nothing(status: int, world: InventoryWorld) -> None:
    world.run()
    world.pce.status["/api/v2/health"] = status
    world.pce.collections["workloads"].append(workload(99))
    events = world.run()
    assert world.ended == "ok"
    assert [(event["name"], event["pce_fqdn"]) for event in others(events)] == [("host99", FQDN)]


def test_in_illumios_cloud_health_is_not_asked_for(world: InventoryWorld) -> None:
    world.host = "scp1.illum.io"
    assert manifest_of(world.run())["pce_fqdn"] == "cloud.example.com"
    assert "/api/v2/health" not in [path for path, _, _ in world.pce.asked]


def test_without_health_and_events_it_is_the_accounts_host(world: InventoryWorld) -> None:
    world.pce.status = {"/api/v2/health": 404, "/api/v2/orgs/1/events": 403}
    world.pce.health = []
    assert manifest_of(world.run())["pce_fqdn"] == FQDN


def test_health_that_fails_does_not_change_the_name(world: InventoryWorld) -> None:
    world.host, world.pce.health = "balancer.example.com", [{"fqdn": "pce1.example.com"}]
    world.run()
    world.pce.status["/api/v2/health"] = 502
    events = world.run()
    assert manifest_of(events)["pce_fqdn"] == "pce1.example.com"
    assert others(events) == []


def test_the_members_that_serve_vens_are_in_the_next_manifest_of_each_collection(world: InventoryWorld) -> None:
    world.set("workloads", workload(1, managed=True, agent={"active_pce_fqdn": "member.example.com"}))
    assert manifest_of(world.run())["pce_fqdns"] == [FQDN, "member.example.com"]
    assert manifest_of(world.run(), "labels")["pce_fqdns"] == [FQDN, "member.example.com"]


def test_the_name_stays_whoever_wrote_the_latest_event(world: InventoryWorld) -> None:
    world.host = "scp1.illum.io"
    world.set("vens", {"href": "/orgs/1/vens/1", "active_pce_fqdn": "m1.example.com"})
    world.settings["collections"] = "vens"
    world.pce.latest_event = "m1.example.com"
    world.run()
    world.pce.latest_event = "m2.example.com"
    events = world.run()
    manifest = manifest_of(events, "vens")
    assert (manifest["pce_fqdn"], manifest["pce_fqdns"]) == ("m1.example.com", ["m1.example.com", "m2.example.com"])
    assert others(events) == []


def test_a_first_event_gives_the_name_that_was_only_the_accounts_host(world: InventoryWorld) -> None:
    world.host, world.pce.latest_event = "scp1.illum.io", ""
    assert manifest_of(world.run())["pce_fqdn"] == "scp1.illum.io"
    world.pce.latest_event = "m1.example.com"
    assert manifest_of(world.run())["pce_fqdn"] == "m1.example.com"


def test_health_that_is_too_large_does_not_change_the_name(world: InventoryWorld) -> None:
    world.run()
    world.pce.health = [{"fqdn": FQDN, "notices": "x" * 1_200_000}]
    events = world.run()
    assert (manifest_of(events)["pce_fqdn"], others(events)) == (FQDN, [])


def managed(number: int, server: str = FQDN, **members: Any) -> Event:
    status = {"last_heartbeat_on": "2000-01-01T00:00:00Z"}
    agent = {"href": f"/orgs/1/agents/{number}", "active_pce_fqdn": server, "status": status}
    return workload(number, managed=True, agent=agent, **members)


def test_behind_a_name_that_no_member_has_silent_is_not_judged(world: InventoryWorld) -> None:
    world.host = "balancer.example.com"
    world.pce.health = [{"fqdn": "leader.example.com"}, {"fqdn": "member.example.com"}]
    world.set("workloads", managed(1, "leader.example.com"))
    for _ in range(2):  # a guess that is remembered is still one
        world.run()
        (row,) = world.lookup().values()
        assert (row["pce_fqdn"], "silent" in row) == ("leader.example.com", False)
        assert "Enter the PCE's own FQDN as PCE URL" in world.last.record.notes[0]
    world.host = "member.example.com"
    world.set("workloads", managed(1, "member.example.com"))
    (event,) = others(world.run())
    assert (event["pce_fqdn"], event["silent"]) == ("member.example.com", True)


def judged(world: InventoryWorld) -> dict[str, bool | None]:
    """After a run, by workload, whether it is silent."""
    world.run()
    rows = world.lookup().items()
    return {row["name"]: row.get("silent") for href, row in rows if "/workloads/" in href}


def is_guess_noted(world: InventoryWorld) -> bool:
    return any(note.startswith("It is unknown which VENs this PCE serves") for note in world.last.record.notes)


def test_whoever_wrote_the_latest_event_is_not_taken_for_the_pce_that_is_asked(world: InventoryWorld) -> None:
    """The leader of a supercluster, whose health may not be read."""
    world.pce.status["/api/v2/health"] = 403
    world.pce.latest_event = "member.example.com"
    world.set("workloads", managed(1, "member.example.com"))
    for _ in range(2):
        assert judged(world) == {"host1": None}
        assert is_guess_noted(world)
    world.set("workloads", managed(1, "member.example.com"), managed(2, FQDN))
    judged(world)  # learns that a VEN names the account's host
    assert judged(world) == {"host1": None, "host2": True}
    manifest = manifest_of(world.events(-1))
    assert (manifest["pce_fqdn"], manifest["pce_fqdns"]) == (FQDN, [FQDN, "member.example.com"])
    assert not is_guess_noted(world)


def test_what_health_once_told_stays_whoever_writes_events(world: InventoryWorld) -> None:
    world.set("workloads", managed(1, "member.example.com"), managed(2, FQDN))
    assert judged(world) == {"host1": None, "host2": True}
    world.pce.status["/api/v2/health"] = 403
    world.pce.latest_event = "member.example.com"
    assert judged(world) == {"host1": None, "host2": True}
    assert manifest_of(world.events(-1))["pce_fqdn"] == FQDN


def test_an_event_of_the_host_that_is_asked_tells_that_it_is_a_pce(world: InventoryWorld) -> None:
    world.pce.status["/api/v2/health"] = 403
    world.pce.latest_event = FQDN.upper()
    world.set("workloads", managed(1))
    assert judged(world) == {"host1": True}
    assert not is_guess_noted(world)


def test_in_illumios_cloud_the_only_name_is_that_of_the_pce(world: InventoryWorld) -> None:
    world.host, world.pce.latest_event = "scp1.illum.io", "m1.example.com"
    world.set("workloads", managed(1, "m1.example.com"))
    assert judged(world) == {"host1": True}
    assert not is_guess_noted(world)
    world.pce.latest_event = "m2.example.com"
    assert judged(world) == {"host1": None}
    assert is_guess_noted(world)


def test_where_all_vens_name_another_pce_a_note_says_that_none_is_judged(world: InventoryWorld) -> None:
    world.set("workloads", managed(1, "vip.example.com"), managed(2, f"{FQDN}:8443"))
    assert [event.get("silent") for event in others(world.run())] == [None, True]
    assert world.last.record.notes == []
    world.set("workloads", managed(1, "vip.example.com"))
    world.run()
    assert "No VEN was judged silent" in world.last.record.notes[0]
    # In a standalone PCE all VENs are its own, also while its health fails.
    world.pce.health = [{"fqdn": FQDN, "type": "standalone"}]
    assert [event["silent"] for event in others(world.run())] == [True]
    world.pce.status["/api/v2/health"] = 502
    assert others(world.run()) == []
    assert world.last.record.notes == []


def test_another_name_of_a_standalone_pce_is_no_second_pce(world: InventoryWorld) -> None:
    world.set("workloads", managed(1, "vip.example.com"))
    assert manifest_of(world.run())["pce_fqdns"] == [FQDN, "vip.example.com"]
    world.pce.health = [{"fqdn": FQDN, "type": "standalone"}]
    for _ in range(2):
        events = world.run()
        assert [manifest_of(events, name)["pce_fqdns"] for name in ("labels", "workloads")] == [[FQDN], [FQDN]]
        world.pce.status["/api/v2/health"] = 502


@pytest.mark.parametrize("kind", ["leader", "member", None])
def test_a_member_that_tells_only_of_itself_serves_not_all(kind: str | None, world: InventoryWorld) -> None:
    world.pce.health = [{"fqdn": FQDN, "type": kind}]
    world.set("workloads", managed(1, "member.example.com"))
    assert "silent" not in others(world.run())[0]


def test_a_timer_with_a_scope_of_an_unknown_form_is_noted(world: InventoryWorld) -> None:
    timer = {"value": -1, "ven_type": "server", "scope": ["/orgs/1/labels/9"]}
    world.pce.timers = {"workload_disconnected_timeout_seconds": [timer]}
    world.set("workloads", managed(1))
    assert "silent" not in others(world.run())[0]
    assert "a scope of an unknown form" in world.last.record.notes[0]


# --- timers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ahead", "words"), [(20, "20 hours ahead of"), (0, ""), (-20, "20 hours behind")])
def test_the_age_of_a_heartbeat_is_told_by_the_clock_of_the_pce(ahead: int, words: str, world: InventoryWorld) -> None:
    now = world.clock.now + (4 + ahead) * HOUR
    world.pce.date = formatdate(now, usegmt=True)

    def heard(number: int, minutes: int) -> Event:
        status = {"last_heartbeat_on": render(int((now - 60 * minutes) * 1000))}
        return workload(number, managed=True, agent={"active_pce_fqdn": FQDN, "status": status})

    world.set("workloads", heard(1, minutes=30), heard(2, minutes=90))
    assert [event["silent"] for event in others(world.run())] == [False, True]
    note = f"The Date header of the PCE's responses is {words} this machine's clock."
    assert (world.ended, world.last.record.notes) == ("ok", [note] if words else [])


def last_heard(world: InventoryWorld, number: int, hours: float) -> Event:
    """A workload as releases before 22.3 have it: the type is in its VEN alone."""
    at = render(int((world.clock.now + 4 * HOUR - hours * HOUR) * 1000))
    agent = {"active_pce_fqdn": FQDN, "status": {"last_heartbeat_on": at}}
    return workload(number, managed=True, ven={"href": f"/orgs/1/vens/{number}"}, agent=agent)


@pytest.mark.parametrize(
    ("vens", "silent"),
    [
        ("none, since the request fails", {1: None, 2: None, 3: False, 4: True}),
        ("one of two", {1: False, 2: None, 3: False, 4: True}),
        ("all", {1: False, 2: True, 3: False, 4: True}),
        ("none, since they are not wanted", {1: True, 2: True, 3: False, 4: True}),
    ],
)
def test_where_the_type_of_a_ven_failed_to_come_only_what_is_so_for_each_type_is_told(
    vens: str, silent: dict[int, bool | None], world: InventoryWorld
) -> None:
    world.settings["collections"] = "workloads" if vens.endswith("wanted") else "vens,workloads"
    world.pce.status = {path_of("vens"): 500} if vens.endswith("fails") else {}
    laptop = {"href": "/orgs/1/vens/1", "ven_type": "endpoint", "active_pce_fqdn": FQDN}
    servers = [{"href": f"/orgs/1/vens/{n}", "ven_type": "server", "active_pce_fqdn": FQDN} for n in (2, 3, 4)]
    world.set("vens", laptop, *(servers if vens == "all" else []))
    hours = {1: 2, 2: 2, 3: 0.5, 4: 48}
    world.set("workloads", *(last_heard(world, number, ago) for number, ago in hours.items()))
    found = [event for event in others(world.run()) if event["kind"] == "workload"]
    assert {int(event["name"][4:]): event.get("silent") for event in found} == silent


def test_timers_that_cannot_be_read_once_are_those_of_the_last_run(world: InventoryWorld) -> None:
    world.pce.timers = {"workload_disconnected_timeout_seconds": [{"value": -1, "ven_type": "server", "scope": []}]}
    world.set("workloads", *(managed(number) for number in range(40)))
    assert {event["silent"] for event in others(world.run())} == {False}
    world.pce.status["/api/v2/orgs/1/settings/workloads"] = 500
    events = world.run()
    assert others(events) == []
    assert_kept(world, events, "settings/workloads cannot be read")
    world.pce.status.clear()
    assert others(world.run()) == []


def test_a_full_snapshot_that_was_due_without_timers_is_made_up_for(world: InventoryWorld) -> None:
    world.run()
    world.pce.status["/api/v2/orgs/1/settings/workloads"] = 500
    assert manifest_of(world.run(later=24 * HOUR))["full"] is False
    world.pce.status.clear()
    assert [manifest_of(world.run())["full"] for _ in range(2)] == [True, False]


@pytest.mark.parametrize("collections", ["workloads", "label_groups,workloads"])
def test_a_label_group_that_cannot_be_read_once_has_the_labels_of_the_last_run(
    collections: str, world: InventoryWorld
) -> None:
    world.settings["collections"] = collections
    group, label = "/orgs/1/sec_policy/active/label_groups/1", {"href": "/orgs/1/labels/1", "key": "app", "value": "A"}
    timer = {"value": -1, "ven_type": "server", "scope": [{"label_group": {"href": group}}]}
    world.pce.timers = {"workload_disconnected_timeout_seconds": [timer]}
    world.set("label_groups", {"href": group, "name": "G", "labels": [label]})
    world.set("workloads", managed(1, labels=[label]), managed(2))
    found = {event["name"]: event["silent"] for event in others(world.run()) if event["kind"] == "workload"}
    assert found == {"host1": False, "host2": True}
    world.pce.status[path_of("label_groups")] = 500
    assert others(world.run()) == []


# --- labels ----------------------------------------------------------------------------------------


def test_labels_by_href_alone_are_joined_though_no_events_of_labels_are_wanted(world: InventoryWorld) -> None:
    world.settings["collections"] = "workloads"
    world.set("labels", {"href": "/orgs/1/labels/1", "key": "app", "value": "Shop"})
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/1"}]))
    events = world.run()
    assert [event["kind"] for event in events] == ["workload", "manifest"]
    assert events[0]["labels"] == ["app=Shop"]


def test_labels_that_cannot_be_read_once_are_those_that_are_known(world: InventoryWorld) -> None:
    world.set("labels", {"href": "/orgs/1/labels/1", "key": "app", "value": "Shop"})
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/1"}]))
    world.run()
    world.pce.status[path_of("labels")] = 403
    assert others(world.run()) == []


@pytest.mark.parametrize("collections", ["workloads", "workloads,labels"])
def test_labels_that_failed_to_come_do_not_take_workloads_their_labels(collections: str, world: InventoryWorld) -> None:
    world.settings["collections"] = collections
    world.set("labels", {"href": "/orgs/1/labels/1", "key": "app", "value": "Shop"})
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/1"}]))
    world.run()
    for path in world.folder.glob("*labels.known"):
        path.unlink()
    world.pce.status[path_of("labels")] = 500
    events = world.run()
    assert (others(events), world.ended) == ([], "server_error")
    assert "The objects refer to labels only by href" in manifest_of(events)["why"]
    world.pce.status.clear()
    assert [event for event in others(world.run()) if event["kind"] == "workload"] == []


def test_labels_that_the_key_may_not_read_stop_nothing(world: InventoryWorld) -> None:
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/1"}]))
    world.pce.status[path_of("labels")] = 403
    (event,) = others(world.run())
    assert "labels" not in event


def labels(count: int) -> list[Event]:
    return [{"href": f"/orgs/1/labels/{n}", "key": "app", "value": f"v{n}"} for n in range(count)]


@pytest.mark.parametrize("lost", ["one, and the PCE counts it", "most, and deletions are held back"])
def test_labels_that_a_list_lacks_and_that_are_kept_keep_their_names(lost: str, world: InventoryWorld) -> None:
    world.settings["collections"] = "labels,workloads,ip_lists,rule_sets"
    rule_set = "/orgs/1/sec_policy/active/rule_sets/1"
    ip_list = {"href": "/orgs/1/sec_policy/active/ip_lists/1", "name": "Offices"}
    consumers = [{"label": {"href": "/orgs/1/labels/0"}}, {"ip_list": {"href": ip_list["href"]}}]
    world.set("labels", *labels(30))
    world.set("ip_lists", ip_list)
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/0"}]))
    rules = [{"href": f"{rule_set}/sec_rules/2", "consumers": consumers}]
    world.set("rule_sets", {"href": rule_set, "name": "RS", "rules": rules})
    world.run()
    missing = 1 if lost.startswith("one") else 20
    world.set("labels", *labels(30)[missing:])
    if missing == 1:
        world.pce.totals["labels"] = [30, 30]
    world.set("ip_lists")
    world.pce.totals["ip_lists"] = [1, 1]
    assert others(world.run()) == []
    assert world.ended == "ok"


def test_labels_that_come_in_part_are_those_that_failed_to_come_where_none_are_known(world: InventoryWorld) -> None:
    world.settings["collections"] = "workloads"
    world.set("labels", *labels(30)[1:])
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/1"}]))
    assert len(others(world.run())) == 1
    world.pce.totals["labels"] = [30, 30]
    assert others(world.run()) == []
    assert (world.ended, "The PCE counts 30 objects but returned 29" in world.last.record.notes[0]) == ("ok", True)
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/0"}]))
    world.pce.totals["labels"] = [30, 30]
    assert others(world.run()) == []
    assert world.ended == "broken_answer"
    # Without a total nothing shows that labels are missing.
    world.pce.totals["labels"] = [None]
    assert [event.get("labels") for event in others(world.run())] == [None]


def test_labels_of_which_some_are_unknown_after_all_was_forgotten_do_not_go(world: InventoryWorld) -> None:
    world.set("labels", *labels(30))
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/0"}]))
    world.run()
    for path in world.folder.glob("*.known"):
        path.unlink()
    world.set("labels", *labels(30)[1:])
    world.pce.totals["labels"] = [30, 30]
    events = world.run()
    assert [event for event in others(events) if event["kind"] == "workload"] == []
    assert "The objects refer to labels only by href" in manifest_of(events)["why"]
