"""Keeps a checkpoint in a store of documents, two generations of it, and tells damage from absence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .checkpoint import Batch, Checkpoint, Unreadable, checksum, keys_from_text, keys_to_text

Document = Mapping[str, Any]


#: Documents that are no longer needed are deleted in heaps of this many.
_OBSOLETE_AT_ONCE = 32


class DocumentStore(Protocol):
    """Documents by key, such as a KV store collection. Every method raises StateError where the store is down."""

    def get(self, key: str) -> Document | None:
        """The document, or None where there is none."""

    def save(self, documents: list[Document]) -> None:
        """Write documents over those with the same `_key`."""

    def delete(self, keys: list[str]) -> None:
        """Delete the documents that are there."""


@dataclass
class Loaded:
    """What was found: a checkpoint (None: there is nothing to go on from), and what was wrong with it."""

    checkpoint: Checkpoint | None
    damage: str = ""


class State:
    """The state of one input, under the input's name."""

    def __init__(self, store: DocumentStore, input_name: str) -> None:
        self._store = store
        self._name = input_name
        self._stored: set[str] = set()
        self._previous: Document | None = None

    def load(self) -> Loaded:
        """Read the newest readable generation. What is unreadable is kept under another key, and named."""
        problems: list[str] = []
        for generation, key in (("newest", self._name), ("previous", self._key("previous"))):
            document = self._store.get(key)
            if document is None:
                continue
            try:
                checkpoint = Checkpoint.from_text(_content(document))
            except Unreadable as error:
                problems.append(f"the {generation} generation of the state cannot be read: {error}")
                self._keep_copy(document, generation)
                continue
            if generation == "previous" and not problems:
                problems.append("the newest generation of the state is missing")
            self._previous = document
            self._stored = {batch.document for batch in checkpoint.batches if batch.document}
            return Loaded(checkpoint, "; ".join(problems))
        return Loaded(None, "; ".join(problems))

    def fetch_keys(self, checkpoint: Checkpoint) -> int:
        """Fetch the keys of the needed batches beside the main document; how many batches were not readable.

        Those are dropped: their events may be delivered twice, and none is missed.
        """
        lost = [batch for batch in checkpoint.batches if checkpoint.needed(batch) and not self._fetch(batch)]
        checkpoint.batches = [batch for batch in checkpoint.batches if batch not in lost]
        return len(lost)

    def _fetch(self, batch: Batch) -> bool:
        if batch.document is None or batch.keys:
            return True
        document = self._store.get(self._key(batch.document))
        try:
            if document is not None:
                batch.keys = keys_from_text(_content(document))
        except ValueError:
            return False
        return document is not None

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint: new batches, the main document, and, once a run, the generation before it."""
        documents = [
            self._document(self._key(batch.document), "hrefs", keys_to_text(batch.keys))
            for batch in checkpoint.batches
            if batch.document and batch.document not in self._stored
        ]
        if self._previous is not None:
            documents.append({**self._previous, "_key": self._key("previous"), "kind": "previous"})
        documents.append(self._document(self._name, "checkpoint", checkpoint.to_text()))
        self._store.save(documents)
        self._previous = None
        self._stored = {batch.document for batch in checkpoint.batches if batch.document}
        if len(checkpoint.obsolete) >= _OBSOLETE_AT_ONCE:
            self._store.delete([self._key(document) for document in checkpoint.obsolete])
            checkpoint.obsolete = []

    def _keep_copy(self, document: Document, generation: str) -> None:
        copy = {**document, "_key": self._key(f"unreadable.{generation}"), "kind": "unreadable", "input": self._name}
        self._store.save([copy])

    def _document(self, key: str, kind: str, content: str) -> Document:
        return {"_key": key, "input": self._name, "kind": kind, "content": content, "sha256": checksum(content)}

    def _key(self, part: str) -> str:
        return f"{self._name}.{part}"  # no name of an input holds a dot


def _whole(document: Document) -> bool:
    content = document.get("content")
    return isinstance(content, str) and document.get("sha256") == checksum(content)


def _content(document: Document) -> str:
    if not _whole(document):
        raise Unreadable("its checksum is wrong")
    return str(document["content"])
