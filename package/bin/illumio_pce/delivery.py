"""What happens to a response's events: they are written to splunkd, then remembered, then stored, in that order.

That order is the whole guarantee. See `docs/delivery.md`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import compress

from .checkpoint import Checkpoint, batch_of
from .context import RunContext
from .events import AuditEvent, Events, accepted
from .key_set import KeySet
from .names import EVENTS
from .output import SplunkEvents
from .pce import Window
from .timestamps import SECOND


class Delivery:
    """Delivers events for one run, and keeps what was delivered in the run's checkpoint.

    `missing_keys`: keys that a reconciliation misses and that were not sent yet.
    """

    def __init__(self, context: RunContext, checkpoint: Checkpoint, missing_keys: Iterable[int] = ()) -> None:
        self.missing_keys = set(missing_keys)
        self._checkpoint = checkpoint
        self._state = context.state
        self._output = context.output
        self._clock = context.clock
        self._time = context.pce.time
        self._host = context.account.host
        self._record = context.record
        self._seen = _seen_of(checkpoint)
        self._store_is_writable = False

    def write(
        self, events: Events, window: Window, late_before: int | None = None, remembered_ms: int | None = None
    ) -> int:
        """Write what is wanted and new, and remember it; returns how many that was. `commit` stores it.

        `late_before`: events from before it (ms) turned up only after an earlier run had looked there.
        `remembered_ms`: how long before the newest of the events others may be met again, where that is known (ms).
        """
        now_ms = self._time.now_ms()
        new = self._new(events, window, now_ms)
        if new:
            self._write_out(new, late_before)
            self._remember_delivered(new, window, now_ms, remembered_ms)
        return len(new)

    def resend(self, events: Events) -> None:
        """Write what a reconciliation found missing, although it counts as delivered."""
        self._write_out(events, None)
        self._record.backfilled += len(events)

    def is_unknown(self, event: AuditEvent) -> bool:
        """Whether an event is one that the input wants and that was not delivered lately."""
        return accepted(event, self._checkpoint.filters, self._time.now_ms()) and event.key not in self._seen

    def commit(self) -> None:
        """Store what was written since the last time."""
        self._save()
        needed = 0
        for batch in self._checkpoint.batches:
            if self._checkpoint.needed(batch):
                needed += batch.count
            elif batch.document:
                batch.keys = array("Q")  # they stand in its document, and this run does not meet them again
        if len(self._seen) > 16_000 + 2 * needed:
            self._seen = _seen_of(self._checkpoint)

    def _save(self) -> None:
        self._checkpoint.compact(self._clock.time())
        self._state.save(self._checkpoint, delivered=self._record.delivered > 0)
        self._store_is_writable = True
        if self._state.breadcrumb_fails:
            self._record.note(
                "the folder where splunkd has inputs keep their checkpoints is not writable: state that is lost or "
                "restored would not be noticed"
            )

    def _write_out(self, events: Events, late_before: int | None) -> None:
        if not self._store_is_writable:
            self._save()  # a store that can only be read would have each run deliver the same events again
        epochs = [epoch or self._present() for epoch in events.epochs]
        hosts = [host or self._host for host in events.hosts]
        self._record.bytes_out += self._output.write(
            SplunkEvents(
                texts=events.indexed_texts(), epochs=epochs, hosts=hosts, sourcetype=EVENTS, clean=events.clean
            )
        )
        self._record.pages += 1
        self.missing_keys.difference_update(events.keys)
        self._record.count_events(events, late_before)

    def _new(self, events: Events, window: Window, now_ms: int) -> Events:
        """Those of the events that are wanted and were not delivered, which from now on count as delivered."""
        filters = self._checkpoint.filters
        wanted = events.where([accepted(event, filters, now_ms) for event in events]) if filters.any else events
        are_new = self._seen.add_each(wanted.keys)
        if not all(wanted.have_href) or None in wanted.ms:
            are_new = [is_new or not self._is_known(event, window) for is_new, event in zip(are_new, wanted)]
        new = wanted.where(are_new)
        self._record.filtered += len(events) - len(wanted)
        self._record.duplicates += len(wanted) - len(new)
        return new

    def _is_known(self, event: AuditEvent, window: Window) -> bool:
        """Whether an event whose key is remembered was delivered.

        An href says so for certain; a text alone only where an equal one was delivered from that time.
        An event with an href and without a time can be in any window: it is remembered while it is seen.
        """
        if event.has_href and event.ms is not None:
            return True
        batches = [batch for batch in self._checkpoint.batches if event.key in batch.keys]
        if event.has_href:
            for batch in batches:
                batch.high = max(batch.high, self._time.latest_ms())
            return True
        return any(batch.overlaps(window.low, self._end(window)) for batch in batches)

    def _remember_delivered(self, new: Events, window: Window, now_ms: int, remembered_ms: int | None) -> None:
        """Remember what was written, in parts that may be met again for different times.

        Those are what lies between the ends of its window, what lies at either end, where a neighbour begins, what is
        from the future, and what is much older than the newest. An event without a time can be anywhere in its window:
        all of that is its time.
        """
        low, high = (-1, now_ms) if window.high is None else (window.low, window.high - 2)
        moments = [window.low if ms is None else ms for ms in new.ms]
        bounds = {low, high, now_ms}
        if remembered_ms is not None:
            bounds.add(max(moments) - remembered_ms - 1)
        for keys, part in _divided(new.keys, new.ms, moments, sorted(bounds)):
            times = [ms for ms in part if ms is not None]
            if len(times) < len(part):
                times += [window.low, self._end(window)]
            self._checkpoint.batches.append(batch_of(keys, times, self._clock.time()))

    def _present(self) -> str:
        """The time (epoch s) of an event that names none."""
        return f"{self._time.now_ms() / 1000:.3f}"

    def _end(self, window: Window) -> int:
        """Up to where a window may hold an event without a time (ms). The PCE tells its clock in whole seconds."""
        return self._time.latest_ms() + 2 * SECOND if window.high is None else window.high


def _divided(
    keys: list[int], times: list[int | None], moments: list[int], bounds: list[int]
) -> Iterator[tuple[list[int], list[int | None]]]:
    """The keys and times of events, divided where their `moments` lie above another of the `bounds`; oldest first."""
    if bisect_left(bounds, min(moments)) == bisect_left(bounds, max(moments)):
        yield keys, times
        return
    places = [bisect_left(bounds, ms) for ms in moments]
    for place in sorted(set(places)):
        chosen = [there == place for there in places]
        yield list(compress(keys, chosen)), list(compress(times, chosen))


def _seen_of(checkpoint: Checkpoint) -> KeySet:
    """The keys that a checkpoint says were delivered, as far as they can be met again."""
    seen = KeySet()
    for batch in checkpoint.batches:
        if checkpoint.needed(batch):
            seen.add_each(batch.keys)
    return seen
