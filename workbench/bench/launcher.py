"""Runs one command and writes what it cost as JSON: `python launcher.py RESULT COMMAND…`.

It stands between the benchmark and what it measures since Linux counts, as a process's largest memory, also
that of the process that it was forked from: here that is this one, which is small.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main(result: str, command: list[str]) -> int:
    """Run the command with our own input and output; its exit status."""
    began = time.monotonic()
    child = os.posix_spawn(command[0], command, dict(os.environ))
    _, status, usage = os.wait4(child, 0)
    cost = {
        "cpu": usage.ru_utime + usage.ru_stime,
        "user": usage.ru_utime,
        "wall": time.monotonic() - began,
        "rss_mib": usage.ru_maxrss / 1024,
    }
    with open(result, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would be half of this process
        json.dump(cost, file)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
