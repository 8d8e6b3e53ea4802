"""The KV store: documents of collections, kept in one SQLite file below SPLUNK_HOME."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .kv_query import Document, Predicate
from .kv_trouble import Backup, Row, Trouble

#: A document of MongoDB's, which the KV store is.
MAX_DOCUMENT = 16 * 1024 * 1024
#: limits.conf [kvstore] max_size_per_batch_save_mb and max_size_per_result_mb, and the REST reference's 1,000
#: documents a batch (the 9.2 spec's default is 50,000: the stricter one holds here).
MAX_BATCH_BYTES = 50 * 1024 * 1024
MAX_RESULT = 50 * 1024 * 1024
MAX_BATCH = 1000
MAX_ROWS = 50_000


class KvError(Exception):
    """A refusal of the KV store with the HTTP status that it answers."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


class KvStore:
    """Collections by app and name. `ready`, `fail`, `trouble` and `restore` are a test's switches."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS documents "
            "(app TEXT, collection TEXT, key TEXT, body TEXT, PRIMARY KEY (app, collection, key))"
        )
        self._ready_from = 0.0
        self._faults: list[tuple[bool, int, bool]] = []
        self.trouble = Trouble()
        self._closing = threading.Event()

    def close(self) -> None:
        """Close the file."""
        self._closing.set()
        with self._lock:
            self._database.close()

    @property
    def ready(self) -> bool:
        """Whether it answers; otherwise everything is 503."""
        return self._clock() >= self._ready_from

    def set_ready(self, ready: bool, after: float = 0.0) -> None:
        """Switch it on or off, or on after `after` seconds."""
        self._ready_from = (self._clock() + after if after else 0.0) if ready else float("inf")

    def fail(self, times: int = 1, status: int = 503, *, writes_only: bool = True, after_effect: bool = False) -> None:
        """Let the next requests fail; with `after_effect` what they ask is done, and only the answer fails."""
        with self._lock:
            self._faults += [(writes_only, status, after_effect)] * times

    @contextmanager
    def request(self, *, write: bool) -> Iterator[None]:
        """Around each request: raises KvError while not ready, or where a test asked for a failure."""
        if not self.ready:
            raise KvError(503, "KV Store initialization has not completed yet.")
        if write and self.trouble.read_only is not None:
            raise KvError(self.trouble.read_only, "The KV store takes no writes.")
        if write and self.trouble.hangs:
            self._closing.wait(self.trouble.hangs)
        with self._lock:
            at = next((i for i, (writes_only, _, _) in enumerate(self._faults) if write or not writes_only), None)
            fault = self._faults.pop(at) if at is not None else None
        if fault and not fault[2]:
            raise KvError(fault[1], "A failure that a test asked for.")
        yield
        if fault:
            raise KvError(fault[1], "A failure that a test asked for, after the effect.")

    def backup(self, app: str | None = None, collection: str | None = None) -> Backup:
        """What the store holds now; with an app and a collection, what that one holds."""
        with self._lock:
            rows: list[Row] = self._database.execute("SELECT * FROM documents ORDER BY app, collection, key").fetchall()
        everything = Backup((), app, collection)
        return Backup(tuple(row for row in rows if everything.holds(row[0], row[1])), app, collection)

    def restore(self, backup: Backup, *, keep_newer: bool = False) -> None:
        """Bring a backup back. `keep_newer`: documents that are not in it stay, as a partial restore may leave them.

        "Back up and restore KV store" (Splunk 9.0 to 9.4): consistent and whole with `-pointInTime true`, otherwise
        by app or collection.
        """
        with self._lock:
            self._database.execute("BEGIN")
            for app, collection, key, _ in () if keep_newer else self.backup(backup.app, backup.collection).rows:
                self._database.execute(
                    "DELETE FROM documents WHERE app = ? AND collection = ? AND key = ?", (app, collection, key)
                )
            self._database.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", backup.rows)
            self._database.execute("COMMIT")

    def get(self, app: str, collection: str, key: str) -> Document:
        """One document. Raises KvError 404."""
        rows = self._read(app, collection, key)
        if not rows:
            raise KvError(404, "Could not find object.")
        document: Document = json.loads(rows[0])
        return document

    def find(self, app: str, collection: str, wanted: Predicate, *, to_delete: bool = False) -> list[Document]:
        """The documents for which the predicate holds, in the order of their keys."""
        texts = self._read(app, collection, to_delete=to_delete)
        return [document for document in map(json.loads, texts) if wanted(document)]

    def _read(self, app: str, collection: str, key: str | None = None, *, to_delete: bool = False) -> list[str]:
        """The texts of a collection, or the one under a key, as a reader sees them."""
        stale = self.trouble.reads_from
        if stale and stale.holds(app, collection) and not to_delete:
            return [row[3] for row in stale.rows if row[:2] == (app, collection) and key in (None, row[2])]
        with self._lock:
            rows = self._database.execute(
                "SELECT body FROM documents WHERE app = ? AND collection = ? AND key = coalesce(?, key) ORDER BY key",
                (app, collection, key),
            ).fetchall()
        return [body for (body,) in rows]

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Around each change, which is done whole, or not at all where it fails or is to be forgotten."""
        with self._lock:
            self._database.execute("BEGIN")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("ROLLBACK" if self.trouble.forgets else "COMMIT")

    def insert(self, app: str, collection: str, document: Document) -> str:
        """Add a document, with a key made for it where it has none. Raises KvError 409 where the key is taken."""
        key = str(document.get("_key") or secrets.token_hex(12))
        body = _body(document, key)
        with self._change() as database:
            try:
                database.execute("INSERT INTO documents VALUES (?, ?, ?, ?)", (app, collection, key, body))
            except sqlite3.IntegrityError:
                raise KvError(409, "A document with the same key and user already exists.") from None
        return key

    def replace(self, app: str, collection: str, key: str, document: Document) -> str:
        """Put a document in place of another. Raises KvError 404 where there is none."""
        with self._change() as database:
            changed = database.execute(
                "UPDATE documents SET body = ? WHERE app = ? AND collection = ? AND key = ?",
                (_body(document, key), app, collection, key),
            ).rowcount
        if not changed:
            raise KvError(404, "Could not find object.")
        return key

    def save_all(self, app: str, collection: str, documents: list[Document]) -> list[str]:
        """Insert or replace all of them, or none where one is refused."""
        if len(documents) > MAX_BATCH:
            raise KvError(400, f"The batch has {len(documents)} documents; {MAX_BATCH} are allowed.")
        rows = []
        for document in documents:
            key = str(document.get("_key") or secrets.token_hex(12))
            rows.append((app, collection, key, _body(document, key)))
        if sum(len(row[3]) for row in rows) > MAX_BATCH_BYTES:
            raise KvError(400, "The batch is larger than 50 MB.")
        with self._change() as database:
            database.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", rows)
        return [row[2] for row in rows]

    def delete(self, app: str, collection: str, keys: list[str]) -> int:
        """Delete documents; how many there were."""
        with self._change() as database:
            return database.executemany(
                "DELETE FROM documents WHERE app = ? AND collection = ? AND key = ?",
                [(app, collection, key) for key in keys],
            ).rowcount


def _body(document: Document, key: str) -> str:
    body = json.dumps({**document, "_key": key, "_user": "nobody"}, ensure_ascii=True)
    if len(body) > MAX_DOCUMENT:
        raise KvError(400, "The document is larger than 16 MB.")
    return body
