"""A run of an inventory input: what it asks for, what it writes, and what it does not delete."""

from __future__ import annotations

import json
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from illumio_pce import inventory_download
from illumio_pce.errors import CollectorError

from tests.inventory_world import FQDN, HOUR, InventoryWorld, manifest_of, others, path_of, workload
from tests.simulation import START

Event = dict[str, Any]


@pytest.fixture
def world(tmp_path: Path) -> InventoryWorld:
    world = InventoryWorld(tmp_path)
    world.set("workloads", *(workload(number) for number in range(40)))
    return world


def states(events: list[Event]) -> list[tuple[str, str]]:
    """The names and states of objects among events."""
    return sorted((event["name"], event["state"]) for event in others(events))


def test_a_collection_is_asked_for_by_job_without_a_limit(world: InventoryWorld) -> None:
    world.settings = {"collections": "workloads,labels"}
    world.run()
    asked = [(path, query, headers) for path, query, headers in world.pce.asked if "workloads" in path.split("/")]
    assert asked == [
        ("/api/v2/orgs/1/settings/workloads", {}, {}),
        ("/api/v2/orgs/1/workloads", {"max_results": "1"}, {}),
        ("/api/v2/orgs/1/workloads", {}, {"Prefer": "respond-async"}),
        ("/api/v2/orgs/1/jobs/workloads", {}, {}),
        ("/api/v2/orgs/1/jobs/workloads", {}, {}),
        ("/api/v2/orgs/1/datafiles/workloads", {}, {}),
    ]


def test_the_first_run_writes_everything_and_a_manifest_at_the_end(world: InventoryWorld) -> None:
    world.set("labels", {"href": "/orgs/1/labels/1", "key": "app", "value": "Shop"})
    events = world.run()
    assert [event["kind"] for event in events] == ["label", "manifest", *["workload"] * 40, "manifest"]
    started = int((START + 4 * HOUR) * 1000)
    assert list(events[0].items())[:9] == [
        ("time", events[-1]["time"]),
        ("kind", "label"),
        ("pce_fqdn", FQDN),
        ("org_id", 1),
        ("href", "/orgs/1/labels/1"),
        ("name", "Shop"),
        ("state", "present"),
        ("snapshot", events[-1]["snapshot"]),
        ("key", "app"),
    ]
    assert events[0]["snapshot"] == str(started)
    assert {name: events[-1][name] for name in list(events[-1])[7:]} == {
        "collection": "workloads",
        "complete": True,
        "count": 40,
        "added": 40,
        "changed": 0,
        "deleted": 0,
        "full": True,
        "pce_fqdns": [FQDN],
    }
    (first, *_) = world.written
    assert (first.sourcetype, list(first.hosts)) == ("illumio:pce:inventory", [FQDN])


def test_later_runs_write_what_changed_only(world: InventoryWorld) -> None:
    world.run()
    assert states(world.run()) == []
    world.pce.collections["workloads"][3]["name"] = "renamed"
    world.pce.collections["workloads"].append(workload(99))
    events = world.run()
    assert states(events) == [("host99", "present"), ("renamed", "present")]
    manifest = manifest_of(events)
    assert [manifest[name] for name in ("full", "count", "added", "changed")] == [False, 41, 1, 1]


def test_everything_is_written_once_in_full_every_hours(world: InventoryWorld) -> None:
    fulls = [manifest_of(world.run(later=4 * HOUR + 3))["full"] for _ in range(8)]
    assert fulls == [True, False, False, False, False, False, True, False]


def test_a_pce_that_never_counts_right_is_not_written_in_full_each_time(world: InventoryWorld) -> None:
    written = []
    for _ in range(8):
        world.pce.totals["workloads"] = [41, 41]
        written.append(len(others(world.run())))
    assert written == [40, 0, 0, 0, 0, 0, 40, 0]


@pytest.mark.parametrize("doubtful", [1, 3])
def test_a_full_snapshot_that_failed_is_made_up_for_by_the_next_complete_one(
    doubtful: int, world: InventoryWorld
) -> None:
    for _ in range(doubtful):
        world.pce.totals["workloads"] = [None]
        assert manifest_of(world.run())["full"] is False
    events = world.run()
    assert (manifest_of(events)["full"], len(others(events))) == (True, 40)
    assert others(world.run()) == []


def test_a_drop_that_is_held_back_does_not_make_each_run_a_full_one(world: InventoryWorld) -> None:
    world.run()
    next(world.folder.glob("*workloads.known")).unlink()
    del world.pce.collections["workloads"][20:]
    assert len(others(world.run())) == 20
    assert others(world.run(later=HOUR)) == []


def test_everything_is_written_to_another_index(world: InventoryWorld) -> None:
    world.run()
    world.settings["index"] = "illumio"
    events = world.run()
    assert (manifest_of(events)["full"], len(others(events))) == (True, 40)
    assert others(world.run()) == []


def test_a_gone_object_is_written_as_deleted_once(world: InventoryWorld) -> None:
    world.run()
    del world.pce.collections["workloads"][3]
    events = world.run()
    (gone,) = others(events)
    assert list(gone.items())[4:] == [
        ("href", "/orgs/1/workloads/w3"),
        ("name", "host3"),
        ("state", "deleted"),
        ("snapshot", gone["snapshot"]),
        ("hostname", "host3"),
    ]
    assert manifest_of(events)["deleted"] == 1
    assert others(world.run()) == []


def test_what_comes_back_is_present_again(world: InventoryWorld) -> None:
    world.run()
    back = world.pce.collections["workloads"].pop(3)
    world.run()
    world.pce.collections["workloads"].append(back)
    assert states(world.run()) == [("host3", "present")]


def test_a_heartbeat_is_no_change(world: InventoryWorld) -> None:
    def beating(at: str) -> Event:
        status = {"last_heartbeat_on": at, "uptime_seconds": len(at)}
        return workload(1, managed=True, updated_at=at, agent={"href": "/orgs/1/agents/1", "status": status})

    world.set("workloads", beating("2025-10-09T00:00:00Z"))
    (first,) = others(world.run())
    world.set("workloads", beating("2025-10-09T04:00:00.5Z"))
    assert first["last_heartbeat_on"] == "2025-10-09T00:00:00Z"
    assert others(world.run()) == []


# --- what deletes nothing --------------------------------------------------------------------------


def assert_kept(world: InventoryWorld, events: list[Event], *words: str) -> None:
    """Nothing was marked deleted, and the manifest says why."""
    manifest = manifest_of(events)
    assert (manifest["complete"], manifest["deleted"]) == (False, 0)
    assert all(word in manifest["why"] for word in words), manifest["why"]
    assert len(world.present(healed=True)) == 40


@pytest.mark.parametrize(
    ("status", "category", "words"),
    [(403, "forbidden", "may not read"), (404, "not_found", "does not have"), (500, "server_error", "internal error")],
)
def test_a_collection_that_cannot_be_read_deletes_nothing_and_stops_no_other(
    status: int, category: str, words: str, world: InventoryWorld
) -> None:
    world.settings["collections"] = "workloads,labels,services"
    world.run()
    world.pce.status[path_of("labels")] = status
    world.set("services", {"href": "/orgs/1/sec_policy/active/services/1", "name": "All Services"})
    events = world.run()
    assert words in manifest_of(events, "labels")["why"]
    assert [event["name"] for event in others(events)] == ["All Services"]
    assert world.ended == category
    assert "labels: " in str(world.error)


def test_a_refused_key_stops_the_run_at_the_first_request(world: InventoryWorld) -> None:
    world.run()
    asked = len(world.pce.asked)
    world.pce.status = dict.fromkeys(("/api/v2/health", path_of("labels"), path_of("workloads")), 401)
    events = world.run()
    assert len(world.pce.asked) == asked + 1
    assert world.ended == "refused_key"
    assert_kept(world, events, "401")


def test_a_job_that_never_ends_is_given_up_after_half_an_hour(world: InventoryWorld) -> None:
    world.run()
    world.set("workloads")
    world.pce.polls = 10**6
    began = world.clock.now + 4 * HOUR
    events = world.run()
    assert 3600 <= world.clock.now - began <= 3660  # two collections
    assert_kept(world, events, "30 minutes")
    assert world.ended == "job"


def test_a_failed_job_deletes_nothing(world: InventoryWorld) -> None:
    world.run()
    world.set("workloads")
    world.pce.job_status = "failed"
    assert_kept(world, world.run(), "could not finish")


def test_a_datafile_that_was_cut_is_requested_again_without_a_new_job(world: InventoryWorld) -> None:
    world.settings["collections"] = "labels"
    world.set("labels", *({"href": f"/orgs/1/labels/{n}", "key": "app", "value": f"v{n}"} for n in range(30)))
    world.pce.cuts = [1, 400]
    assert manifest_of(world.run(), "labels")["count"] == 30
    assert [path for path, _, _ in world.pce.asked].count("/api/v2/orgs/1/datafiles/labels") == 3
    assert [headers for _, _, headers in world.pce.asked].count({"Prefer": "respond-async"}) == 1


def test_a_datafile_that_is_always_cut_deletes_nothing(world: InventoryWorld) -> None:
    world.run()
    world.pce.cuts = [0, 1, 2, 3]
    assert_kept(world, world.run(), "not whole")


def test_an_array_that_closes_in_the_wrong_place_is_not_taken_for_whole(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(n, labels=[]) for n in range(40)))
    world.run()
    world.pce.cuts = [0, *[2] * 3]  # ends with ]
    assert_kept(world, world.run(), "not whole")


def test_a_response_without_an_end_is_given_up(world: InventoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run()
    monkeypatch.setattr(inventory_download, "MOST_BYTES", 1000)
    events = world.run()
    assert world.ended == "too_large"
    assert_kept(world, events, "larger than")
    assert [path for path, _, _ in world.pce.asked].count("/api/v2/orgs/1/datafiles/workloads") == 2  # one in each run


def test_a_location_may_name_the_default_port(world: InventoryWorld) -> None:
    world.pce.location = f"https://{FQDN}:443/api/v2/orgs/1/jobs/"
    assert manifest_of(world.run())["count"] == 40


@pytest.mark.parametrize("host", ["other.example.com", f"{FQDN}:8443", f"{FQDN}:443@other.example.com"])
def test_a_location_elsewhere_gets_no_key(host: str, world: InventoryWorld) -> None:
    world.pce.location = f"https://{host}/api/v2/orgs/1/jobs/"
    world.run()
    assert world.ended == "redirect"
    assert not [path for path, _, _ in world.pce.asked if "jobs" in path]


def test_200_instead_of_202_is_taken(world: InventoryWorld) -> None:
    world.pce.at_once = True
    manifest = manifest_of(world.run())
    assert (manifest["complete"], manifest["count"]) == (True, 40)
    assert not [path for path, _, _ in world.pce.asked if "jobs" in path]


def test_200_that_is_cut_deletes_nothing(world: InventoryWorld) -> None:
    world.run()
    world.pce.at_once = True
    world.pce.totals["workloads"] = [40, 40]
    del world.pce.collections["workloads"][35:]
    events = world.run()
    assert manifest_of(events)["count"] == 35
    assert_kept(world, events, "counts 40 objects, and 35 came")


def test_without_a_total_nothing_is_deleted(world: InventoryWorld) -> None:
    world.run()
    world.pce.totals["workloads"] = [None]
    del world.pce.collections["workloads"][39:]
    assert_kept(world, world.run(), "X-Total-Count")


def test_objects_that_come_and_go_during_a_job_do_not_make_it_incomplete(world: InventoryWorld) -> None:
    world.run()
    world.pce.totals["workloads"] = [40, 38]
    del world.pce.collections["workloads"][39:]
    manifest = manifest_of(world.run())
    assert (manifest["complete"], manifest["deleted"]) == (True, 1)


def test_a_key_that_is_limited_to_labels_deletes_nothing(world: InventoryWorld) -> None:
    world.run()
    world.pce.limited = True
    del world.pce.collections["workloads"][30:]
    world.set("labels", {"href": "/orgs/1/labels/1", "key": "app", "value": "Shop"})
    events = world.run()
    assert manifest_of(events, "labels")["complete"]
    world.pce.collections["labels"] = []
    events = world.run()
    assert manifest_of(events, "labels")["deleted"] == 1
    assert_kept(world, events, "limited to labels", "Global Viewer")


def test_an_object_without_an_href_makes_a_snapshot_incomplete(world: InventoryWorld) -> None:
    world.run()
    world.pce.collections["workloads"][0] = {"hostname": "nobody"}
    assert_kept(world, world.run(), "1 of 40 objects have no href")


def test_an_object_that_came_twice_makes_a_snapshot_incomplete(world: InventoryWorld) -> None:
    world.run()
    everything = world.pce.collections["workloads"]
    everything[39] = everything[0]
    assert_kept(world, world.run(), "Objects came twice (1)")


def test_a_label_group_that_came_twice_makes_a_snapshot_incomplete(world: InventoryWorld) -> None:
    world.settings["collections"] = "label_groups"
    group: Event = {"href": "/orgs/1/sec_policy/active/label_groups/1", "name": "G", "labels": []}
    world.set("label_groups", group, {**group, "href": group["href"][:-1] + "2"})
    world.run()
    world.set("label_groups", group, group)
    manifest = manifest_of(world.run(), "label_groups")
    assert (manifest["complete"], manifest["count"], manifest["deleted"]) == (False, 1, 0)


@pytest.mark.parametrize(("member", "deleted"), [("rules", 0), ("deny_rules", 0), ("", 2)])
def test_rules_of_a_kind_that_no_rule_set_lists_any_more_are_not_deleted(
    member: str, deleted: int, world: InventoryWorld
) -> None:
    href = "/orgs/1/sec_policy/active/rule_sets/1"
    rules, deny_rules = [{"href": f"{href}/sec_rules/1"}], [{"href": f"{href}/deny_rules/2"}]
    rule_set: Event = {"href": href, "name": "RS", "rules": rules, "deny_rules": deny_rules}
    world.settings["collections"] = "rule_sets"
    world.set("rule_sets", rule_set)
    world.run()
    if member:
        del rule_set[member]
    else:
        rule_set.update(rules=[], deny_rules=[])
    manifest = manifest_of(world.run(), "rule_sets")
    assert (manifest["complete"], manifest["deleted"]) == (not member, deleted)
    assert not member or f"lists {member} any more" in manifest["why"]


# --- large drops -----------------------------------------------------------------------------------


def test_a_large_drop_counts_when_the_next_complete_run_lacks_the_same(world: InventoryWorld) -> None:
    world.run()
    del world.pce.collections["workloads"][31:]
    first = manifest_of(world.run())
    assert [first[name] for name in ("complete", "full", "count", "deleted")] == [True, False, 31, 0]
    assert "9 of 40 objects are missing" in first["why"]
    assert len(world.present(healed=True)) == 40
    second = manifest_of(world.run())
    assert (second["deleted"], second.get("why")) == (9, None)
    assert len(world.present()) == 31


def test_a_large_drop_counts_although_others_come_and_go_meanwhile(world: InventoryWorld) -> None:
    world.run()
    del world.pce.collections["workloads"][:20]
    world.run()
    del world.pce.collections["workloads"][0]
    world.pce.collections["workloads"].append(workload(99))
    assert manifest_of(world.run())["deleted"] == 21
    assert len(world.present()) == 20


def test_a_second_large_drop_is_held_back_while_the_first_counts(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(number) for number in range(100)))
    world.run()
    del world.pce.collections["workloads"][70:]
    world.run()
    del world.pce.collections["workloads"][30:]
    second = manifest_of(world.run())
    assert second["deleted"] == 30
    assert "40 of 70 objects are missing" in second["why"]
    assert manifest_of(world.run())["deleted"] == 40


def test_a_second_large_drop_that_follows_too_soon_waits_for_a_whole_interval(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(number) for number in range(100)))
    world.run()
    del world.pce.collections["workloads"][70:]
    world.run()
    del world.pce.collections["workloads"][30:]
    world.run(later=3 * HOUR)
    assert manifest_of(world.run(later=HOUR))["deleted"] == 0
    assert manifest_of(world.run(later=3 * HOUR))["deleted"] == 70


def test_a_fifth_may_go_at_once(world: InventoryWorld) -> None:
    world.run()
    del world.pce.collections["workloads"][32:]
    assert manifest_of(world.run())["deleted"] == 8


def test_below_20_objects_all_may_go_at_once(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(number) for number in range(19)))
    world.run()
    world.set("workloads")
    assert manifest_of(world.run())["deleted"] == 19


def test_a_run_that_comes_too_soon_confirms_nothing(world: InventoryWorld) -> None:
    world.run()
    del world.pce.collections["workloads"][20:]
    world.run()
    assert manifest_of(world.run(later=600))["deleted"] == 0
    assert manifest_of(world.run(later=4 * HOUR - 600))["deleted"] == 20


def test_an_incomplete_run_in_between_confirms_nothing_and_forgets_nothing(world: InventoryWorld) -> None:
    world.run()
    del world.pce.collections["workloads"][20:]
    world.run()
    world.pce.totals["workloads"] = [40, 40]
    assert manifest_of(world.run())["deleted"] == 0
    assert manifest_of(world.run())["deleted"] == 20


def test_other_objects_that_are_missing_confirm_nothing(world: InventoryWorld) -> None:
    world.run()
    everything = world.pce.collections["workloads"]
    world.set("workloads", *everything[20:])
    world.run()
    world.set("workloads", *everything[:20])
    assert manifest_of(world.run())["deleted"] == 0
    world.set("workloads", *everything)
    assert others(world.run()) == []
    assert len(world.present()) == 40


def test_what_was_missing_and_is_replaced_by_as_many_is_held_back_too(world: InventoryWorld) -> None:
    world.run()
    world.set("workloads", *(workload(number) for number in range(20, 60)))
    manifest = manifest_of(world.run())
    assert [manifest[name] for name in ("added", "deleted")] == [20, 0]


# --- state that is lost or of others ----------------------------------------------------------------


@pytest.mark.parametrize("loss", ["file", "document", "broken file", "broken document"])
def test_without_state_everything_is_written_and_nothing_is_deleted_by_comparison(
    loss: str, world: InventoryWorld
) -> None:
    world.run()
    (known,) = world.folder.glob("*workloads.known")
    (key,) = world.documents
    if loss == "file":
        known.unlink()
    elif loss == "broken file":
        known.write_bytes(known.read_bytes()[:-200])
    elif loss == "document":
        world.documents.clear()
    else:
        world.documents[key] = {**world.documents[key], "content": "{}"}
    del world.pce.collections["workloads"][39:]
    events = world.run()
    manifest = manifest_of(events)
    assert [manifest[name] for name in ("complete", "full", "count", "deleted")] == [True, True, 39, 0]
    assert len(others(events)) == 39
    assert len(world.present(healed=True)) == 39


def test_a_file_that_is_older_than_the_document_is_not_compared_with(world: InventoryWorld) -> None:
    """Another member of a search head cluster has collected since; what it saw is undone now."""
    world.run()
    (known,) = world.folder.glob("*workloads.known")
    older = known.read_bytes()
    world.pce.collections["workloads"][3]["name"] = "renamed"
    world.run()
    known.write_bytes(older)
    del world.pce.collections["workloads"][3]["name"]
    assert manifest_of(world.run())["full"]
    assert world.present()["/orgs/1/workloads/w3"] == "host3"


def test_a_large_drop_is_held_back_though_the_file_is_lost(world: InventoryWorld) -> None:
    world.run()
    (known,) = world.folder.glob("*workloads.known")
    known.unlink()
    del world.pce.collections["workloads"][20:]
    manifest = manifest_of(world.run())
    assert (manifest["full"], "20 of 40" in manifest["why"]) == (False, True)
    assert len(world.present(healed=True)) == 40
    manifest = manifest_of(world.run())
    assert (manifest["full"], manifest.get("why")) == (True, None)
    assert len(world.present(healed=True)) == 20


def test_two_large_drops_after_the_file_was_lost_are_held_back_one_after_the_other(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(number) for number in range(100)))
    world.run()
    next(world.folder.glob("*workloads.known")).unlink()
    del world.pce.collections["workloads"][70:]
    world.run()
    del world.pce.collections["workloads"][10:]
    manifest = manifest_of(world.run())
    assert (manifest["deleted"], manifest["full"]) == (0, False)
    assert "60 of 70 objects are missing" in manifest["why"]
    assert len(world.present(healed=True)) == 100


def test_state_of_another_pce_is_not_compared_with(world: InventoryWorld) -> None:
    world.run()
    world.host, world.pce.health = "other.example.com", [{"fqdn": "other.example.com"}]
    world.set("workloads", workload(1))
    events = world.run()
    assert [(event["pce_fqdn"], event["state"]) for event in others(events)] == [("other.example.com", "present")]
    assert manifest_of(events)["full"]


def test_a_later_run_has_a_later_snapshot_though_the_clock_was_set_back(world: InventoryWorld) -> None:
    first = manifest_of(world.run())
    second = manifest_of(world.run(later=-7200))
    assert first["snapshot"] < second["snapshot"]
    assert second["time"] < first["time"]
    assert second["full"]


def at(epoch: float) -> str:
    return formatdate(epoch, usegmt=True)


@pytest.mark.parametrize("hours", [-25, 25])
def test_with_a_clock_that_is_a_day_wrong_nothing_is_written(hours: int, world: InventoryWorld) -> None:
    world.run()
    world.clock.now += hours * HOUR
    world.pce.date = at(world.clock.now - hours * HOUR)
    saved = dict(world.documents)
    with pytest.raises(CollectorError, match="Set this machine's clock") as caught:
        world.prepare().collect()
    assert caught.value.category == "clock"
    assert (len(world.events()), world.documents) == (42, saved)


@pytest.mark.parametrize("date", ["Thu, 01 Jan 1970 00:00:10 GMT", at(START + 5 * HOUR)])
def test_a_date_header_that_is_hours_off_or_of_a_device_without_a_clock_stops_nothing(
    date: str, world: InventoryWorld
) -> None:
    world.pce.date = date
    world.run()
    assert world.ended == "ok"


def test_a_snapshot_from_the_far_future_does_not_stay_the_latest(world: InventoryWorld) -> None:
    now = world.clock.now
    world.clock.now += 365 * 24 * HOUR
    world.run()
    world.clock.now = now
    manifest = manifest_of(world.run())
    assert manifest["snapshot"] == str(int((now + 4 * HOUR) * 1000))
    assert manifest["full"]


def test_a_folder_that_cannot_be_written_is_an_error_with_a_remedy(world: InventoryWorld) -> None:
    world.folder = world.folder / "missing"
    with pytest.raises(Exception, match="free space of the disk") as caught:
        world.prepare().collect()
    assert type(caught.value).__name__ == "CollectorError"


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
        assert "Enter the member's own FQDN as PCE URL" in world.last.record.notes[0]
    world.host = "member.example.com"
    world.set("workloads", managed(1, "member.example.com"))
    (event,) = others(world.run())
    assert (event["pce_fqdn"], event["silent"]) == ("member.example.com", True)


# --- timers ----------------------------------------------------------------------------------------


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
    assert "The objects name labels by href" in manifest_of(events)["why"]
    world.pce.status.clear()
    assert [event for event in others(world.run()) if event["kind"] == "workload"] == []


def test_labels_that_the_key_may_not_read_stop_nothing(world: InventoryWorld) -> None:
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/1"}]))
    world.pce.status[path_of("labels")] = 403
    (event,) = others(world.run())
    assert "labels" not in event


# --- the record, and the budget ---------------------------------------------------------------------


def test_the_record_has_the_figures_of_each_manifest(world: InventoryWorld) -> None:
    world.pce.limited = True
    world.run()
    world.last.write_record({"kind": "run", "outcome": "ok"})
    record = json.loads(world.written[-1].texts[0])
    assert world.written[-1].sourcetype == "illumio:pce:ingest"
    figures = {"complete": False, "full": False, "count": 40, "added": 40, "changed": 0, "deleted": 0}
    assert record["collections"]["workloads"] == figures
    assert record["input"] == "illumio_pce_inventory://inv"
    assert record["events"] == 42
    assert [note.startswith("workloads: The API key may not read settings/workloads") for note in record["notes"]] == [
        True
    ]


def test_a_stop_at_the_end_of_a_collection_lets_it_end(world: InventoryWorld) -> None:
    world.settings["collections"] = "labels,workloads"
    world.on_effect = lambda name: world.stop.request() if name == "write" else None
    assert [event["kind"] for event in world.run()] == ["manifest"]
    assert world.ended == "stopped"
    world.on_effect = lambda _name: None
    events = world.run()
    assert (manifest_of(events, "labels")["full"], manifest_of(events)["full"]) == (False, True)


def test_a_pce_that_is_lost_on_the_way_to_the_labels_is_in_the_manifest(world: InventoryWorld) -> None:
    world.settings["collections"] = "workloads"
    world.pce.status[path_of("labels")] = 401
    events = world.run()
    assert world.ended == "refused_key"
    assert "401" in manifest_of(events)["why"]


def test_a_stop_between_pages_leaves_the_rest_to_the_next_run(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(number, name="x" * 250) for number in range(2000)))
    world.on_effect = lambda name: world.stop.request() if name == "write" else None
    world.run()
    assert world.ended == "stopped"
    world.on_effect = lambda _name: None
    assert manifest_of(world.run())["full"]
    assert len(world.present()) == 2000
