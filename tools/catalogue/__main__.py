"""`python -m tools.catalogue` writes what follows from the catalogue; with `--check` it only tells what is stale."""

from __future__ import annotations

import sys

from tools import generated as common
from tools.catalogue.entries import CATALOGUE


def generated() -> dict[str, str]:
    """Path under the repository → text that belongs there."""
    return {
        f"package/lookups/illumio_pce_{name}.csv": (CATALOGUE / f"{name}.csv").read_text(encoding="utf-8")
        for name in ("event_types", "notification_types", "resources", "severities")
    }


def stale() -> list[str]:
    """The generated files that differ from what the catalogue gives."""
    return common.stale(generated())


if __name__ == "__main__":
    sys.exit(common.run("catalogue", generated, (), sys.argv[1:]))
