"""What a run remembers for the next one: how far each collection was read, and what was delivered lately.

A checkpoint is one document, plus one document for each large batch of keys beside it. It is plain data
without input or output; `state.py` stores it.
"""

from __future__ import annotations

import base64
import json
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .filters import FilterHistory, Filters
from .pce_facts import PceFacts
from .store import Unreadable
from .timestamps import MINUTE

#: The version of the form below. A newer add-on reads every older one; an older one refuses a newer.
VERSION = 2
#: What was committed this long before splunkd was last known to run may have been lost with its memory (seconds).
UNCONFIRMED_SECONDS = 120
#: Keys are remembered this much longer than the late-arrival window, for clocks that are set back (ms).
CLOCK_SLACK = 15 * MINUTE
#: A batch with this many keys is stored beside the main document; small ones are joined up to it.
LARGE_BATCH = 4096
#: The main document holds no more keys than that, whatever batches there are: the KV store takes 16 MB.
KEYS_INSIDE = 32 * LARGE_BATCH

Range = tuple[int, int]


@dataclass
class Batch:
    """What was delivered together: how many events, their times (ms), and when they were committed (epoch s).

    `keys` are theirs; none where they stand in a document that was not fetched, or where none is met again.
    """

    low: int
    high: int
    committed_at: float
    keys: array[int]
    document: str | None = None
    count: int = 0

    def __post_init__(self) -> None:
        self.count = self.count or len(self.keys)

    def overlaps(self, low: int, high: int) -> bool:
        """Whether any of its events may lie in that range of time."""
        return self.low <= high and low <= self.high

    def drop_keys(self) -> str | None:
        """Forget them; the document that held them, if one did."""
        document, self.document, self.keys = self.document, None, array("Q")
        return document


@dataclass
class Progress:
    """How far one collection was read.

    `watermark`: every event that the PCE had recorded by that time (ms) was read or is pending. `newest`: the time of
    the newest event that was seen until then (ms). Reading begins just above it where all clocks are ahead of the
    events'. `floor`: nothing from before it (ms) is read again. `pending`: ranges still to be read, oldest first.
    `read_at`: when the watermark was reached, by this machine's clock (epoch s); 0 where that is not known.
    """

    watermark: int
    floor: int
    pending: list[Range] = field(default_factory=list)
    newest: int = 0
    read_at: float = 0

    def read_from(self, late_ms: int) -> int:
        """Where reading begins (ms), so that what turned up `late_ms` late is read. What is pending is left to that.

        The newest event itself is not read again: on a quiet PCE that would be so in each run.
        """
        seen = max([self.newest + 1, *(high for _, high in self.pending)])
        return max(min(self.watermark - late_ms, seen), self.floor)

    def note_seen(self, moments: list[int], remembered_ms: int) -> None:
        """Events of these times (ms) were read; hrefs from `remembered_ms` before the newest on are remembered."""
        newest = max(moments, default=0)
        if newest > self.watermark:  # what is from the future is not where reading goes on
            newest = max((ms for ms in moments if ms <= self.watermark), default=0)
        self.newest = max(self.newest, newest)
        self.floor = max(self.floor, self.newest - remembered_ms)

    def add_pending(self, low: int, high: int) -> None:
        """Have a range (ms, both ends included) read, joined with those that it touches."""
        self.pending = _merged([*self.pending, (low, high)])

    def mark_read(self, low: int, high: int) -> None:
        """A range (ms) was read whole: what is pending of it is no longer."""
        left = []
        for start, end in self.pending:
            if low <= start and end <= high:
                continue
            if end <= low or high <= start:
                left.append((start, end))
                continue
            left += [part for part in ((start, low), (high, end)) if part[0] < part[1]]
        self.pending = left


@dataclass
class Checkpoint:
    """Everything that one input remembers about one source (a PCE and an organisation).

    `splunkd_boot_id`: under which start of splunkd it was saved last, and `saved_at`: when (epoch s). `creation`: which
    input of its name it belongs to, since one may be deleted and recreated; `saves`: how often it was saved.
    """

    source: str
    collections: dict[str, Progress] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    filters: FilterHistory = field(default_factory=FilterHistory)
    facts: PceFacts = field(default_factory=PceFacts)
    clock_offset_ms: int = 0
    splunkd_boot_id: str = ""
    saved_at: float = 0
    creation: str = ""
    saves: int = 0
    next_document: int = 1
    obsolete: list[str] = field(default_factory=list)

    def take_unconfirmed(self, splunkd_boot_id: str) -> list[Batch]:
        """Remove and return what splunkd may have lost, where it was restarted since the last save.

        When that died is not known: no earlier than the last commit under it, so what was committed in the
        120 s before that may have been in its memory then.
        """
        if splunkd_boot_id == self.splunkd_boot_id:
            return []
        self.splunkd_boot_id = splunkd_boot_id
        unconfirmed = self.unconfirmed()
        self.batches = [batch for batch in self.batches if batch.committed_at < self.saved_at - UNCONFIRMED_SECONDS]
        self.obsolete += [batch.document for batch in unconfirmed if batch.document]
        return unconfirmed

    def mark_resent_with(self, unconfirmed: list[Batch]) -> None:
        """What is known may have been sent again with these, and splunkd may lose it as long as these."""
        for batch in self.batches:
            again = [other.committed_at for other in unconfirmed if batch.overlaps(other.low, other.high)]
            batch.committed_at = max([batch.committed_at, *again])

    def unconfirmed(self) -> list[Batch]:
        """What splunkd may have had in memory when this was stored."""
        return [batch for batch in self.batches if batch.committed_at >= self.saved_at - UNCONFIRMED_SECONDS]

    def read_to(self) -> dict[str, int]:
        """Up to where (ms of the PCE's clock) each collection was read without a hole."""
        return {
            name: min([progress.watermark, *(low for low, _ in progress.pending)])
            for name, progress in self.collections.items()
        }

    def needed(self, batch: Batch) -> bool:
        """Whether an event of that batch may be read again."""
        return any(
            batch.high >= progress.floor or _overlaps_any(batch, progress.pending)
            for progress in self.collections.values()
        )

    def compact(self, now: float) -> None:
        """Before it is stored: forget what is neither needed nor possibly lost, join small batches (`now`: epoch s)."""
        self.saved_at = now
        for batch in self.batches:
            batch.committed_at = min(batch.committed_at, now)  # a clock that was ahead and was corrected
        confirmed_before = now - UNCONFIRMED_SECONDS
        unconfirmed = [batch for batch in self.batches if batch.committed_at >= confirmed_before]
        lows, highs = sorted(batch.low for batch in unconfirmed), sorted(batch.high for batch in unconfirmed)
        kept = []
        for batch in self.batches:
            is_unconfirmed = batch.committed_at >= confirmed_before
            # What lies beside an unconfirmed batch would be read with it, should that be sent again.
            beside = bisect_right(lows, batch.high) - bisect_left(highs, batch.low) > is_unconfirmed
            if beside or self.needed(batch):
                kept.append(batch)
                continue
            if document := batch.drop_keys():
                self.obsolete.append(document)
            if is_unconfirmed:
                kept.append(batch)
        self.batches = self._joined(kept, confirmed_before)
        inside = 0
        for batch in self.batches:
            if batch.document is None and (len(batch.keys) >= LARGE_BATCH or inside + len(batch.keys) > KEYS_INSIDE):
                batch.document = f"hrefs.{self.next_document}"
                self.next_document += 1
            inside += 0 if batch.document else len(batch.keys)
        lowest = min((p.pending[0][0] if p.pending else p.floor for p in self.collections.values()), default=0)
        self.filters.forget(min([lowest] + [p.floor for p in self.collections.values()]))

    def _joined(self, batches: list[Batch], confirmed_before: float) -> list[Batch]:
        """The batches, with the small settled ones that lie in one sixteenth of what is remembered joined."""
        floor = min((progress.floor for progress in self.collections.values()), default=0)
        top = max((progress.watermark for progress in self.collections.values()), default=0)
        width = max((top - floor) // 16, MINUTE)
        joined: list[Batch] = []
        open_batches: dict[int, Batch] = {}
        for batch in batches:
            if batch.document or batch.committed_at >= confirmed_before or batch.high > top:
                joined.append(batch)
                continue
            bucket = batch.high // width
            other = open_batches.get(bucket)
            if other is None or len(other.keys) >= LARGE_BATCH:
                open_batches[bucket] = batch
                joined.append(batch)
            else:
                other.low, other.high = min(other.low, batch.low), max(other.high, batch.high)
                other.committed_at = max(other.committed_at, batch.committed_at)
                other.keys.extend(batch.keys)
                other.count += batch.count
        return joined

    def to_text(self) -> str:
        """The main document's text: JSON with the version in it."""
        return json.dumps(
            {
                "version": VERSION,
                "source": self.source,
                "collections": progress_to_json(self.collections),
                "batches": [_batch_to_json(batch) for batch in self.batches],
                "filters": self.filters.current.as_json(),
                "earlier_filters": [[until, filters.as_json()] for until, filters in self.filters.earlier],
                "settings": self.facts.to_json(),
                "clock_offset_ms": self.clock_offset_ms,
                "splunkd": self.splunkd_boot_id,
                "saved_at": self.saved_at,
                "creation": self.creation,
                "saves": self.saves,
                "next_document": self.next_document,
                "obsolete": self.obsolete,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """Read a main document's text; the keys of batches beside it are still missing. Raises Unreadable."""
        try:
            value = _upgraded(json.loads(text))
            return cls(
                source=value["source"],
                collections=progress_from_json(value["collections"]),
                batches=[_batch_from_json(batch) for batch in value["batches"]],
                filters=FilterHistory(
                    Filters.from_json(value["filters"]),
                    [(until, Filters.from_json(filters)) for until, filters in value["earlier_filters"]],
                ),
                facts=PceFacts.from_json(value["settings"]),
                clock_offset_ms=value["clock_offset_ms"],
                splunkd_boot_id=value["splunkd"],
                saved_at=value["saved_at"],
                creation=value.get("creation", ""),
                saves=value.get("saves", 0),
                next_document=value["next_document"],
                obsolete=value["obsolete"],
            )
        except Unreadable:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Unreadable(f"it does not have the form of a checkpoint ({type(error).__name__})") from None


def progress_to_json(collections: Mapping[str, Progress]) -> dict[str, Any]:
    """The form in which a checkpoint and a breadcrumb keep how far each collection was read."""
    return {name: vars(progress) for name, progress in collections.items()}


def progress_from_json(value: Mapping[str, Any]) -> dict[str, Progress]:
    """Read what `progress_to_json` wrote, in this version of the add-on or in an older one."""
    return {
        str(name): Progress(
            int(p["watermark"]),
            int(p["floor"]),
            [(int(low), int(high)) for low, high in p["pending"]],
            int(p.get("newest", p["watermark"])),
            float(p.get("read_at", 0)),
        )
        for name, p in value.items()
    }


def _merged(ranges: Iterable[Range]) -> list[Range]:
    """The ranges (ms, both ends included) in order, those that touch each other as one."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _overlaps_any(batch: Batch, merged: list[Range]) -> bool:
    """Whether any event of the batch may lie in one of these ranges, which touch no other of them."""
    last = bisect_right(merged, (batch.high, sys.maxsize)) - 1
    return last >= 0 and batch.overlaps(*merged[last])


def _upgraded(value: dict[str, Any]) -> dict[str, Any]:
    """The same in the present version; Unreadable where a newer add-on wrote it."""
    version = value["version"]
    if version == 1:
        # It did not tell which splunkd had it: so that may have been another one than now.
        latest = max((batch["at"] for batch in value["batches"]), default=0)
        return {**value, "version": VERSION, "splunkd": "", "saved_at": latest}
    if version != VERSION:
        raise Unreadable(f"it has version {version}, and this add-on reads versions 1 to {VERSION}")
    return value


def _batch_to_json(batch: Batch) -> dict[str, Any]:
    value = {"low": batch.low, "high": batch.high, "at": batch.committed_at, "count": batch.count}
    return {**value, **({"document": batch.document} if batch.document else {"keys": keys_to_text(batch.keys)})}


def _batch_from_json(value: Mapping[str, Any]) -> Batch:
    keys = array("Q") if "document" in value else keys_from_text(value["keys"])
    return Batch(value["low"], value["high"], value["at"], keys, value.get("document"), value.get("count", 0))


def keys_to_text(keys: array[int]) -> str:
    """Keys as Base64 of 8 bytes each, big end first: 10.7 characters a key."""
    return base64.b64encode(_big_endian(keys).tobytes()).decode("ascii")


def keys_from_text(text: str) -> array[int]:
    """Read what `keys_to_text` wrote; ValueError for anything else."""
    keys = array("Q")
    keys.frombytes(base64.b64decode(text, validate=True))
    return _big_endian(keys)


def _big_endian(keys: array[int]) -> array[int]:
    swapped = array("Q", keys)
    if sys.byteorder == "little":
        swapped.byteswap()
    return swapped


def batch_of(keys: Iterable[int], moments: Iterable[int], now: float) -> Batch:
    """A batch of what was just delivered; `moments` are its events' times (whole ms, rounded down), at least one."""
    times = list(moments)
    return Batch(min(times), max(times) + 1, now, array("Q", keys))
