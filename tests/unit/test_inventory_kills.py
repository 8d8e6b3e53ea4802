"""An inventory run that is killed anywhere: what the lookups say then, and after the next run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from illumio_pce.inventory_known import KnownWriter

from tests.inventory_world import InventoryWorld, manifest_of, workload

BEFORE = {f"/orgs/1/workloads/w{number}": f"host{number}" for number in range(30)}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InventoryWorld:
    """The file of what is known is an effect as well: before it is written, before it counts, and after that."""
    world = InventoryWorld(tmp_path, {"collections": "workloads"})
    finish, replace = KnownWriter.finish, Path.replace

    def finish_with_effect(writer: KnownWriter, *rest: Any) -> None:
        world.effect("file begins")
        finish(writer, *rest)

    def replace_with_effect(path: Path, target: Path) -> Path:
        world.effect("file written")
        found = replace(path, target)
        world.effect("file counts")
        return found

    monkeypatch.setattr(KnownWriter, "finish", finish_with_effect)
    monkeypatch.setattr(Path, "replace", replace_with_effect)
    return world


def change(world: InventoryWorld) -> dict[str, str]:
    """Two are gone, one has another name, and one is new; what is then present."""
    hosts = world.pce.collections["workloads"]
    del hosts[5:7]
    hosts[0]["name"] = "renamed"
    hosts.append(workload(99))
    after = {**BEFORE, "/orgs/1/workloads/w0": "renamed", "/orgs/1/workloads/w99": "host99"}
    return {href: name for href, name in after.items() if href[-2:] not in ("w5", "w6")}


def effects_of_a_run(world: InventoryWorld) -> int:
    world.set("workloads", *(workload(number) for number in range(30)))
    world.run()
    return world.effects


def test_a_run_has_these_effects_in_this_order(world: InventoryWorld) -> None:
    effects_of_a_run(world)
    change(world)
    world.run()
    trace = [name for name in world.trace if not name.startswith("send")]
    saved = ["save begins", "save ends"]
    file = ["file begins", "file written", "file counts"]
    assert trace == ["load", *saved, *["write"] * 5, *file, *saved]


@pytest.mark.parametrize("undo", [False, True])
def test_wherever_a_run_is_killed_the_next_one_makes_it_right(undo: bool, world: InventoryWorld) -> None:
    """`undo`: what the killed run saw is no more when the next one runs."""
    count = 0
    while True:
        count += 1
        world.set("workloads", *(workload(number) for number in range(30)))
        world.pce.asked.clear()
        world.run()
        world.run()
        assert world.present(healed=True) == BEFORE
        wanted = change(world)
        world.crash_at = count
        world.run()
        if world.ended == "ok":
            assert "save ends" in world.trace
            break
        assert world.ended == "killed"
        half = world.present(healed=True)
        assert all(half.get(href, name) in (name, BEFORE.get(href)) for href, name in wanted.items()), world.trace[-1]
        assert BEFORE.keys() & wanted.keys() <= half.keys()
        if undo:
            world.set("workloads", *(workload(number) for number in range(30)))
            wanted = BEFORE
        world.run()
        assert world.ended == "ok"
        assert world.present(healed=True) == wanted, world.trace[-1]
    assert count > 15


def test_a_run_that_follows_an_interrupted_one_writes_everything(world: InventoryWorld) -> None:
    effects_of_a_run(world)
    change(world)
    world.on_effect = lambda name: setattr(world, "crash_at", world.effects if name == "write" else None)
    world.run()
    assert world.ended == "killed"
    world.on_effect = lambda _name: None
    manifest = manifest_of(world.run())
    assert [manifest[name] for name in ("full", "count", "deleted")] == [True, 29, 2]


def test_a_run_that_was_killed_after_its_file_counted_needs_not_be_done_again(world: InventoryWorld) -> None:
    effects_of_a_run(world)
    wanted = change(world)
    world.on_effect = lambda name: setattr(world, "crash_at", world.effects if name == "file counts" else None)
    world.run()
    assert world.ended == "killed"
    world.on_effect = lambda _name: None
    events = world.run()
    assert [event["kind"] for event in events] == ["manifest"]
    assert world.present() == wanted


def test_a_killed_first_run_leaves_the_rest_to_the_next(world: InventoryWorld) -> None:
    world.set("workloads", *(workload(number) for number in range(30)))
    world.crash_at = 15
    world.run()
    assert world.ended == "killed"
    manifest = manifest_of(world.run())
    assert [manifest[name] for name in ("full", "count", "added")] == [True, 30, 30]
