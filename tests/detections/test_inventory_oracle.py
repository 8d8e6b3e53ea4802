"""The lookups of the inventory against the emulated PCE after every run of random histories."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.inventory_oracle import Oracle, Truth, differences
from tests.inventory_world import FQDN, HOUR, InventoryPce, InventoryWorld, manifest_of
from tests.lookups import Lookups
from workbench.pce.inventory import COLLECTIONS, Inventory, IpList, Label, RuleSet, Workload, fill
from workbench.pce.inventory.inventory import InventoryQuery
from workbench.pce.keys import ApiKey

MEMBER = "pce-2.example.com"
NAMES = ("labels", "label_groups", "ip_lists", "services", "vens", "workloads", "rule_sets")
LOOKUP_OF = {name: name if name in ("labels", "workloads") else "objects" for name in NAMES}
KIND_OF = {"label_groups": "label_group", "ip_lists": "ip_list", "services": "service", "vens": "ven"}
DAY = 24 * HOUR


class Shown(dict[str, Any]):
    """The emulated PCE's collections, as a key sees them when they are asked for."""

    def __init__(self, inventory: Inventory) -> None:
        super().__init__()
        self.inventory = inventory
        self.key = ApiKey(1)

    def get(self, name: str, _default: Any = None) -> Any:
        version = "active" if COLLECTIONS[name].policy else None
        return json.loads(self.inventory.body(name, version, self.key, FQDN, InventoryQuery(None, ())))


class History:
    """Runs over a PCE that changes between them, and what the lookups make of it."""

    def __init__(self, folder: Path, seed: int, names: Sequence[str] = NAMES) -> None:
        self.chance = random.Random(seed)
        self.inventory = Inventory(seed=seed)
        self.shown = Shown(self.inventory)
        self.names = names
        settings = {"collections": ",".join(names), "interval": str(4 * HOUR)}
        self.world = InventoryWorld(folder, settings, pce=InventoryPce(self.shown))
        fill(self.inventory, 24, seed=seed, now=self.world.clock.now)
        self.members = [FQDN, MEMBER] if seed % 2 else [FQDN]
        self.world.pce.health = [{"fqdn": name, "status": "normal"} for name in self.members]
        self.lookups = Lookups(of=sorted({f"illumio_pce_{LOOKUP_OF[name]}" for name in names}))
        self.truth: dict[str, Truth] = {}
        self.removed: list[tuple[Any, int]] = []
        self.dead: set[int] = set()
        self.steps: list[str] = []
        self.exact: set[str] = set()
        self.unread: set[str] = set()
        self.large = False

    # --- what happens between runs -------------------------------------------------------------------

    def change(self) -> None:
        """A few changes of any kind."""
        for _ in range(self.chance.randrange(6)):
            self.chance.choice([self._create, self._edit, self._edit, self._delete, self._return, self._die])()

    def _workloads(self) -> list[Workload]:
        return self.inventory.all(Workload)

    def _create(self) -> None:
        number = self.chance.randrange(1000, 9999)
        labels = self.chance.sample(self.inventory.all(Label), 2)
        if number % 3 == 0:
            labels = [self.inventory.add(Label("app", f"new-{number}")), *labels]
        self.inventory.add(
            Workload(f"new-{number}", labels, heartbeat=0.0, addresses=[("eth0", "10.1.2.3"), ("lo", "127.0.0.1")])
        )

    def _edit(self) -> None:
        one: Any = self.chance.choice([*self._workloads(), *self.inventory.all(Label), *self.inventory.all(IpList),
                                       *self.inventory.all(RuleSet)])  # fmt: skip
        number = self.chance.randrange(1000)
        if isinstance(one, Workload):
            labels = self.chance.sample(self.inventory.all(Label), self.chance.randrange(3))
            edits: list[Callable[[], None]] = [
                lambda: setattr(one, "labels", labels),
                lambda: setattr(one, "enforcement_mode", self.chance.choice(["idle", "full", "selective"])),
                lambda: setattr(one, "hostname", f"renamed-{number}" if one.managed else None),
                lambda: setattr(one, "conditions", self.chance.choice([[], ["clone_detected", "missed_heartbeats"]])),
                lambda: setattr(one, "online", not one.online),
                lambda: setattr(one, "addresses", [("eth0", f"10.9.8.{number % 250}"), ("eth0", "10.9.9.1")]),
            ]
            self.chance.choice(edits)()
        elif isinstance(one, Label):
            one.value = f"value-{number}"
        elif isinstance(one, IpList):
            one.name = f"List {number}"
        else:
            one.enabled = not one.enabled

    def _delete(self) -> None:
        chosen: list[Any] = [*self._workloads(), *self.inventory.all(IpList)[2:]]
        if len(self._workloads()) > 12 and chosen:
            one = self.chance.choice(chosen)
            self.inventory.delete(one)
            self.removed.append((one, 0))

    def _return(self) -> None:
        """What vanished comes back."""
        if self.removed:
            self.inventory.add(self.removed.pop(self.chance.randrange(len(self.removed)))[0])

    def _die(self) -> None:
        self.dead ^= {self.chance.randrange(20)}

    def _beat(self) -> None:
        now = self.world.clock.now
        for place, one in enumerate(self._workloads()):
            if one.managed:
                one.heartbeat = now - (3 * HOUR if place in self.dead else 60)
                if len(self.members) > 1:
                    one.member = self.members[place % 2]

    # --- a run ---------------------------------------------------------------------------------------

    def run(self, fault: str = "") -> list[dict[str, Any]]:
        """A run, four hours later; then the keepers, some of them late, twice, or at the next full reading only."""
        clock, before = self.world.clock, len(self.world.written)
        self.world.clock.now += 4 * HOUR
        self._beat()
        run_ms = int(clock.now * 1000)
        self.shown.get("rule_sets")  # rules get their hrefs when they are first shown
        self._begin(fault)
        judged = not self.world.pce.limited
        self.truth[f"{run_ms:013}"] = Oracle(self.inventory, self.members, clock.now, judged=judged).rows()
        events = self.world.run(later=0)
        self._end()
        self.steps.append(f"{run_ms} {fault or 'no fault'}: {self.world.ended}, {len(events)} events")
        self._index(before)
        self._keep()
        return events

    def _begin(self, fault: str) -> None:
        pce, name = self.world.pce, self.chance.choice(self.names)
        self.unread = set()
        if fault == "killed":
            self.world.crash_at = self.chance.randrange(1, 120)
        elif fault == "refused":
            policy = "sec_policy/active/" if COLLECTIONS[name].policy else ""
            pce.status[f"/api/v2/orgs/1/{policy}{name}"] = 403
        elif fault == "cut":
            pce.cuts = [7] * 30
        elif fault == "other total":
            pce.totals = {name: [4321, 4321, 4321]}
        elif fault == "job failed":
            pce.job_status = "failed"
        elif fault == "scoped":
            self.shown.key = ApiKey(1, scope=[self.inventory.all(Label)[4]])
            pce.limited = True
        elif fault == "hidden":
            self.inventory.hidden = {one.href for one in self._workloads()[: len(self._workloads()) // 2]}
            self.unread = {"workloads"}
        elif fault == "state lost":
            shutil.rmtree(self.world.folder)
            self.world.folder.mkdir()
            self.exact.clear()
        elif fault == "documents lost":
            self.world.documents.clear()
            self.exact.clear()

    def _end(self) -> None:
        pce = self.world.pce
        pce.status, pce.cuts, pce.totals, pce.job_status, pce.limited = {}, [], {}, "done", False
        self.inventory.hidden, self.shown.key = set(), ApiKey(1)

    def _index(self, before: int) -> None:
        at = self.world.clock.now
        self.lookups.add(
            {"_raw": text, "_time": time, "_indextime": str(int(at)), "sourcetype": one.sourcetype, "host": host,
             "index": "main", "source": "illumio_pce_inventory://inv"}
            for one in self.world.written[before:]
            for text, time, host in zip(*one[:3])
        )  # fmt: skip

    def _keep(self) -> None:
        at = self.world.clock.now
        if self.large:
            self.lookups.build(at + 600)
            return
        if self.chance.random() < 0.3:
            self.lookups.build(_next_reading(at))
        else:
            for _ in range(self.chance.choice([1, 1, 2])):
                self.lookups.build(at + 600)
        if self.chance.random() < 0.4:
            self.lookups.mark(at + 700)

    # --- what has to be true -------------------------------------------------------------------------

    def check(self, events: list[dict[str, Any]]) -> None:
        """Each row is what the PCE had when its run began, and what was read whole is all there."""
        newest = self.truth[max(self.truth)]
        for lookup in {LOOKUP_OF[name] for name in self.names}:
            assert differences(self.lookups.rows(lookup), self.truth, lookup) == [], self.steps
        if self.world.ended == "killed":
            return
        for name in self.names:
            manifest = manifest_of(events, name)
            if manifest["full"] and not self.large:
                self.lookups.mark(self.world.clock.now + 1000)
                self.exact.add(name)
            if manifest["complete"] and "why" not in manifest and name not in self.unread:
                self._check_whole(name, newest[LOOKUP_OF[name]])

    def _check_whole(self, name: str, truth: dict[str, Any]) -> None:
        now = {key: row for key, row in truth.items() if _is_of(name, row)}
        found = {key: row for key, row in self.lookups.present(LOOKUP_OF[name]).items() if _is_of(name, row)}
        assert set(now) <= set(found), self.steps
        if name in self.exact:
            assert set(found) == set(now), self.steps
        for key, row in now.items():
            assert {field: found[key].get(field) for field in row} == row, self.steps

    def settle(self) -> None:
        """A calm end: two full runs, and the daily keepers. Then the lookups are the PCE."""
        for _ in range(2):
            self.world.clock.now += DAY
            events = self.run()
            self.lookups.build(self.world.clock.now + 800)
            self.lookups.mark(self.world.clock.now + 900)
            self.lookups.mark(self.world.clock.now + 950)
            self.check(events)
        for lookup in {LOOKUP_OF[name] for name in self.names}:
            assert set(self.lookups.present(lookup)) == set(self.truth[max(self.truth)][lookup]), self.steps


def _is_of(name: str, row: dict[str, Any]) -> bool:
    if name == "rule_sets":
        return row.get("kind") in ("rule_set", "rule")
    return row.get("kind") == KIND_OF.get(name)


def _next_reading(at: float) -> float:
    """When keepers next read everything: at 03:06, 09:06, 15:06 or 21:06."""
    begin = at - (at - 3 * HOUR) % (6 * HOUR) + 360
    return begin if begin > at else begin + 6 * HOUR


FAULTS = (
    "killed",
    "killed",
    "refused",
    "cut",
    "other total",
    "job failed",
    "scoped",
    "hidden",
    "state lost",
    "documents lost",
)


@pytest.mark.parametrize("seed", range(3))
def test_the_lookups_hold_what_the_pce_has_after_every_run(tmp_path: Path, seed: int) -> None:
    history = History(tmp_path / "state", seed)
    (tmp_path / "state").mkdir()
    for number in range(12):
        if number:
            history.change()
        history.check(history.run(history.chance.choice(["", "", *FAULTS])))
    history.settle()


def test_tens_of_thousands_of_objects(tmp_path: Path) -> None:
    """A full run, and one after thousands of them changed or went."""
    (tmp_path / "state").mkdir()
    history = History(tmp_path / "state", 2, ("labels", "workloads"))
    inventory = history.inventory
    labels = [inventory.add(Label("app", f"app-{number}")) for number in range(12_200)]
    hosts = [
        inventory.add(Workload(None, labels[number : number + 1], name=f"vm-{number}", managed=False))
        for number in range(8_000)
    ]
    history.large = True
    history.check(history.run())
    assert len(history.lookups.rows("labels")) + len(history.lookups.rows("workloads")) > 20_000

    for number, host in enumerate(hosts[:2_000]):
        if number % 2:
            inventory.delete(host)
        else:
            host.labels = labels[5_000:5_002]
    history.check(history.run())
    gone = [row for row in history.lookups.rows("workloads").values() if row["state"] == "deleted"]
    assert len(gone) == 1_000
    history.lookups.mark(history.world.clock.now + 900)
    assert set(history.lookups.present("workloads")) == set(history.truth[max(history.truth)]["workloads"])
