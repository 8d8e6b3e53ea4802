"""What an inventory input takes for deleted, and what deletes nothing."""

from __future__ import annotations

import pytest
from illumio_pce import inventory_download, inventory_snapshot
from illumio_pce.inventory_kinds import COLLECTIONS

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
from tests.simulation import Fault, SimulatedResponse, cut_short, half_a_body, page_of_html, reset, status

# --- what deletes nothing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "category", "words"),
    [
        (403, "forbidden", "may not read"),
        (404, "not_found", "has no such collection"),
        (500, "server_error", "internal error"),
    ],
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
    refused = ("/api/v2/orgs/1/settings/workloads", "/api/v2/health", path_of("labels"), path_of("workloads"))
    world.pce.status = dict.fromkeys(refused, 401)
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
    assert_kept(world, world.run(), "incomplete or malformed")


def test_an_array_that_closes_in_the_wrong_place_is_not_taken_for_whole(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(n, labels=[]) for n in range(40)))
    world.run()
    world.pce.cuts = [0, *[2] * 3]  # ends with ]
    assert_kept(world, world.run(), "incomplete or malformed")


def test_a_response_without_an_end_is_given_up(world: InventoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run()
    monkeypatch.setattr(inventory_download, "MOST_BYTES", 1000)
    events = world.run()
    assert world.ended == "too_large"
    assert_kept(world, events, "larger than")
    assert [path for path, _, _ in world.pce.asked].count("/api/v2/orgs/1/datafiles/workloads") == 2  # one in each run


def test_an_object_that_is_too_large_is_not_requested_again(
    world: InventoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    monkeypatch.setattr(inventory_snapshot, "_LARGEST", 1000)
    world.pce.collections["workloads"][3]["services"] = ["x" * 1_000_000]
    before = len(world.pce.asked)
    events = world.run()
    assert world.ended == "too_large"
    assert_kept(world, events, "/orgs/1/workloads/w3")
    asked = [path for path, _, _ in world.pce.asked[before:]]
    assert asked.count("/api/v2/orgs/1/datafiles/workloads") == 1


@pytest.mark.parametrize(
    "host", [f"{FQDN}:443", "pce.my-company.com:8443", f"{FQDN}:8443", f"{FQDN}:443@other.example.com"]
)
def test_of_a_location_only_the_path_counts(host: str, world: InventoryWorld) -> None:
    world.pce.location = f"https://{host}/api/v2/orgs/1/jobs/"
    assert manifest_of(world.run())["count"] == 40
    assert "/api/v2/orgs/1/jobs/workloads" in [path for path, _, _ in world.pce.asked]


@pytest.mark.parametrize("location", ["/api/v2/orgs/2/jobs/", "/api/v2/orgs/1/users/", "/jobs/", "/orgs/1/jobs/../"])
def test_a_location_that_is_no_job_is_not_asked_for(location: str, world: InventoryWorld) -> None:
    world.pce.location = location
    world.run()
    assert world.ended == "broken_answer"
    assert not [path for path, _, _ in world.pce.asked if path.startswith(location)]


@pytest.mark.parametrize("what", ["jobs", "datafiles"])
def test_what_the_pce_lost_is_asked_for_by_a_new_job_once(what: str, world: InventoryWorld) -> None:
    path = f"/api/v2/orgs/1/{what}/workloads"
    world.pce.lost[path] = 1
    assert manifest_of(world.run())["complete"]
    world.pce.lost[path] = 2
    events = world.run()
    assert world.ended == "job"
    assert_kept(world, events, "The PCE does not have the asynchronous job")


def test_labels_whose_datafile_is_gone_are_missed_rather_than_forbidden(world: InventoryWorld) -> None:
    world.settings["collections"] = "workloads"
    world.set("labels", {"href": "/orgs/1/labels/1", "key": "app", "value": "Shop"})
    world.set("workloads", workload(1, labels=[{"href": "/orgs/1/labels/1"}]))
    world.run()
    world.pce.lost["/api/v2/orgs/1/datafiles/labels"] = 2
    assert others(world.run()) == []
    assert world.ended == "job"


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("empty", ["no result", "204"])
def test_an_empty_collection_may_have_no_result_where_the_pce_counts_none(
    empty: str, at_once: bool, world: InventoryWorld
) -> None:
    world.set("workloads", *(workload(number) for number in range(19)))
    world.run()
    world.set("workloads")
    world.pce.empty, world.pce.at_once = empty, at_once
    manifest = manifest_of(world.run())
    assert [manifest[name] for name in ("complete", "count", "deleted")] == [True, 0, 19]


def test_no_result_where_the_pce_counts_some_deletes_nothing(world: InventoryWorld) -> None:
    world.run()
    world.set("workloads")
    world.pce.empty = "no result"
    world.pce.totals["workloads"] = [0, 40]
    events = world.run()
    assert world.ended == "job"
    assert_kept(world, events, "without a result")


def test_200_that_is_cut_at_500_is_asked_for_with_its_total(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(number) for number in range(800)))
    world.pce.at_once = True
    manifest = manifest_of(world.run())
    assert (manifest["complete"], manifest["count"], manifest["added"]) == (True, 800, 800)
    path = path_of("workloads")
    assert [query for asked, query, _ in world.pce.asked if asked == path] == [
        {"max_results": "1"}, {}, {"max_results": "800"},
    ]  # fmt: skip


def test_a_pce_that_refuses_such_a_number_gives_what_it_gave(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(number) for number in range(800)))
    world.pce.at_once, world.pce.most = True, 500
    manifest = manifest_of(world.run())
    assert (manifest["complete"], manifest["count"]) == (False, 500)
    assert "counts 800 objects but returned 500" in manifest["why"]


@pytest.fixture
def long_world(world: InventoryWorld) -> InventoryWorld:
    """Of 800 workloads, the PCE gives 500 at once, and the others only where it is asked for 800."""
    world.set("workloads", *(workload(number) for number in range(800)))
    world.pce.at_once = True
    return world


def asked_for_all(world: InventoryWorld) -> int:
    return sum(query == {"max_results": "800"} for _, query, _ in world.pce.asked)


def test_a_pce_has_four_minutes_for_a_long_list(long_world: InventoryWorld) -> None:
    long_world.pce.seconds = 230
    manifest = manifest_of(long_world.run())
    assert (manifest["complete"], manifest["count"], asked_for_all(long_world)) == (True, 800, 1)


def test_a_pce_that_is_too_slow_for_a_long_list_is_asked_for_it_once(long_world: InventoryWorld) -> None:
    long_world.pce.seconds = 10**6
    began = long_world.clock.now + 4 * HOUR
    events = long_world.run()
    manifest = manifest_of(events)
    assert (manifest["complete"], manifest["count"], len(others(events))) == (False, 500, 500)
    assert "The PCE did not answer in time." in manifest["why"]
    assert (long_world.ended, asked_for_all(long_world)) == ("ok", 1)
    assert long_world.clock.now - began < 300
    assert others(long_world.run()) == []


FAULTS: dict[str, Fault] = {
    "504": status(504),
    "429": status(429),
    "closed": reset,
    "broken": cut_short,
    "cut": half_a_body,
    "a page": page_of_html,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_long_list_that_fails_leaves_what_came_before(fault: str, long_world: InventoryWorld) -> None:
    long_world.pce.long_list = FAULTS[fault]
    events = long_world.run()
    manifest = manifest_of(events)
    assert (manifest["complete"], manifest["count"], len(others(events))) == (False, 500, 500)
    assert "a part of the collection at once" in manifest["why"]
    assert (long_world.ended, asked_for_all(long_world)) == ("ok", 1)
    assert others(long_world.run()) == []


def test_a_long_list_that_is_malformed_where_it_is_read_leaves_what_came_before(long_world: InventoryWorld) -> None:
    def broken(response: SimulatedResponse) -> SimulatedResponse:
        return SimulatedResponse(200, response.headers, response.body[:-2] + b"}, ]")

    long_world.pce.long_list = broken
    events = long_world.run()
    assert (manifest_of(events)["count"], len(others(events)), long_world.ended) == (500, 500, "ok")


def test_a_key_that_is_refused_for_a_long_list_ends_the_run(long_world: InventoryWorld) -> None:
    long_world.pce.long_list = status(401)
    events = long_world.run()
    assert (long_world.ended, others(events)) == ("refused_key", [])


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
    assert_kept(world, events, "counts 40 objects but returned 35")


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


@pytest.mark.parametrize("name", COLLECTIONS)
def test_with_a_key_that_is_limited_to_labels_only_what_every_user_sees_is_complete(
    name: str, world: InventoryWorld
) -> None:
    """Administration guide, "Scoped Roles and Permissions": labels, label groups, IP lists and services are for all."""
    world.settings["collections"] = name
    world.set(name, {"href": f"/orgs/1/{name}/1", "name": "one"})
    world.run()
    world.set(name)
    world.pce.limited = True
    manifest = manifest_of(world.run(), name)
    is_for_all = name in ("labels", "label_groups", "ip_lists", "services")
    assert (manifest["complete"], manifest["deleted"]) == (is_for_all, int(is_for_all))
    assert ("limited to labels" in manifest.get("why", "")) != is_for_all


def test_an_object_without_an_href_makes_a_snapshot_incomplete(world: InventoryWorld) -> None:
    world.run()
    world.pce.collections["workloads"][0] = {"hostname": "nobody"}
    assert_kept(world, world.run(), "1 of 40 objects have no href")


def test_an_object_that_came_twice_makes_a_snapshot_incomplete(world: InventoryWorld) -> None:
    world.run()
    everything = world.pce.collections["workloads"]
    everything[39] = everything[0]
    assert_kept(world, world.run(), "Objects came more than once (1)")


def test_a_label_group_that_came_twice_makes_a_snapshot_incomplete(world: InventoryWorld) -> None:
    world.settings["collections"] = "label_groups"
    group: Event = {"href": "/orgs/1/sec_policy/active/label_groups/1", "name": "G", "labels": []}
    world.set("label_groups", group, {**group, "href": group["href"][:-1] + "2"})
    world.run()
    world.set("label_groups", group, group)
    manifest = manifest_of(world.run(), "label_groups")
    assert (manifest["complete"], manifest["count"], manifest["deleted"]) == (False, 1, 0)


# --- rules, which their rule sets list ---------------------------------------------------------------


def rule_set(number: int, rules: int = 0, deny_rules: int = 0) -> Event:
    href = f"/orgs/1/sec_policy/active/rule_sets/{number}"
    return {
        "href": href,
        "name": f"RS{number}",
        "rules": [{"href": f"{href}/sec_rules/{n}"} for n in range(rules)],
        "deny_rules": [{"href": f"{href}/deny_rules/{n}"} for n in range(deny_rules)],
    }


@pytest.fixture
def rule_world(world: InventoryWorld) -> InventoryWorld:
    world.settings["collections"] = "rule_sets"
    world.set("rule_sets", rule_set(1, rules=2, deny_rules=1), rule_set(2, rules=1))
    world.run()
    return world


def rules_of(world: InventoryWorld) -> list[str]:
    names = world.present(healed=True).values()
    return sorted(name for name in names if not name.startswith("RS"))


def test_rules_that_a_rule_set_no_longer_lists_are_deleted(rule_world: InventoryWorld) -> None:
    rule_world.set("rule_sets", rule_set(1), rule_set(2, rules=1))
    manifest = manifest_of(rule_world.run(), "rule_sets")
    assert (manifest["complete"], manifest["deleted"], "unlisted" in manifest) == (True, 3, False)
    assert rules_of(rule_world) == ["Rule 0 of RS2"]


@pytest.mark.parametrize("nothing", ["null", "absent"])
@pytest.mark.parametrize("member", ["rules", "deny_rules"])
def test_rules_that_a_rule_set_says_nothing_about_stay_and_hold_up_nothing(
    member: str, nothing: str, rule_world: InventoryWorld
) -> None:
    untold = rule_set(1, rules=2, deny_rules=1)
    if nothing == "null":
        untold[member] = None
    else:
        del untold[member]
    rule_world.set("rule_sets", untold, rule_set(3))
    told = {event["name"]: event.get("rules") for event in others(rule_world.run()) if event["kind"] == "rule_set"}
    assert told["RS1"] == (None if member == "rules" else 2)
    for later in (4 * HOUR, 24 * HOUR, 4 * HOUR):
        manifest = manifest_of(rule_world.run(later), "rule_sets")
        assert (manifest["complete"], manifest.get("why")) == (True, None)
        assert manifest["unlisted"] == ["sec_rules" if member == "rules" else "deny_rules"]
    # That of RS2 went with it.
    assert rules_of(rule_world) == ["Deny rule 0 of RS1", "Rule 0 of RS1", "Rule 1 of RS1"]
    rule_world.set("rule_sets", rule_set(1, rules=2, deny_rules=1) | {member: []})
    rule_world.run()
    assert rules_of(rule_world) == (["Deny rule 0 of RS1"] if member == "rules" else ["Rule 0 of RS1", "Rule 1 of RS1"])


def test_a_deny_rule_may_stand_in_both_lists(rule_world: InventoryWorld) -> None:
    record = rule_set(1, rules=2, deny_rules=1)
    record["rules"] += record["deny_rules"]
    rule_world.set("rule_sets", record, rule_set(2, rules=1))
    events = rule_world.run()
    manifest = manifest_of(events, "rule_sets")
    assert (manifest["complete"], manifest["count"], others(events)) == (True, 6, [])
    rule_world.set("rule_sets", record, record)
    assert "Objects came more than once (1)" in manifest_of(rule_world.run(), "rule_sets")["why"]


def test_rules_that_no_rule_set_lists_any_more_stay_though_it_is_not_known_which_they_were(
    rule_world: InventoryWorld,
) -> None:
    for path in rule_world.folder.glob("*rule_sets.known"):
        path.unlink()
    for record in rule_world.pce.collections["rule_sets"]:
        del record["deny_rules"]
    del rule_world.pce.collections["rule_sets"][1]
    for _ in range(2):
        manifest = manifest_of(rule_world.run(24 * HOUR), "rule_sets")
        assert (manifest["full"], manifest["unlisted"]) == (True, ["deny_rules"])
    assert rules_of(rule_world) == ["Deny rule 0 of RS1", "Rule 0 of RS1", "Rule 1 of RS1"]


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
