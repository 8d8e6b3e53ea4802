"""The inventory input through arbitrary histories: after each run the lookups are as they were, or as they should be.

The lookups are built here by a few lines of plain Python from all events that were ever written, as the scheduled
searches do: the newest event of each href counts, and a full and complete snapshot ends what it lacks.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.inventory_world import HOUR, InventoryWorld, manifest_of, path_of, workload

#: More than a fifth of them can vanish, and the least that the rule about it applies to is within reach.
_MOST = 60
Names = dict[str, str]
NUMBERS = st.sets(st.integers(0, _MOST), max_size=12)


class InventoryMachine(RuleBasedStateMachine):
    """One collection: `there` are the PCE's workloads, each with the name that it has now."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.world = InventoryWorld(self.folder, {"collections": "workloads", "full_every": "24"})
        self.there: dict[int, str] = {}
        self.renamed = 0
        self.said: Names = {}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    # --- what happens in the PCE -------------------------------------------------------------------

    @initialize(count=st.integers(0, _MOST))
    def begin(self, count: int) -> None:
        self.there = {number: f"host{number}" for number in range(count)}
        self.run_well()

    @rule(numbers=NUMBERS)
    def some_are_made(self, numbers: set[int]) -> None:
        for number in numbers:
            self.there.setdefault(number, f"host{number}")

    @rule(numbers=NUMBERS)
    def some_change(self, numbers: set[int]) -> None:
        for number in numbers & self.there.keys():
            self.renamed += 1
            self.there[number] = f"name{self.renamed}"

    @rule(numbers=NUMBERS)
    def some_are_deleted(self, numbers: set[int]) -> None:
        for number in numbers:
            self.there.pop(number, None)

    @rule(first=st.integers(0, 40), last=st.integers(0, _MOST))
    def many_are_deleted(self, first: int, last: int) -> None:
        for number in range(first, last):
            self.there.pop(number, None)

    # --- runs --------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([0.2, 4, 4, 4, 30]))
    def run_well(self, hours: float = 4) -> None:
        self.run(hours)
        manifest = manifest_of(self.events)
        assert manifest["complete"]
        assert manifest["count"] == len(self.there)
        if "why" not in manifest:
            assert self.said == self.wanted()

    @rule()
    def run_until_the_pce_is_believed(self) -> None:
        """A large drop is, once the next run has seen it too."""
        self.run_well()
        self.run_well()
        assert self.said == self.wanted()

    @rule(number=st.integers(1, 90))
    def a_run_is_killed(self, number: int) -> None:
        self.world.crash_at = number
        self.run(4)

    @rule(status=st.sampled_from([401, 403, 404, 500]))
    def a_run_meets_an_error(self, status: int) -> None:
        self.world.pce.status[path_of("workloads")] = status
        self.run_without_deletion()

    @rule(shown=NUMBERS, limited=st.booleans())
    def a_run_sees_a_part(self, shown: set[int], limited: bool) -> None:
        """The key has lost rights, or the response is cut where an array may end."""
        self.world.pce.limited = limited
        if not limited:
            self.world.pce.totals["workloads"] = [len(self.there) + 1] * 2
        self.run_without_deletion(shown)

    @rule()
    def a_run_is_cut(self) -> None:
        self.world.pce.cuts = [0, 1, 1, 1]
        self.run_without_deletion()

    def run_without_deletion(self, shown: set[int] | None = None) -> None:
        said = self.said
        self.run(4, shown)
        assert not manifest_of(self.events)["complete"]
        assert said.keys() <= self.said.keys()
        self.world.pce.status.clear()
        self.world.pce.totals.clear()
        self.world.pce.cuts.clear()
        self.world.pce.limited = False

    @rule(what=st.sampled_from(["file", "half of the file", "document"]))
    def state_is_lost(self, what: str) -> None:
        for path in self.folder.glob("*workloads.known"):
            if what == "file":
                path.unlink()
            elif what == "half of the file":
                path.write_bytes(path.read_bytes()[::2])
        if what == "document":
            self.world.documents.clear()

    def run(self, hours: float, shown: set[int] | None = None) -> None:
        """A run; whatever it meets, each row is then as it was, or as the PCE has it."""
        wanted, said = self.wanted(), self.said
        listed = self.there if shown is None else self.there.keys() & shown
        self.world.set("workloads", *(workload(number, name=self.there[number]) for number in sorted(listed)))
        self.events: list[dict[str, Any]] = self.world.run(later=hours * HOUR)
        self.said = self.world.present(healed=True)
        for href in {*wanted, *said, *self.said}:
            assert self.said.get(href) in (wanted.get(href), said.get(href)), href

    def wanted(self) -> Names:
        return {f"/orgs/1/workloads/w{number}": name for number, name in self.there.items()}


InventoryMachine.TestCase.settings = settings(
    max_examples=int(os.environ.get("HISTORIES", "40")),
    stateful_step_count=25,
    deadline=None,
    derandomize="HISTORIES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
TestInventory = InventoryMachine.TestCase
