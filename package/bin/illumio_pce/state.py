"""Keeps two generations of a checkpoint in a store of documents, and distinguishes damage, loss and absence.

A store may also hold an older checkpoint than the last one that it took: it was restored from a backup, or did not
keep what it had acknowledged. The number of saves tells: the breadcrumb has the last one. Where saves were counted,
neither times nor watermarks are compared, since both go back where a clock was wrong. Never is a save read back at
once, since in a cluster another member may answer.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .breadcrumb import Breadcrumb, Point
from .checkpoint import Batch, Checkpoint, keys_from_text, keys_to_text
from .errors import StateError
from .lease import Lease
from .store import Document, DocumentStore, Unreadable, content_of, sealed
from .unconfirmed import Mark

if TYPE_CHECKING:
    from .backfill import Backfill

#: Obsolete documents are deleted, and documents of hrefs are read, this many at a time.
_DOCUMENTS_PER_REQUEST = 32
#: A result of the KV store holds 50 MB (limits.conf.spec), and what a reconciliation wants may be megabytes; one
#: request is enough where there is nothing but the checkpoint.
_PAGE_SIZE = 2

STATE_GONE = "the state is gone from the KV store, although this input has run before"
STATE_OLDER = (
    "the KV store holds an older state than was last saved: it was restored from a backup, or did not keep a write"
)


@dataclass
class Loaded:
    """What was found: a checkpoint, or None with what is known instead.

    `damage`: what is wrong, if anything. `point`: where to go on from, since no checkpoint could be read, or since
    the store has an older one than it took last (`is_old`). Without all three, the input has delivered nothing yet: it
    was made at `made_at` (epoch s), where that is known, as the input `creation`.
    `backfills`: what a reconciliation wants to be collected.
    """

    checkpoint: Checkpoint | None
    damage: str = ""
    point: Point | None = None
    is_old: bool = False
    made_at: float | None = None
    creation: str = ""
    backfills: list[Backfill] = field(default_factory=list)


class State:
    """The state of one input, under the input's name, for as long as the run holds the input's lease.

    `unconfirmed`: the mark that splunkd may not have read what was delivered last.
    """

    def __init__(
        self, store: DocumentStore, input_name: str, breadcrumb: Breadcrumb, lease: Lease, unconfirmed: Mark
    ) -> None:
        self._store = store
        self._name = input_name
        self._breadcrumb = breadcrumb
        self._lease = lease
        self._unconfirmed = unconfirmed
        self._was_unconfirmed = False
        self.breadcrumb_fails = False
        self._stored: set[str | None] = set()
        self._exists = False
        self._previous: Document | None = None

    def load(self, now: float) -> Loaded:
        """Read the newest readable generation. What is unreadable is kept under another key, and named.

        `now` (epoch s) is remembered as the time at which the input was made, where nothing is known of it.
        """
        wanted = {"$or": [{"_key": self._name}, {"input": self._name, "kind": "request"}]}
        found = {str(document["_key"]): document for document in self._store.find(wanted, page_size=_PAGE_SIZE)}
        newest = found.pop(self._name, None)
        backfills = _backfills_of(found) if found else []
        self._exists = newest is not None
        if newest is not None and newest.get("kind") == "created":
            loaded = _of_created(newest, now)
        else:
            loaded = self._load_generations(newest)
        self._consult_breadcrumb(loaded, now)
        self._was_unconfirmed = self._unconfirmed.is_set()
        if self._was_unconfirmed:  # as after a crash of splunkd: the latest is sent again
            if loaded.checkpoint is not None:
                loaded.checkpoint.splunkd_boot_id = ""
            if loaded.point is not None:
                loaded.point = replace(loaded.point, splunkd_boot_id="")
        loaded.backfills = backfills
        return loaded

    def mark_unconfirmed(self) -> bool:
        """See `Run.mark_unconfirmed`. This does not need the KV store, which is gone when splunkd is."""
        return self._unconfirmed.set()

    def _load_generations(self, newest: Document | None) -> Loaded:
        problems: list[str] = []
        for generation in ("newest", "previous"):
            document = newest if generation == "newest" else self._store.get(self._key("previous"))
            if document is None:
                continue
            try:
                checkpoint = Checkpoint.from_text(content_of(document))
            except Unreadable as error:
                problems.append(f"the {generation} generation of the state cannot be read: {error}")
                self._keep_copy(document, generation)
                continue
            if generation == "previous" and not problems:
                problems.append("the newest generation of the state is missing")
            self._previous = document
            self._stored = {batch.document for batch in checkpoint.batches}
            return Loaded(checkpoint, "; ".join(problems), creation=checkpoint.creation)
        return Loaded(None, "; ".join(problems))

    def _consult_breadcrumb(self, loaded: Loaded, now: float) -> None:
        """Compare what was found in the store with the breadcrumb; where both are empty, this is the first run."""
        is_new = loaded.checkpoint is None and self._exists and not loaded.damage
        try:
            point = self._breadcrumb.read()
        except Unreadable as error:
            if loaded.checkpoint is None and not is_new:
                loaded.damage = "; ".join(filter(None, [loaded.damage, f"its breadcrumb cannot be read: {error}"]))
            return
        if loaded.checkpoint is not None or is_new:
            if point is not None and _is_older(loaded, point):
                loaded.point, loaded.is_old = point, True
                loaded.damage = loaded.damage or STATE_OLDER
        elif point is not None:
            loaded.point = point
            loaded.damage = loaded.damage or STATE_GONE
        elif not loaded.damage:
            loaded.creation = secrets.token_hex(8)
            self._store.insert(created_document(self._name, now, loaded.creation))
            self._exists = True

    def fetch_keys(self, checkpoint: Checkpoint) -> int:
        """Fetch the keys of the needed batches beside the main document; how many batches were not readable.

        Those are dropped: their events may be delivered twice, and none is missed.
        """
        missing = [b for b in checkpoint.batches if b.document and not b.keys and checkpoint.needed(b)]
        for first in range(0, len(missing), _DOCUMENTS_PER_REQUEST):
            self._fetch(missing[first : first + _DOCUMENTS_PER_REQUEST])
        lost = {batch.document for batch in missing if not batch.keys}
        checkpoint.batches = [batch for batch in checkpoint.batches if batch.document not in lost]
        return len(lost)

    def _fetch(self, batches: list[Batch]) -> None:
        """Fill in the keys of these batches, where their documents can be read."""
        wanted = {self._key(str(batch.document)): batch for batch in batches}
        for document in self._store.find(_any_of(wanted)):
            with contextlib.suppress(ValueError):
                wanted[str(document["_key"])].keys = keys_from_text(content_of(document))

    def save(self, checkpoint: Checkpoint, *, delivered: bool) -> None:
        """Write new batches, the generation before (once a run, where events were delivered), and the checkpoint.

        The checkpoint itself only in place of another: who deletes an input deletes its state for good.
        """
        self._lease.check()
        checkpoint.saves += 1
        documents = [
            self._document(self._key(batch.document), "hrefs", keys_to_text(batch.keys))
            for batch in checkpoint.batches
            if batch.document and batch.document not in self._stored
        ]
        if self._previous is not None and delivered:
            documents.append({**self._previous, "_key": self._key("previous"), "kind": "previous"})
            self._previous = None
        if documents:
            self._store.save(documents)
        main = self._document(self._name, "checkpoint", checkpoint.to_text())
        if not ((not self._exists and self._store.insert(main)) or self._store.replace(main)):
            if documents:
                self._store.delete(_any_of(str(document["_key"]) for document in documents))
            raise StateError("The state of this input was removed while it ran: it may have been deleted.")
        self._exists = True
        self._stored = {batch.document for batch in checkpoint.batches}
        self.breadcrumb_fails = not self._breadcrumb.drop(Point.of(checkpoint))
        if self._was_unconfirmed:
            self._was_unconfirmed = not self._unconfirmed.clear()
        if len(checkpoint.obsolete) >= _DOCUMENTS_PER_REQUEST:
            self._store.delete(_any_of(map(self._key, checkpoint.obsolete)))
            checkpoint.obsolete = []

    def save_backfill(self, backfill: Backfill) -> None:
        """Note that what a reconciliation wanted was sent."""
        self._store.save([backfill.document(self._name)])

    def delete_backfill(self, backfill: Backfill) -> None:
        """What a reconciliation wanted has arrived, or cannot be read."""
        self._store.delete({"_key": backfill.key})

    def _keep_copy(self, document: Document, generation: str) -> None:
        copy = {**document, "_key": self._key(f"unreadable.{generation}"), "kind": "unreadable", "input": self._name}
        self._store.save([copy])

    def _document(self, key: str, kind: str, content: str) -> Document:
        return sealed({"_key": key, "input": self._name, "kind": kind}, content)

    def _key(self, part: str) -> str:
        return f"{self._name}.{part}"  # no name of an input holds a dot


def _backfills_of(documents: dict[str, Document]) -> list[Backfill]:
    from .backfill import Backfill  # noqa: PLC0415 (few runs have any)

    return [Backfill.of(document) for _, document in sorted(documents.items())]


def _is_older(loaded: Loaded, point: Point) -> bool:
    """Whether the store holds an older checkpoint of the same input than the breadcrumb tells of.

    One without a save count is of an add-on from before saves were counted: of a backup, unless it was saved later,
    when that add-on was installed again for a while.
    """
    checkpoint = loaded.checkpoint
    saves = checkpoint.saves if checkpoint else 0
    if checkpoint is not None and saves == 0 and checkpoint.saved_at > point.at:
        return False
    return saves < point.saves and loaded.creation in ("", point.creation)


def created_document(input_name: str, now: float, creation: str = "") -> Document:
    """The document of an input that is made `now` (epoch s): without it, one that has run has lost its state."""
    creation = creation or secrets.token_hex(8)
    return {"_key": input_name, "input": input_name, "kind": "created", "made_at": now, "creation": creation}


def _of_created(document: Document, now: float) -> Loaded:
    made_at = document.get("made_at")
    known = isinstance(made_at, (int, float)) and made_at <= now
    return Loaded(None, made_at=made_at if known else None, creation=str(document.get("creation", "")))


def _any_of(keys: Iterable[str]) -> Document:
    """What matches documents of these keys, of which there is at least one: MongoDB refuses an empty `$or`."""
    return {"$or": [{"_key": key} for key in keys]}
