"""`python -m tools.detections` writes what follows from content/; with `--check` it only names what is stale."""

from __future__ import annotations

import sys

from tools import generated as common
from tools.detections.confs import macros, saved_searches
from tools.detections.model import read_all
from tools.detections.page import index, page

_PAGES = ("docs/detections/*.md",)


def generated() -> dict[str, str]:
    """Path under the repository → text that belongs there."""
    detections = read_all()
    return {
        "package/default/savedsearches.conf": saved_searches(detections),
        "package/default/macros.conf": macros(detections),
        "docs/detections.md": index(detections),
        **{f"docs/detections/{one.id}.md": page(one) for one in detections},
    }


def stale() -> list[str]:
    """The generated files that differ, and pages without a detection."""
    return common.stale(generated(), *_PAGES)


if __name__ == "__main__":
    sys.exit(common.run("detections", generated, _PAGES, sys.argv[1:]))
