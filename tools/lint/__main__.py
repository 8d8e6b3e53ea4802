"""`python -m tools.lint [APP]`: what breaks a rule in a built add-on, a line each; the exit status says if any does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import yaml

from tools.detections.keepers import read_all

from . import code, content

REPOSITORY = Path(__file__).resolve().parents[2]
_REVIEWED = Path(__file__).with_name("libraries.yml")
_SEARCHES = ("savedsearches.conf", "macros.conf", "eventtypes.conf")


def findings(app: Path) -> list[str]:
    """Everything that is wrong with a built add-on."""
    return [*_own_code(app), *_libraries(app), *_lookups(app), *_searches(app)]


def _own_code(app: Path) -> Iterator[str]:
    for path in sorted((app / "bin").rglob("*.py")):
        found = code.findings(code.RULES, path.read_text(encoding="utf-8"))
        yield from (f"{path.relative_to(app)}:{line}: {rule}" for rule, line in found)


def _libraries(app: Path) -> Iterator[str]:
    """What is new in bundled libraries, and what was reviewed and is no longer there."""
    reviewed = {(rule, file) for rule, file, _ in exceptions()}
    found = set()
    for path in (app / "lib").rglob("*.py"):
        broken = code.findings(code.LIBRARY_RULES, path.read_text(encoding="utf-8"))
        found |= {(rule, path.relative_to(app / "lib").as_posix()) for rule, _ in broken}
    yield from (f"lib/{file}: {rule}, not reviewed in {_REVIEWED.name}" for rule, file in sorted(found - reviewed))
    yield from (f"{_REVIEWED.name}: {file} no longer breaks {rule}" for rule, file in sorted(reviewed - found))


def exceptions() -> Iterator[tuple[str, str, str]]:
    """Rule, file and reason of everything that was reviewed in bundled libraries."""
    reviewed: dict[str, list[dict[str, Any]]] = yaml.safe_load(_REVIEWED.read_text(encoding="utf-8"))
    for rule, entries in reviewed.items():
        yield from ((rule, file, entry["why"]) for entry in entries for file in entry["files"])


def _lookups(app: Path) -> Iterator[str]:
    for path in sorted((app / "lookups").glob("*.csv")):
        yield from (f"{path.relative_to(app)}:{cell}: a formula" for cell in content.formula_cells(path))


def _searches(app: Path) -> Iterator[str]:
    # The named list: only these write, each its own lookup.
    keepers = {one.stanza: one.lookup for one in read_all()}
    for name in _SEARCHES:
        parser = RawConfigParser(delimiters=("=",), comment_prefixes=("#",))
        parser.read_string((app / "default" / name).read_text(encoding="utf-8").replace("\\\n", " "))
        for stanza in parser.sections():
            found = content.findings(dict(parser[stanza]), keepers.get(stanza, "") if name == _SEARCHES[0] else "")
            yield from (f"default/{name} [{stanza}]: {what}" for what in found)


def main() -> None:
    """Print the findings."""
    found = findings(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "output" / "TA_illumio_pce")
    print("\n".join(found) or "The add-on keeps every rule.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
