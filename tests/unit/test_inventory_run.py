"""A run of an inventory input: what it asks for, what it writes, and its record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from illumio_pce.errors import CollectorError, PceError, StateError
from illumio_pce.lease import ClusterLease, NoLease
from illumio_pce.names import COLLECTION
from illumio_pce.splunkd import KvStore
from splunklib.binding import HTTPError

from tests.inventory_world import (
    FQDN,
    HOUR,
    Event,
    InventoryWorld,
    manifest_of,
    others,
    path_of,
    states,
    workload,
)
from tests.simulation import START, SimulatedResponse, World


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


@pytest.mark.parametrize("failure", ["429", "no connection"])
def test_what_would_fail_for_every_collection_ends_the_run_after_retries(
    failure: str, world: InventoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pauses of 1, 2, 4, 8, 16 and then 20 seconds, each by a quarter shorter here: 0.75, 1.5, 3, 6, 12, 15 × 5."""

    def unreachable(path: str, *_: Any) -> SimulatedResponse:
        if path == path_of("labels"):
            raise PceError("connection", "No connection to the PCE could be established.")
        return respond(path, *_)

    world.settings["collections"] = "labels,workloads"
    respond = world.pce.respond
    if failure == "429":
        world.pce.status[path_of("labels")] = 429
    else:
        monkeypatch.setattr(world.pce, "respond", unreachable)
    began = world.clock.now + 4 * HOUR
    world.run()
    assert world.ended == ("rate_limited" if failure == "429" else "connection")
    assert world.clock.now - began == 0.75 + 1.5 + 3 + 6 + 12 + 5 * 15
    assert world.trace.count(f"send {path_of('labels')}") == 11
    assert f"send {path_of('workloads')}" not in world.trace


def test_a_stop_between_pages_leaves_the_rest_to_the_next_run(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(number, name="x" * 250) for number in range(2000)))
    world.on_effect = lambda name: world.stop.request() if name == "write" else None
    world.run()
    assert world.ended == "stopped"
    world.on_effect = lambda _name: None
    assert manifest_of(world.run())["full"]
    assert len(world.present()) == 2000


# --- in a search head cluster ------------------------------------------------------------------------


@pytest.mark.parametrize("is_slow", ["job", "download"])
def test_the_lease_is_kept_while_the_pce_takes_its_time(
    is_slow: str, world: InventoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = World()
    cluster.clock = world.clock
    own, other = (ClusterLease(cluster, "inv", name, world.clock, 600) for name in ("one", "two"))
    world.lease = own
    taken: list[str | None] = []

    def on_effect(_name: str) -> None:
        taken.append(other.acquire())

    class Slow(SimulatedResponse):
        def chunks(self) -> Iterator[bytes]:
            for chunk in super().chunks():
                world.clock.now += 60
                on_effect("chunk")
                yield chunk

    def whole(name: str) -> SimulatedResponse:
        return Slow(200, {}, json.dumps(world.pce.collections.get(name, [])).encode())

    world.clock.now += HOUR
    assert own.acquire() is None
    world.on_effect = on_effect
    if is_slow == "job":
        world.pce.polls = 300  # 25 minutes
    else:
        world.set("workloads", *(workload(number) for number in range(150)))
        monkeypatch.setattr(world.pce, "_whole", whole)
    began = world.clock.now
    world.run(later=0)
    assert world.clock.now > began + 600
    assert (world.ended, set(taken)) == ("ok", {"one"})


def test_a_run_ends_when_another_member_has_taken_its_lease(world: InventoryWorld) -> None:
    cluster = World()
    cluster.clock = world.clock
    world.lease = own = ClusterLease(cluster, "inv", "one", world.clock, 600)
    assert own.acquire() is None
    world.clock.now += HOUR
    assert ClusterLease(cluster, "inv", "two", world.clock, 600).acquire() is None
    with pytest.raises(CollectorError, match="Another member"):
        world.run(later=0)
    assert not others(world.events())


def test_a_kv_store_that_fails_while_a_job_runs_ends_nothing(world: InventoryWorld) -> None:
    class Failing(NoLease):
        def check(self) -> None:
            if "/jobs/" in world.trace[-1]:
                raise StateError("The KV store does not answer.")

    world.lease, world.pce.polls = Failing(), 100
    world.run()
    assert world.ended == "ok"


class KvStoreOfSplunkd:
    """splunkd with a KV store that is away as long as `is_away` says so."""

    def __init__(self, is_away: Callable[[], bool]) -> None:
        self.documents: dict[str, Any] = {}
        self._is_away = is_away

    def get(self, path: str) -> Any:
        return self.documents[self._key(path)]

    def post(self, path: str, value: Any) -> None:
        self._key(path)
        for document in value if isinstance(value, list) else [value]:
            self.documents[document["_key"]] = document

    def _key(self, path: str) -> str:
        key = path.rpartition("/")[2]
        if self._is_away():
            raise TimeoutError
        if key not in (*self.documents, "batch_save", COLLECTION):
            raise HTTPError(SimpleNamespace(status=404, reason="", headers=[], body=BytesIO()))
        return key


def test_a_kv_store_that_was_away_while_a_job_ran_takes_what_the_run_has_to_store(world: InventoryWorld) -> None:
    def is_away() -> bool:
        return world.trace[-1:] == ["send /api/v2/orgs/1/jobs/workloads"]

    splunkd = KvStoreOfSplunkd(is_away)
    store = KvStore(splunkd, world.clock)  # type: ignore[arg-type]
    world.store, world.lease = store, ClusterLease(store, "inv", "one", world.clock, 4 * HOUR)
    world.clock.now += HOUR
    assert world.lease.acquire() is None
    world.pce.polls = 200
    began = world.clock.now
    world.run(later=0)
    assert world.ended == "ok"
    # The PCE is asked every five seconds all the same.
    assert world.clock.now - began == 2 * 200 * 5
    assert manifest_of(world.events())["complete"]
