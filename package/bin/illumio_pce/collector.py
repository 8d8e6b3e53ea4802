"""One run of an input: ask the PCE for what is new, hand it to splunkd, record what was delivered.

The order in `_deliver` is the whole guarantee: write, then remember, then store. Everything else decides
only what is asked for. See `docs/delivery.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .checkpoint import CLOCK_SLACK, Checkpoint, Progress, Range, batch_of
from .clock import Clock
from .config import Account, InputSettings
from .errors import PceError
from .events import AuditEvent, accepted
from .output import Output, SplunkEvent
from .pce import Job, Page, Pce, TooLarge, Window
from .record import SOURCETYPE as RECORD_SOURCETYPE
from .record import Record
from .seen import KeySet
from .state import State
from .stop import Stop
from .timestamps import DAY, MINUTE, SECOND, parse_start, render
from .windows import Width, split, top

SOURCETYPE = "illumio:pce:events"

#: While a backlog is read, what is new is looked at this often (seconds).
PRESENT_EVERY = 60.0
#: The longest retention that a PCE can be set to (ms): what is older cannot be had.
LONGEST_RETENTION = 200 * DAY
#: How long a run waits for an asynchronous job (seconds), and how often it asks.
JOB_PATIENCE = 600.0
JOB_POLL = 5.0
_SETTINGS_EVERY = 86_400.0
_DATAFILE_PAGE_EVENTS = 5000
_DATAFILE_PAGE_CHARACTERS = 8 * 1024 * 1024


class Run:
    """One run of one input, with everything that it acts through handed in.

    `splunkd_start`: when splunkd was started (epoch s).
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
        splunkd_start: float,
    ) -> None:
        self._settings = settings
        self._account = account
        self._pce = pce
        self._state = state
        self._output = output
        self._clock = clock
        self._stop = stop
        self._splunkd_start = splunkd_start
        self._started = clock.monotonic()
        self._checkpoint = Checkpoint(account.source)
        self._seen = KeySet()
        self._width = Width()
        self._job: _RunningJob | None = None
        self._put_off: dict[Range, PceError] = {}
        self.record = Record()

    def collect(self) -> None:
        """Read everything that the PCE has and the input wants, the newest first, until nothing is left.

        Raises PceError, StateError, PipeClosed or StopRequested; what was delivered until then is recorded.
        """
        self._resume()
        self._read_present()
        looked = self._clock.monotonic()
        while (backlog := self._backlog()) is not None:
            self._read_backlog(backlog)
            if self._clock.monotonic() - looked >= PRESENT_EVERY:
                self._read_present()
                looked = self._clock.monotonic()
                self.write_record({"kind": "progress"})
        for error in self._put_off.values():
            raise error

    # --- before anything is asked ------------------------------------------------------------------

    def _resume(self) -> None:
        loaded = self._state.load()
        found = loaded.checkpoint
        if loaded.damage:
            self.record.note(loaded.damage)
        if found is not None:
            self._checkpoint = found
        if found is not None and found.source != self._account.source:
            self.record.note(f"the account led to {found.source} before; {self._account.source} starts at start_time")
            found.source, found.collections, found.settings, found.clock_offset_ms = self._account.source, {}, {}, 0
        self._look_at_settings()
        now_ms = self._now()
        start_ms = parse_start(self._settings.start_time, now_ms)
        if found is None and loaded.damage:
            start_ms = min(start_ms, max(0, now_ms - LONGEST_RETENTION))
            self.record.note("everything that the PCE still has is sent again, since no state could be read")
        wanted = ["events", "system_events"] if self._settings.include_system_events else ["events"]
        self._checkpoint.collections = {
            name: self._checkpoint.collections.get(name) or self._first_progress(start_ms, now_ms) for name in wanted
        }
        self._take_filters(now_ms, first=found is None)
        self._send_unsafe_again()
        lost = self._state.fetch_keys(self._checkpoint)
        if lost:
            self.record.note(f"{lost} documents of delivered hrefs cannot be read: their events may come twice")
        self._remember()

    def _first_progress(self, start_ms: int, now_ms: int) -> Progress:
        start_ms = min(start_ms, now_ms)
        retention = self._retention_ms()
        if retention is not None and start_ms < now_ms - retention:
            self.record.note(f"start_time is older than the PCE keeps events ({retention // DAY} days)")
        return Progress(watermark=start_ms, floor=start_ms)

    def _look_at_settings(self) -> None:
        """Read the PCE's event settings once a day, where the key may."""
        known = self._checkpoint.settings
        if self._clock.time() - known.get("asked_at", 0) < _SETTINGS_EVERY:
            return
        with self._stop.interruptible():
            answer = self._pce.event_settings()
        retention = answer.get("audit_event_retention_seconds") if answer else None
        severity = answer.get("audit_event_min_severity") if answer else None
        self._checkpoint.settings = {
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
            self.record.note(f"the input's filters were changed; the new ones count for events from {render(since)} on")

    def _send_unsafe_again(self) -> None:
        """splunkd loses its memory when it crashes: what was committed shortly before its start is read again."""
        for batch in self._checkpoint.take_unsafe(self._splunkd_start):
            self.record.resent += batch.count
            for progress in self._checkpoint.collections.values():
                progress.add_pending(batch.low, batch.high)
        if self.record.resent:
            self.record.note("splunkd started shortly after events were delivered; they are sent again")

    def _remember(self) -> None:
        needed = [batch for batch in self._checkpoint.batches if self._checkpoint.needed(batch)]
        self._seen = KeySet(key for batch in needed for key in batch.keys)

    def _now(self) -> int:
        """The PCE's clock (ms); before its first answer, this machine's with the offset of the last run."""
        now_ms = self._pce.elapsed_now_ms()
        return int(self._clock.time() * 1000) + self._checkpoint.clock_offset_ms if now_ms is None else now_ms

    # --- what is new -------------------------------------------------------------------------------

    def _read_present(self) -> None:
        for name, progress in self._checkpoint.collections.items():
            self._read_new(name, progress)

    def _read_new(self, name: str, progress: Progress) -> None:
        """Read the whole late-arrival window up to the newest event; what lies further back becomes backlog."""
        now_ms, late = self._now(), self._settings.late_arrival_window_ms
        # Where it was never read, nothing can be late.
        late_before = progress.watermark if progress.watermark > progress.floor else None
        low = max(progress.watermark - late, progress.floor)
        if now_ms - progress.watermark > late + 5 * MINUTE:
            self._report_gap(progress, low, now_ms)
            progress.add_pending(low, max(low, now_ms - late))
            low = max(low, now_ms - late)
        asked_ms: int | None = None
        windows = [Window(low, None)]
        while windows:
            window = windows.pop()
            page = self._ask(name, window)
            asked_ms = page.now_ms if asked_ms is None else asked_ms
            if page.cut:
                windows += self._parts(window, page, progress)
                continue
            new = self._write(page.events, window, late_before)
            if not windows:
                self._advance(progress, low, asked_ms)
            if new or not windows:
                self._commit()
        self._stop_if_asked()

    def _parts(self, window: Window, page: Page, progress: Progress) -> list[Window]:
        """A window whose answer was cut, in parts; what cannot be cut in time is left to an asynchronous job."""
        parts = split(window, page)
        if parts is not None:
            return list(parts)
        high = top(window, page)
        progress.add_pending(window.low, high)
        return [Window(high, None)] if window.high is None else []

    def _advance(self, progress: Progress, low: int, asked_ms: int | None) -> None:
        """Everything was read: the watermark becomes the PCE's time at the first question, and never more."""
        if asked_ms is None:
            return
        self.record.window = (min(low, self.record.window[0]) if self.record.window else low, asked_ms)
        progress.watermark = asked_ms
        progress.floor = max(progress.floor, asked_ms - self._settings.late_arrival_window_ms - CLOCK_SLACK)
        self._checkpoint.clock_offset_ms = self._now() - int(self._clock.time() * 1000)

    def _report_gap(self, progress: Progress, low: int, now_ms: int) -> None:
        retention = self._retention_ms()
        if retention is not None and progress.watermark > progress.floor and low < now_ms - retention:
            self.record.gaps.append((low, now_ms - retention))

    # --- what is old -------------------------------------------------------------------------------

    def _backlog(self) -> _Backlog | None:
        """The oldest range that is still to be read and was not put off in this run."""
        for name, progress in self._checkpoint.collections.items():
            for pending in progress.pending:
                if pending not in self._put_off:
                    return _Backlog(name, progress, pending)
        return None

    def _read_backlog(self, backlog: _Backlog) -> None:
        """One step: the oldest range first, since the PCE prunes from that end."""
        if self._job is not None:
            self._read_job(self._job)
            return
        low, high = backlog.pending
        window = Window(low, min(high, low + self._width.ms))
        page = self._ask(backlog.name, window)
        if not page.cut:
            self._width.learn(window, page)
            self._write(page.events, window)
            self._done(backlog, window)
        elif (parts := split(window, page)) is not None:
            self._width.learn_cut(window, page, parts[0])
        else:
            with self._stop.interruptible():
                job = self._pce.start_job(backlog.name, window)
            self._job = _RunningJob(job, backlog, len(page.events), self._clock.monotonic() + JOB_PATIENCE)

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
            self._put_off[running.backlog.pending] = error

    def _read_datafile(self, href: str, running: _RunningJob) -> None:
        count = 0
        for page in self._datafile_pages(href):
            count += len(page)
            if self._write(page, running.job.window):
                self._commit()
            self._stop_if_asked()
        if count < running.least:
            raise PceError("job", "The PCE's asynchronous answer holds less than its direct one did.")
        self._done(running.backlog, running.job.window)

    def _datafile_pages(self, href: str) -> Iterable[list[AuditEvent]]:
        page: list[AuditEvent] = []
        size = 0
        for event in self._pce.datafile(href):
            page.append(event)
            size += len(event.text)
            if len(page) >= _DATAFILE_PAGE_EVENTS or size >= _DATAFILE_PAGE_CHARACTERS:
                yield page
                page, size = [], 0
        yield page

    def _done(self, backlog: _Backlog, window: Window) -> None:
        """The older end of a pending range, up to the window's, is delivered."""
        backlog.progress.settle(window.low, backlog.pending[1] if window.high is None else window.high)
        self._commit()
        self._stop_if_asked()

    # --- asking, writing, recording ----------------------------------------------------------------

    def _ask(self, name: str, window: Window) -> Page:
        with self._stop.interruptible():
            try:
                return self._pce.events(name, window)
            except TooLarge as answer:
                return answer.page

    def _write(self, events: list[AuditEvent], window: Window, late_before: int | None = None) -> int:
        """Hand over what is wanted and new, and remember it; how many that was. Stored it is by `_commit`.

        `late_before`: events from before it (ms) turned up only after an earlier run had looked there.
        """
        now_ms = self._now()
        new = [event for event in events if self._is_new(event, window, now_ms)]
        if not new:
            return 0
        self.record.bytes_out += self._output.write(self._for_splunk(event) for event in new)
        self.record.pages += 1
        for event in new:
            self.record.count_event(event.moment.ms if event.moment else None, late_before, event.flaw)
        self._remember_delivered(new, window, now_ms)
        return len(new)

    def _is_new(self, event: AuditEvent, window: Window, now_ms: int) -> bool:
        if not accepted(event, self._checkpoint.filters, now_ms):
            self.record.filtered += 1
            return False
        if self._seen.add(event.key) or not self._is_known(event, window, now_ms):
            return True
        self.record.duplicates += 1
        return False

    def _is_known(self, event: AuditEvent, window: Window, now_ms: int) -> bool:
        """Whether an event whose key is remembered was delivered.

        An href says so for certain; a text alone only where an equal one was delivered from that time.
        An event with an href and without a time can be in any window: it is remembered while it is seen.
        """
        if event.has_href and event.moment is not None:
            return True
        batches = [batch for batch in self._checkpoint.batches if event.key in batch.keys]
        if event.has_href:
            for batch in batches:
                batch.high = max(batch.high, now_ms)
            return True
        return any(batch.touches(window.low, _end(window, now_ms)) for batch in batches)

    def _remember_delivered(self, new: list[AuditEvent], window: Window, now_ms: int) -> None:
        """Remember what was handed over: events from the future apart, since they are seen again for longer.

        An event without a time can be anywhere in its window, so all of that is taken as its time.
        """
        somewhere = (window.low, _end(window, now_ms))
        spans = [((event.moment.ms, event.moment.ms) if event.moment else somewhere, event.key) for event in new]
        for ahead in (False, True):
            part = [(span, key) for span, key in spans if (span[0] > now_ms) is ahead]
            if part:
                moments = (ms for span, _ in part for ms in span)
                batch = batch_of((key for _, key in part), moments, self._clock.time())
                self._checkpoint.batches.append(batch)

    def _commit(self) -> None:
        self._checkpoint.tidy(self._clock.time())
        self._state.save(self._checkpoint)
        if len(self._seen) > 100_000 + 2 * sum(b.count for b in self._checkpoint.batches if self._checkpoint.needed(b)):
            self._remember()

    def _stop_if_asked(self) -> None:
        with self._stop.interruptible():
            pass

    def _for_splunk(self, event: AuditEvent) -> SplunkEvent:
        epoch = event.moment.epoch if event.moment else f"{self._now() / 1000:.3f}"
        return SplunkEvent(event.indexed_text(), epoch, event.host or self._account.host, SOURCETYPE)

    def write_record(self, outcome: dict[str, Any]) -> None:
        """Tell splunkd what happened in this run; `outcome` has its kind, and the error if any."""
        now_ms = self._now()
        marks = self._checkpoint.collections.values()
        behind = [min([p.watermark] + [low for low, _ in p.pending[:1]]) for p in marks]
        base = {
            "time": render(int(self._clock.time() * 1000)),
            **outcome,
            "input": self._settings.name,
            "account": self._account.name,
            "pce": self._account.authority,
            "org_id": self._account.org_id,
            "duration_seconds": round(self._clock.monotonic() - self._started, 3),
            "lag_seconds": round((now_ms - min((p.watermark for p in marks), default=now_ms)) / 1000, 3),
            "backlog_seconds": round((now_ms - min(behind)) / 1000, 3) if any(p.pending for p in marks) else 0,
            "pce_clock_ahead_seconds": round(self._checkpoint.clock_offset_ms / 1000, 3),
            "retention_days": round((self._retention_ms() or 0) / DAY, 2) or None,
            "least_severity": self._checkpoint.settings.get("least_severity"),
        }
        text = self.record.to_json(base, self._pce.traffic)
        epoch = f"{self._clock.time():.3f}"
        self._output.write([SplunkEvent(text, epoch, self._account.host, RECORD_SOURCETYPE)])


def _end(window: Window, now_ms: int) -> int:
    """Up to where a window may hold an event without a time (ms). The PCE tells its clock in whole seconds."""
    return now_ms + 2 * SECOND if window.high is None else window.high


class _Backlog(NamedTuple):
    """A range (ms) of a collection that is still to be read."""

    name: str
    progress: Progress
    pending: Range


class _RunningJob(NamedTuple):
    """An asynchronous job that a run waits for until `deadline`; at least `least` events it has to bring."""

    job: Job
    backlog: _Backlog
    least: int
    deadline: float
