"""What a reconciliation wants an input to collect: the events of some hrefs, and where to look for them.

The search command writes it as a document beside the checkpoint; the input's next run collects them
(`backfill_sender.py`), and removes it.
"""

from __future__ import annotations

import json
import secrets
from array import array
from dataclasses import dataclass

from .checkpoint import UNCONFIRMED_SECONDS, keys_from_text, keys_to_text
from .store import Document, Unreadable, content_of, sealed

VERSION = 1


@dataclass(frozen=True)
class Backfill:
    """Events of a collection between `low` and `high` (ms, both included) whose keys are named; none: `problem`.

    `sent_at` (epoch s; 0: not yet) and `splunkd_boot_id`: when they were sent, and to which start of splunkd. splunkd
    may lose them as it may lose any others, so the backfill stays until that is no longer possible.
    """

    key: str
    collection: str = ""
    low: int = 0
    high: int = 0
    keys: frozenset[int] = frozenset()
    problem: str = ""
    sent_at: float = 0
    splunkd_boot_id: str = ""

    def is_due(self, splunkd_boot_id: str) -> bool:
        """Whether they are to be sent, for the first time or again."""
        return not self.sent_at or splunkd_boot_id != self.splunkd_boot_id

    def is_done(self, splunkd_boot_id: str, now: float) -> bool:
        """Whether nothing can be lost of it any more (`now`: epoch s)."""
        return bool(self.problem) or (not self.is_due(splunkd_boot_id) and now - self.sent_at > UNCONFIRMED_SECONDS)

    @classmethod
    def new(cls, input_name: str, collection: str, low: int, high: int, keys: frozenset[int]) -> Backfill:
        """A new backfill for an input."""
        return cls(f"{input_name}.request.{secrets.token_hex(8)}", collection, low, high, keys)

    def document(self, input_name: str) -> Document:
        """The form in which it is stored."""
        value = {"version": VERSION, "collection": self.collection, "low": self.low, "high": self.high}
        content = json.dumps({**value, "keys": keys_to_text(array("Q", sorted(self.keys)))})
        members = {"_key": self.key, "input": input_name, "kind": "request"}
        return sealed({**members, "sent_at": self.sent_at, "splunkd": self.splunkd_boot_id}, content)

    @classmethod
    def of(cls, document: Document) -> Backfill:
        """Read a document; one that cannot be read becomes a backfill with a problem, to be noted and removed."""
        key = str(document["_key"])
        try:
            value = json.loads(content_of(document))
            if value["version"] != VERSION or value["collection"] not in ("events", "system_events"):
                raise Unreadable("it was written by another version")
            keys = frozenset(keys_from_text(value["keys"]))
            sent = float(document.get("sent_at", 0)), str(document.get("splunkd", ""))
            return cls(key, value["collection"], int(value["low"]), int(value["high"]), keys, "", *sent)
        except (ValueError, TypeError, KeyError) as error:
            return cls(key, problem=str(error) or type(error).__name__)
