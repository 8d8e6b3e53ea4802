"""`python -m tools.detections` writes what follows from content/detections/; `--check` only tells what is stale."""

from __future__ import annotations

import sys

from tools.detections.confs import macros, saved_searches
from tools.detections.model import ROOT, read_all
from tools.detections.page import index, page

_MACROS = "package/default/macros.conf"


def generated() -> dict[str, str]:
    """Path under the repository → text that belongs there."""
    detections = read_all()
    return {
        "package/default/savedsearches.conf": saved_searches(detections),
        _MACROS: macros((ROOT / _MACROS).read_text(encoding="utf-8"), detections),
        "docs/detections.md": index(detections),
        **{f"docs/detections/{one.id}.md": page(one) for one in detections},
    }


def stale() -> list[str]:
    """The generated files that differ, and pages without a detection."""
    files = generated()
    wrong = [
        path
        for path, text in files.items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    pages = (f"docs/detections/{path.name}" for path in (ROOT / "docs" / "detections").glob("*.md"))
    return wrong + [path for path in pages if path not in files]


def main(arguments: list[str]) -> int:
    """Write, or check; 1 where something is stale."""
    found = stale()
    if "--check" in arguments:
        print("\n".join(f"stale: {path}" for path in found) or "detections: all that follows from them is fresh")
        return 1 if found else 0
    files = generated()
    for path in found:
        if path in files:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(files[path], encoding="utf-8")
        else:
            (ROOT / path).unlink()
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
