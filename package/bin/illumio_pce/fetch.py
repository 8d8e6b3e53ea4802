"""Fetches events of the PCE: those of a window at once, or by an asynchronous job where one response cannot hold them.

A stop interrupts each wait, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .context import RunContext
from .errors import PceError
from .events import Events
from .pce import IGNORED_RANGE, Job, Page, TooLarge, Window


class RunningJob:
    """An asynchronous job of the PCE, given up when it does not finish in time."""

    def __init__(self, context: RunContext, job: Job) -> None:
        self._context = context
        self._job = job
        self._deadline = context.clock.monotonic() + context.limits.job_seconds

    def poll(self) -> Iterator[Events] | None:
        """Its events once it is done; None, after a pause, while it runs. Raises PceError (`job`) where it fails."""
        context = self._context
        with context.stop.interruptible():
            href = context.pce.job_result(self._job.href)
            if href is None:
                if context.clock.monotonic() > self._deadline:
                    raise PceError("job", "The PCE did not finish an asynchronous job in time.")
                context.clock.sleep(context.limits.job_poll_seconds)
                return None
        return context.pce.datafile(href)


class Fetcher:
    """Fetches events for one run."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def page(self, collection: str, window: Window, upcoming: Iterable[tuple[str, Window]] = ()) -> Page:
        """The response for a window of a collection; `upcoming` is requested before this is waited for."""
        with self._context.stop.interruptible():
            try:
                page = self._context.pce.events(collection, window, upcoming)
            except TooLarge as response:
                page = response.page
        if page.has_out_of_range:
            self._context.record.note(IGNORED_RANGE)
        return page

    def start_job(self, collection: str, window: Window) -> RunningJob:
        """Ask for a window asynchronously."""
        with self._context.stop.interruptible():
            job = self._context.pce.start_job(collection, window)
        return RunningJob(self._context, job)

    def by_job(self, collection: str, window: Window) -> Iterator[Events]:
        """A window's events by an asynchronous job, waited for. Raises PceError (`job`) where they do not come."""
        job = self.start_job(collection, window)
        while (events := job.poll()) is None:
            pass
        return events
