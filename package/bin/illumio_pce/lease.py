"""Who may run an input, where two runs could overlap: a hung one, or two members of a search head cluster.

On one host, a lock on a file decides, which the system frees when its process ends, however it ends. Members of
a cluster share a KV store, so there a document decides. The KV store cannot compare and set; what it can is to
insert a document only where there is none, and to delete one only as it was seen. So a lease is taken over, and
renewed, by deleting the old document and inserting the new one, which fails for all but one.

A member keeps the lease between its runs: where several members have the input, taking turns would send again
what each of them delivered last, since no member knows whether another's splunkd is still alive.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from .clock import Clock
from .errors import CollectorError
from .store import Document, DocumentStore

#: How long a lease holds without being renewed (seconds), or the input's interval where that is longer: longer than
#: a run waits for a PCE before it gives up, and long enough for the member's next run to come.
LEASE_SECONDS = 300.0
#: How far the clocks of a cluster's members may differ (seconds); beyond it runs may overlap, and events come twice.
CLOCK_SECONDS = 60.0


class Lease(Protocol):
    """The right to write an input's state."""

    def check(self) -> None:
        """Before each commit: raises CollectorError (`overlap`) where another run has it by now."""


class OwnLease(Lease, Protocol):
    """The same for the run that took it."""

    def keep(self) -> None:
        """The run ends. Raises StateError where the KV store is down."""

    def release(self) -> None:
        """The run ends, and the instance with it. Raises StateError where the KV store is down."""


class NoLease:
    """Where nobody else shares the KV store."""

    def check(self) -> None:
        """Nothing to check."""

    def keep(self) -> None:
        """Nothing to keep."""

    def release(self) -> None:
        """Nothing to release."""


def is_shared(info: Mapping[str, Any]) -> bool:
    """Whether other instances may share this one's KV store (`info`: splunkd's `server/info`): then a lease decides.

    The captain of a search head cluster has the role `shc_captain`, with or without `shc_member`. Which member runs
    an input is splunkd's choice: as a rule each that has it, and in Splunk Cloud one of them, captain or not.
    """
    roles = info.get("server_roles")
    if not isinstance(roles, list) or info.get("instance_type") == "cloud":
        return True
    return any(str(role).startswith("shc_") for role in roles)


class ClusterLease:
    """The lease of one input, as `holder`, a member of the cluster. `interval`: of the input's runs (seconds)."""

    def __init__(self, store: DocumentStore, input_name: str, holder: str, clock: Clock, interval: float = 0.0) -> None:
        self._store = store
        self._key = f"{input_name}.lease"
        self._input = input_name
        self._holder = holder
        self._clock = clock
        self._seconds = max(LEASE_SECONDS, interval)
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
        if self._left(found) < self._seconds / 2:
            renewed = self._new()
            if not self._swap(found, renewed):
                raise CollectorError("overlap", "Another member of the cluster has taken over this input.")
            self._mine = renewed

    def keep(self) -> None:
        """The run ends, and the member's next one is to have it: renewed, where the run took long."""
        if self._mine is not None and self._left(self._mine) < self._seconds - CLOCK_SECONDS:
            renewed = self._new()
            self._mine = renewed if self._swap(self._mine, renewed) else None

    def release(self) -> None:
        """This member may not run again soon: let another have it at once."""
        if self._mine is not None:
            self._store.delete({"_key": self._key, "nonce": self._mine["nonce"]})

    def _in_force(self, other: Document) -> bool:
        """Whether that lease keeps others out. This member's own does not: the lock on its file shows that run over."""
        seconds = other.get("seconds", LEASE_SECONDS)
        if other.get("holder") == self._holder or not isinstance(seconds, (int, float)):
            return False
        # One that ends later than it can was written by a clock that is wrong.
        return -CLOCK_SECONDS < self._left(other) <= seconds + CLOCK_SECONDS

    def _left(self, lease: Document) -> float:
        """How long a lease still holds (seconds); for ever in the past where it does not say so."""
        until = lease.get("until")
        return until - self._clock.time() if isinstance(until, (int, float)) else -math.inf

    def _swap(self, old: Document | None, new: Document) -> bool:
        if old is not None:
            self._store.delete({"_key": self._key, "nonce": old.get("nonce", "")})
        if self._store.insert(new):
            return True
        found = self._store.get(self._key)  # an insert that was repeated meets its own document
        return found is not None and found.get("nonce") == new["nonce"]

    def _new(self) -> Document:
        return {
            "_key": self._key,
            "input": self._input,
            "kind": "lease",
            "holder": self._holder,
            "nonce": secrets.token_hex(8),
            "seconds": self._seconds,
            "until": self._clock.time() + self._seconds,
        }


class FileLock:
    """Keeps a second run of one input away on one host. The file stays; the lock ends with its process, or before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def acquire(self) -> bool:
        """Take it; False where another process has it. Where no file can be made, nobody is kept away."""
        try:
            self._file = self._path.open("ab")
        except OSError:
            return True
        return _lock(self._file.fileno())

    def release(self) -> None:
        """Let another run have it."""
        if self._file is not None:
            self._file.close()


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
