"""What is known of a collection: a file with a line for each object, to find out what changed and what is gone.

A line has a key of the object's href and a hash of its members (64 bits of SHA-256 each, hexadecimal), and what an
event of its deletion needs. The last line says whose objects these are, and has a checksum of all others: a file that
was half written, or is of another PCE, is as good as none. In memory an object takes 24 bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from .inventory_kinds import Item
from .store import Unreadable

VERSION = 1
_KEY_END, _HASH_END = 16, 32


class Pending(NamedTuple):
    """A deletion that is held back. `missing`: a digest of the objects that are to go; empty where they are not known.

    `since`: the complete run that missed them first (epoch ms); 0 where there was none yet.
    """

    missing: str
    since: int


@dataclass(frozen=True)
class KnownMetadata:
    """Whose objects are known (`source` and `fqdn`: of the PCE), and from which run (`snapshot`).

    `full_at`: when everything was written last (epoch ms). `sure`: whether no run since the last full and complete
    snapshot may have written what is not known here, nor was to be full and could not be. `kept`: how many objects, the
    last ones of the file, the snapshot lacked. `index`: where the events went.
    """

    source: str
    fqdn: str
    snapshot: str
    full_at: int = 0
    pending: Pending | None = None
    sure: bool = True
    kept: int = 0
    index: str = ""


class Change(Enum):
    """How an object that is there differs from what is known of it."""

    NEW = auto()
    CHANGED = auto()
    NONE = auto()


class KnownObject(NamedTuple):
    """What is known of an object."""

    kind: str
    href: str
    name: str
    last: Mapping[str, Any]


class Known:
    """What a file says; without a file, nothing. Close it before the file is replaced."""

    def __init__(self) -> None:
        self.metadata = KnownMetadata("", "", "")
        self._keys = array("Q")
        self._hashes = array("Q")
        self._places = array("Q")
        self._kept_from = 0
        self._seen = bytearray()
        self._file: BinaryIO | None = None

    @classmethod
    def read(cls, path: Path) -> Known:
        """Read a file. Raises Unreadable where there is none, or it is not whole."""
        known = cls()
        try:
            known._file = path.open("rb")
            known._read(known._file)
        except (OSError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
            known.close()
            raise Unreadable("there is no file, or it was half written") from None
        return known

    def _read(self, file: BinaryIO) -> None:
        checksum, place, last = hashlib.sha256(), 0, b""
        for line in file:
            if last:
                checksum.update(last)
                self._take(last, place)
                place += len(last)
            last = line
        end = json.loads(last)
        if end["version"] != VERSION or end["sha256"] != checksum.hexdigest():
            raise Unreadable("it was half written, or is of another version")
        pending = end["pending"] and Pending(str(end["pending"][0]), int(end["pending"][1]))
        whose = str(end["source"]), str(end["fqdn"]), str(end["snapshot"])
        rest = bool(end["sure"]), int(end["kept"]), str(end["index"])
        self.metadata = KnownMetadata(*whose, int(end["full_at"]), pending, *rest)
        self._kept_from = self._places[-self.metadata.kept] if self.metadata.kept else place
        self._sort()

    def _take(self, line: bytes, place: int) -> None:
        self._keys.append(int(line[:_KEY_END], 16))
        self._hashes.append(int(line[_KEY_END:_HASH_END], 16))
        self._places.append(place)

    def _sort(self) -> None:
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        for name in ("_keys", "_hashes", "_places"):
            values = getattr(self, name)
            setattr(self, name, array("Q", map(values.__getitem__, order)))
        self.meet_none()

    def __len__(self) -> int:
        return len(self._keys)

    def meet(self, key: int, digest: int) -> Change:
        """Mark an object as present; returns how it changed."""
        at = bisect_left(self._keys, key)
        if at == len(self._keys) or self._keys[at] != key:
            return Change.NEW
        self._seen[at] = 1
        return Change.NONE if self._hashes[at] == digest else Change.CHANGED

    def meet_none(self) -> None:
        """Mark every object as missing."""
        self._seen = bytearray(len(self._keys))

    def missing(self) -> list[int]:
        """The places of the objects that were not met."""
        return [at for at, met in enumerate(self._seen) if not met]

    def keep(self, at: int) -> bytes:
        """Whether the object is there is not known: its line, which is to stay. Told as gone no more."""
        self._seen[at] = 1
        return self.line(at)

    def was_missing(self, at: int) -> bool:
        """Whether the last snapshot lacked the object too."""
        return self._places[at] >= self._kept_from

    def digest(self, missing: list[int]) -> str:
        """A hash that is the same for the same objects."""
        keys = array("Q", map(self._keys.__getitem__, missing))
        return hashlib.sha256(",".join(map(str, keys)).encode()).hexdigest()[:16]

    def line(self, at: int) -> bytes:
        """An object's line."""
        if self._file is None:
            raise IndexError("nothing is known")
        self._file.seek(self._places[at])
        return self._file.readline()

    def entry(self, at: int) -> KnownObject:
        """What a line says of its object."""
        kind, href, name, last = json.loads(self.line(at)[_HASH_END:])
        return KnownObject(str(kind), str(href), str(name), dict(last))

    def all(self) -> Iterator[KnownObject]:
        """What the file says of each object."""
        return map(self.entry, range(len(self)))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class KnownWriter:
    """Writes such a file beside the one that counts: the objects that are there, and in the end the others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self._checksum = hashlib.sha256()

    def add(self, key: int, digest: int, item: Item) -> None:
        """Add an object that is there."""
        told = json.dumps([item.kind, item.href, item.name, dict(item.last)], separators=(",", ":"))
        self._write(b"%016x%016x%s\n" % (key, digest, told.encode("ascii")))

    def keep(self, line: bytes) -> None:
        """An object's line from the file before, which stays."""
        self._write(line)

    def close(self) -> None:
        """Close the file; `finish` opens it once more."""
        self._file.close()

    def finish(self, kept: Iterable[bytes], metadata: KnownMetadata) -> None:
        """Add lines that stood in the file before, and the last line; then all of it is on the disk."""
        with self._path.open("ab") as self._file:
            for line in kept:
                self._write(line)
            end = {**asdict(metadata), "version": VERSION, "sha256": self._checksum.hexdigest()}
            self._file.write(json.dumps(end).encode("ascii") + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def _write(self, line: bytes) -> None:
        self._checksum.update(line)
        self._file.write(line)


def key_of(href: str) -> int:
    """64 bits that stand for an href."""
    return int.from_bytes(hashlib.sha256(href.encode()).digest()[:8], "big") or 1


def digest_of(item: Item) -> int:
    """64 bits that change when an object does."""
    text = json.dumps([item.kind, item.name, dict(item.members)], separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
