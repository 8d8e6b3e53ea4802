"""Puts the built add-on on the path: what is tested is what ships."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]
ADDON = Path(os.environ.get("ADDON", REPOSITORY / "output" / "TA_illumio_pce"))

for folder in (ADDON / "lib", ADDON / "bin"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# No test has a timing: a busy machine is slow, and not wrong.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
