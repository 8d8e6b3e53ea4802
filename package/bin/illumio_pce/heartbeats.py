"""Heartbeat files of the inputs of one instance, so that an input that stopped running is noticed by the others.

Each lies in the folder that splunkd gives all inputs (`checkpoint_dir`). It says when the input last wrote a record,
or had a reason to write none, and how often it runs. Reading them costs no request.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from .breadcrumb import path_of

#: An input is silent after three of its intervals, and this much longer (seconds), without a heartbeat.
GRACE_SECONDS = 900.0
_INTERVALS = 3
#: How often a silent input is warned about (seconds).
_WARN_EVERY = 86_400.0
_SUFFIX = "sign"


class Heartbeat(NamedTuple):
    """The last heartbeat of an input (`at`), and the last warning about its silence (`told_at`, 0: none); epoch s."""

    input_name: str
    at: float
    interval: float
    told_at: float = 0.0

    @property
    def timeout(self) -> float:
        """How long after this heartbeat the next one is due at the latest (seconds)."""
        return _INTERVALS * self.interval + GRACE_SECONDS

    def is_silent(self, now: float, started_at: float) -> bool:
        """Whether the next heartbeat is overdue, counted from the start of splunkd if that was later (epoch s)."""
        return now - max(self.at, started_at) > self.timeout

    def was_warned(self, now: float) -> bool:
        """Whether there was a warning within the last day."""
        return 0 <= now - self.told_at < _WARN_EVERY


class Heartbeats:
    """The heartbeats in a folder. What cannot be read or written is ignored: nothing depends on them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def leave(self, heartbeat: Heartbeat) -> None:
        """Replace the input's last heartbeat."""
        with contextlib.suppress(OSError):
            path_of(self._folder, heartbeat.input_name, _SUFFIX).write_text(
                json.dumps(heartbeat._asdict()), encoding="utf-8"
            )

    def forget(self, input_name: str) -> None:
        """The input was deleted or switched off."""
        with contextlib.suppress(OSError):
            path_of(self._folder, input_name, _SUFFIX).unlink(missing_ok=True)

    def silent(self, now: float, own_name: str, started_at: float = 0.0) -> list[Heartbeat]:
        """The last heartbeats of silent inputs other than `own_name` that are due for a warning.

        `started_at`: when splunkd was started (epoch s); no input ran before that.
        """
        found = (heartbeat for heartbeat in self._all() if heartbeat.input_name != own_name)
        return [one for one in found if one.is_silent(now, started_at) and not one.was_warned(now)]

    def mark_warned(self, heartbeat: Heartbeat, now: float) -> None:
        """A warning about this input was given."""
        self.leave(heartbeat._replace(told_at=now))

    def _all(self) -> Iterator[Heartbeat]:
        for path in sorted(self._folder.glob(f"input_*.{_SUFFIX}")):
            name = unquote(path.name[len("input_") : -len(_SUFFIX) - 1])
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                value = json.loads(path.read_text(encoding="utf-8"))
                yield Heartbeat(name, float(value["at"]), float(value["interval"]), float(value["told_at"]))


def interval_seconds(interval: str | None) -> float:
    """The interval in inputs.conf (seconds); a day where it is not a number, such as a cron schedule."""
    try:
        seconds = float(interval or "60")
    except ValueError:
        return 86_400.0
    return seconds if seconds > 0 else 86_400.0
