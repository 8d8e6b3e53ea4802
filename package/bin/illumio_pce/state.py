"""Keeps a checkpoint in a store of documents, two generations of it, and tells damage, loss and absence apart."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from .breadcrumb import Breadcrumb, Point
from .checkpoint import Batch, Checkpoint, keys_from_text, keys_to_text
from .errors import StateError
from .lease import Lease
from .requested import Requested
from .store import Document, DocumentStore, Unreadable, content_of, sealed

#: Documents that are no longer needed are deleted in heaps of this many, and so are read those of hrefs.
_DOCUMENTS_AT_ONCE = 32


@dataclass
class Loaded:
    """What was found: a checkpoint, or None with what is known instead.

    `damage`: what is wrong, if anything. `point`: where to go on from although no checkpoint could be read.
    Without all three, the input has delivered nothing yet: it was made at `made_at` (epoch s), where that is known.
    `requested`: what a reconciliation wants to be collected.
    """

    checkpoint: Checkpoint | None
    damage: str = ""
    point: Point | None = None
    made_at: float | None = None
    requested: list[Requested] = field(default_factory=list)


class State:
    """The state of one input, under the input's name, for as long as the run holds the input's lease."""

    def __init__(self, store: DocumentStore, input_name: str, breadcrumb: Breadcrumb, lease: Lease) -> None:
        self._store = store
        self._name = input_name
        self._breadcrumb = breadcrumb
        self._lease = lease
        self._stored: set[str | None] = set()
        self._exists = False
        self._previous: Document | None = None

    def load(self, now: float) -> Loaded:
        """Read the newest readable generation. What is unreadable is kept under another key, and named.

        `now` (epoch s) is remembered as the time at which the input was made, where nothing is known of it.
        """
        wanted = {"$or": [{"_key": self._name}, {"input": self._name, "kind": "request"}]}
        found = {str(document["_key"]): document for document in self._store.find(wanted)}
        newest = found.pop(self._name, None)
        requested = [Requested.of(document) for _, document in sorted(found.items())]
        self._exists = newest is not None
        if newest is not None and newest.get("kind") == "created":
            made_at = newest.get("made_at")
            known = isinstance(made_at, (int, float)) and made_at <= now
            return Loaded(None, made_at=made_at if known else None, requested=requested)
        loaded = self._load_generations(newest, now)
        loaded.requested = requested
        return loaded

    def _load_generations(self, newest: Document | None, now: float) -> Loaded:
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
            return Loaded(checkpoint, "; ".join(problems))
        return self._without_generations(problems, now)

    def _without_generations(self, problems: list[str], now: float) -> Loaded:
        """Nothing can be read from the store: what the breadcrumb knows; a first run only where there is none."""
        try:
            point = self._breadcrumb.read()
        except Unreadable as error:
            return Loaded(None, "; ".join([*problems, f"its breadcrumb cannot be read: {error}"]))
        if point is not None and not problems:
            problems.append("the state is gone from the KV store, although this input has run before")
        if point is None and not problems:
            self._store.insert(newborn(self._name, now))
            self._exists = True
        return Loaded(None, "; ".join(problems), point)

    def fetch_keys(self, checkpoint: Checkpoint) -> int:
        """Fetch the keys of the needed batches beside the main document; how many batches were not readable.

        Those are dropped: their events may be delivered twice, and none is missed.
        """
        missing = [b for b in checkpoint.batches if b.document and not b.keys and checkpoint.needed(b)]
        for first in range(0, len(missing), _DOCUMENTS_AT_ONCE):
            self._fetch(missing[first : first + _DOCUMENTS_AT_ONCE])
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
            self._store.delete(_any_of(str(document["_key"]) for document in documents))
            raise StateError("The state of this input was removed while it ran: it may have been deleted.")
        self._exists = True
        self._stored = {batch.document for batch in checkpoint.batches}
        self._breadcrumb.drop(Point(checkpoint.source, checkpoint.read_to(), checkpoint.saved_at))
        if len(checkpoint.obsolete) >= _DOCUMENTS_AT_ONCE:
            self._store.delete(_any_of(map(self._key, checkpoint.obsolete)))
            checkpoint.obsolete = []

    def keep_requested(self, requested: Requested) -> None:
        """Note that what a reconciliation wanted was sent."""
        self._store.save([requested.document(self._name)])

    def forget_requested(self, requested: Requested) -> None:
        """What a reconciliation wanted has arrived, or cannot be read."""
        self._store.delete({"_key": requested.key})

    def _keep_copy(self, document: Document, generation: str) -> None:
        copy = {**document, "_key": self._key(f"unreadable.{generation}"), "kind": "unreadable", "input": self._name}
        self._store.save([copy])

    def _document(self, key: str, kind: str, content: str) -> Document:
        return sealed({"_key": key, "input": self._name, "kind": kind}, content)

    def _key(self, part: str) -> str:
        return f"{self._name}.{part}"  # no name of an input holds a dot


def newborn(input_name: str, now: float) -> Document:
    """The document of an input that is made `now` (epoch s): without it, one that has run has lost its state."""
    return {"_key": input_name, "input": input_name, "kind": "created", "made_at": now}


def _any_of(keys: Iterable[str]) -> Document:
    return {"$or": [{"_key": key} for key in keys]}
