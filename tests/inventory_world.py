"""A world in one process for the inventory input: a PCE with collections, and what a search head would make of events.

As in `simulation.py`, every effect of a run passes through `effect`, where it can be killed. No sockets, no real time.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from illumio_pce.config import Account
from illumio_pce.errors import CollectorError, PceError, StopRequested
from illumio_pce.inventory_run import InventoryRun
from illumio_pce.inventory_settings import InventorySettings
from illumio_pce.inventory_state import InventoryState, PatientStore
from illumio_pce.lease import Lease, NoLease
from illumio_pce.limits import Limits
from illumio_pce.output import SplunkEvents
from illumio_pce.pce import Pce
from illumio_pce.stop import Stop

from tests.simulation import Fault, Killed, SimulatedClock, SimulatedPendingResponse, SimulatedResponse

HOUR = 3600
FQDN = "pce.example.com"
Rows = dict[str, dict[str, Any]]
POLICY = "sec_policy/active/"


def path_of(collection: str) -> str:
    """Where the simulated PCE has a collection."""
    policy = collection in ("label_groups", "ip_lists", "services", "rule_sets")
    return f"/api/v2/orgs/1/{POLICY if policy else ''}{collection}"


#: An event of the inventory, as it was written.
Event = dict[str, Any]


def workload(number: int, **members: Any) -> dict[str, Any]:
    """A workload of the simulated PCE."""
    return {"href": f"/orgs/1/workloads/w{number}", "hostname": f"host{number}", "managed": False, **members}


@dataclass
class InventoryPce:
    """Collections by name, and how they answer.

    `status`: of a path. `totals`: the total counts that a collection's probes name, instead of what it holds; None for
    no header. `cuts`: how many bytes a datafile lacks, one after another. `at_once`: 200 instead of 202. `polls`: how
    often a job is asked for before it is done. `lost`: how often a path is answered with 404, before it is there.
    `empty`: how an empty collection comes: `[]`, `no result`, or `204`.
    `most`: a larger `max_results` is refused. `long_list`: what becomes of a response with more than 500 objects, and
    `seconds`: how long it takes. `limited`: the key may not read the settings. `latest_event`: the
    PCE that wrote it. `date`: the Date header of its health. `location`: where its jobs are.
    """

    collections: dict[str, list[Any]] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    totals: dict[str, list[int | None]] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    at_once: bool = False
    polls: int = 1
    lost: dict[str, int] = field(default_factory=dict)
    empty: str = "[]"
    most: int = 10**6
    long_list: Fault = lambda response: response
    seconds: float = 0.0
    job_status: str = "done"
    limited: bool = False
    latest_event: str = "cloud.example.com"
    date: str = ""
    location: str = "/orgs/1/jobs/"
    timers: Mapping[str, Any] = field(default_factory=dict)
    health: Any = field(default_factory=lambda: [{"fqdn": FQDN, "status": "normal"}])
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)

    def respond(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> SimulatedResponse:
        """One response."""
        self.asked.append((path, dict(query), dict(headers)))
        if path in self.status:
            return SimulatedResponse(self.status[path], {"location": f"https://leader.example.com{path}"})
        if self.lost.get(path):
            self.lost[path] -= 1
            return SimulatedResponse(404, {})
        if path == "/api/v2/health":
            return SimulatedResponse(200, {"date": self.date} if self.date else {}, json.dumps(self.health).encode())
        if path.endswith("/settings/workloads"):
            return SimulatedResponse(403, {}) if self.limited else _json(self.timers)
        if path.endswith("/events"):
            return _json([{"pce_fqdn": self.latest_event}])
        if "/jobs/" in path:
            return self._job(path.rsplit("/", 1)[1])
        if "/datafiles/" in path:
            return self._whole(path.rsplit("/", 1)[1])
        return self._collection(path, query, headers)

    def _collection(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> SimulatedResponse:
        name = path.rsplit("/", 1)[1]
        if headers.get("Prefer") == "respond-async":
            assert "max_results" not in query
            if self.at_once:
                return self._whole(name, 500)
            self.waiting[name] = self.polls
            return SimulatedResponse(202, {"location": self.location + name})
        most = int(query.get("max_results", "500"))
        if most > self.most:
            return SimulatedResponse(406, {})
        planned = self.totals.get(name) if most <= 1 or name == "users" else None
        total = planned.pop(0) if planned else len(self.collections.get(name, ()))
        found = self.collections.get(name, [])[:most]
        return SimulatedResponse(
            200, {} if total is None else {"x-total-count": str(total)}, json.dumps(found).encode()
        )

    def _job(self, name: str) -> SimulatedResponse:
        self.waiting[name] -= 1
        if self.waiting[name] >= 0:
            return _json({"status": "running"})
        if self.empty == "no result" and not self.collections.get(name):
            return _json({"status": self.job_status, "result": {}})
        return _json({"status": self.job_status, "result": {"href": f"/orgs/1/datafiles/{name}"}})

    def _whole(self, name: str, most: int | None = None) -> SimulatedResponse:
        found = self.collections.get(name, [])[:most]
        if self.empty == "204" and not found:
            return SimulatedResponse(204, {})
        body = json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogatepass")
        cut = self.cuts.pop(0) if self.cuts else 0
        return SimulatedResponse(200, {}, body[: len(body) - cut])


def _json(value: Any) -> SimulatedResponse:
    return SimulatedResponse(200, {}, json.dumps(value).encode())


@dataclass
class InventoryWorld:
    """Everything that outlives a run. `crash_at`: the number of the effect at which the process is killed.

    `store`: for the input's document, in the place of `documents`.
    """

    folder: Path
    settings: dict[str, str] = field(default_factory=lambda: {"collections": "workloads,labels"})
    host: str = FQDN
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    pce: InventoryPce = field(default_factory=InventoryPce)
    documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    written: list[SplunkEvents] = field(default_factory=list)
    lease: Lease = field(default_factory=NoLease)
    store: PatientStore | None = None
    crash_at: int | None = None
    effects: int = 0
    trace: list[str] = field(default_factory=list)
    on_effect: Callable[[str], None] = lambda _name: None

    def effect(self, name: str) -> None:
        """One step of a run that the outside world can see."""
        self.effects += 1
        self.trace.append(name)
        self.on_effect(name)
        if self.effects == self.crash_at:
            raise Killed(name)

    def send(
        self, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str], seconds: float
    ) -> SimulatedPendingResponse:
        self.effect(f"send {path}")
        is_long = int(dict(query).get("max_results", "0")) > 500
        arrives = self.clock.now + min(seconds, self.pce.seconds if is_long else 0)
        try:
            response = self.pce.respond(path, dict(query), headers)
            if is_long and self.pce.seconds > seconds:
                raise PceError("timeout", "The PCE did not answer in time.")
            found = self.pce.long_list(response) if is_long else response
            return SimulatedPendingResponse(self.clock, arrives, found)
        except PceError as error:
            return SimulatedPendingResponse(self.clock, arrives, error)

    def write(self, events: SplunkEvents) -> int:
        """Events are taken one by one, so that a run can end in the middle of a page."""
        for number in range(len(events.texts)):
            one = events.texts[number], events.epochs[number], events.hosts[number], events.sourcetype
            self.written.append(SplunkEvents.of_one(*one))
            self.effect("write")
        return sum(map(len, events.texts))

    def get(self, key: str) -> Mapping[str, Any] | None:
        self.effect("load")
        return self.documents.get(key)

    def save(self, documents: list[Mapping[str, Any]]) -> None:
        self.effect("save begins")
        for document in documents:
            self.documents[document["_key"]] = json.loads(json.dumps(document))
        self.effect("save ends")

    def asked_once(self) -> AbstractContextManager[None]:
        return nullcontext()

    def prepare(self) -> InventoryRun:
        """A run that has not begun."""
        account = Account("lab", self.host, 443, 1, "api_1", "s3cret")
        self.stop = Stop()
        pce = Pce(account, self, self.clock, jitter=lambda: 0.5)
        settings = InventorySettings.parse("inv", {"account": "lab", **self.settings})
        state = InventoryState(self.store or self, "inv", self.clock, self.lease)
        limits = Limits()
        return InventoryRun(settings, account, pce, self, self.clock, self.stop, state, self.folder, limits)

    def run(self, later: float = 4 * HOUR) -> list[dict[str, Any]]:
        """A run, `later` seconds after what was before it; its events."""
        self.clock.now += later
        self.effects, self.trace, before = 0, [], len(self.written)
        self.last = self.prepare()
        self.error: CollectorError | None = None
        self.ended = "ok"
        try:
            self.last.collect()
        except Killed:
            self.ended = "killed"
        except StopRequested:
            self.ended = "stopped"
        except PceError as error:
            self.ended, self.error = error.category, error
        finally:
            self.crash_at = None
        return self.events(before)

    def events(self, first: int = 0) -> list[dict[str, Any]]:
        """The events that were written, from the one with this number."""
        return [json.loads(text) for events in self.written[first:] for text in events.texts]

    def set(self, name: str, *records: Any) -> None:
        """What a collection holds from now on."""
        self.pce.collections[name] = list(records)

    def lookup(self, *, healed: bool = False) -> Rows:
        """What searches make of all events: the newest of each href; `healed`: and of whole snapshots, what they lack.

        A collection's rows are of the kinds whose hrefs lie below it.
        """
        rows: Rows = {}
        for event in self.events():
            if event["kind"] != "manifest":
                rows[event["href"]] = event
            elif healed and event["complete"] and event["full"] and "why" not in event:
                unlisted = event.get("unlisted", ())
                for href, row in rows.items():
                    if any(f"/{kind}/" in href for kind in unlisted):
                        continue
                    if f"/{event['collection']}/" in href and row["snapshot"] < event["snapshot"]:
                        rows[href] = {**row, "state": "deleted"}
        return rows

    def present(self, *, healed: bool = False) -> dict[str, str]:
        """The names of what is present, by href."""
        rows = self.lookup(healed=healed)
        return {href: row["name"] for href, row in rows.items() if row["state"] == "present"}


def manifest_of(events: list[dict[str, Any]], collection: str = "workloads") -> dict[str, Any]:
    """The manifest of a collection among a run's events."""
    (found,) = [event for event in events if event["kind"] == "manifest" and event["collection"] == collection]
    return found


def others(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A run's events without the manifests."""
    return [event for event in events if event["kind"] != "manifest"]


def unzip(path: Path) -> bytes:
    """What a download has."""
    with gzip.open(path) as file:
        return file.read()


def states(events: list[Event]) -> list[tuple[str, str]]:
    """The names and states of objects among events."""
    return sorted((event["name"], event["state"]) for event in others(events))


def assert_kept(world: InventoryWorld, events: list[Event], *words: str) -> None:
    """Nothing was marked deleted, and the manifest says why."""
    manifest = manifest_of(events)
    assert (manifest["complete"], manifest["deleted"]) == (False, 0)
    assert all(word in manifest["why"] for word in words), manifest["why"]
    assert len(world.present(healed=True)) == 40
