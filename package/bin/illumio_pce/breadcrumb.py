"""A file outside the KV store that says how far an input has read, to check the KV store against.

It lies where splunkd has a modular input keep its checkpoints (`checkpoint_dir` of the input's configuration), and is
written after each save of the checkpoint. So it shows when the state was lost, was restored from a backup, or was not
kept although the KV store said so. It holds no hrefs: going on from it may repeat events, and misses none.
"""

from __future__ import annotations

import json
import os
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from .checkpoint import Batch, Checkpoint, Progress, progress_from_json, progress_to_json
from .store import Unreadable, content_of, sealed

VERSION = 2


@dataclass(frozen=True)
class Point:
    """How far collections of a source were read, as of `at` (epoch s).

    `creation` and `saves` are those of the checkpoint that was saved then; empty and 0 where they are not known.
    `unconfirmed`: of each batch that splunkd may have had in memory then, from when to when (ms) it is, when it was
    committed (epoch s), and how many events it has. `splunkd_boot_id`: to which start of splunkd it was written.
    """

    source: str
    collections: dict[str, Progress]
    at: float
    creation: str = ""
    saves: int = 0
    splunkd_boot_id: str = ""
    unconfirmed: list[tuple[int, int, float, int]] = field(default_factory=list)

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Point:
        """What a checkpoint that was just saved says."""
        return cls(
            checkpoint.source,
            checkpoint.collections,
            checkpoint.saved_at,
            checkpoint.creation,
            checkpoint.saves,
            checkpoint.splunkd_boot_id,
            [(batch.low, batch.high, batch.committed_at, batch.count) for batch in checkpoint.unconfirmed()],
        )

    def unconfirmed_batches(self) -> list[Batch]:
        """What splunkd may have had in memory, without its hrefs."""
        return [Batch(low, high, at, array("Q"), count=count) for low, high, at, count in self.unconfirmed]

    def to_text(self) -> str:
        """As JSON, with a checksum around it."""
        value = {
            "source": self.source,
            "collections": progress_to_json(self.collections),
            "at": self.at,
            "creation": self.creation,
            "saves": self.saves,
            "splunkd": self.splunkd_boot_id,
            "unsafe": self.unconfirmed,
            "version": VERSION,
        }
        return json.dumps(sealed({}, json.dumps(value)))

    @classmethod
    def from_text(cls, text: str) -> Point:
        """Read what `to_text` wrote, in this version or the first. Raises Unreadable, which says why it cannot be."""
        try:
            value = json.loads(content_of(json.loads(text)))
            if value["version"] == 1:
                value = _upgraded(value)
            if value["version"] != VERSION:
                raise Unreadable(f"it has version {value['version']}, and this add-on reads versions 1 to {VERSION}")
            return cls(
                source=str(value["source"]),
                collections=progress_from_json(value["collections"]),
                at=float(value["at"]),
                creation=str(value["creation"]),
                saves=int(value["saves"]),
                splunkd_boot_id=str(value["splunkd"]),
                unconfirmed=[(int(low), int(high), float(at), int(count)) for low, high, at, count in value["unsafe"]],
            )
        except Unreadable:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Unreadable("it was half written, or is something else") from None


def _upgraded(value: dict[str, Any]) -> dict[str, Any]:
    """A breadcrumb of the first version, which told only up to where everything was read."""
    collections = {name: {"watermark": ms, "floor": 0, "pending": []} for name, ms in value["read_to"].items()}
    unknown: dict[str, Any] = {"creation": "", "saves": 0, "splunkd": "", "unsafe": []}
    return {**value, **unknown, "version": VERSION, "collections": collections}


class Breadcrumb(Protocol):
    """Where the last known point is kept."""

    def read(self) -> Point | None:
        """The last point; None where none was ever kept. Raises Unreadable."""

    def drop(self, point: Point) -> bool:
        """Keep a point; whether that worked. Where it did not, only the state counts."""


class BreadcrumbFile:
    """The breadcrumb of one input in a folder."""

    def __init__(self, folder: Path, input_name: str) -> None:
        self._path = path_of(folder, input_name, "json")

    def read(self) -> Point | None:
        """See `Breadcrumb.read`."""
        try:
            return Point.from_text(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise Unreadable("it was half written, or is something else") from None
        except OSError as error:
            raise Unreadable(f"the file cannot be opened ({type(error).__name__})") from None

    def drop(self, point: Point) -> bool:
        """See `Breadcrumb.drop`."""
        beside = self._path.with_suffix(".new")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(point.to_text())
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError:
            return False
        return True

    def forget(self) -> None:
        """Remove it: the input was deleted or recreated."""
        self._path.unlink(missing_ok=True)


def path_of(folder: Path, input_name: str, suffix: str) -> Path:
    """A file of an input, under a name that every file system takes."""
    return folder / f"input_{quote(input_name, safe='')}.{suffix}"
