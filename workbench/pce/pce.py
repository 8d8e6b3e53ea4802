"""The emulated PCE: an object that records audit events and answers GET requests, without sockets.

An emulation of the rules that Illumio documents and that others saw on PCEs; its assumptions, where
neither says anything, stand in workbench/pce/README.md. What it does not know it answers with 404 or 406
and a message that names it.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from email.utils import formatdate
from functools import partial
from typing import Any, Callable, Union
from urllib.parse import urlencode

from workbench.pce.events.parts import authentication_failed, refused_request
from workbench.pce.events.times import parse_micros

from .clocks import Clocks
from .faults import Faults
from .health import Health
from .inventory import COLLECTIONS, Inventory
from .inventory.inventory import InventoryQuery
from .jobs import Job, JobRules
from .keys import (
    EVERYTHING,
    READ_EVENTS,
    READ_HEALTH,
    READ_INVENTORY,
    READ_SETTINGS,
    READ_SYSTEM_EVENTS,
    ApiKey,
    RateLimit,
)
from .query import DEFAULT_RESULTS, SEVERITIES, BadParameter, EventQuery
from .quirks import Quirks
from .timeline import Timeline
from .wire import Answer, Request

#: Numbers stay text: only an event's text is answered, and a number may have more digits than Python reads.
_decoder = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
_TIMESTAMP = re.compile(r'"timestamp"\s*:\s*"([^"]*)"')
_HREF = re.compile(r'"href"\s*:\s*"([^"]*)"')
_UUID = r"[0-9a-f-]{36}"
_LEAST_SEVERITY = {"error": 3, "warning": 4, "informational": 6}
_RANKS = {name: rank for rank, name in enumerate(SEVERITIES)}
_MEDIA = "application/json"
_VERSION = {"version": "26.2.20", "build": 41, "release_info": "", "engineering_info": "emulation"}

EventText = Union[str, Mapping[str, Any]]


class Pce:
    """One PCE with its organisations, of which `org_id` is the first.

    `clock` is the PCE's own (epoch seconds); `clocks` sets its `Date` and its timestamps apart from it. `keys`,
    `rate_limit`, `job_rules`, `settings` (by organisation), `faults` and `quirks` may be changed at any time;
    `recorded` holds every text ever recorded, in that order. `health` has this PCE, and in a supercluster's leader the
    others behind it; an empty one is a PCE that has no `/health`, as in Illumio's cloud.
    """

    def __init__(self, fqdn: str = "pce.example.com", org_id: int = 1, clock: Callable[[], float] = time.time) -> None:
        self.fqdn = fqdn
        self.org_id = org_id
        self.clock = clock
        self.keys: dict[str, ApiKey] = {}
        self.rate_limit = RateLimit()
        self.job_rules = JobRules()
        self.faults = Faults()
        self.clocks = Clocks()
        self.quirks = Quirks()
        self.health = [Health.of_2x2(fqdn)]
        self.compresses = True
        self.settings: dict[int, dict[str, Any]] = {}
        self.inventories: dict[int, Inventory] = {}
        self.recorded: list[bytes] = []
        self._collections: dict[str, Timeline] = {"/system_events": Timeline()}
        self._jobs: dict[str, Job] = {}
        self._hidden: list[tuple[float, Callable[[], None]]] = []
        self._lock = threading.RLock()
        self.add_org(org_id)

    def add_org(self, org_id: int) -> None:
        """One more organisation on the same PCE."""
        self._collections[f"/orgs/{org_id}/events"] = Timeline()
        self.inventories[org_id] = Inventory(org_id)
        self.settings[org_id] = {
            "href": f"/orgs/{org_id}/settings/events",
            "audit_event_retention_seconds": 30 * 86_400,
            "audit_event_min_severity": "informational",
            "format": "JSON",
        }

    @property
    def inventory(self) -> Inventory:
        """The objects of the first organisation."""
        return self.inventories[self.org_id]

    def add_key(
        self,
        permissions: Collection[str] = EVERYTHING,
        *,
        org_id: int | None = None,
        expires_at: float | None = None,
        scope: Sequence[Any] = (),
    ) -> ApiKey:
        """Make an API key with a new id and secret."""
        key = ApiKey(org_id or self.org_id, permissions, expires_at, scope=scope)
        self.keys[key.key_id] = key
        return key

    def stamp(self, age: float = 0.0) -> float:
        """The timestamp (epoch seconds) that this PCE gives to what happened `age` seconds ago."""
        return self.clock() + self.clocks.stamps - age

    def record(self, event: EventText, *, collection: str = "events", org_id: int | None = None) -> str | None:
        """Record one event; its href, or None where it has none or the PCE drops it as too mild.

        `collection` is `events`, `system_events` or `both`. A text is answered as it stands. An event without
        a readable timestamp is found by the time at which it was recorded (an assumption). It is visible at once,
        unless `quirks.hidden_for` is set.
        """
        text = event if isinstance(event, str) else json.dumps(event, separators=(",", ":"))
        found = _look_at(text)
        if self._too_mild(found.get("severity"), org_id):
            return None
        micros = parse_micros(found.get("timestamp"))
        entry = (int(self.stamp() * 1_000_000) if micros is None else micros, text.encode())
        with self._lock:
            self.recorded.append(entry[1])
            hidden = micros is None and self.quirks.hides_timeless
            for timeline in () if hidden else self._timelines(collection, org_id):
                self._hidden.append((self.clock() + self.quirks.hidden_for, partial(timeline.add, *entry)))
        self._show()
        href = found.get("href")
        return href if isinstance(href, str) else None

    def record_many(
        self, events: Iterable[tuple[int, str]], *, collection: str = "events", org_id: int | None = None
    ) -> int:
        """Record many (milliseconds, JSON text) without looking into them; how many there were."""
        entries = [(ms * 1000, text.encode()) for ms, text in events]
        with self._lock:
            self.recorded.extend(text for _, text in entries)
            for timeline in self._timelines(collection, org_id):
                timeline.extend(entries)
        return len(entries)

    def replace_events(self, timeline: Timeline, *, org_id: int | None = None) -> None:
        """Take an organisation's events from that timeline, such as one that makes them when asked."""
        self._collections[f"/orgs/{org_id or self.org_id}/events"] = timeline

    def _show(self) -> None:
        """Let answers hold what is hidden no longer."""
        now = self.clock()
        with self._lock:
            due = [add for at, add in self._hidden if at <= now]
            self._hidden = [(at, add) for at, add in self._hidden if at > now]
            for add in due:
                add()

    def prune(self, before: float | None = None) -> int:
        """Forget events older than `before` (epoch seconds), or than the retention; how many those were."""
        with self._lock:
            dropped = 0
            for org_id, settings in self.settings.items():
                limit = self.stamp() - settings["audit_event_retention_seconds"] if before is None else before
                dropped += self._collections[f"/orgs/{org_id}/events"].drop_before(int(limit * 1_000_000))
            return dropped

    def held(self, org_id: int | None = None) -> int:
        """How many events of an organisation the PCE still has."""
        return len(self._collections[f"/orgs/{org_id or self.org_id}/events"])

    def answer(self, request: Request) -> Answer:
        """Answer one request, as the PCE does or as a fault makes it."""
        with self._lock:
            self.clocks.asked()
            self._show()
            return self.faults.answer(request, lambda: self._answer(request))

    def _answer(self, request: Request) -> Answer:
        now = self.clock()
        key = self._key_of(request, now)
        if key is None:
            answer = _refusal(401, "authentication_failed", "The credentials of this request are not valid.")
        elif not self.rate_limit.take(key.key_id, now):
            wait = self.rate_limit.retry_after
            headers = {} if wait is None else {"Retry-After": str(wait)}
            answer = _refusal(429, "too_many_requests", "This key has made too many requests.", headers)
        elif request.method != "GET":
            answer = _refusal(405, "not_emulated", f"The emulation knows no {request.method} of {request.path}.")
        else:
            key.last_used_at = now
            answer = self._route(request, key)
        return self._dressed(request, answer, now)

    def _key_of(self, request: Request, now: float) -> ApiKey | None:
        """The valid key of a request; one that is refused leaves an audit event."""
        credentials = request.credentials
        if credentials is None:
            return None
        key = self.keys.get(credentials[0])
        if key and key.admits(credentials[1], now):
            return key
        org_id = key.org_id if key else self.org_id
        info = refused_request(request.path, request.method, request.source, credentials[0])
        href, ms = f"/orgs/{org_id}/events/{uuid.uuid4()}", int(self.stamp() * 1000)
        event = authentication_failed(href, ms, self.fqdn, info)
        if key and key.expired(now):
            info.update(expired_at=key.expires_at, last_used_at=key.last_used_at)
        self.record(event, org_id=org_id)
        return None

    def _route(self, request: Request, key: ApiKey) -> Answer:
        for pattern, respond in _ROUTES:
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            org_id = match.groupdict().get("org")
            if org_id and int(org_id) not in self.settings:
                return _refusal(404, "not_found", "There is no such organisation.")
            if org_id and int(org_id) != key.org_id:
                return _refusal(403, "forbidden", "The key belongs to another organisation.")
            try:
                return respond(self, request, key, match)
            except BadParameter as error:
                return _refusal(406, "invalid_parameter", str(error))
        return _refusal(404, "not_emulated", f"The emulation does not know {request.path}.")

    def _collection(self, request: Request, key: ApiKey, match: re.Match[str]) -> Answer:
        path = match["path"]
        if _right(path) not in key.permissions:
            return _refusal(403, "forbidden", "The key may not read these events.")
        statuses = ("success", "failure") if path == "/system_events" else ("success", "failure", "nil")
        query = EventQuery.parse(request.query, statuses=statuses)
        if self._is_async(request):
            return self._start_job(request, key, self._found(path, query, self.quirks.job_limit(query.max_results)))
        if self.quirks.refuses_more and (query.max_results or 0) > self.quirks.most_results:
            raise BadParameter(f"max_results must be at most {self.quirks.most_results}")
        limit = self.quirks.limit(query.limit, DEFAULT_RESULTS)
        return Answer(200, {"X-Total-Count": str(len(self._collections[path]))}, self._found(path, query, limit))

    def _found(self, path: str, query: EventQuery, limit: int | None) -> bytes:
        found: list[bytes] = []
        low, high = self.quirks.bounds(query.low, query.high)
        for text in self.quirks.ordered(self._collections[path].newest_first(low, high)):
            if len(found) == limit:
                break
            if not query.filters or query.accepts(_look_at(text.decode())):
                found.append(text)
        return b"[" + b",".join(found) + b"]"

    def _one(self, _request: Request, key: ApiKey, match: re.Match[str]) -> Answer:
        path, href = match["path"], f"{match['path']}/{match['uuid']}"
        if _right(path) not in key.permissions:
            return _refusal(403, "forbidden", "The key may not read these events.")
        for text in self._collections[path].newest_first(None, None):
            if match["uuid"].encode() in text and _look_at(text.decode()).get("href") == href:
                return Answer(200, body=text)
        return _refusal(404, "not_found", "There is no such event.")

    def _is_async(self, request: Request) -> bool:
        return "respond-async" in request.headers.get("prefer", "") and not self.quirks.ignores_prefer

    def _start_job(self, request: Request, key: ApiKey, found: bytes, rules: JobRules | None = None) -> Answer:
        """Accept an asynchronous request; it answers what the PCE has at this moment (an assumption)."""
        description = f"{request.path}?{urlencode(request.query)}"
        job = Job(key.org_id, description, f"/users/{key.key_id}", self.clock(), found, rules or self.job_rules)
        self._jobs[job.href] = job
        return Answer(202, {"Location": job.rules.base + job.href, "Retry-After": str(job.rules.retry_after)})

    def _objects(self, request: Request, key: ApiKey, match: re.Match[str]) -> Answer:
        """A collection of the inventory."""
        name, version = match["name"], match.groupdict().get("version")
        if COLLECTIONS[name].policy != bool(version) or COLLECTIONS[name].of_org != ("org" in match.groupdict()):
            return _refusal(404, "not_found", f"There is no {request.path}.")
        if COLLECTIONS[name].right not in key.permissions:
            return _refusal(403, "forbidden", "The key may not read these objects.")
        inventory, query = self.inventories[key.org_id], InventoryQuery.parse(name, request.query)
        if self._is_async(request) and name not in inventory.without_jobs:
            found = inventory.body(name, version, key, self.fqdn, query)
            return self._start_job(request, key, found, inventory.job_rules.get(name))
        total = {"X-Total-Count": str(inventory.total(name, version, key))}
        return Answer(200, total, inventory.body(name, version, key, self.fqdn, inventory.cut(query)))

    def _rules(self, _request: Request, key: ApiKey, match: re.Match[str]) -> Answer:
        if READ_INVENTORY not in key.permissions:
            return _refusal(403, "forbidden", "The key may not read these objects.")
        found = self.inventories[key.org_id].rules(match["version"], match["number"], match["kind"])
        return _refusal(404, "not_found", "There is no such rule set.") if found is None else Answer(200, body=found)

    def _job(self, _request: Request, _key: ApiKey, match: re.Match[str]) -> Answer:
        job = self._jobs.get(match["path"])
        if job is None:
            return _refusal(404, "not_found", "There is no such job.")
        return Answer(200, body=json.dumps(job.poll(self.clock())).encode())

    def _datafile(self, _request: Request, _key: ApiKey, match: re.Match[str]) -> Answer:
        for job in self._jobs.values():
            if job.done and job.datafile == match["path"]:
                return Answer(200, body=job.result)
        return _refusal(404, "not_found", "There is no such datafile.")

    def _settings(self, _request: Request, key: ApiKey, match: re.Match[str]) -> Answer:
        if READ_SETTINGS not in key.permissions:
            return _refusal(403, "forbidden", "The key may not read these settings.")
        if match["settings"] == "workloads":
            return Answer(200, body=json.dumps(self.inventories[key.org_id].settings()).encode())
        return Answer(200, body=json.dumps(self.settings[int(match["org"])]).encode())

    def _health(self, _request: Request, key: ApiKey, _match: re.Match[str]) -> Answer:
        if not self.health:
            return _refusal(404, "not_found", "There is no health here.")
        if READ_HEALTH not in key.permissions:
            return _refusal(403, "forbidden", "The key may not read the health.")
        found: Any = [health.answer(self.stamp()) for health in self.health]
        return Answer(200, body=json.dumps(found[0] if self.quirks.health_is_object else found).encode())

    def _noop(self, _request: Request, _key: ApiKey, _match: re.Match[str]) -> Answer:
        return Answer(200)

    def _product_version(self, _request: Request, _key: ApiKey, _match: re.Match[str]) -> Answer:
        short = f"{_VERSION['version']}-{_VERSION['build']}"
        names = {"short_display": short, "long_display": f"{short} (emulation)", "product_name": "PCE"}
        return Answer(200, body=json.dumps({**_VERSION, **names}).encode())

    def _dressed(self, request: Request, answer: Answer, now: float) -> Answer:
        headers = {
            "Date": formatdate(now + self.clocks.date, usegmt=True),
            "Content-Type": _MEDIA,
            "X-Request-Id": str(uuid.uuid4()),
            **answer.headers,
        }
        body = answer.body
        if body and self.compresses and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, 1)
        return Answer(answer.status, headers, body)

    def _timelines(self, collection: str, org_id: int | None) -> Iterator[Timeline]:
        if collection not in ("events", "system_events", "both"):
            raise ValueError(f"the PCE has no collection {collection!r}")
        if collection != "system_events":
            yield self._collections[f"/orgs/{org_id or self.org_id}/events"]
        if collection != "events":
            yield self._collections["/system_events"]

    def _too_mild(self, severity: Any, org_id: int | None) -> bool:
        least = self.settings[org_id or self.org_id]["audit_event_min_severity"]
        return _RANKS.get(str(severity), 0) > _LEAST_SEVERITY[least]


def _right(path: str) -> str:
    return READ_SYSTEM_EVENTS if path == "/system_events" else READ_EVENTS


def _refusal(status: int, token: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, json.dumps([{"token": token, "message": message}]).encode())


def _look_at(text: str) -> dict[str, Any]:
    """The members of an event; of one nested too deeply for Python, its timestamp and href only."""
    try:
        event = _decoder.decode(text)
    except RecursionError:
        found = {"timestamp": _TIMESTAMP.search(text), "href": _HREF.search(text)}
        return {name: match[1] for name, match in found.items() if match}
    if not isinstance(event, dict):
        raise ValueError("an audit event is a JSON object")
    return event


Respond = Callable[[Pce, Request, ApiKey, "re.Match[str]"], Answer]
_ORG = r"/orgs/(?P<org>\d{1,18})"
_ROUTES: tuple[tuple[re.Pattern[str], Respond], ...] = tuple(
    (re.compile("/api/v2" + pattern, re.ASCII), respond)
    for pattern, respond in (
        (rf"(?P<path>{_ORG}/events|/system_events)", Pce._collection),
        (rf"(?P<path>{_ORG}/events|/system_events)/(?P<uuid>{_UUID})", Pce._one),
        (rf"{_ORG}/settings/(?P<settings>events|workloads)", Pce._settings),
        (rf"{_ORG}/(?:sec_policy/(?P<version>draft|active)/)?(?P<name>{'|'.join(COLLECTIONS)})", Pce._objects),
        (
            rf"{_ORG}/sec_policy/(?P<version>draft|active)/rule_sets/(?P<number>\d+)/(?P<kind>sec_rules|deny_rules)",
            Pce._rules,
        ),
        (r"/(?P<name>users)", Pce._objects),
        (rf"(?P<path>{_ORG}/jobs/{_UUID})", Pce._job),
        (rf"(?P<path>{_ORG}/datafiles/{_UUID})", Pce._datafile),
        (r"/health", Pce._health),
        (r"/noop", Pce._noop),
        (r"/product_version", Pce._product_version),
    )
)
