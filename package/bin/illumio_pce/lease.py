"""Who may run an input, where two runs could overlap: a hung one, or two members of a search head cluster.

On one host, a lock on a file decides, which the system frees when its process ends, however it ends. Members of
a cluster share a KV store, so there a document decides. The KV store cannot compare and set; what it can is to
insert a document only where there is none, and to delete one only as it was seen. So a lease is taken over, and
renewed, by deleting the old document and inserting the new one, which fails for all but one.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Protocol

from .clock import Clock
from .errors import CollectorError
from .store import Document, DocumentStore

#: How long a lease holds without being renewed (seconds): longer than a run waits for a PCE before it gives up.
LEASE_SECONDS = 300.0
#: How far the clocks of a cluster's members may differ (seconds); beyond it runs may overlap, and events come twice.
CLOCK_SECONDS = 60.0


class Lease(Protocol):
    """The right to write an input's state."""

    def check(self) -> None:
        """Before each commit: raises CollectorError (`overlap`) where another run has it by now."""


class NoLease:
    """Where nobody else shares the KV store."""

    def check(self) -> None:
        """Nothing to check."""


class ClusterLease:
    """The lease of one input, as `holder`, a member of the cluster."""

    def __init__(self, store: DocumentStore, input_name: str, holder: str, clock: Clock) -> None:
        self._store = store
        self._key = f"{input_name}.lease"
        self._input = input_name
        self._holder = holder
        self._clock = clock
        self._mine: Document | None = None

    def acquire(self) -> str | None:
        """Take the lease; None, or who else has it."""
        self._mine = self._new()
        if self._store.insert(self._mine):
            return None
        other = self._store.get(self._key)
        if other is not None and self._in_force(other):
            return str(other.get("holder"))
        return None if self._swap(other, self._mine) else "another member"

    def check(self) -> None:
        """See `Lease.check`; renews it when half of its time is over."""
        found = self._store.get(self._key)
        if found is None or self._mine is None or found.get("nonce") != self._mine["nonce"]:
            raise CollectorError("overlap", "Another member of the cluster has taken over this input.")
        if float(found["until"]) - self._clock.time() < LEASE_SECONDS / 2:
            renewed = self._new()
            if not self._swap(found, renewed):
                raise CollectorError("overlap", "Another member of the cluster has taken over this input.")
            self._mine = renewed

    def release(self) -> None:
        """Let the next run have it at once."""
        if self._mine is not None:
            self._store.delete({"_key": self._key, "nonce": self._mine["nonce"]})

    def _in_force(self, other: Document) -> bool:
        """Whether that lease keeps others out. This member's own does not: the lock on its file shows that run over."""
        until = other.get("until")
        if other.get("holder") == self._holder or not isinstance(until, (int, float)):
            return False
        left = until - self._clock.time()
        # One that ends later than any lease can was written by a clock that is wrong.
        return -CLOCK_SECONDS < left <= LEASE_SECONDS + CLOCK_SECONDS

    def _swap(self, old: Document | None, new: Document) -> bool:
        if old is not None:
            self._store.delete({"_key": self._key, "nonce": old.get("nonce", "")})
        if self._store.insert(new):
            return True
        found = self._store.get(self._key)  # an insert that was repeated meets its own document
        return found is not None and found.get("nonce") == new["nonce"]

    def _new(self) -> Document:
        until = self._clock.time() + LEASE_SECONDS
        return {
            "_key": self._key,
            "input": self._input,
            "kind": "lease",
            "holder": self._holder,
            "nonce": secrets.token_hex(8),
            "until": until,
        }


class FileLock:
    """Keeps a second run of one input away on one host. The file stays; the lock ends with its process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def acquire(self) -> bool:
        """Take it; False where another process has it. Where no file can be made, nobody is kept away."""
        try:
            self._file = self._path.open("ab")
        except OSError:
            return True
        return _lock(self._file.fileno())


def _lock(descriptor: int) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - POSIX alone has it

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        import msvcrt  # noqa: PLC0415 - Windows alone has it

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True
