"""The inventory input through random histories: after each run the lookups are as they were, or as they should be.

The lookups are built here by a few lines of plain Python from all events that were ever written, as the scheduled
searches do: the newest event of each href counts, and a full and complete snapshot ends what it lacks.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Set
from pathlib import Path
from typing import Any, Callable

import pytest

from tests.inventory_world import HOUR, InventoryWorld, manifest_of, path_of, workload
from tests.simulation import Killed

#: More than the least number that the rule about large drops applies to.
_MOST = 30
_STEPS = 30
HISTORIES = int(os.environ.get("HISTORIES", "40"))
Names = dict[str, str]


class History:
    """One collection: `there` are the PCE's workloads, each with the name that it has now, of two."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.world = InventoryWorld(folder, {"collections": "workloads", "full_every": "48"})
        self.there = {number: f"host{number}" for number in range(self.random.randint(0, _MOST))}
        self.said: Names = {}
        self.told: list[str] = []

    def go_on(self) -> None:
        """One step."""
        steps: dict[Callable[[], None], int] = {
            self.some_come_or_go: 8,
            self.some_change: 8,
            self.many_come_or_go: 1,
            self.run_well: 8,
            self.a_run_is_killed: 4,
            self.what_a_killed_run_saw_is_undone: 6,
            self.a_run_meets_an_error: 1,
            self.a_run_sees_a_part: 3,
            self.a_run_is_cut: 1,
            self.state_is_lost: 2,
            self.many_go_and_state_is_lost: 1,
        }
        (step,) = self.random.choices(list(steps), list(steps.values()))
        self.told.append(step.__name__)
        step()

    # --- what happens in the PCE -------------------------------------------------------------------

    def some(self) -> set[int]:
        """Few of the same few, so that what a run saw is often undone before the next."""
        return set(self.random.sample(range(5), self.random.randint(1, 2)))

    def some_come_or_go(self) -> None:
        self.turn(self.some())

    def many_come_or_go(self) -> None:
        self.turn(range(self.random.randint(6, _MOST), _MOST))

    def turn(self, numbers: Set[int] | range) -> None:
        for number in numbers:
            if self.there.pop(number, None) is None:
                self.there[number] = f"host{number}"

    def some_change(self) -> None:
        for number in self.some() & self.there.keys():
            self.there[number] = "other" if self.there[number] != "other" else f"host{number}"

    # --- runs --------------------------------------------------------------------------------------

    def run_well(self, hours: float = 0) -> None:
        self.run(hours or self.random.choice([0.2, 4, 4, 4, 30]))
        manifest = manifest_of(self.events)
        assert manifest["complete"]
        assert manifest["count"] == len(self.there)
        if "why" not in manifest:
            assert self.said == self.wanted()

    def what_a_killed_run_saw_is_undone(self) -> None:
        there = dict(self.there)
        self.random.choice([self.some_come_or_go, self.some_change])()
        self.a_run_is_killed("write")
        self.there = there

    def a_run_is_killed(self, at: str = "") -> None:
        """At one of its requests, saves or writes, of which it has fewer or more."""
        at, left = at or self.random.choice(["send", "save", "write"]), self.random.randint(1, 4)

        def count_down(name: str) -> None:
            nonlocal left
            left -= name.startswith(at)
            if left == 0:
                raise Killed(name)

        self.world.on_effect = count_down
        self.run(4)
        self.world.on_effect = lambda _name: None

    def a_run_meets_an_error(self) -> None:
        self.world.pce.status[path_of("workloads")] = self.random.choice([401, 403, 404, 500])
        self.run_without_deletion()

    def a_run_sees_a_part(self) -> None:
        """The key has lost rights, or the response is cut where an array may end."""
        self.world.pce.limited = self.random.random() < 0.5
        if not self.world.pce.limited:
            self.world.pce.totals["workloads"] = [len(self.there) + 1] * 2
        self.run_without_deletion(self.some())

    def a_run_is_cut(self) -> None:
        self.world.pce.cuts = [0, 1, 1, 1]
        self.run_without_deletion()

    def run_without_deletion(self, hidden: Set[int] = frozenset()) -> None:
        said = self.said
        self.run(4, hidden)
        assert not manifest_of(self.events)["complete"]
        assert said.keys() <= self.said.keys()
        self.world.pce.status.clear()
        self.world.pce.totals.clear()
        self.world.pce.cuts.clear()
        self.world.pce.limited = False

    def many_go_and_state_is_lost(self) -> None:
        self.many_come_or_go()
        self.state_is_lost()

    def state_is_lost(self) -> None:
        """Or is that of a member of a search head cluster that has not run for a while."""
        what = self.random.choice(["file", "half of the file", "older file", "document"])
        for path in self.folder.glob("*workloads.known"):
            older = path.with_suffix(".older")
            if what == "older file" and older.exists():
                shutil.copy(older, path)
            shutil.copy(path, older)
            if what == "file":
                path.unlink()
            elif what == "half of the file":
                path.write_bytes(path.read_bytes()[::2])
        if what == "document":
            self.world.documents.clear()

    def run(self, hours: float, hidden: Set[int] = frozenset()) -> None:
        """A run; whatever it meets, each row is then as it was, or as the PCE has it."""
        wanted, said = self.wanted(), self.said
        listed = self.there.keys() - hidden
        self.world.set("workloads", *(workload(number, name=self.there[number]) for number in sorted(listed)))
        self.events: list[dict[str, Any]] = self.world.run(later=hours * HOUR)
        self.said = self.world.present(healed=True)
        self.told.append(self.world.ended)
        for href in {*wanted, *said, *self.said}:
            assert self.said.get(href) in (wanted.get(href), said.get(href)), href

    def wanted(self) -> Names:
        return {f"/orgs/1/workloads/w{number}": name for number, name in self.there.items()}


@pytest.mark.parametrize("seed", range(4))
def test_the_lookups_are_as_they_were_or_as_they_should_be(seed: int, tmp_path: Path) -> None:
    for number in range(HISTORIES // 4):
        folder = tmp_path / str(number)
        folder.mkdir()
        history = History(folder, seed * HISTORIES + number)
        try:
            for _ in range(_STEPS):
                history.go_on()
            history.run_well(hours=4)
            history.run_well(hours=4)
            assert history.said == history.wanted()
        except AssertionError as error:
            raise AssertionError(f"{history.told[-12:]}: {error}") from error
