"""Sends requests to the PCE, some of them before their responses are needed, within its limit of requests a minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Callable, NamedTuple

from .clock import Clock
from .transport import CONNECTIONS, PendingResponse, Query, Response, Transport

#: The PCE allows 500 requests a minute for one key; some room is left for others that use it.
REQUESTS_PER_MINUTE = 400


class Request(NamedTuple):
    """One GET, by path, parameters and headers."""

    path: str
    query: Query = ()
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Traffic:
    """Counts of this run's traffic with the PCE."""

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    errors: dict[str, int] = field(default_factory=dict)


class Prefetcher:
    """Sends requests, and keeps prefetched ones until they are needed or no longer wanted.

    Only paths that were answered since the last error, in this run or in the last, are prefetched. So a key that the
    PCE refuses, or that may not read a collection, is tried with one request, and an overloaded PCE gets no more.

    `sharers` tells how many inputs use the same key; it is asked only when a run makes many requests.
    """

    def __init__(self, transport: Transport, clock: Clock, sharers: Callable[[], int], traffic: Traffic) -> None:
        self._transport = transport
        self._clock = clock
        self._limiter = _Limiter(clock, sharers)
        self._sent: dict[Request, tuple[PendingResponse, float]] = {}
        self._answered: set[str] = set()
        self._traffic = traffic

    def allow_prefetch(self, paths: Iterable[str]) -> None:
        """These paths were answered in the last run, which met no error."""
        self._answered.update(paths)

    def fetch(self, request: Request, seconds: float) -> tuple[Response, float, float]:
        """The response to a request, which is sent unless it is in flight, and when it was sent and received.

        Its headers, and each further piece, have to arrive within `seconds` of its sending. Raises PceError.
        """
        self._send(request, seconds)
        sent, sent_at = self._sent.pop(request)
        response, arrived_at = sent.response()
        if response.status == 200:
            self._answered.add(request.path)
        return response, sent_at, arrived_at

    def prefetch(self, requests: Iterable[Request], seconds: float) -> None:
        """Have these requests in flight, in that order, as far as connections and limits allow, and no others."""
        wanted = list(requests)[:CONNECTIONS]
        for request in [request for request in self._sent if request not in wanted]:
            self._sent.pop(request)[0].close()
        for request in wanted:
            if request in self._sent or (request.path in self._answered and self._limiter.has_room()):
                self._send(request, seconds)

    def forget(self) -> None:
        """After an error: cancel what is in flight, and prefetch nothing until there is a response again."""
        self._answered.clear()
        self.prefetch((), 0)

    def _send(self, request: Request, seconds: float) -> None:
        if request in self._sent:
            return
        self._limiter.wait()
        self._traffic.requests += 1
        sent_at = self._clock.monotonic()
        sent = self._transport.send(request.path, request.query, dict(request.headers), seconds)
        self._sent[request] = sent, sent_at


class _Limiter:
    """Keeps to the PCE's limit of requests for one key, shared evenly with the other inputs that use it."""

    def __init__(self, clock: Clock, sharers: Callable[[], int]) -> None:
        self._clock = clock
        self._sharers = sharers
        self._times: deque[float] = deque()
        self._limit: int | None = None

    def has_room(self) -> bool:
        """Whether a request can be made now, without waiting."""
        now = self._clock.monotonic()
        while self._times and self._times[0] <= now - 60:
            self._times.popleft()
        if len(self._times) >= 20 and self._limit is None:
            self._limit = max(1, REQUESTS_PER_MINUTE // max(1, self._sharers()))
        return self._limit is None or len(self._times) < self._limit

    def wait(self) -> None:
        """Wait until a request can be made, and count it."""
        if not self.has_room():
            self._clock.sleep(max(0.0, self._times[0] + 60 - self._clock.monotonic()))
        self._times.append(self._clock.monotonic())
