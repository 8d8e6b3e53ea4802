"""Reads what is old: the pending ranges of all collections, oldest first, since the PCE prunes from that end."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, cast

from .checkpoint import Checkpoint, Progress, Range
from .context import RunContext
from .delivery import Delivery
from .errors import PceError
from .events import Events
from .fetch import Fetcher, RunningJob
from .pce import Window
from .setback import ClockSetback
from .windows import WindowSizer, split

_DATAFILE_PAGE_EVENTS = 5000
_DATAFILE_PAGE_CHARACTERS = 8 * 1024 * 1024


class _Pending(NamedTuple):
    """A range (ms) of a collection that is still to be read."""

    name: str
    progress: Progress
    range: Range


class _WindowJob(NamedTuple):
    """An asynchronous job for a window, which has to bring at least `least` events."""

    job: RunningJob
    name: str
    progress: Progress
    window: Window
    least: int


class Backlog:
    """Reads pending ranges one step at a time; a range whose job fails is deferred to the next run.

    `failed`: the collections that cannot be read in this run.
    """

    def __init__(
        self,
        context: RunContext,
        checkpoint: Checkpoint,
        delivery: Delivery,
        fetcher: Fetcher,
        failed: Container[str] = (),
    ) -> None:
        self._context = context
        self._checkpoint = checkpoint
        self._delivery = delivery
        self._fetcher = fetcher
        self._failed = failed
        self._setback = ClockSetback(context, checkpoint)
        self._sizer = WindowSizer()
        self._job: _WindowJob | None = None
        self._deferred: dict[tuple[str, Range], PceError] = {}

    def read_step(self) -> bool:
        """Read one response, or look after a job; False where nothing is left for this run."""
        pending = self._oldest()
        if pending is None:
            return False
        if self._job is not None:
            self._poll(self._job)
        else:
            self._read(pending)
        return True

    @property
    def errors(self) -> list[PceError]:
        """Why ranges were deferred."""
        return list(self._deferred.values())

    def _oldest(self) -> _Pending | None:
        """The oldest range that is still to be read and was not deferred in this run."""
        for name, progress in self._checkpoint.collections.items():
            if name in self._failed:
                continue
            left = replace(progress)
            for collection, deferred in self._deferred:
                if collection == name:
                    left.mark_read(*deferred)
            if left.pending:
                return _Pending(name, progress, left.pending[0])
        return None

    def _read(self, pending: _Pending) -> None:
        window, *next_ones = self._sizer.windows(*pending.range)
        page = self._fetcher.page(pending.name, window, [(pending.name, other) for other in next_ones])
        if not page.cut:
            self._sizer.learn(window, page)
            remembered_ms = self._setback.remembered_ms()
            self._delivery.write(page.events, window, remembered_ms=remembered_ms)
            pending.progress.note_seen(page.events.moments, remembered_ms)
            self._settle(pending.progress, window)
        elif (two := split(window, page)) is not None:
            self._sizer.learn_cut(window, page, two[1])
        else:
            self._start_job(pending, window, least=len(page.events))

    def _settle(self, progress: Progress, window: Window) -> None:
        """The older end of a pending range, up to the window's, is delivered."""
        progress.mark_read(*_range(window))
        self._delivery.commit()

    # --- asynchronous jobs -------------------------------------------------------------------------

    def _start_job(self, pending: _Pending, window: Window, least: int) -> None:
        try:
            job = self._fetcher.start_job(pending.name, window)
        except PceError as error:
            if error.category == "refused_key":
                raise
            self._deferred[pending.name, _range(window)] = error
        else:
            self._job = _WindowJob(job, pending.name, pending.progress, window, least)

    def _poll(self, running: _WindowJob) -> None:
        """Look after the job; where it fails, its range is deferred, so that it holds up no other."""
        try:
            events = running.job.poll()
            if events is None:
                return
            self._job = None
            self._read_datafile(events, running)
        except PceError as error:
            self._job = None
            self._deferred[running.name, _range(running.window)] = error

    def _read_datafile(self, events: Iterable[Events], running: _WindowJob) -> None:
        count = 0
        for page in _in_pages(events):
            count += len(page)
            running.progress.note_seen(page.moments, self._setback.remembered_ms())
            if self._delivery.write(page, running.window):
                self._delivery.commit()
            self._context.stop.check()  # a page is the most that a stop waits for
        if count < running.least:
            raise PceError("job", "The PCE's asynchronous response holds less than its direct one did.")
        if count == running.least:
            self._context.record.note(
                f"an asynchronous response holds {count} events, as many as the direct one that was cut: others may be "
                "missing"
            )
        self._settle(running.progress, running.window)


def _in_pages(tables: Iterable[Events]) -> Iterator[Events]:
    """The events of a datafile in pages that are delivered and stored one by one."""
    page = Events()
    size = 0
    for events in tables:
        page += events
        size += sum(map(len, events.texts))
        if len(page) >= _DATAFILE_PAGE_EVENTS or size >= _DATAFILE_PAGE_CHARACTERS:
            yield page
            page, size = Events(), 0
    yield page


def _range(window: Window) -> Range:
    """What a window of a backlog covers (ms): it has both ends, since each pending range has."""
    return window.low, cast("int", window.high)
