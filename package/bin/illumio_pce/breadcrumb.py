"""A file outside the KV store that tells how far an input has read, so that lost state is not taken for a first run.

It lies where splunkd has a modular input keep its checkpoints (`checkpoint_dir` of the input's configuration).
It holds no events and no hrefs: going on from it may repeat some minutes of events, and misses none.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from .store import Unreadable, content_of, sealed
from .timestamps import MINUTE

VERSION = 1
#: It is written anew when so much more was read: as much more may come twice, should the state be lost (ms).
_STEP = 5 * MINUTE


@dataclass(frozen=True)
class Point:
    """How far collections of a source were read without a hole (ms of the PCE's clock), told at `at` (epoch s)."""

    source: str
    read_to: dict[str, int]
    at: float

    def to_text(self) -> str:
        """As JSON, with a checksum around it."""
        content = json.dumps({"version": VERSION, "source": self.source, "read_to": self.read_to, "at": self.at})
        return json.dumps(sealed({}, content))

    def is_soon_after(self, other: Point) -> bool:
        """Whether it adds little to the other point, and takes nothing back."""
        if (self.source, set(self.read_to)) != (other.source, set(other.read_to)):
            return False
        return all(0 <= ms - other.read_to[name] < _STEP for name, ms in self.read_to.items())

    @classmethod
    def from_text(cls, text: str) -> Point:
        """Read what `to_text` wrote. Raises Unreadable, which says why it cannot be."""
        try:
            value = json.loads(content_of(json.loads(text)))
            if value["version"] != VERSION:
                raise Unreadable(f"it has version {value['version']}, and this add-on reads version {VERSION}")
            read_to = {str(name): int(ms) for name, ms in value["read_to"].items()}
            return cls(str(value["source"]), read_to, float(value["at"]))
        except Unreadable:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Unreadable("it was half written, or is something else") from None


class Breadcrumb(Protocol):
    """Where the last known point is kept."""

    def read(self) -> Point | None:
        """The last point; None where none was ever kept. Raises Unreadable."""

    def drop(self, point: Point) -> None:
        """Keep a point, now or a little later. What cannot be written is left alone: the state counts."""


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

    def drop(self, point: Point) -> None:
        """See `Breadcrumb.drop`."""
        with contextlib.suppress(Unreadable):
            last = self.read()
            if last is not None and point.is_soon_after(last):
                return
        beside = self._path.with_suffix(".new")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(point.to_text())
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError:
            return

    def forget(self) -> None:
        """Remove it: the input was deleted, or made anew."""
        self._path.unlink(missing_ok=True)


def path_of(folder: Path, input_name: str, suffix: str) -> Path:
    """A file of an input, under a name that every file system takes."""
    return folder / f"input_{quote(input_name, safe='')}.{suffix}"
