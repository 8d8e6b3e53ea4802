"""Paths below SPLUNK_HOME; see `splunk`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def make_splunkhome_path(parts: Sequence[str]) -> str:
    """The path of the parts below SPLUNK_HOME. Raises ValueError where they lead out of it."""
    path = Path(os.path.normpath(Path(os.environ["SPLUNK_HOME"], *parts)))
    if Path(os.path.normpath(os.environ["SPLUNK_HOME"])) not in (path, *path.parents):
        raise ValueError(f"not below SPLUNK_HOME: {parts}")
    return str(path)
