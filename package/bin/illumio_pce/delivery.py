"""What happens to a response's events: written to splunkd, then remembered, then stored. Never in another order.

That order is the whole guarantee. See `docs/delivery.md`.
"""

from __future__ import annotations

from array import array

from .checkpoint import Checkpoint, batch_of
from .clock import Clock
from .events import AuditEvent, Events, accepted
from .key_set import KeySet
from .output import Output, SplunkEvents
from .pce import Window
from .pce_clock import PceClock
from .record import Record
from .state import State
from .timestamps import SECOND

SOURCETYPE = "illumio:pce:events"


class Delivery:
    """Delivers events for one run. `time` is the PCE's; `host` stands in for a PCE that an event does not name.

    `missing_keys`: keys that a reconciliation misses and that were not sent yet.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        state: State,
        output: Output,
        clock: Clock,
        time: PceClock,
        host: str,
        record: Record,
    ) -> None:
        self.checkpoint = checkpoint
        self.missing_keys: set[int] = set()
        self._state = state
        self._output = output
        self._clock = clock
        self._time = time
        self._host = host
        self._record = record
        self._seen = KeySet()
        self._store_is_writable = False

    def remember(self) -> None:
        """Take up what the checkpoint says was delivered, as far as it can be met again."""
        needed = [batch for batch in self.checkpoint.batches if self.checkpoint.needed(batch)]
        self._seen = KeySet()
        for batch in needed:
            self._seen.add_each(batch.keys)

    def write(self, events: Events, window: Window, late_before: int | None = None) -> int:
        """Hand over what is wanted and new, and remember it; how many that was. Stored it is by `commit`.

        `late_before`: events from before it (ms) turned up only after an earlier run had looked there.
        """
        now_ms = self._time.now_ms()
        new = self._new(events, window, now_ms)
        if new:
            self._hand_over(new, late_before)
            self._remember_delivered(new, window, now_ms)
        return len(new)

    def resend(self, events: Events) -> None:
        """Hand over what a reconciliation found missing, although it counts as delivered."""
        self._hand_over(events, None)
        self._record.backfilled += len(events)

    def is_unknown(self, event: AuditEvent) -> bool:
        """Whether an event is one that the input wants and that was not delivered lately."""
        return accepted(event, self.checkpoint.filters, self._time.now_ms()) and event.key not in self._seen

    def commit(self) -> None:
        """Store what was handed over since the last time."""
        self._save()
        needed = 0
        for batch in self.checkpoint.batches:
            if self.checkpoint.needed(batch):
                needed += batch.count
            elif batch.document:
                batch.keys = array("Q")  # they stand in its document, and this run does not meet them again
        if len(self._seen) > 16_000 + 2 * needed:
            self.remember()

    def _save(self) -> None:
        self.checkpoint.tidy(self._clock.time())
        self._state.save(self.checkpoint, delivered=self._record.delivered > 0)
        self._store_is_writable = True
        if self._state.breadcrumb_fails:
            self._record.note(
                "the folder where splunkd has inputs keep their checkpoints is not writable: state that is lost or "
                "restored would not be noticed"
            )

    def _hand_over(self, events: Events, late_before: int | None) -> None:
        if not self._store_is_writable:
            self._save()  # a store that can only be read would have each run deliver the same events again
        epochs = [epoch or self._present() for epoch in events.epochs]
        hosts = [host or self._host for host in events.hosts]
        self._record.bytes_out += self._output.write(
            SplunkEvents(
                texts=events.indexed_texts(), epochs=epochs, hosts=hosts, sourcetype=SOURCETYPE, clean=events.clean
            )
        )
        self._record.pages += 1
        self.missing_keys.difference_update(events.keys)
        self._record.count_events(events, late_before)

    def _new(self, events: Events, window: Window, now_ms: int) -> Events:
        """Those of the events that are wanted and were not delivered, which from now on count as delivered."""
        filters = self.checkpoint.filters
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
        batches = [batch for batch in self.checkpoint.batches if event.key in batch.keys]
        if event.has_href:
            for batch in batches:
                batch.high = max(batch.high, self._time.latest_ms())
            return True
        return any(batch.touches(window.low, self._end(window)) for batch in batches)

    def _remember_delivered(self, new: Events, window: Window, now_ms: int) -> None:
        """Remember what was handed over, in parts that are met again for different times.

        Those are what lies between the ends of its window, what lies at either end, where a neighbour begins, and
        what is from the future. An event without a time can be anywhere in its window: all of that is its time.
        """
        low, high = (-1, now_ms) if window.high is None else (window.low, window.high - 2)
        moments = [window.low if ms is None else ms for ms in new.ms]
        parts = [new]
        if not (low < min(moments) and max(moments) <= min(high, now_ms)):
            places = [(ms > low) + (ms > high) + (ms > now_ms) for ms in moments]
            parts = [new.where([there == place for there in places]) for place in sorted(set(places))]
        for part in parts:
            times = [ms for ms in part.ms if ms is not None]
            if len(times) < len(part):
                times += [window.low, self._end(window)]
            self.checkpoint.batches.append(batch_of(part.keys, times, self._clock.time()))

    def _present(self) -> str:
        """The time (epoch s) of an event that names none."""
        return f"{self._time.now_ms() / 1000:.3f}"

    def _end(self, window: Window) -> int:
        """Up to where a window may hold an event without a time (ms). The PCE tells its clock in whole seconds."""
        return self._time.latest_ms() + 2 * SECOND if window.high is None else window.high
