"""`python -m tools.catalogue` writes what follows from the catalogue; with `--check` it only tells what is stale."""

from __future__ import annotations

import sys

from tools import generated as common
from tools.catalogue.entries import CATALOGUE
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
    return common.stale(generated())


if __name__ == "__main__":
    sys.exit(common.run("catalogue", generated, (), sys.argv[1:]))
