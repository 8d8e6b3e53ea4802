"""Documents by key, as a KV store collection keeps them, and the checksum that shows whether one is complete."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

Document = Mapping[str, Any]


class Unreadable(ValueError):
    """What was stored is damaged, or was written by a newer version."""


class KeyedStore(Protocol):
    """A store of documents, by key alone. Every method raises StateError where it is down."""

    def get(self, key: str) -> Document | None:
        """The document, or None where there is none."""

    def save(self, documents: list[Document]) -> None:
        """Write documents, over those with the same `_key`."""


class DocumentStore(KeyedStore, Protocol):
    """The same with queries of the KV store's: members that have to be equal, and `$or`."""

    def find(self, query: Document, page_size: int = 0) -> list[Document]:
        """The documents that a query wants; so many at once, where more could be too much for one result."""

    def insert(self, document: Document) -> bool:
        """Write a document where there is none with its `_key`; whether it was written."""

    def replace(self, document: Document) -> bool:
        """Write a document over the one with its `_key`; False where there is none."""

    def delete(self, query: Document) -> None:
        """Delete the documents that a query wants."""


def sealed(members: Document, content: str) -> Document:
    """A document with a text in it, and the text's checksum."""
    return {**members, "content": content, "sha256": checksum(content)}


def content_of(document: Document) -> str:
    """The text of a sealed document. Raises Unreadable where it was half written or changed."""
    content = document.get("content")
    if not isinstance(content, str) or document.get("sha256") != checksum(content):
        raise Unreadable("its checksum is wrong")
    return content


def checksum(text: str) -> str:
    """The checksum that shows whether a text was stored completely."""
    return hashlib.sha256(text.encode()).hexdigest()
