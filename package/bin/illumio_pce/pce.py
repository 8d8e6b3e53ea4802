"""The PCE's API for the collector: complete responses or a PceError, with retries, within limits of time and size.

Source of the rules: Illumio Core REST API, "Events" (limits, 406), "Async GET Collections" (jobs), and
"API Response Codes and Types" (429: 500 requests a minute).
"""

from __future__ import annotations

import json
import math
import random
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, TypeVar
from urllib.parse import parse_qsl, urlsplit

from .array_reader import NotAnArray
from .clock import Clock
from .config import Account
from .errors import PceError
from .event_reader import EventReader
from .events import AuditEvent, Events
from .limits import DEFAULT_LIMITS, Limits
from .pce_clock import PceClock
from .prefetch import Prefetcher, Request, Traffic
from .timestamps import parse, render
from .transport import Query, Response, Transport

HEALTH_PATH = "/api/v2/health"
SYSTEM_EVENTS_PATH = "/api/v2/system_events"
#: A limit lower than that would be a multiple of this.
ROUND_NUMBER = 100
#: So many responses in a row may be too large or too slow: enough to halve 200 days down to a millisecond.
MAX_TOO_LARGE = 40
T = TypeVar("T")

_TIMESTAMP = re.compile(r'"timestamp"\s*:\s*"([^"]+)"')

_RESULT_PATH = re.compile(
    r"(?:/api/v2)?(?P<path>/orgs/(?P<org>[0-9]{1,10})/(?:jobs|datafiles)/[\w-]+(?:[./][\w-]+)*)", re.ASCII
)
_FIRST_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 20.0
_DEFAULT_PORT = ":443"
_MAX_SMALL_RESPONSE = 1024 * 1024
_SAME_HOST_REDIRECTS = 3
_LOGIN_PAGE = (
    "Check the PCE URL and its port. A page for signing in, of the PCE's console or of a proxy in front of it, looks "
    "like this: the address in the account has to be the API's, reachable with an API key alone."
)


IGNORED_RANGE = (
    "The response holds events from outside of the time range of the request: the PCE, or something in between, "
    "ignores a parameter, and events may be missing."
)
#: An event may lie so far (ms) outside of the range of its request, in case its time was rounded.
_RANGE_TOLERANCE = 2000


class TooLarge(Exception):
    """A response is larger, or slower, than is read at once; `page` holds the newest of it, as far as they came."""

    def __init__(self, page: Page) -> None:
        super().__init__("the response is too large to be read at once")
        self.page = page


class NoResult(PceError):
    """What was asked for has come, and holds nothing, not even an empty list."""

    def __init__(self, text: str) -> None:
        super().__init__("job", text)


@dataclass(frozen=True)
class Window:
    """A range of time, both ends included, in ms; `high` None means up to the newest event."""

    low: int
    high: int | None

    def query(self) -> list[tuple[str, str]]:
        """The parameters that ask for it."""
        pairs = [("timestamp[gte]", render(self.low))]
        if self.high is not None:
            pairs.append(("timestamp[lte]", render(self.high)))
        return pairs


@dataclass
class Page:
    """A response. `now_ms`: when it was asked for, see `PceClock.observe`; `latest_ms`: the latest time it came.

    `cut`: events that match may be missing, since the PCE left them out, or reading was given up (`size` 0).
    `has_out_of_range`: some events lie outside of the range that was asked for, so that others may be missing as well.
    """

    events: Events
    now_ms: int
    size: int
    cut: bool
    latest_ms: int = 0
    has_out_of_range: bool = False


@dataclass
class Job:
    """An asynchronous request that the PCE works on."""

    href: str
    window: Window


class Pce:
    """One organisation of one PCE, through one transport.

    `sharers` tells how many inputs use the same key; it is asked only when a run makes many requests.
    """

    def __init__(
        self,
        account: Account,
        transport: Transport,
        clock: Clock,
        sharers: Callable[[], int] = lambda: 1,
        jitter: Callable[[], float] = random.random,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._limits = limits
        self._account = account
        self._clock = clock
        self._jitter = jitter
        self.traffic = Traffic()
        self._prefetcher = Prefetcher(transport, clock, sharers, self.traffic)
        self._trying_since = clock.monotonic()
        self._succeeded = True
        self._too_large = 0
        self._refused: PceError | None = None
        self.time = PceClock(clock)

    # --- what the PCE offers -----------------------------------------------------------------------

    def events(self, collection: str, window: Window, upcoming: Iterable[tuple[str, Window]] = ()) -> Page:
        """The events of a window. Raises TooLarge where they are more bytes than are read at once.

        `upcoming`: collections and windows that are needed next; they are requested before this response is waited for.
        """
        limits = self._limits

        def read(response: Response, now_ms: int) -> Page:
            body = _Body(self._counted(response), limits.max_response_bytes, self._clock, limits.slow_response_seconds)
            reader = EventReader(body)
            found = Events()
            try:
                for events in reader.tables():
                    found += events
            except NotAnArray as error:
                if not body.given_up:
                    raise _list_error(body.start, error) from None
            self._too_large = self._too_large + 1 if body.given_up else 0
            if self._too_large > MAX_TOO_LARGE:
                text = "The PCE's responses are too large or too slow, however short the time range."
                raise PceError("too_large", text)
            if body.given_up:
                response.close()
                raise TooLarge(Page(_without_texts(found, reader.unread), now_ms, 0, True, self.time.latest_ms()))
            if response.status != 200:
                raise PceError("not_a_pce", f"Unexpected HTTP status {response.status}; this may not be a PCE.")
            cut = self._may_be_cut(len(found))
            has_out_of_range = _is_out_of_range(found, window)
            if cut and has_out_of_range:
                raise PceError("broken_answer", IGNORED_RANGE)
            return Page(found, now_ms, body.size, cut, self.time.latest_ms(), has_out_of_range)

        requests = [self._request_for(collection, window), *(self._request_for(*other) for other in upcoming)]
        self._prefetcher.prefetch(requests, limits.read_timeout_seconds)
        return self._send(requests[0], read)

    def allow_prefetch(self, collections: Iterable[str]) -> None:
        """These collections were read whole in the last run, which met no error: they may be prefetched at once."""
        self._prefetcher.allow_prefetch(map(self._path, collections))

    def start_job(self, collection: str, window: Window) -> Job:
        """Ask for a window asynchronously, for which there is no cap."""

        def read(response: Response, _now_ms: int) -> Job:
            response.close()
            location = response.headers.get("location", "")
            if response.status != 202 or not location:
                raise PceError("broken_answer", "The PCE did not accept the asynchronous request.")
            return Job(self.result_path(location), window)

        request = Request(self._path(collection), tuple(window.query()), (("Prefer", "respond-async"),))
        return self._send(request, read)

    def job_result(self, job_href: str) -> str | None:
        """The href of a finished job's datafile; None while it runs. PceError of category `job` where it failed."""
        status = self._small(job_href)
        if not isinstance(status, dict):
            raise PceError("broken_answer", "The PCE's response about an asynchronous job cannot be read.")
        state = str(status.get("status"))
        if state in ("done", "completed"):
            result = status.get("result")
            href = result.get("href") if isinstance(result, dict) else None
            if not isinstance(href, str):
                raise NoResult("The PCE finished an asynchronous job without a result.")
            return self.result_path(href)
        if state in ("failed", "canceled", "cancelled", "cancel_requested"):
            raise PceError("job", "The PCE could not finish an asynchronous job.")
        return None

    def datafile(self, href: str) -> Iterator[Events]:
        """The events of a datafile, some at a time as they arrive; PceError where it turns out not to be whole."""
        response = self._send(Request(href), lambda response, _now_ms: response)
        body = _Body(
            self._within(self._limits.datafile_seconds, self._counted(response)), sys.maxsize, self._clock, math.inf
        )
        try:
            yield from EventReader(body).tables()
        except NotAnArray as error:
            raise _list_error(body.start, error) from None
        finally:
            response.close()

    def event_settings(self) -> Mapping[str, Any] | None:
        """`settings/events`: retention and least severity; None where they cannot be had. Asked once, not again.

        Raises PceError where the key is refused, and for nothing else.
        """
        try:
            value = self._small(f"/api/v2/orgs/{self._account.org_id}/settings/events", retry=False)
        except PceError as error:
            if error.category == "refused_key":
                raise
            return None
        return value if isinstance(value, dict) else None

    def health(self) -> Any:
        """`/health` as it was sent: a list of PCEs, or one of them. Raises PceError."""
        value = self._small(HEALTH_PATH)
        if value is None:
            raise PceError("broken_answer", "The PCE's response holds no health, or is too large or too slow.")
        return value

    def value(self, path: str, query: Query = ()) -> Any:
        """A small response as it was sent; None where it is too large or too slow. Raises PceError.

        Like `open`, it has all the time for its retries, whatever failed before it.
        """
        self._succeeded = True
        return self._small(path, query)

    def open(self, request: Request, once_within: float | None = None) -> Response:
        """The response to any request, with its body unread; its status is 200, 202 or 204. Raises PceError.

        `once_within`: for a response that takes long, how long (seconds). Then the request is made only once.
        """
        self._succeeded = True

        def read(response: Response, _now_ms: int) -> Response:
            return response

        return self._send(request, read, once_within is None, (200, 202, 204), once_within)

    def body(self, response: Response, seconds: float) -> Iterator[bytes]:
        """The body of such a response; the PCE has so long for the whole of it. Raises PceError."""
        try:
            yield from self._within(seconds, self._counted(response))
        finally:
            response.close()

    def result_path(self, url: str) -> str:
        """The path of a job or datafile of this organisation. Raises PceError for any other.

        A whole URL may call the PCE by another name or port than the account does (the guide's example does so). Only
        its path counts: the request goes to the account's host, whatever the URL says.
        """
        try:
            found = _RESULT_PATH.fullmatch(urlsplit(url).path)
        except ValueError:
            found = None
        if not found or int(found["org"]) != self._account.org_id:
            raise PceError("broken_answer", "The PCE returned an invalid URL.")
        return f"/api/v2{found['path']}"

    # --- how it is asked ---------------------------------------------------------------------------

    def _may_be_cut(self, count: int) -> bool:
        """Whether a response with so many events may lack others: nothing but its length says so.

        10,000 is what the documentation says. A PCE, or what stands before it, with a lower limit would give no sign:
        limits are round numbers, so a round number of events is asked for again in parts, which costs little.
        """
        return count >= self._limits.max_results or (count > 0 and count % ROUND_NUMBER == 0)

    def _path(self, collection: str) -> str:
        return SYSTEM_EVENTS_PATH if collection == "system_events" else f"/api/v2/orgs/{self._account.org_id}/events"

    def _request_for(self, collection: str, window: Window) -> Request:
        return Request(self._path(collection), (*window.query(), ("max_results", str(self._limits.max_results))))

    def _own_path(self, href: str) -> str:
        """A href, or a whole URL of this PCE, as a path of the API; the key goes nowhere else."""
        try:
            parts = urlsplit(href)
        except ValueError:
            raise PceError("broken_answer", "The PCE returned an invalid URL.") from None
        own, host = self._account.authority.lower(), parts.netloc.lower().removesuffix(_DEFAULT_PORT)
        if (parts.scheme or parts.netloc) and (parts.scheme, host) != ("https", own):
            raise PceError("redirect", "The PCE points to another host for a response, and the key is not sent there.")
        path = parts.path
        if not path.startswith("/") or ".." in path:
            raise PceError("broken_answer", "The PCE returned an invalid URL.")
        return path if path.startswith("/api/") else f"/api/v2{path}"

    def _small(self, path: str, query: Query = (), *, retry: bool = True) -> Any:
        def read(response: Response, _now_ms: int) -> Any:
            body = _Body(self._counted(response), _MAX_SMALL_RESPONSE, self._clock, self._limits.slow_response_seconds)
            text = b"".join(body)
            response.close()
            try:
                return None if body.given_up else json.loads(text.decode("utf-8-sig"))
            except (ValueError, RecursionError):
                raise _json_error(text) from None

        return self._send(Request(path, query), read, retry=retry)

    def _send(
        self,
        request: Request,
        read: Callable[[Response, int], T],
        retry: bool = True,
        accepted: Sequence[int] = (200, 202),
        timeout: float | None = None,
    ) -> T:
        """Send until `read` gets something complete, or time is up; never again once a key was refused."""
        if self._refused is not None:
            raise self._refused
        attempt = 0
        if self._succeeded:
            self._trying_since, self._succeeded = self._clock.monotonic(), False
        while True:
            try:
                result = read(*self._send_once(request, accepted, timeout or self._limits.read_timeout_seconds))
                self._succeeded = True
                return result
            except PceError as error:
                self.traffic.errors[error.category] = self.traffic.errors.get(error.category, 0) + 1
                # A PCE in trouble, or in the cloud, may refuse its health to a key that is good.
                is_of_key = error.category == "refused_key" and request.path != HEALTH_PATH
                self._refused = error if is_of_key else None
                self._prefetcher.forget()
                pause = self._pause(error, attempt) if retry else None
                if pause is None:
                    raise
                self.traffic.retries += 1
                attempt += 1
                self._clock.sleep(pause)

    def _pause(self, error: PceError, attempt: int) -> float | None:
        """How long to wait before asking again (seconds); None to give up."""
        if not error.passing:
            return None
        pause = min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2**attempt) * (0.5 + self._jitter() / 2)
        if error.retry_after is not None:
            pause = error.retry_after + self._jitter()
        left = self._trying_since + self._limits.retry_seconds - self._clock.monotonic()
        return pause if pause + 1 < left else None

    def _send_once(self, request: Request, accepted: Sequence[int], timeout: float) -> tuple[Response, int]:
        for _ in range(_SAME_HOST_REDIRECTS + 1):
            left = self._trying_since + max(self._limits.retry_seconds, timeout) - self._clock.monotonic()
            response, sent_at, arrived_at = self._prefetcher.fetch(request, max(1.0, min(timeout, left)))
            now_ms = self.time.observe(response.headers.get("date"), sent_at, arrived_at)
            if response.status not in (301, 302, 303, 307, 308):
                if response.status not in accepted:
                    raise self._status_error(response, request.path)
                return response, now_ms
            response.close()
            request = self._redirected(request, response.headers.get("location", ""))
        raise PceError("redirect", "The PCE's redirects form a loop.")

    def _status_error(self, response: Response, path: str) -> PceError:
        """The error that an HTTP status means in response to a request for that path."""
        from .response_errors import status_error  # noqa: PLC0415 (a run that meets no error does without it)

        response.close()
        return status_error(response, self._clock.time(), of_system_events=path == SYSTEM_EVENTS_PATH)

    def _redirected(self, request: Request, location: str) -> Request:
        """The same request at another path of the API: what was asked for is never left to a redirect."""
        path = self._own_path(location)
        parts = urlsplit(location)
        if not parts.path.startswith("/api/"):
            raise PceError("redirect", "The PCE redirects to a page that is not its API.", remedy=_LOGIN_PAGE)
        if parts.query and sorted(parse_qsl(parts.query, keep_blank_values=True)) != sorted(request.query):
            raise PceError("redirect", "The PCE redirects to another request than the one that was made.")
        return request._replace(path=path)

    def _within(self, seconds: float, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks, while they have been waited for no longer than that; what is done with them does not count."""
        waited = 0.0
        while waited <= seconds:
            sent_at = self._clock.monotonic()
            chunk = next(chunks, None)
            if chunk is None:
                return
            waited += self._clock.monotonic() - sent_at
            yield chunk
        raise PceError("timeout", "The PCE's asynchronous response does not come to an end.")

    def _counted(self, response: Response) -> Iterator[bytes]:
        for chunk in response.chunks():
            self.traffic.bytes += len(chunk)
            yield chunk


class _Body:
    """The chunks of a body, until it is larger than `limit` (bytes) or takes longer (s): then it is `given_up`."""

    def __init__(self, chunks: Iterator[bytes], limit: int, clock: Clock, seconds: float) -> None:
        self._chunks = chunks
        self._limit = limit
        self._clock = clock
        self._until = clock.monotonic() + seconds
        self.start = b""
        self.size = 0
        self.given_up = False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.start = self.start or chunk[:200]
            self.size += len(chunk)
            yield chunk
            if self.size > self._limit or self._clock.monotonic() > self._until:
                self.given_up = True
                return


def _list_error(start: bytes, error: NotAnArray) -> PceError:
    from .response_errors import list_error  # noqa: PLC0415 (a run that meets no error does without it)

    return list_error(start, error)


def _json_error(text: bytes) -> PceError:
    from .response_errors import json_error  # noqa: PLC0415 (a run that meets no error does without it)

    return json_error(text)


def _is_out_of_range(events: Events, window: Window) -> bool:
    """Whether an event lies outside of the window that was asked for."""
    moments = events.moments
    if not moments:
        return False
    return min(moments) < window.low - _RANGE_TOLERANCE or (
        window.high is not None and max(moments) > window.high + _RANGE_TOLERANCE
    )


def _without_texts(found: Events, unread: str) -> Events:
    """What was read of a cut body, and where the next event lies, as far as it shows.

    They only tell where to cut the window, so a time within the unfinished event is good enough.
    """
    found.texts = [""] * len(found)
    stamp = _TIMESTAMP.search(unread, 0, 65_536)
    moment = parse(stamp[1]) if stamp else None
    if moment:
        found += Events.of([AuditEvent(text="", ms=moment.ms, epoch=moment.epoch, key=0)])
    return found
