"""One snapshot of a collection: what of it is new, what changed, and what is gone.

A snapshot that may lack objects deletes none: a key that lost rights, or a PCE that is being upgraded, looks like a
mass deletion. One that lacks many is not believed until the next one lacks them too.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, NamedTuple

from .array_reader import ArrayReader, Element, NotAnArray, TooLong
from .errors import PceError
from .inventory_kinds import Item, Record
from .inventory_known import Change, Known, KnownWriter, Pending, digest_of, key_of
from .inventory_values import href_of
from .key_set import KeySet
from .text_buffer import TextBuffer

#: Of fewer objects, any number may go at once.
_FEW = 20
#: More than one in so many does not go at once.
_MANY = 5
#: A run is an interval later than another after this part of it: runs do not begin on the second.
_LATER = 0.9
_CHUNK = 256 * 1024
#: An object with more characters cannot be read.
_LARGEST = 32 * 1024 * 1024
#: How an object begins that names itself first, as those of the PCE do.
_OWN_HREF = re.compile(r'\{\s*"href"\s*:\s*"([\w/.-]+)"', re.ASCII)


@dataclass
class Snapshot:
    """What a response holds. `rows`: the elements of its array; `flawed`: those that are no objects with an href.

    `repeated`: how many of them came again.
    """

    rows: int = 0
    flawed: int = 0
    count: int = 0
    added: int = 0
    changed: int = 0
    repeated: int = 0

    def records(self, path: Path) -> Iterator[Record]:
        """The records of a file, one at a time. Raises PceError where it is not whole."""
        try:
            with gzip.open(path, "rb") as file:
                array = ArrayReader(TextBuffer(iter(lambda: file.read(_CHUNK), b"")), _LARGEST)
                for element in array.each(array.element):
                    self.rows += 1
                    record = _record_of(element)
                    if record is None:
                        self.flawed += 1
                    elif record.get("deleted") is not True:
                        yield record
        except TooLong as error:
            raise self._too_large(error.start) from None
        except NotAnArray as error:
            raise PceError("broken_answer", f"The PCE's response is incomplete or malformed: {error}.") from None

    def _too_large(self, start: str) -> PceError:
        own = _OWN_HREF.match(start)
        which = own[1] if own else f"number {self.rows + 1} of the list"
        return PceError(
            "too_large",
            f"An object of the collection is larger than {_LARGEST / 1024**2:.0f} MB and cannot be read: {which}.",
            remedy="Divide it in the PCE, such as a rule set into several, or leave the collection out of the input.",
        )

    def compare(
        self, items: Iterator[Item], known: Known, new: KnownWriter, write: Callable[[Item], None], *, full: bool
    ) -> None:
        """Write what is new or changed, with `full` everything, and note what is known from now on."""
        known.meet_none()
        met = KeySet()
        for item in items:
            key, digest = key_of(item.href), digest_of(item)
            if not met.add(key):
                self.repeated += item.kind != "rule"  # which is no element: its rule set is
                continue
            change = known.meet(key, digest)
            self.count += 1
            self.added += change is Change.NEW
            self.changed += change is Change.CHANGED
            if full or change is not Change.NONE:
                write(item)
            new.add(key, digest, item)


def _record_of(element: Element) -> Record | None:
    """An element as a record; None where it is none."""
    value: Any = element.value
    if value is None:
        try:
            value = json.loads(element.text, strict=False)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) and href_of(value) else None


@dataclass
class Verdict:
    """What becomes of the objects that a snapshot lacks: those that are `gone`, and those that are `kept`."""

    gone: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    pending: Pending | None = None
    why: str = ""


def judge(
    known: Known, count: int, unidentified: int, *, complete: bool, exact: bool, now_ms: int, interval_ms: int
) -> Verdict:
    """Which of the objects that are known and were not met are gone.

    `count`: how many objects there are. `unidentified`: how many there were, where it is not known which; else 0.
    `complete`: nothing says that some were left out. `exact`: as many came as the PCE counts, before or after.
    """
    missing, pending = known.missing(), known.metadata.pending
    if not complete:
        return Verdict(kept=missing, pending=pending or (Pending("", 0) if unidentified else None))
    suspects = _suspects(known, missing, count, unidentified)
    if suspects is None:
        return Verdict(gone=missing)
    again = [at for at in missing if known.was_missing(at)]
    anew = [at for at in missing if not known.was_missing(at)]
    are_many = is_large_drop(len(known) - len(again), len(anew))
    since = _since(pending, known.digest(again) if suspects.digest else "", now_ms)
    if not exact or now_ms - since < _LATER * interval_ms:
        return Verdict(
            kept=missing,
            pending=Pending(suspects.digest, now_ms if are_many else since),
            why=_held_back(suspects.number, suspects.total),
        )
    if not are_many:
        return Verdict(gone=missing)
    return Verdict(
        gone=again,
        kept=anew,
        pending=Pending(known.digest(anew), now_ms),
        why=_held_back(len(anew), len(known) - len(again)),
    )


class _Suspects(NamedTuple):
    """Missing objects, too many to be gone at once: `number` of `total`. `digest`: see `Pending.missing`."""

    number: int
    total: int
    digest: str


def _suspects(known: Known, missing: list[int], count: int, unidentified: int) -> _Suspects | None:
    """What is not to be believed at once; None where nothing is."""
    lost = unidentified - count
    if is_large_drop(unidentified, lost):
        return _Suspects(lost, unidentified, digest="")
    if is_large_drop(len(known), len(missing)):
        return _Suspects(len(missing), len(known), known.digest(missing))
    return None


def _since(pending: Pending | None, missing: str, now_ms: int) -> int:
    """Since when these objects are missing: now, unless they are those that are held back."""
    if pending is None or pending.missing != missing or not 0 < pending.since <= now_ms:
        return now_ms
    return pending.since


def _held_back(number: int, total: int) -> str:
    return (
        f"Deletions are held back: {number} of {total} objects are missing. They will be marked as deleted if "
        "the next complete snapshot, an interval later, lacks them too."
    )


def is_large_drop(before: int, missing: int) -> bool:
    """Whether so many objects are missing that a second snapshot has to lack them too."""
    return before >= _FEW and missing * _MANY > before
