"""What was indexed: an append-only SQLite file below SPLUNK_HOME, and the queue in memory before it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: inputs.conf `queueSize`'s default: what splunkd holds in memory, and loses when it crashes (bytes of raw text).
QUEUE_SIZE = 500 * 1024
_BATCH = 1000
_COLUMNS = "raw, time, indextime, host, source, sourcetype, indexed_in"


@dataclass(frozen=True)
class Event:
    """An indexed event; times are epoch seconds, `index` is where it went."""

    raw: str
    time: float
    indextime: float
    host: str
    source: str
    sourcetype: str
    index: str


class Index:
    """The events on disk, in the order in which they arrived."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # Survives a crash of the stand-in, which is what is emulated; not one of the machine.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, raw TEXT, time REAL, "
            "indextime REAL, host TEXT, source TEXT, sourcetype TEXT, indexed_in TEXT)"
        )

    def append(self, events: list[Event]) -> None:
        """Store events."""
        with self._lock:
            self._database.execute("BEGIN")
            self._database.executemany(
                f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
                [_row(event) for event in events],
            )
            self._database.execute("COMMIT")

    def events(self, **wanted: str) -> Iterator[Event]:
        """The events whose `sourcetype`, `source`, `host` or `index` are as asked; memory stays small."""
        where = [("indexed_in" if name == "index" else name, value) for name, value in wanted.items()]
        conditions = "".join(f" AND {name} = ?" for name, _ in where)
        last = 0
        while True:
            with self._lock:
                rows = self._database.execute(
                    f"SELECT id, {_COLUMNS} FROM events WHERE id > ?{conditions} ORDER BY id LIMIT 50",  # noqa: S608
                    (last, *(value for _, value in where)),
                ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            for row in rows:
                yield Event(*row[1:])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()


def _row(event: Event) -> tuple[str | float, ...]:
    return (
        event.raw,
        event.time,
        event.indextime,
        event.host,
        event.source,
        event.sourcetype,
        event.index,
    )


class Queue:
    """Events that splunkd has taken and not yet indexed; a full queue makes the pipe's reader wait.

    `delay` seconds pass before an event is indexed; while held none is. `drop` is the crash.
    """

    def __init__(self, index: Index, delay: float = 0.0, size: int = QUEUE_SIZE) -> None:
        self._index = index
        self._delay = delay
        self._size = size
        self._waiting: deque[tuple[float, int, Event]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closed = False
        self._held = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many events would be lost now."""
        return len(self._waiting)

    @property
    def held(self) -> bool:
        """Whether a test stopped the indexing."""
        return self._held

    def put(self, event: Event) -> bool:
        """Take an event, waiting for room; False once the queue is closed, the event being lost."""
        length = len(event.raw.encode("utf-8"))
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._bytes or self._bytes + length <= self._size)
            if self._closed:
                return False
            self._waiting.append((time.monotonic(), length, event))
            self._bytes += length
            self._changed.notify_all()
        return True

    def hold(self, held: bool = True) -> None:
        """Stop, or go on with, indexing."""
        with self._changed:
            self._held = held
            self._changed.notify_all()

    def drain(self, timeout: float = 30.0) -> bool:
        """Wait until all was indexed; whether it was."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._bytes, timeout)

    def drop(self) -> int:
        """Lose what is waiting and take nothing more; how many events were lost."""
        with self._changed:
            lost = len(self._waiting)
            self._waiting.clear()
        self._end()
        return lost

    def close(self) -> None:
        """Index what is waiting, at once, and end."""
        self._delay = 0.0
        self.hold(False)
        self.drain()
        self._end()

    def _end(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not self._due():
                    self._changed.wait(self._pause())
                if self._closed:
                    return
                batch: list[tuple[float, int, Event]] = []
                while self._due() and len(batch) < _BATCH:
                    batch.append(self._waiting.popleft())
            self._index.append([event for _, _, event in batch])
            with self._changed:
                self._bytes -= sum(length for _, length, _ in batch)
                self._changed.notify_all()

    def _due(self) -> bool:
        return not self._held and bool(self._waiting) and self._waiting[0][0] + self._delay <= time.monotonic()

    def _pause(self) -> float | None:
        if self._held or not self._waiting:
            return None
        return max(self._waiting[0][0] + self._delay - time.monotonic(), 0.0)
