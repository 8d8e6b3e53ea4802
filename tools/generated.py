"""What tools that write files of this project have in common: they write, or tell what is stale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Path under the repository → text that belongs there.
Files = Mapping[str, str]


def stale(files: Files, *folders: str) -> list[str]:
    """The files that differ, and those that `folders` (patterns of paths) hold besides, which belong to nothing."""
    wrong = [
        path
        for path, text in files.items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    there = (path.relative_to(ROOT).as_posix() for folder in folders for path in ROOT.glob(folder))
    return wrong + [path for path in there if path not in files]


def run(name: str, generated: Callable[[], Files], folders: tuple[str, ...], arguments: list[str]) -> int:
    """Write, or with `--check` only tell; 1 where something is stale. What belongs to nothing is removed."""
    files = generated()
    found = stale(files, *folders)
    if "--check" in arguments:
        print("\n".join(f"stale: {path}" for path in found) or f"{name}: all that follows from them is fresh")
        return 1 if found else 0
    for path in found:
        if path in files:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(files[path], encoding="utf-8")
        else:
            (ROOT / path).unlink()
        print(f"wrote {path}")
    return 0
