"""The document of an inventory input in the KV store: which run read each collection last, and what it learned.

The order of each run: the document says that a run begins to write events (`writing`), the events are written, then the
file of what is known (`inventory_known.py`), and then the document says that it is done. So wherever a run is killed,
the next one sees it: by a document that says `writing`, or by a file that is of another run than the document.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from .clock import Clock
from .errors import StateError
from .inventory_known import KnownMetadata
from .lease import LEASE_SECONDS, Lease
from .names import INVENTORY_STATE
from .store import KeyedStore, Unreadable, content_of, sealed

VERSION = 1


class Mark(NamedTuple):
    """The last run that read a collection, how many objects there were, and a run that began to write since."""

    snapshot: str = ""
    objects: int = 0
    writing: str = ""

    def fits(self, metadata: KnownMetadata) -> bool:
        """Whether what is known is of the last run, or of one that ended but for this mark."""
        return bool(metadata.snapshot) and metadata.snapshot in (self.snapshot, self.writing)

    def was_interrupted(self, metadata: KnownMetadata) -> bool:
        """Whether a run since may have written events that nothing here knows of."""
        return self.writing not in ("", metadata.snapshot)


@dataclass
class InputMemory:
    """What the document says. `members`: the FQDNs of the PCEs that served VENs; `fqdn`: the PCE's own.

    `guessed`: nothing told whether that is its name. `is_standalone`: it is the only one. `timers`: the
    offline timers as they were read last; None where the key may not read them. `groups`: of each label group that they
    name, the hrefs of its labels.
    """

    source: str = ""
    fqdn: str = ""
    members: tuple[str, ...] = ()
    marks: dict[str, Mark] = field(default_factory=dict)
    guessed: bool = False
    timers: Mapping[str, Any] | None = None
    groups: Mapping[str, Set[str]] = field(default_factory=dict)
    is_standalone: bool = False

    def latest(self, until_ms: int) -> int:
        """The latest run that is known of (epoch ms); a later one than that is of a clock that was wrong."""
        names = [name for mark in self.marks.values() for name in (mark.snapshot, mark.writing)]
        return max((int(name) for name in names if name.isdigit() and int(name) <= until_ms), default=0)


class PatientStore(KeyedStore, Protocol):
    """A store that repeats what fails for a while, and then fails for the rest of the run."""

    def asked_once(self) -> contextlib.AbstractContextManager[None]:
        """Within it, nothing is repeated, and what fails is not remembered."""


class InventoryState:
    """The memory of one input, in the KV store. Raises StateError, and CollectorError where the lease is lost."""

    def __init__(self, store: PatientStore, input_name: str, clock: Clock, lease: Lease) -> None:
        self._store = store
        self._key = INVENTORY_STATE + input_name
        self._clock = clock
        self._lease = lease
        self._checked_at = clock.monotonic()

    def load(self) -> InputMemory:
        """What is remembered; nothing where that is damaged."""
        document = self._store.get(self._key)
        try:
            return _memory(json.loads(content_of(document or {})))
        except (Unreadable, ValueError, TypeError, KeyError, AttributeError):
            return InputMemory()

    def keep_lease(self) -> None:
        """The run goes on, though it has nothing to store: renew the lease in time.

        A KV store that does not answer is left alone until the next time: no other member can take the lease from it
        meanwhile, and the PCE is not kept waiting.
        """
        if self._clock.monotonic() - self._checked_at >= LEASE_SECONDS / 4:
            self._checked_at = self._clock.monotonic()
            with contextlib.suppress(StateError), self._store.asked_once():
                self._lease.check()

    def save(self, memory: InputMemory) -> None:
        """Remember it."""
        self._lease.check()
        value = {
            "version": VERSION,
            "source": memory.source,
            "fqdn": memory.fqdn,
            "members": memory.members,
            "marks": memory.marks,
            "guessed": memory.guessed,
            "is_standalone": memory.is_standalone,
            "timers": memory.timers,
            "groups": {href: sorted(labels) for href, labels in memory.groups.items()},
        }
        members = {"_key": self._key, "input": self._key, "kind": "inventory", "saved_at": self._clock.time()}
        self._store.save([sealed(members, json.dumps(value))])


def _memory(value: Mapping[str, Any]) -> InputMemory:
    if value["version"] != VERSION:
        raise Unreadable("it is of another version")
    marks = {str(name): Mark(str(mark[0]), int(mark[1]), str(mark[2])) for name, mark in value["marks"].items()}
    return InputMemory(
        source=str(value["source"]),
        fqdn=str(value["fqdn"]),
        members=tuple(map(str, value["members"])),
        marks=marks,
        guessed=bool(value["guessed"]),
        is_standalone=bool(value.get("is_standalone")),
        timers=value["timers"] and dict(value["timers"]),
        groups={str(href): frozenset(map(str, labels)) for href, labels in value["groups"].items()},
    )
