"""The generator: exact, deterministic, with a rhythm and with incidents."""

from __future__ import annotations

import json
from collections import Counter

from workbench.pce.events import incidents
from workbench.pce.events.generate import generate
from workbench.pce.events.times import parse_micros
from workbench.pce.events.world import World

HOUR = 3_600_000
DAY = 24 * HOUR
#: 2031-03-03T00:00:00Z, a Monday.
MONDAY = 1_930_262_400_000


def test_as_many_as_asked_for_in_order_and_in_range() -> None:
    events = list(generate(MONDAY + 17, MONDAY + 3 * DAY, 5_000, seed=1))
    times = [event.ms for event in events]
    assert len(events) == 5_000
    assert times == sorted(times)
    assert times[0] in range(MONDAY + 17, MONDAY + HOUR)
    assert times[-1] in range(MONDAY + 3 * DAY - HOUR, MONDAY + 3 * DAY)


def test_the_text_has_the_time() -> None:
    for ms, text in generate(MONDAY, MONDAY + DAY, 500):
        assert parse_micros(json.loads(text)["timestamp"]) == ms * 1_000


def test_the_same_seed_gives_the_same_texts_and_another_does_not() -> None:
    def run(seed: int) -> list[str]:
        return [text for _, text in generate(MONDAY, MONDAY + DAY, 300, seed=seed)]

    assert run(4) == run(4)
    assert set(run(4)).isdisjoint(run(5))


def test_hrefs_are_unique() -> None:
    hrefs = [json.loads(text)["href"] for _, text in generate(MONDAY, MONDAY + DAY, 20_000)]
    assert len(set(hrefs)) == 20_000


def test_more_by_day_than_by_night_and_people_above_all() -> None:
    events = list(generate(MONDAY, MONDAY + DAY, 10_000, incidents=False))
    day = [event for event in events if 6 * HOUR <= event.ms - MONDAY < 18 * HOUR]
    assert len(day) == 7_500
    sign_ins = Counter(
        6 * HOUR <= ms - MONDAY < 18 * HOUR for ms, text in events if json.loads(text)["event_type"] == "user.sign_in"
    )
    assert sign_ins[True] > 10 * sign_ins[False]


def test_about_one_and_a_half_kilobytes_each() -> None:
    sizes = [len(text) for _, text in generate(MONDAY, MONDAY + 7 * DAY, 10_000)]
    assert 1_000 < sum(sizes) / len(sizes) < 2_000
    assert max(sizes) > 20_000


def test_two_weeks_hold_incidents() -> None:
    counts = Counter(json.loads(text)["event_type"] for _, text in generate(MONDAY, MONDAY + 14 * DAY, 4_000))
    without = Counter(
        json.loads(text)["event_type"] for _, text in generate(MONDAY, MONDAY + 14 * DAY, 4_000, incidents=False)
    )
    assert counts["agent.tampering"] >= without["agent.tampering"] + 6
    assert counts["request.service_unavailable"] > without["request.service_unavailable"]
    assert sum(counts.values()) == sum(without.values()) == 4_000


def test_a_moment_of_a_millisecond_is_enough() -> None:
    assert [event.ms for event in generate(MONDAY, MONDAY, 2)] == [MONDAY, MONDAY]


def test_place_and_name() -> None:
    ((_, text),) = generate(MONDAY, MONDAY + 1, 1, org_id=7, fqdn="north.example.com")
    assert json.loads(text)["pce_fqdn"] == "north.example.com"


def test_spraying_is_one_address_over_all_users_and_then_a_success() -> None:
    world = World(3)
    *failures, success = incidents.password_spraying(world)
    assert {event["action"]["src_ip"] for event in failures} == {failures[0]["action"]["src_ip"]}
    users = Counter(event["notifications"][0]["info"]["associated_user"]["supplied_username"] for event in failures)
    assert set(users.values()) == {3}
    assert len(users) == len(world.people)
    assert (success["event_type"], success["status"]) == ("user.sign_in", "success")
    assert success["action"]["src_ip"] == failures[0]["action"]["src_ip"]


def test_a_wide_provision_reaches_most_workloads() -> None:
    world = World(3)
    rule_set, rule, provision = incidents.wide_provision(world)
    (change,) = provision["resource_changes"]
    assert change["changes"]["workloads_affected"]["after"] > 0.9 * len(world.workloads)
    created = rule_set["resource_changes"][0]["resource"]["rule_set"]["href"]
    holder = rule["resource_changes"][0]["changes"]["rule_list"]["after"]["href"]
    assert list(change["resource"]["sec_policy"]["modified_objects"]["rulesets"]) == [created, holder]


def test_a_mass_unpairing_takes_forty_workloads() -> None:
    events = list(incidents.mass_unpairing(World(3)))
    assert [len(event["resource_changes"]) for event in events] == [4, 36]
    assert len({json.dumps(event["created_by"]) for event in events}) == 1
