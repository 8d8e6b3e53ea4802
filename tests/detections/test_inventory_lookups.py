"""The lookups of the inventory: what keepers make of events, late, twice, skipped, incomplete, or of a supercluster."""

from __future__ import annotations

from typing import Any

import pytest

from tests import inventory as made
from tests.inventory import PCE, Json, indexed, manifest
from tests.lookups import DAY, HOUR, Lookups
from workbench.splunk.spl import search as spl_search
from workbench.splunk.spl.commands import lookup as lookup_command
from workbench.splunk.spl.commands import stats

#: 2026-11-30, 01:00 UTC.
BEGIN = 1796000400
FIRST = BEGIN * 1000
MEMBER = "pce-2.kestrel-freight.example"


def run(*events: Json, collection: str = "workloads", **members: Any) -> list[Json]:
    """What a run writes of a collection: objects, then the manifest, which tells of a full run unless told."""
    at = int(events[0]["snapshot"])
    count = len([event for event in events if event["state"] == "present"])
    told = {"count": count, **members}
    return indexed([*events, manifest(at, collection, **told)])


def later(seconds: float) -> int:
    return FIRST + int(seconds * 1000)


def workloads(at: int, *numbers: int, **members: Any) -> list[Json]:
    return [made.workload(at, number, **members) for number in numbers]


def test_a_run_fills_the_three_lookups() -> None:
    lookups = Lookups(
        [
            *run(*workloads(FIRST, 7)),
            *run(made.label(FIRST, 3), collection="labels"),
            *run(made.ven(FIRST, 7, conditions=["missed_heartbeats"]), collection="vens"),
            *run(made.ip_list(FIRST, 1, "Any", is_any=True), collection="ip_lists"),
        ]
    )
    lookups.build(BEGIN + 60)

    assert lookups.rows("workloads") == {
        f"{PCE}|/orgs/1/workloads/7": {
            "_key": f"{PCE}|/orgs/1/workloads/7", "pce_fqdn": PCE, "org_id": "1", "href": "/orgs/1/workloads/7",
            "name": "host-7", "hostname": "host-7", "managed": "true", "online": "true", "enforcement_mode": "full",
            "visibility_level": "flow_summary", "labels": ["app=Shop", "env=Prod"], "ip": "10.0.0.7",
            "os": "centos-x86_64-8.0", "ven_href": "/orgs/1/vens/7", "agent_href": "/orgs/1/agents/7",
            "ven_version": "24.2.20-1234", "ven_status": "active", "ven_type": "server", "active_pce_fqdn": PCE,
            "policy_sync": "applied", "silent": "false", "state": "present", "snapshot": str(FIRST),
            "seen": f"{BEGIN}.000",
        }
    }  # fmt: skip
    (shop,) = lookups.rows("labels").values()
    assert (shop["href"], shop["key"], shop["value"], shop["name"]) == ("/orgs/1/labels/3", "app", "Shop", "Shop")
    objects = {row["href"]: row for row in lookups.rows("objects").values()}
    assert {row["kind"] for row in objects.values()} == {"ven", "ip_list"}
    assert objects["/orgs/1/vens/7"]["conditions"] == "missed_heartbeats"
    assert objects["/orgs/1/sec_policy/*/ip_lists/1"]["is_any"] == "true"


def test_the_newest_state_of_an_object_wins_in_any_order_and_nothing_old_stays() -> None:
    events = [
        *run(*workloads(FIRST, 7, 8)),
        *run(made.workload(later(HOUR), 7, labels=None, enforcement_mode="idle"), full=False),
        *run(made.workload(later(2 * HOUR), 7, state="deleted"), full=False),
        *run(*workloads(later(3 * HOUR), 7), full=False),
    ]
    at_once = Lookups(events)
    at_once.build(BEGIN + 5 * HOUR)
    step_by_step = Lookups(events)
    seen = []
    for hour in range(4):
        step_by_step.build(BEGIN + hour * HOUR + 600)
        step_by_step.build(BEGIN + hour * HOUR + 900)
        row = step_by_step.rows("workloads")[f"{PCE}|/orgs/1/workloads/7"]
        seen.append((row["state"], row["enforcement_mode"], row.get("labels")))

    both = ["app=Shop", "env=Prod"]
    assert seen == [
        ("present", "full", both),
        ("present", "idle", None),
        ("deleted", "idle", None),
        ("present", "full", both),
    ]
    assert at_once.rows("workloads") == step_by_step.rows("workloads")


@pytest.mark.parametrize("one_is_enough", [False, True])
def test_what_was_deleted_keeps_all_that_was_known(monkeypatch: pytest.MonkeyPatch, one_is_enough: bool) -> None:
    """Whether or not OUTPUTNEW looks anything up for a row that has one of its fields already."""
    monkeypatch.setattr(lookup_command, "ONE_IS_ENOUGH", one_is_enough)
    events = [*run(*workloads(FIRST, 7)), *run(made.ven(FIRST, 7), collection="vens")]
    gone = [made.workload(later(HOUR), 7, state="deleted"), made.ven(later(HOUR), 7, state="deleted")]
    events += run(gone[0], full=False) + run(gone[1], collection="vens", full=False)
    lookups = Lookups(events)
    lookups.build(BEGIN + 60)
    before = [*lookups.rows("workloads").values(), *lookups.rows("objects").values()]
    lookups.build(BEGIN + HOUR + 60)

    after = [*lookups.rows("workloads").values(), *lookups.rows("objects").values()]
    now = {"state": "deleted", "snapshot": str(later(HOUR)), "seen": f"{BEGIN + HOUR}"}
    assert [{**row, "seen": row["seen"].partition(".")[0]} for row in after] == [{**row, **now} for row in before]


def test_what_was_deleted_keeps_what_was_known_for_30_days_and_then_goes() -> None:
    lookups = Lookups([*run(*workloads(FIRST, 7, 8)), *run(made.workload(later(HOUR), 7, state="deleted"), full=False)])
    lookups.build(BEGIN + 60)
    lookups.build(BEGIN + HOUR + 60)
    row = lookups.rows("workloads")[f"{PCE}|/orgs/1/workloads/7"]
    assert (row["state"], row["name"], row["labels"]) == ("deleted", "host-7", ["app=Shop", "env=Prod"])

    lookups.expire(BEGIN + HOUR + 30 * DAY)
    assert len(lookups.rows("workloads")) == 2
    lookups.expire(BEGIN + HOUR + 30 * DAY + 1)
    assert list(lookups.rows("workloads")) == [f"{PCE}|/orgs/1/workloads/8"]


def test_what_the_newest_full_snapshot_lacks_is_marked_though_no_run_told_of_it() -> None:
    lookups = Lookups([*run(*workloads(FIRST, *range(30))), *run(*workloads(later(DAY), *range(1, 30)))])
    lookups.build(BEGIN + 60)
    lookups.mark(BEGIN + DAY + 60)

    gone = [row for row in lookups.rows("workloads").values() if row["state"] == "deleted"]
    assert [(row["href"], row["snapshot"], row["labels"]) for row in gone] == [
        ("/orgs/1/workloads/0", str(later(DAY)), ["app=Shop", "env=Prod"])
    ]
    # The rows of the others are what the first snapshot said: the other keeper was not run since.
    lookups.build(BEGIN + DAY + 900)
    assert len(lookups.present("workloads")) == 29


@pytest.mark.parametrize(
    "why",
    [
        {"complete": False, "why": "HTTP 403"},
        {"why": "deletions held back: 1 of 30 objects are missing"},
        {"full": False},
        {"count": 30},
    ],
    ids=["incomplete", "held back", "changes only", "not all of it was indexed"],
)  # fmt: skip
def test_nothing_is_marked_by_a_snapshot_that_may_lack_something(why: Json) -> None:
    lookups = Lookups([*run(*workloads(FIRST, *range(30))), *run(*workloads(later(DAY), *range(1, 30)), **why)])
    lookups.build(BEGIN + 60)
    lookups.mark(BEGIN + DAY + 60)
    lookups.mark(BEGIN + 2 * DAY + 60)

    assert len(lookups.present("workloads")) == 30


def test_rules_that_rule_sets_do_not_list_are_not_marked() -> None:
    def rule_set(at: int) -> Json:
        return made.rule_set(at, 3, "Shop")

    def rule(at: int, folder: str) -> Json:
        return made.made("rule", at, f"/orgs/1/sec_policy/*/rule_sets/3/{folder}/5", f"Rule 5 of {folder}")

    lookups = Lookups(
        [
            *run(rule_set(FIRST), rule(FIRST, "sec_rules"), rule(FIRST, "deny_rules"), collection="rule_sets"),
            *run(rule_set(later(DAY)), collection="rule_sets", unlisted=["deny_rules"]),
        ]
    )
    lookups.build(BEGIN + 60)
    lookups.mark(BEGIN + DAY + 60)

    below = "/orgs/1/sec_policy/*/rule_sets/3"
    assert {row["href"]: row["state"] for row in lookups.rows("objects").values()} == {
        below: "present",
        f"{below}/sec_rules/5": "deleted",
        f"{below}/deny_rules/5": "present",
    }


def test_where_more_than_a_fifth_is_missing_a_later_run_has_to_confirm_it() -> None:
    lookups = Lookups(
        [
            *run(*workloads(FIRST, *range(30))),
            *run(*workloads(later(DAY), *range(10))),
            *indexed([manifest(later(DAY + 4 * HOUR), "workloads", 10, full=False)]),
        ]
    )
    lookups.build(BEGIN + 60)
    lookups.mark(BEGIN + DAY + 60)
    assert len(lookups.present("workloads")) == 30
    lookups.mark(BEGIN + DAY + 5 * HOUR)
    assert len(lookups.present("workloads")) == 10


def test_each_input_that_reads_a_collection_has_to_lack_an_object() -> None:
    """A second key that sees a part only takes nothing away."""
    scoped = [
        {**event, "source": "illumio_pce_inventory://scoped", "_indextime": str(BEGIN + DAY + HOUR + 5)}
        for event in run(*workloads(later(DAY + HOUR), *range(29)))
    ]
    lookups = Lookups([*run(*workloads(FIRST, *range(30))), *run(*workloads(later(DAY), *range(30))), *scoped])
    lookups.build(BEGIN + 60)
    lookups.mark(BEGIN + DAY + 2 * HOUR)

    assert len(lookups.present("workloads")) == 30


@pytest.mark.parametrize(("limit", "left"), [(1, 30), (30, 30), (60, 30), (90, 28), (150, 28)])
def test_where_eventstats_is_cut_nothing_that_is_there_is_marked(
    monkeypatch: pytest.MonkeyPatch, limit: int, left: int
) -> None:
    runs = [(FIRST, 30, 30), (later(DAY), 27, 28)]
    events: list[Json] = []
    for at, ours, others in runs:
        events += run(*workloads(at, *range(ours)))
        events += [{**one, "source": "illumio_pce_inventory://other"} for one in run(*workloads(at, *range(others)))]
    lookups = Lookups(events, of=["illumio_pce_workloads"])
    lookups.build(BEGIN + 60)
    monkeypatch.setattr(stats, "EVENTSTATS_ROWS", limit)
    lookups.mark(BEGIN + DAY + 60)

    present = {row["href"] for row in lookups.present("workloads").values()}
    assert present >= {f"/orgs/1/workloads/{number}" for number in range(28)}
    assert len(present) == left


def test_a_supercluster_has_a_row_for_each_member() -> None:
    members: Json = {"pce_fqdns": [PCE, MEMBER]}
    lookups = Lookups(
        [
            *run(*workloads(FIRST, *range(30)), **members),
            *run(made.workload(later(HOUR), 7, state="deleted"), full=False, count=29, **members),
            *run(*workloads(later(DAY), *range(2, 7), *range(8, 30)), **members),
        ]
    )
    lookups.build(BEGIN + 60)
    rows = lookups.rows("workloads")
    assert {(row["pce_fqdn"], row["href"]) for row in rows.values()} == {
        (pce, f"/orgs/1/workloads/{number}") for pce in (PCE, MEMBER) for number in range(30)
    }
    lookups.build(BEGIN + HOUR + 60)
    assert len(lookups.present("workloads")) == 58
    lookups.build(BEGIN + DAY + 60)
    lookups.mark(BEGIN + DAY + 120)
    assert len(lookups.present("workloads")) == 54


@pytest.mark.parametrize("by_what_is_there", [False, True])
@pytest.mark.parametrize("apart", [True, False], ids=["in two runs of the keeper", "in one"])
def test_what_only_the_member_that_serves_a_ven_knows_outlives_the_leaders_events(
    monkeypatch: pytest.MonkeyPatch, apart: bool, by_what_is_there: bool
) -> None:
    monkeypatch.setattr(lookup_command, "GOES_BY_WHAT_IS_THERE", by_what_is_there)
    both = [PCE, MEMBER]
    lookups = Lookups(
        [
            *run(made.ven(FIRST, 7, pce=MEMBER, silent=True), collection="vens", pce=MEMBER, pce_fqdns=[MEMBER, PCE]),
            *run(
                made.ven(later(600), 7, active_pce_fqdn=MEMBER, silent=None, status="suspended"),
                collection="vens", full=False, pce_fqdns=both,
            ),
            *run(
                made.ven(later(HOUR), 7, pce=MEMBER, silent=None, status="active"),
                collection="vens", full=False, pce=MEMBER, pce_fqdns=[MEMBER, PCE],
            ),
        ]
    )  # fmt: skip
    if apart:
        lookups.build(BEGIN + 60)
    lookups.build(BEGIN + 900)
    assert {(row["pce_fqdn"], row["status"], row["silent"]) for row in lookups.rows("objects").values()} == {
        (PCE, "suspended", "true"),
        (MEMBER, "suspended", "true"),
    }
    # It does not know itself any more.
    lookups.build(BEGIN + HOUR + 60)
    assert [(row["status"], row.get("silent")) for row in lookups.rows("objects").values()] == [("active", None)] * 2


@pytest.mark.parametrize("by_what_is_there", [False, True])
@pytest.mark.parametrize(
    "row",
    [
        f'pce_fqdn="{PCE}", of=split("/orgs/1/workloads/7 /orgs/1/workloads/8"," ") | `illumio_pce_with_names(of)`',
        f'pce_fqdn="{PCE}" | `illumio_pce_with_names(of)`',
        'of="/orgs/1/workloads/7" | `illumio_pce_with_names(of)`',
        f'pce_fqdn="{PCE}" | `illumio_pce_labels_of(of)`',
        'of="host-7" | `illumio_pce_labels_of(of)`',
    ],
    ids=["several hrefs", "no href", "no PCE of an href", "no host", "no PCE of a host"],
)
def test_a_row_that_lacks_a_key_is_given_nothing_of_others(
    monkeypatch: pytest.MonkeyPatch, row: str, by_what_is_there: bool
) -> None:
    """Whether or not a lookup by several fields goes by those that are there."""
    monkeypatch.setattr(lookup_command, "GOES_BY_WHAT_IS_THERE", by_what_is_there)
    lookups = Lookups(run(*workloads(FIRST, 7, 8)))
    lookups.build(BEGIN + 60)

    (found,) = lookups.search(f"makeresults | eval {row}", BEGIN + 120)

    assert found.keys() <= {"_time", "pce_fqdn", "of"}


@pytest.mark.parametrize("by_what_is_there", [False, True])
def test_a_ven_of_one_pce_alone_is_not_the_only_workload_of_that_pce(
    monkeypatch: pytest.MonkeyPatch, by_what_is_there: bool
) -> None:
    monkeypatch.setattr(lookup_command, "GOES_BY_WHAT_IS_THERE", by_what_is_there)
    lookups = Lookups(run(*workloads(FIRST, 7)))
    lookups.build(BEGIN + 60)
    row = f'pce="{PCE}", org="1", workload="host-9"'

    (found,) = lookups.search(f"makeresults | eval {row} | `illumio_pce_ven_key`", BEGIN + 120)

    assert found["ven"] == f"{PCE} 1 host-9"


def test_missed_runs_are_made_up_for_and_an_empty_lookup_is_built_anew() -> None:
    events = [*run(*workloads(FIRST, *range(5))), *run(*workloads(later(4 * HOUR), 7), full=False, count=6)]
    lookups = Lookups(events)
    lookups.build(BEGIN + 60)
    # 2026-11-30 05:00 was missed; at 09:08 all is read again.
    lookups.build(BEGIN + 7 * HOUR)
    assert len(lookups.rows("workloads")) == 5
    lookups.build(BEGIN + 8 * HOUR + 480)
    assert len(lookups.rows("workloads")) == 6

    lookups.knowledge.lookup_definition("illumio_pce_workloads").write([], append=False)
    lookups.build(BEGIN + 20 * HOUR)
    assert len(lookups.rows("workloads")) == 6


@pytest.mark.parametrize(("most", "left"), [(1000, 1010), (2000, 1009)])
def test_nothing_is_dropped_where_the_number_of_rows_may_be_a_limit(
    monkeypatch: pytest.MonkeyPatch, most: int, left: int
) -> None:
    lookups = Lookups(of=["illumio_pce_labels"])
    rows = [
        {"_key": f"{number:04}", "state": "present" if number else "deleted", "seen": str(BEGIN)}
        for number in range(1010)
    ]
    lookups.knowledge.lookup_definition("illumio_pce_labels").write(rows, append=False, key_field="_key")
    monkeypatch.setattr(lookup_command, "MOST_DOCUMENTS", most)

    lookups.expire(BEGIN + 31 * DAY)

    assert len(lookups.rows("labels")) == left


def test_where_a_lookup_is_read_in_part_only_what_is_lost_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut inputlookup marks less, and drops rows until the next full reading writes them again."""
    monkeypatch.setattr(lookup_command, "MOST_DOCUMENTS", 20)
    gone = made.workload(FIRST, 0, state="deleted")
    lookups = Lookups([*run(gone, *workloads(FIRST, *range(1, 31))), *run(*workloads(later(31 * DAY), *range(2, 31)))])
    lookups.build(BEGIN + 60)
    assert len(lookups.present("workloads")) == 30

    lookups.expire(BEGIN + 31 * DAY + 60)
    assert len(lookups.rows("workloads")) == 19
    lookups.build(BEGIN + 31 * DAY + 2 * HOUR + 480)
    lookups.mark(BEGIN + 31 * DAY + 2 * HOUR + 500)
    assert set(lookups.present("workloads")) == {f"{PCE}|/orgs/1/workloads/{number}" for number in range(2, 31)}


@pytest.mark.parametrize(
    ("collection", "told", "days"),
    [
        ("service_accounts", {"complete": False, "full": False, "why": "HTTP 403"}, 0),
        ("vens", {"complete": False, "full": False, "why": "HTTP 403"}, 0),
        ("workloads", {"count": 5, "complete": False, "why": "HTTP 504"}, 15),
        ("workloads", {"complete": False, "full": False, "why": "HTTP 403"}, 0),
    ],
)
def test_how_far_back_keepers_read_where_an_input_never_reads_a_collection_whole(
    collection: str, told: dict[str, Any], days: int
) -> None:
    events = [event for day in range(16) for event in run(*workloads(later(day * DAY), *range(5)))]
    for day in range(16):
        events += indexed([manifest(later(day * DAY), collection, **told)], source="other")
    lookups, now = Lookups(events), BEGIN + 15 * DAY + 600

    (row,) = lookups.search("`illumio_pce_inventory_begin(illumio_pce_workloads)`", now)

    assert round((now - float(str(row["begin"]))) / DAY) == days


def test_where_a_subsearch_tells_no_times_a_keeper_reads_more_and_writes_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = [*run(*workloads(FIRST, *range(30))), *run(*workloads(later(DAY), *range(1, 30)))]
    both = []
    for tells in (True, False):
        monkeypatch.setattr(spl_search, "SUBSEARCHES_TELL_RANGES", tells)
        lookups = Lookups(events)
        for at in (60, 900, DAY + 60):
            lookups.build(BEGIN + at)
        lookups.mark(BEGIN + DAY + 120)
        both.append(lookups.rows("workloads"))

    assert both[0] == both[1]
    assert [row["href"] for row in both[0].values() if row["state"] == "deleted"] == ["/orgs/1/workloads/0"]


def test_the_schedules_do_all_of_it() -> None:
    lookups = Lookups([*run(*workloads(FIRST, *range(30))), *run(*workloads(later(DAY), *range(1, 30)))])
    lookups.run(BEGIN, BEGIN + 2 * HOUR)
    assert len(lookups.present("workloads")) == 30
    lookups.run(BEGIN + DAY, BEGIN + DAY + 3 * HOUR)
    assert len(lookups.present("workloads")) == 29
    assert {row["snapshot"] for row in lookups.rows("workloads").values()} == {str(later(DAY))}
