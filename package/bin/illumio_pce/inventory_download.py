"""Brings a whole collection of the PCE onto the disk, by an asynchronous job.

Source: Illumio Core REST API, "Async GET Collections" and "GET Collection Request Limits": any other response is cut at
500 objects, without a word.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Callable, Protocol, TypeVar

from .array_reader import NotAnArray
from .clock import Clock
from .errors import PceError
from .inventory_values import integer_of
from .limits import Limits
from .pce import NoResult, Pce
from .prefetch import Request
from .response_errors import list_error
from .transport import Response


class HasRows(Protocol):
    """What was made of a collection. `rows`: the elements of its array."""

    @property
    def rows(self) -> int:
        """How many there were."""


Taken = TypeVar("Taken", bound=HasRows)

#: A response of more bytes is no collection, and would fill the disk.
MOST_BYTES = 4 * 1024**3
_TEXTS = {
    403: "The API key may not read this collection (403).",
    404: "The PCE has no such collection, or hides it from this key (404).",
}


class _Lost(PceError):
    """The PCE does not have a job or a datafile that it named."""

    def __init__(self, text: str) -> None:
        super().__init__("job", text)


class Downloader:
    """Asks one PCE for whole collections, one at a time. `wait`: called again and again while the PCE is waited for.

    `shortfall`: why the last one is only the beginning of what it was asked for; empty where nothing says that it is.
    """

    def __init__(self, pce: Pce, clock: Clock, limits: Limits, wait: Callable[[], None]) -> None:
        self.shortfall = ""
        self._wait = wait
        self._pce = pce
        self._clock = clock
        self._limits = limits

    def total(self, path: str) -> int | None:
        """How many objects the PCE counts in a collection; None where it does not say so. Raises PceError."""
        # The users take no such parameter: their response is left unread.
        query = () if path.endswith("/users") else (("max_results", "1"),)
        try:
            response = self._open(Request(path, query))
        except PceError as error:
            if error.category != "bad_request":
                raise
            return None
        response.close()
        total = integer_of(response.headers.get("x-total-count", "").strip())
        return total if total is None or total >= 0 else None

    def read(self, path: str, target: Path, take: Callable[[], Taken], total: int | None) -> Taken:
        """Bring a collection into a file (gzip), and return what `take` makes of it. Raises PceError.

        Where it does not come whole, or `take` says so by a PceError, the job's datafile is requested again; where the
        PCE lost the job or its datafile, a new job begins once. `total`: how many objects the PCE counts.
        """
        request = Request(path, (), (("Prefer", "respond-async"),))
        self.shortfall = ""
        try:
            try:
                taken, is_direct = self._read(request, target, take)
            except _Lost:
                taken, is_direct = self._read(request, target, take)
        except NoResult:
            if total != 0 or self.total(path) != 0:
                raise
            target.write_bytes(gzip.compress(b"[]"))
            return take()
        if not is_direct or total is None or taken.rows >= total:
            return taken
        try:
            self._wait()
            response = self._open(Request(path, (("max_results", str(total)),)), self._limits.whole_list_seconds)
        except PceError as error:
            self._note_shortfall(error)
            return taken
        try:
            self._keep(response, target)
            return take()
        except PceError as error:
            self._note_shortfall(error)
            return self._read(request, target, take)[0]

    def _note_shortfall(self, error: PceError) -> None:
        """What came before counts, unless the error is one that would have stopped that as well."""
        if not error.passing and error.category != "bad_request":
            raise error
        self.shortfall = f"The PCE gave a part of the collection at once, but not all of it: {error.args[0]}"

    def _read(self, request: Request, target: Path, take: Callable[[], Taken]) -> tuple[Taken, bool]:
        """See `read`; and whether the PCE gave the collection at once, which it may have cut."""
        retries = self._limits.collection_retries
        response, datafile = self._start(request)
        while True:
            try:
                self._keep(response or self._datafile(datafile), target)
                return take(), not datafile
            except PceError as error:
                if not error.passing or error.ends_the_run or not retries:
                    raise
            retries -= 1
            self._clock.sleep(self._limits.collection_pause_seconds)
            response, datafile = (None, datafile) if datafile else self._start(request)

    def _start(self, request: Request) -> tuple[Response | None, str]:
        """Have the PCE prepare a collection: its datafile, or the response itself where the PCE gave it at once."""
        response = self._open(request)
        if response.status != 202:
            return response, ""
        location = response.headers.get("location", "")
        response.close()
        if not location:
            raise PceError("broken_answer", "The PCE did not say where its asynchronous response will be.")
        return None, self._finished(self._pce.result_path(location))

    def _finished(self, job: str) -> str:
        """The datafile of a job, once there is one."""
        until = self._clock.monotonic() + self._limits.collection_seconds
        while (href := self._job_result(job)) is None:
            if self._clock.monotonic() >= until:
                minutes = self._limits.collection_seconds / 60
                raise PceError("job", f"The PCE has not finished the asynchronous job in {minutes:.0f} minutes.")
            self._wait()
            self._clock.sleep(self._limits.job_poll_seconds)
        return href

    def _job_result(self, job: str) -> str | None:
        try:
            return self._pce.job_result(job)
        except PceError as error:
            if error.status not in _TEXTS:
                raise
            raise _Lost(f"The PCE does not have the asynchronous job ({error.status}).") from None

    def _datafile(self, href: str) -> Response:
        try:
            return self._pce.open(Request(href))
        except PceError as error:
            if error.status not in _TEXTS:
                raise
            raise _Lost(f"The PCE does not have the asynchronous job's datafile ({error.status}).") from None

    def _open(self, request: Request, once_within: float | None = None) -> Response:
        """See `Pce.open`; an error in the words of a collection, where its own are those of events."""
        try:
            return self._pce.open(request, once_within)
        except PceError as error:
            if error.status not in _TEXTS:
                raise
            raise PceError(error.category, _TEXTS[error.status], status=error.status) from None

    def _keep(self, response: Response, target: Path) -> None:
        """Write a response's body into a file."""
        if response.status == 204:
            response.close()
            raise NoResult("The PCE's response has no content (204).")
        start, end, size = b"", b"", 0
        try:
            with gzip.open(target, "wb", compresslevel=1) as file:
                for chunk in self._pce.body(response, self._limits.datafile_seconds):
                    self._wait()
                    size += len(chunk)
                    if size > MOST_BYTES:
                        break
                    file.write(chunk)
                    start = start or chunk[:200]
                    end = (end + chunk[-64:]).rstrip()[-64:]
        except PceError as error:  # the PCE was reached: what failed is this response
            raise PceError("broken_answer", str(error.args[0]), remedy=error.remedy) from None
        if size > MOST_BYTES:
            raise PceError("too_large", f"The PCE's response is larger than {MOST_BYTES / 1024**3:.0f} GiB.")
        if not end.endswith(b"]"):
            raise list_error(start, NotAnArray("it ends in the middle of its JSON array"))
