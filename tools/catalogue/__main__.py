"""`python -m tools.catalogue` writes what follows from the catalogue; with `--check` it only tells what is stale."""

from __future__ import annotations

import sys

from tools.catalogue.entries import CATALOGUE, ROOT
from tools.catalogue.templates import fill


def generated() -> dict[str, str]:
    """Path under the repository → text that belongs there."""
    files = {f"package/default/{name}.conf": fill(f"{name}.conf") for name in ("props", "eventtypes")}
    for name in ("event_types", "notification_types"):
        text = (CATALOGUE / f"{name}.csv").read_text(encoding="utf-8")
        files[f"package/lookups/illumio_pce_{name}.csv"] = text
    return files


def stale() -> list[str]:
    """The generated files that differ from what the catalogue gives."""
    return [
        path
        for path, text in generated().items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """Write, or check; 1 where something is stale."""
    found = stale()
    if "--check" in arguments:
        print("\n".join(f"stale: {path}" for path in found) or "catalogue: all that follows from it is fresh")
        return 1 if found else 0
    for path in found:
        (ROOT / path).write_text(generated()[path], encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
