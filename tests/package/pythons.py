"""The Pythons that the shipped code is tried on."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def pythons() -> list[Path]:
    """This one, and those that Splunk brings (3.9, 3.13) where PATH or pyenv has them."""
    found = [Path(sys.executable)]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in ("3.9", "3.13"):
        on_path = shutil.which(f"python{version}")
        elsewhere = _executables(versions, f"{version}.*/bin/python")
        found += elsewhere[-1:] or ([Path(on_path)] if on_path else [])
    return found


def _executables(folder: Path, pattern: str) -> list[Path]:
    """The programs there that this user may run; none where the folder is another user's."""
    try:
        return [path for path in sorted(folder.glob(pattern)) if os.access(path, os.X_OK)]
    except PermissionError:
        return []


def label(python: Path) -> str:
    """A short name of one of them for a test's id."""
    return python.parents[1].name
