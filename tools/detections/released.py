"""The version of each detection, by which Enterprise Security tells an older copy from a newer one.

content/detections/released.json holds what the last release shipped. A detection that differs from it has the next
version; a new one has version 1. `python -m tools.detections.released` writes the file, once, when a release is made.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timezone
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from tools.detections.macros import Macro
from tools.detections.model import CONTENT, ROOT

RELEASED = CONTENT / "released.json"
#: Ids of detections in Enterprise Security follow from this and our own; it never changes.
_IDS = UUID("5b1c5cf6-3c0e-4f57-9a7e-6d1f0c7f2f4b")
_MACRO = re.compile(r"`(\w+)")


@dataclass(frozen=True)
class Version:
    """A version of a detection: its number, the day (ISO 8601) of the release that first has it, and what it is."""

    number: int
    date: str
    sha256: str


def uuid_of(name: str) -> str:
    """The id of a detection in Enterprise Security and contentctl."""
    return str(uuid5(_IDS, name))


def manifest() -> tuple[str, str]:
    """The version that app.manifest names, and its day."""
    info = json.loads((ROOT / "app.manifest").read_text(encoding="utf-8"))["info"]
    return info["id"]["version"], info["releaseDate"]


@lru_cache(maxsize=1)
def released() -> dict[str, Version]:
    """What the last release shipped, by id."""
    text = json.loads(RELEASED.read_text(encoding="utf-8"))
    return {name: Version(**one) for name, one in text["detections"].items()}


def version_of(
    name: str, settings: Mapping[str, str], macros: Iterable[Macro], before: Mapping[str, Version]
) -> Version:
    """The version of a detection with these settings, `before` being what the last release shipped."""
    digest, last, day = _digest(settings, macros), before.get(name), manifest()[1]
    if last is None:
        return Version(1, day, digest)
    return last if last.sha256 == digest else Version(last.number + 1, day, digest)


def metadata(name: str, version: Version) -> dict[str, Any]:
    """The value of action.correlationsearch.metadata, with the types that contentctl writes."""
    day = datetime.combine(date.fromisoformat(version.date), datetime.min.time(), timezone.utc)
    return {
        "deprecated": "0",
        "detection_id": uuid_of(name),
        "detection_version": str(version.number),
        "publish_time": day.timestamp(),
    }


def _digest(settings: Mapping[str, str], macros: Iterable[Macro]) -> str:
    """Of the settings, and of all macros that the search is made of."""
    definitions: dict[str, list[str]] = {}
    for one in macros:
        definitions.setdefault(one.name, []).append(f"{one.arguments} {one.definition}")
    used: dict[str, list[str]] = {}
    to_read = [settings["search"]]
    while to_read:
        for name in _MACRO.findall(to_read.pop()):
            if name not in used:
                used[name] = definitions.get(name, [])
                to_read += used[name]
    return hashlib.sha256(json.dumps([settings, used], sort_keys=True).encode()).hexdigest()


def write(versions: Mapping[str, Version]) -> None:
    """Keep what is released now."""
    found = {"release": manifest()[0], "detections": {name: asdict(one) for name, one in versions.items()}}
    RELEASED.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    from tools.detections.confs import versions

    write(versions())
    sys.exit(0)
