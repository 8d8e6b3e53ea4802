"""`python -m tools.contentctl FOLDER` writes all detections there, as a project that `contentctl validate` accepts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.contentctl.project import files


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; 2 where the folder holds something."""
    parser = argparse.ArgumentParser("./build.sh contentctl", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new or empty folder")
    folder = parser.parse_args(arguments).folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        print(f"{folder} is not an empty folder. Name a new one.", file=sys.stderr)
        return 2
    found = files()
    for name, text in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    detections = sum(name.startswith("detections/") for name in found)
    print(f"Wrote {detections} detections to {folder}. To check them: cd {folder} && contentctl validate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
