"""What a run of the benchmarks is asked for."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """`events`: how many a backlog holds; `repeat`: of how many runs the median counts; `pythons`: by path.

    `ta_illumio` and `before` are other add-ons to compare with: the older one of others, and an older build of ours.
    """

    events: int
    repeat: int
    pythons: list[str] = field(default_factory=list)
    quick: bool = False
    ta_illumio: Path | None = None
    before: Path | None = None

    def name_of(self, python: str) -> str:
        """Such as `Python 3.9.18`."""
        return subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
