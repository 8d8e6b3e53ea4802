"""Runs a process to its end and tells what it cost; its output is read as fast as it comes, and only counted."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LAUNCHER = Path(__file__).with_name("launcher.py")
_PIECE = 1024 * 1024


class Failed(Exception):
    """A process of a benchmark did not end well; the text is its standard error's end."""


@dataclass(frozen=True)
class Cost:
    """What one process cost: seconds of processor time (user and system) and of wall time, memory at its largest.

    `written`: bytes of its standard output.
    """

    cpu: float
    wall: float
    rss_mib: float
    written: int


def run(command: Sequence[str], *, given: bytes = b"", environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command with `given` on its standard input. Raises Failed where it does not end with 0."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as standard_input:
        standard_input.write(given)
        standard_input.seek(0)
        result = Path(folder) / "cost.json"
        with subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LAUNCHER), str(result), *command],
            stdin=standard_input,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if environment is None else dict(environment),
        ) as process:
            assert process.stdout
            assert process.stderr
            complaints: list[bytes] = []
            reader = threading.Thread(target=lambda pipe: complaints.append(pipe.read()), args=(process.stderr,))
            reader.start()
            written = _drain(process.stdout)
            reader.join()
        if process.returncode:
            raise Failed(f"{command} ended with {process.returncode}: {complaints[0].decode()[-2000:]}")
        cost = json.loads(result.read_text(encoding="ascii"))
    return Cost(cost["cpu"], cost["wall"], cost["rss_mib"], written)


def _drain(pipe: IO[bytes]) -> int:
    count = 0
    while piece := pipe.read1(_PIECE):  # type: ignore[attr-defined]
        count += len(piece)
    return count
