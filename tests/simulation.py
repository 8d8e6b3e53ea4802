"""A world in one process for the collector: a clock that only we move, a PCE, a store and a pipe that fail on demand.

Every effect of a run on the world passes through `World.effect`, where the world can end it as a `kill -9`
would: before the effect, or after it. No sockets, no threads, no real time.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Callable
from urllib.parse import urlsplit

from illumio_pce.breadcrumb import Point
from illumio_pce.collector import Run
from illumio_pce.config import Account, EventsSettings
from illumio_pce.context import RunContext
from illumio_pce.errors import CollectorError, PceError, PipeClosed, StateError, StopRequested
from illumio_pce.lease import Lease, NoLease
from illumio_pce.limits import Limits
from illumio_pce.output import SplunkEvents
from illumio_pce.pce import Pce
from illumio_pce.record import Record
from illumio_pce.state import State
from illumio_pce.stop import Stop
from illumio_pce.timestamps import parse, render

from tests.reading import Indexed, rows_of

START = 1_760_000_000.0
HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"


class Killed(BaseException):
    """The process is gone, without a chance to do anything."""


class SimulatedClock:
    """`now` is the true time; the machine's own clock is `error` seconds ahead of it."""

    def __init__(self) -> None:
        self.now = START
        self.error = 0.0

    def time(self) -> float:
        return self.now + self.error

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)


@dataclass
class Recorded:
    """An event as the PCE has it; `ms` is its timestamp, None where it has none that can be read."""

    ms: int | None
    recorded_ms: int
    text: str
    href: str | None

    @property
    def found_at(self) -> int:
        return self.recorded_ms if self.ms is None else self.ms


@dataclass
class SimulatedResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    breaks: PceError | None = None

    def chunks(self) -> Iterator[bytes]:
        for at in range(0, len(self.body), 997):
            yield self.body[at : at + 997]
        if self.breaks is not None:
            raise self.breaks

    def close(self) -> None:
        self.body = b""


@dataclass
class SimulatedPendingResponse:
    clock: SimulatedClock
    arrives: float
    result: SimulatedResponse | PceError

    def response(self) -> tuple[SimulatedResponse, float]:
        self.clock.now = max(self.clock.now, self.arrives)
        if isinstance(self.result, PceError):
            raise self.result
        return self.result, self.arrives

    def close(self) -> None:
        pass


@dataclass
class SimulatedPce:
    """The rules of the events API: newest first, at most `max_results`, both bounds included, jobs without a cap.

    `skew`: how far the PCE's clock is ahead (s), which the events' times and the `Date` header follow. `header_skew`:
    how much further the header is, where a load balancer writes it. `cap`: a lower limit than `max_results`, of which
    nothing tells.
    """

    clock: SimulatedClock
    skew: float = 0.0
    header_skew: float = 0.0
    cap: int | None = None
    collections: dict[str, list[Recorded]] = field(default_factory=lambda: {"events": [], "system_events": []})
    settings: Mapping[str, Any] | None = None
    jobs: dict[str, tuple[int, str, int, int | None]] = field(default_factory=dict)
    job_polls: int = 1
    minted: int = 0

    def now_ms(self) -> int:
        return int((self.clock.now + self.skew) * 1000)

    def record(
        self,
        age_ms: int = 0,
        collection: str = "events",
        *,
        text: str | None = None,
        href: str | None = "",
        **members: Any,
    ) -> str:
        """An event of that age turns up now; its href."""
        self.minted += 1
        if href == "":
            href = f"/orgs/1/events/{self.minted:08x}-0000-4000-8000-000000000000"
        ms = self.now_ms() - age_ms
        if text is None:
            event: dict[str, Any] = {"href": href} if href else {}
            event.update({"timestamp": render(ms), "pce_fqdn": "pce.example.com", "event_type": "user.sign_in"})
            event.update(members)
            text = json.dumps(event)
        stamp = re.search(r'"timestamp": ?"([^"]*)"', text)
        moment = parse(stamp[1]) if stamp else None
        self.collections[collection].append(Recorded(moment.ms if moment else None, self.now_ms(), text, href))
        return href or text

    def matching(self, collection: str, query: Mapping[str, str]) -> list[Recorded]:
        low = parse(query.get("timestamp[gte]", "1970-01-01T00:00:00Z"))
        high = parse(query.get("timestamp[lte]", "9999-12-31T23:59:59.999Z"))
        assert low is not None
        assert high is not None
        found = [event for event in self.collections[collection] if low.ms <= event.found_at <= high.ms]
        return sorted(found, key=lambda event: event.found_at, reverse=True)

    def respond(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> SimulatedResponse:
        parts = path.strip("/").split("/")[2:]
        if parts[-2:] == ["settings", "events"]:
            return self._json(self.settings) if self.settings is not None else self._json([], 403)
        if "jobs" in parts:
            return self._job(path)
        if "datafiles" in parts:
            low, collection, _, high = self.jobs[parts[-1]]
            window = {"timestamp[gte]": render(low)}
            if high is not None:
                window["timestamp[lte]"] = render(high)
            return self._events(self.matching(collection, window))
        collection = parts[-1]
        if headers.get("Prefer") == "respond-async":
            return self._start_job(collection, query)
        limit = min(int(query.get("max_results", "100")), self.cap or sys.maxsize)
        return self._events(self.matching(collection, query)[:limit])

    def _start_job(self, collection: str, query: Mapping[str, str]) -> SimulatedResponse:
        low, high = parse(query["timestamp[gte]"]), parse(query.get("timestamp[lte]"))
        assert low is not None
        number = str(len(self.jobs) + 1)
        self.jobs[number] = (low.ms, collection, self.job_polls, high.ms if high else None)
        return SimulatedResponse(
            202, {**self.date(self.clock.now), "location": f"/orgs/1/jobs/{number}", "retry-after": "5"}
        )

    def _job(self, path: str) -> SimulatedResponse:
        number = path.rsplit("/", 1)[1]
        low, collection, polls, high = self.jobs[number]
        self.jobs[number] = (low, collection, polls - 1, high)
        done = {"status": "done", "result": {"href": f"/orgs/1/datafiles/{number}"}}
        return self._json(done if polls <= 0 else {"status": "running", "result": {}})

    def _events(self, events: Sequence[Recorded]) -> SimulatedResponse:
        body = ("[" + ",".join(event.text for event in events) + "]").encode("utf-8", "surrogatepass")
        return SimulatedResponse(200, self.date(self.clock.now), body)

    def _json(self, value: Any, status: int = 200) -> SimulatedResponse:
        return SimulatedResponse(status, self.date(self.clock.now), json.dumps(value).encode())

    def date(self, at: float) -> dict[str, str]:
        return {"date": time.strftime(HTTP_DATE, time.gmtime(at + self.skew + self.header_skew))}


Fault = Callable[[SimulatedResponse], SimulatedResponse]


@dataclass
class World:
    """Everything that outlives a run. `crash_at`: the number of the effect at which the process is killed."""

    clock: SimulatedClock = field(default_factory=SimulatedClock)
    documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    indexed: list[Indexed] = field(default_factory=list)
    indexed_at: list[float] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    crash_at: int | None = None
    effects: int = 0
    trace: list[str] = field(default_factory=list)
    pipe_closes_after: int | None = None
    lost_in_pipe: int = 0
    store_is_down: bool = False
    writes_refused_after: int | None = None
    writes_kept: int | None = None
    splunkd_start: float = START - 3600
    breadcrumb: str | None = None
    unconfirmed: bool = False
    lease: Lease = field(default_factory=NoLease)
    stop_at: int | None = None
    delete_at: int | None = None
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    max_results: int = 5
    response_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.pce = SimulatedPce(self.clock)
        self.stop = Stop()
        self.on_request: Callable[[], None] | None = None
        self.error: CollectorError | None = None

    def effect(self, name: str) -> None:
        """One step of a run that the outside world can see."""
        self.effects += 1
        self.trace.append(name)
        if self.effects == self.crash_at:
            raise Killed(name)
        if self.effects == self.delete_at:
            self.documents.clear()
        if self.effects == self.stop_at:
            self.stop.request()

    # --- the seams of a run ------------------------------------------------------------------------

    def send(
        self, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str], seconds: float
    ) -> SimulatedPendingResponse:
        """The PCE answers with what it holds now, and its response arrives after `response_seconds`."""
        self.effect("send")
        self.requests.append((path, dict(query)))
        if self.on_request is not None:
            self.on_request()
        arrives = self.clock.now + self.response_seconds
        try:
            response = self.pce.respond(urlsplit(path).path, dict(query), headers)
            if "date" in response.headers:
                response.headers = {**response.headers, **self.pce.date(arrives)}
            return SimulatedPendingResponse(
                self.clock, arrives, self.faults.pop(0)(response) if self.faults else response
            )
        except PceError as error:
            return SimulatedPendingResponse(self.clock, arrives, error)

    def write(self, events: SplunkEvents) -> int:
        self.effect("write begins")
        size = 0
        for event in rows_of(events):
            if self.pipe_closes_after is not None:
                if self.pipe_closes_after == 0:
                    raise PipeClosed
                self.pipe_closes_after -= 1
            self.indexed.append(event)
            self.indexed_at.append(self.clock.now)
            size += len(event.text)
        self.effect("write ends")
        return size

    def get(self, key: str) -> Mapping[str, Any] | None:
        self.effect("load")
        self._check_store()
        return self.documents.get(key)

    def find(self, query: Mapping[str, Any], page_size: int = 0) -> list[Mapping[str, Any]]:
        self.effect("load")
        self._check_store()
        return self._matching(query)

    def save(self, documents: list[Mapping[str, Any]]) -> None:
        self.effect("save begins")
        if self._takes_write():
            for document in documents:
                self._store(document)
        self.effect("save ends")

    def insert(self, document: Mapping[str, Any]) -> bool:
        return self._store_where(document, present=False)

    def replace(self, document: Mapping[str, Any]) -> bool:
        return self._store_where(document, present=True)

    def _store_where(self, document: Mapping[str, Any], *, present: bool) -> bool:
        self.effect("save begins")
        is_kept = self._takes_write()
        fits = (document["_key"] in self.documents) is present
        if fits and is_kept:
            self._store(document)
        self.effect("save ends")
        return fits

    def _store(self, document: Mapping[str, Any]) -> None:
        # What splunkd takes is JSON: nothing else may be relied upon.
        self.documents[str(document["_key"])] = json.loads(json.dumps(document))

    def delete(self, query: Mapping[str, Any]) -> None:
        self.effect("delete")
        if not self._takes_write():
            return
        for document in self._matching(query):
            del self.documents[document["_key"]]

    def _matching(self, query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        assert query.get("$or") != [], "MongoDB refuses an empty $or"
        return [document for document in self.documents.values() if _matches(document, query)]

    def read(self) -> Point | None:
        return None if self.breadcrumb is None else Point.from_text(self.breadcrumb)

    def drop(self, point: Point) -> bool:
        self.effect("breadcrumb")
        self.breadcrumb = point.to_text()
        return True

    def is_set(self) -> bool:
        return self.unconfirmed

    def set(self) -> bool:
        self.unconfirmed = True
        return True

    def clear(self) -> bool:
        self.unconfirmed = False
        return True

    def _check_store(self) -> None:
        if self.store_is_down:
            raise StateError("The KV store is not ready (503).")

    def _takes_write(self) -> bool:
        """Whether a write is kept: some are refused (`writes_refused_after` so many), some are only acknowledged."""
        self._check_store()
        if self.writes_refused_after is not None:
            if self.writes_refused_after == 0:
                raise StateError("The KV store did not take a write (503).")
            self.writes_refused_after -= 1
        if self.writes_kept is not None:
            if self.writes_kept == 0:
                return False
            self.writes_kept -= 1
        return True

    # --- running -----------------------------------------------------------------------------------

    def run(self) -> str:
        """One run; how it ended: ok, stopped, killed, pipe closed, or the category of an error."""
        self.stop = Stop()
        self.effects = 0
        self.trace = []
        had = len(self.indexed)
        account = Account("lab", "pce.example.com", 8443, 1, "api_1", "s3cret-s3cret")
        settings = EventsSettings.parse("audit", {"account": "lab", "start_time": "-1h", **self.settings})
        limits = Limits(max_results=self.max_results)
        self.client = Pce(account, self, self.clock, jitter=lambda: 0.5, limits=limits)
        state = State(self, "audit", self, self.lease, self)
        self.last = Run(
            RunContext(
                settings,
                account,
                self.client,
                state,
                self,
                self.clock,
                self.stop,
                str(self.splunkd_start),
                Record(),
                limits,
            )
        )
        try:
            self.last.collect()
        except Killed:
            return "killed"
        except StopRequested:
            return "stopped"
        except PipeClosed:
            start = max(had, len(self.indexed) - self.lost_in_pipe)
            del self.indexed[start:], self.indexed_at[start:]
            self.last.mark_unconfirmed()
            return "pipe closed"
        except CollectorError as error:
            self.error = error
            return error.category
        finally:
            self.pipe_closes_after = self.crash_at = self.stop_at = self.delete_at = None
            self.writes_refused_after = self.writes_kept = None
        return "ok"

    def other_member(self) -> World:
        """Another instance that reads the same PCE, with the same KV store and index, under its own splunkd."""
        other = World(self.clock, self.documents, self.indexed, self.indexed_at, settings=self.settings)
        other.pce, other.max_results, other.splunkd_start = self.pce, self.max_results, self.splunkd_start - 1
        return other

    def restart_splunkd(self) -> None:
        """splunkd is started anew, now."""
        self.splunkd_start = self.clock.now

    def crash_splunkd(self, seconds: float, down: float = 0) -> None:
        """splunkd dies with what it took in the last `seconds` of its life, which it held in memory.

        It starts anew after `down` seconds.
        """
        lost_from = max(self.clock.now - seconds, self.splunkd_start)
        kept = [(event, at) for event, at in zip(self.indexed, self.indexed_at) if at < lost_from]
        self.indexed = [event for event, _ in kept]
        self.indexed_at = [at for _, at in kept]
        self.clock.now += down
        self.restart_splunkd()
        self.clock.now += 1

    def delivered(self) -> list[str]:
        """The hrefs of the audit events that splunkd was given, in order (an event's text where it has none)."""
        texts = [event.text for event in self.indexed if event.sourcetype == "illumio:pce:events"]
        return [self._identity(text) for text in texts]

    @staticmethod
    def _identity(text: str) -> str:
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            return text
        return str(value.get("href") or text) if isinstance(value, dict) else text

    def recorded(self) -> AbstractSet[str]:
        return {event.href or event.text for events in self.pce.collections.values() for event in events}


def _matches(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """A KV store's query: members that are equal, and `$or`."""
    return all(
        any(_matches(document, part) for part in value) if name == "$or" else document.get(name) == value
        for name, value in query.items()
    )


def status(code: int, **headers: str) -> Fault:
    """A response with that status instead."""
    return lambda response: SimulatedResponse(
        code, {**response.headers, **{n.replace("_", "-"): v for n, v in headers.items()}}
    )


def cut_short(response: SimulatedResponse) -> SimulatedResponse:
    """The connection breaks in the middle of the body."""
    error = PceError("broken_answer", "The connection to the PCE broke in the middle of a response.")
    return SimulatedResponse(response.status, response.headers, response.body[: len(response.body) // 2], error)


def half_a_body(response: SimulatedResponse) -> SimulatedResponse:
    """The body ends early, and nothing else shows it."""
    return SimulatedResponse(response.status, response.headers, response.body[: len(response.body) // 2])


def page_of_html(response: SimulatedResponse) -> SimulatedResponse:
    """Something in between responses in the PCE's place."""
    return SimulatedResponse(200, response.headers, b"<html><body>Please log in</body></html>")


def reset(response: SimulatedResponse) -> SimulatedResponse:
    """No response at all."""
    raise PceError("connection", "The PCE closed the connection without a response.")
