"""One run of an input: ask the PCE for what is new, hand it to splunkd, record what was delivered.

Here is decided what is asked for; what is done with a response is `delivery.py`'s. See `docs/delivery.md`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .breadcrumb import Point
from .checkpoint import CLOCK_SLACK, Checkpoint, Progress, Range
from .clock import Clock
from .config import Account, InputSettings
from .delivery import Delivery
from .errors import REMEDIES, CollectorError, PceError
from .events import Events
from .output import Output, SplunkEvents
from .pce import IGNORED_RANGE, Job, Page, Pce, TooLarge, Window
from .pce_clock import clock_problem
from .record import SOURCETYPE as RECORD_SOURCETYPE
from .record import Record
from .state import Loaded, State
from .stop import Stop
from .timestamps import DAY, MINUTE, SECOND, parse_start, render
from .windows import WindowSizer, parts, predicted_windows, split, upper_bound

if TYPE_CHECKING:
    from .backfill import Backfill

SOURCETYPE = "illumio:pce:events"

#: While a backlog is read, what is new is looked at this often (seconds).
POLL_PRESENT_SECONDS = 60.0
#: The longest retention that a PCE can be set to (ms): what is older cannot be had.
LONGEST_RETENTION = 200 * DAY
#: The `Date` header is in whole seconds, and may be written a little later (ms).
HEADER_PRECISION = 2 * SECOND
#: How long a run waits for an asynchronous job (seconds), and how often it asks.
JOB_TIMEOUT = 600.0
JOB_POLL = 5.0
_DAILY = 86_400.0
_DATAFILE_PAGE_EVENTS = 5000
_DATAFILE_PAGE_CHARACTERS = 8 * 1024 * 1024


class Run:
    """One run of one input, with everything that it acts through handed in.

    `splunkd_boot_id`: identifies the start of splunkd that it runs under.
    """

    def __init__(
        self,
        settings: InputSettings,
        account: Account,
        pce: Pce,
        state: State,
        output: Output,
        clock: Clock,
        stop: Stop,
        splunkd_boot_id: str,
    ) -> None:
        self._settings = settings
        self._account = account
        self._pce = pce
        self._state = state
        self._output = output
        self._clock = clock
        self._stop = stop
        self._splunkd_boot_id = splunkd_boot_id
        self._started = clock.monotonic()
        self._width = WindowSizer()
        self._job: _RunningJob | None = None
        self._deferred: dict[tuple[str, Range], PceError] = {}
        self._backfills: list[Backfill] = []
        self.record = Record()
        self._delivery = Delivery(Checkpoint(account.source), state, output, clock, pce.time, account.host, self.record)

    @property
    def _checkpoint(self) -> Checkpoint:
        return self._delivery.checkpoint

    def collect(self) -> None:
        """Read everything that the PCE has and the input wants, the newest first, until nothing is left.

        Raises PceError, StateError, PipeClosed or StopRequested; what was delivered until then is recorded.
        """
        self._resume()
        try:
            self._read_all()
        except PceError:
            if self._checkpoint.settings.pop("answered", None):
                self._delivery.commit()  # so that the next run's first request goes alone
            raise

    def _read_all(self) -> None:
        self._read_present()
        looked = self._clock.monotonic()
        while (backlog := self._backlog()) is not None:
            self._read_backlog(backlog)
            if self._clock.monotonic() - looked >= POLL_PRESENT_SECONDS:
                self._read_present()
                looked = self._clock.monotonic()
                self.write_record({"kind": "progress"})
        self._read_backfills()
        self._compare_collections()
        for error in self._deferred.values():
            raise error

    def mark_unconfirmed(self) -> bool:
        """splunkd closed the pipe, and may never have read what stood in it: the next run sends the latest again.

        Whether that could be noted.
        """
        return self._state.mark_unconfirmed()

    # --- before anything is asked ------------------------------------------------------------------

    def _resume(self) -> None:
        loaded = self._state.load(self._clock.time())
        self._backfills = loaded.backfills
        self._delivery.missing_keys = {key for backfill in loaded.backfills for key in backfill.keys}
        if loaded.damage:
            self.record.note(loaded.damage)
        if loaded.checkpoint is not None:
            self._delivery.checkpoint = loaded.checkpoint
        checkpoint = self._checkpoint
        checkpoint.creation = loaded.creation or checkpoint.creation or secrets.token_hex(8)
        if loaded.point is not None:
            self._resume_from(loaded.point)
        if checkpoint.source != self._account.source:
            self._switch_source()
        self._pce.time.ahead_ms = checkpoint.clock_offset_ms
        self._refresh_pce_settings()
        now_ms = self._now()
        start_ms = self._start_ms(loaded, now_ms)
        wanted = ["events", "system_events"] if self._settings.include_system_events else ["events"]
        checkpoint.collections = {
            name: checkpoint.collections.get(name) or self._first_progress(start_ms, now_ms) for name in wanted
        }
        self._pce.allow_prefetch(checkpoint.settings.get("answered", ()))
        self._take_filters(now_ms, first=loaded.checkpoint is None)
        self._resend_unconfirmed()
        lost = self._state.fetch_keys(checkpoint)
        if lost:
            self.record.note(f"{lost} documents of delivered hrefs cannot be read: their events may come twice")
        self._delivery.remember()
        if loaded.is_old or (loaded.checkpoint is None and loaded.damage):
            category = "state_restored" if loaded.is_old else "state_lost"
            self.write_record({"kind": "state", **_failure(CollectorError(category, loaded.damage))})

    def _resume_from(self, point: Point) -> None:
        """Go on where the breadcrumb says that reading was, since the store has nothing, or an older checkpoint.

        The hrefs of an older checkpoint still count. What splunkd may have had in memory at the last save is sent again
        as ever: a power cut can cost the store its last writes, and splunkd its memory with them.
        """
        checkpoint = self._checkpoint
        if point.source != checkpoint.source:
            checkpoint.batches, checkpoint.settings = [], {}
        checkpoint.source, checkpoint.collections = point.source, point.collections
        checkpoint.creation = point.creation or checkpoint.creation
        checkpoint.saves, checkpoint.saved_at, checkpoint.splunkd_boot_id = point.saves, point.at, point.splunkd_boot_id
        unconfirmed = point.unconfirmed_batches()
        checkpoint.mark_resent_with(unconfirmed)
        checkpoint.batches += unconfirmed
        late = self._settings.late_arrival_window_ms
        for name, progress in point.collections.items():
            low = min([progress.low(late), *(start for start, _ in progress.pending)])
            self.record.note(f"{name}: reading goes on from {render(low)}, so that some may come twice")

    def _switch_source(self) -> None:
        checkpoint, source = self._checkpoint, self._account.source
        self.record.note(f"the account pointed to {checkpoint.source} before; {source} starts at start_time")
        checkpoint.source, checkpoint.collections, checkpoint.settings = source, {}, {}
        checkpoint.clock_offset_ms = 0

    def _start_ms(self, loaded: Loaded, now_ms: int) -> int:
        """Where a collection begins that was not read before (ms)."""
        # Runs that fail before anything is stored do not move a start that counts from when the input was made.
        age_ms = 0 if loaded.made_at is None else int((self._clock.time() - loaded.made_at) * 1000)
        start_ms = parse_start(self._settings.start_time, now_ms - age_ms)
        if loaded.checkpoint is None and loaded.damage and loaded.point is None:
            self.record.note("no state could be read: everything that the PCE still has is sent again")
            return min(start_ms, now_ms - LONGEST_RETENTION)
        return start_ms

    def _first_progress(self, start_ms: int, now_ms: int) -> Progress:
        start_ms = min(start_ms, now_ms)
        retention = self._retention_ms()
        if retention is not None and start_ms < now_ms - retention:
            self.record.note(f"start_time lies before the PCE's retention ({retention // DAY} days)")
        return Progress(watermark=start_ms, floor=start_ms, newest=start_ms)

    def _refresh_pce_settings(self) -> None:
        """Read the PCE's event settings once a day, where the key may."""
        known = self._checkpoint.settings
        if abs(self._clock.time() - known.get("asked_at", 0)) < _DAILY:
            return
        with self._stop.interruptible():
            response = self._pce.event_settings()
        retention = response.get("audit_event_retention_seconds") if response else None
        severity = response.get("audit_event_min_severity") if response else None
        self._checkpoint.settings = {
            **known,
            "asked_at": int(self._clock.time()),
            "retention_seconds": retention if isinstance(retention, int) and retention > 0 else None,
            "least_severity": severity if isinstance(severity, str) and len(severity) < 40 else None,
        }

    def _retention_ms(self) -> int | None:
        seconds = self._checkpoint.settings.get("retention_seconds")
        return None if seconds is None else int(seconds) * SECOND

    def _take_filters(self, now_ms: int, *, first: bool) -> None:
        history = self._checkpoint.filters
        if first:
            history.current = self._settings.filters
            return
        since = max((progress.watermark for progress in self._checkpoint.collections.values()), default=now_ms)
        if history.change(self._settings.filters, since):
            self.record.note(f"the input's filters were changed; the new ones apply to events from {render(since)} on")

    def _resend_unconfirmed(self) -> None:
        """splunkd loses its memory when it crashes: what was committed shortly before its end is read again."""
        for batch in self._checkpoint.take_unconfirmed(self._splunkd_boot_id):
            self.record.resent += batch.count
            for progress in self._checkpoint.collections.values():
                progress.add_pending(batch.low, batch.high)
        if self.record.resent:
            self.record.note("splunkd was restarted and may have lost the latest events; they are sent again")

    def _now(self) -> int:
        """What time it is for the PCE (ms); see `PceClock`."""
        return self._pce.time.now_ms()

    # --- what is new -------------------------------------------------------------------------------

    def _read_present(self) -> None:
        plans = [self._plan(name, progress) for name, progress in self._checkpoint.collections.items()]
        for number, plan in enumerate(plans, 1):
            later = [(other.name, window) for other in plans[number:] for window in reversed(other.windows)]
            self._read_new(plan, later)

    def _plan(self, name: str, progress: Progress) -> _Plan:
        """The whole late-arrival window up to the newest event; what lies further back becomes backlog."""
        now_ms, late = self._now(), self._settings.late_arrival_window_ms
        low = progress.low(late)
        if now_ms - progress.watermark > late + 5 * MINUTE:
            self._report_gap(progress, now_ms)
            progress.add_pending(low, max(low, now_ms - late))
            low = max(low, now_ms - late)
        delivered = [(batch.high, batch.count) for batch in self._checkpoint.batches]
        return _Plan(name, progress, low, predicted_windows(low, delivered))

    def _read_new(self, plan: _Plan, later: list[tuple[str, Window]]) -> None:
        """Read the windows of a plan, the newest first; `later` is asked for after them."""
        asked_ms: list[int] = []
        newest = plan.progress.newest
        windows = plan.windows
        while windows:
            window = windows.pop()
            page = self._fetch(plan.name, window, [*((plan.name, other) for other in reversed(windows)), *later])
            asked_ms.append(page.now_ms)
            newest = max([newest, *page.events.moments])
            if page.cut:
                windows += self._parts(window, page, plan.progress)
                continue
            if self._delivery.write(page.events, window, late_before=plan.progress.watermark) and windows:
                self._delivery.commit()
        self._advance(plan, min(asked_ms), newest)
        self._delivery.commit()

    def _parts(self, window: Window, page: Page, progress: Progress) -> list[Window]:
        """A window whose response was cut, in parts; what cannot be cut in time is left to an asynchronous job."""
        found = parts(window, page)
        if found is not None:
            return found
        high = upper_bound(window, page)
        progress.add_pending(window.low, high)
        return [Window(high, None)] if window.high is None else []

    def _advance(self, plan: _Plan, asked_ms: int, newest_ms: int) -> None:
        """Everything was read: the watermark becomes the time of the first request, and never more."""
        progress, settings = plan.progress, self._checkpoint.settings
        self.record.window = (min(plan.low, self.record.window[0]) if self.record.window else plan.low, asked_ms)
        settings["answered"] = sorted({plan.name, *settings.get("answered", ())})
        self._follow_clock_setback(plan)
        progress.watermark = asked_ms
        progress.newest = min(progress.newest, asked_ms)
        progress.see([min(newest_ms, asked_ms)], self._remembered_ms())
        progress.read_at = self._clock.time() - (self._now() - asked_ms) / 1000
        self._checkpoint.clock_offset_ms = self._pce.time.ahead_ms

    def _remembered_ms(self) -> int:
        """How long before the newest event hrefs are remembered (ms)."""
        return self._settings.late_arrival_window_ms + CLOCK_SLACK + self._clock_setback_ms()

    def _follow_clock_setback(self, plan: _Plan) -> None:
        """Where the PCE's clock was set back, what was recorded since is read from that time on.

        Clocks that were ahead together look right until one is set back. Within CLOCK_SLACK all hrefs are still known;
        a larger setback may repeat events whose hrefs were forgotten. From then on for a day they are kept for as long
        as the setback was, so that a header that goes to and fro repeats nothing.
        """
        progress, header_ms = plan.progress, self._pce.time.header_now_ms()
        setback_ms = progress.watermark - header_ms
        since_ms = int((self._clock.time() - progress.read_at) * 1000) if progress.read_at else -1
        passed_ms = since_ms if since_ms >= 0 else max(0, setback_ms)
        low = header_ms - passed_ms - self._settings.late_arrival_window_ms
        if setback_ms <= CLOCK_SLACK:
            low = max(low, progress.floor)
        if low < plan.low - HEADER_PRECISION:
            progress.add_pending(low, plan.low)
            progress.floor = min(progress.floor, low)
        if setback_ms <= CLOCK_SLACK:
            return
        self.record.note(
            f"the PCE's clock was set back by {setback_ms // MINUTE} minutes: reading goes back to {render(low)}, "
            "so that some events may come twice"
        )
        setback_ms = max(setback_ms, self._clock_setback_ms())
        self._checkpoint.settings["clock_setback"] = [setback_ms, int(self._clock.time())]

    def _clock_setback_ms(self) -> int:
        """By how much (ms) the PCE's clock was set back within the last day."""
        setback_ms, at = self._checkpoint.settings.get("clock_setback", (0, 0))
        return int(setback_ms) if abs(self._clock.time() - at) < _DAILY else 0

    def _report_gap(self, progress: Progress, now_ms: int) -> None:
        retention = self._retention_ms()
        low = max(progress.watermark - self._settings.late_arrival_window_ms, progress.floor)
        if retention is not None and progress.watermark > progress.floor and low < now_ms - retention:
            self.record.gaps.append((low, now_ms - retention))

    # --- what is old -------------------------------------------------------------------------------

    def _backlog(self) -> _Backlog | None:
        """The oldest range that is still to be read and was not put off in this run."""
        for name, progress in self._checkpoint.collections.items():
            left = replace(progress)
            for collection, deferred in self._deferred:
                if collection == name:
                    left.settle(*deferred)
            if left.pending:
                return _Backlog(name, progress, left.pending[0])
        return None

    def _read_backlog(self, backlog: _Backlog) -> None:
        """One step: the oldest range first, since the PCE prunes from that end."""
        if self._job is not None:
            self._read_job(self._job)
            return
        window, *next_ones = self._width.windows(*backlog.pending)
        page = self._fetch(backlog.name, window, [(backlog.name, other) for other in next_ones])
        if not page.cut:
            self._width.learn(window, page)
            self._delivery.write(page.events, window)
            backlog.progress.see(page.events.moments, self._remembered_ms())
            self._done(backlog, window)
        elif (two := split(window, page)) is not None:
            self._width.learn_cut(window, page, two[1])
        else:
            self._start_job(backlog, window, least=len(page.events))

    def _start_job(self, backlog: _Backlog, window: Window, least: int) -> None:
        try:
            with self._stop.interruptible():
                job = self._pce.start_job(backlog.name, window)
        except PceError as error:
            if error.category == "refused_key":
                raise
            self._deferred[backlog.name, _range(window)] = error
        else:
            self._job = _RunningJob(job, backlog, least, self._clock.monotonic() + JOB_TIMEOUT)

    def _read_job(self, running: _RunningJob) -> None:
        """Look after an asynchronous job; where it fails, its range is put off, so that it holds up no other."""
        try:
            with self._stop.interruptible():
                href = self._pce.job_result(running.job)
                if href is None and self._clock.monotonic() <= running.deadline:
                    self._clock.sleep(JOB_POLL)
                    return
            self._job = None
            if href is None:
                raise PceError("job", "The PCE did not finish an asynchronous job in time.")
            self._read_datafile(href, running)
        except PceError as error:
            self._job = None
            self._deferred[running.backlog.name, _range(running.job.window)] = error

    def _read_datafile(self, href: str, running: _RunningJob) -> None:
        count = 0
        for page in self._datafile_pages(href):
            count += len(page)
            running.backlog.progress.see(page.moments, self._remembered_ms())
            if self._delivery.write(page, running.job.window):
                self._delivery.commit()
            with self._stop.interruptible():
                pass  # a page is the most that a stop waits for
        if count < running.least:
            raise PceError("job", "The PCE's asynchronous response holds less than its direct one did.")
        if count == running.least:
            self.record.note(
                f"an asynchronous response holds {count} events, as many as the direct one that was cut: others may be "
                "missing"
            )
        self._done(running.backlog, running.job.window)

    def _datafile_pages(self, href: str) -> Iterable[Events]:
        page = Events()
        size = 0
        for events in self._pce.datafile(href):
            page += events
            size += sum(map(len, events.texts))
            if len(page) >= _DATAFILE_PAGE_EVENTS or size >= _DATAFILE_PAGE_CHARACTERS:
                yield page
                page, size = Events(), 0
        yield page

    def _done(self, backlog: _Backlog, window: Window) -> None:
        """The older end of a pending range, up to the window's, is delivered."""
        backlog.progress.settle(*_range(window))
        self._delivery.commit()

    # --- what was missed ---------------------------------------------------------------------------

    def _read_backfills(self) -> None:
        """Send what a reconciliation found missing, although it counts as delivered."""
        now = self._clock.time()
        for backfill in self._backfills:
            if backfill.problem:
                self.record.note(f"a backfill request of a reconciliation cannot be read: {backfill.problem}")
            if backfill.is_done(self._splunkd_boot_id, now):
                self._state.delete_backfill(backfill)
            elif backfill.is_due(self._splunkd_boot_id):
                self._send_backfill(backfill)

    def _send_backfill(self, backfill: Backfill) -> None:
        from .backfill import pages_of  # noqa: PLC0415 (a run of which nothing is wanted does without it)

        for page in pages_of(backfill, self._fetch, self._fetch_all, self._delivery.missing_keys):
            self._delivery.resend(page)
        left = len(self._delivery.missing_keys & backfill.keys)
        if left:
            self.record.note(f"{left} events that a reconciliation requested are no longer in the PCE")
        self._state.save_backfill(replace(backfill, sent_at=self._clock.time(), splunkd_boot_id=self._splunkd_boot_id))

    def _fetch_all(self, name: str, window: Window) -> Iterable[Events]:
        """A window's events by an asynchronous job, waited for. PceError (`job`) where it does not come."""
        until = self._clock.monotonic() + JOB_TIMEOUT
        with self._stop.interruptible():
            job = self._pce.start_job(name, window)
            while (href := self._pce.job_result(job)) is None:
                if self._clock.monotonic() > until:
                    raise PceError("job", "The PCE did not finish an asynchronous job in time.")
                self._clock.sleep(JOB_POLL)
        return self._pce.datafile(href)

    def _compare_collections(self) -> None:
        """Once a day: whether `/system_events`, which is not collected, holds what the organisation's events lack."""
        settings = self._checkpoint.settings
        if self._settings.include_system_events or abs(self._clock.time() - settings.get("compared_at", 0)) < _DAILY:
            return
        from .comparison import compare_collections  # noqa: PLC0415 (once a day)

        settings["compared_at"] = int(self._clock.time())
        now_ms = self._now()
        try:
            found = compare_collections(self._fetch, self._delivery.is_unknown, now_ms)
        except PceError as error:
            if error.category == "refused_key":
                raise
        else:
            self.record.system_events = found
            if found["missing"]:
                self.record.note(
                    f"of {found['looked_up']} system events that were looked up, {found['missing']} are in "
                    "/system_events only: switch on 'Include system events' to collect them"
                )
        self._delivery.commit()

    # --- asking and recording -----------------------------------------------------------------------

    def _fetch(self, name: str, window: Window, upcoming: Iterable[tuple[str, Window]] = ()) -> Page:
        """The response for a window of a collection; what is `upcoming` is on its way meanwhile."""
        with self._stop.interruptible():
            try:
                page = self._pce.events(name, window, upcoming)
            except TooLarge as response:
                page = response.page
        if page.has_out_of_range:
            self.record.note(IGNORED_RANGE)
        return page

    def write_record(self, outcome: dict[str, Any]) -> None:
        """Tell splunkd what happened in this run; `outcome` has its kind, and the error if any."""
        now_ms = self._now()
        marks = self._checkpoint.collections.values()
        retention = self._retention_ms()
        read_to = min(self._checkpoint.read_to().values(), default=now_ms)
        base = {
            "time": render(int(self._clock.time() * 1000)),
            **outcome,
            "input": self._settings.name,
            "account": self._account.name,
            "pce": self._account.authority,
            "org_id": self._account.org_id,
            "duration_seconds": round(self._clock.monotonic() - self._started, 3),
            "lag_seconds": (now_ms - min((p.watermark for p in marks), default=now_ms)) / 1000,
            "backlog_seconds": (now_ms - read_to) / 1000 if any(p.pending for p in marks) else 0,
            "pce_clock_ahead_seconds": self._checkpoint.clock_offset_ms / 1000,
            "retention_days": None if retention is None else round(retention / DAY, 2),
            "least_severity": self._checkpoint.settings.get("least_severity"),
        }
        problem = clock_problem(self._pce.time, self.record.newest)
        if problem and outcome.get("kind") == "run":
            base = {"remedy": REMEDIES["clock"], **base, "clock_problem": problem}
        text = self.record.to_json(base, self._pce.traffic)
        epoch = f"{self._clock.time():.3f}"
        self._output.write(SplunkEvents.of_one(text, epoch, self._account.host, RECORD_SOURCETYPE))


def _failure(error: CollectorError) -> dict[str, Any]:
    """What a record says of an error."""
    return {"outcome": "failed", "error_category": error.category, "error": error.args[0], "remedy": error.remedy}


class _Plan(NamedTuple):
    """What is to be read of a collection's newest events: windows from `low` (ms) on, oldest first."""

    name: str
    progress: Progress
    low: int
    windows: list[Window]


class _Backlog(NamedTuple):
    """A range (ms) of a collection that is still to be read."""

    name: str
    progress: Progress
    pending: Range


def _range(window: Window) -> Range:
    """What a window of a backlog covers (ms): it has both ends, since each range that is pending has."""
    return window.low, cast("int", window.high)


class _RunningJob(NamedTuple):
    """An asynchronous job that a run waits for until `deadline`; at least `least` events it has to bring."""

    job: Job
    backlog: _Backlog
    least: int
    deadline: float
