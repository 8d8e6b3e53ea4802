"""Runs of an inventory input whose state was lost, or is of others, or of another time."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from illumio_pce.errors import CollectorError

from tests.inventory_world import (
    HOUR,
    InventoryWorld,
    manifest_of,
    others,
    workload,
)
from tests.simulation import START

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
    with pytest.raises(CollectorError, match="Synchronise this machine") as caught:
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
    with pytest.raises(Exception, match="free disk space") as caught:
        world.prepare().collect()
    assert type(caught.value).__name__ == "CollectorError"
