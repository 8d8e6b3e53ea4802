"""Signs of life that the inputs of one instance leave for each other, so that one that stopped running is noticed.

Each has a file in the folder that splunkd gives them all (`checkpoint_dir`): when it last wrote a record, or had a
reason to write none, and how often it runs. Looking at them costs no request.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from .breadcrumb import path_of

#: An input is silent when it left no sign for three of its intervals and so much longer (seconds).
GRACE_SECONDS = 900.0
_INTERVALS = 3
#: One that stays silent is told of this often (seconds).
_WARN_EVERY = 86_400.0
_SUFFIX = "sign"


class Heartbeat(NamedTuple):
    """The last sign of an input: `at` and `told_at` in epoch s, the latter 0 while its silence was not told."""

    input_name: str
    at: float
    interval: float
    told_at: float = 0.0

    @property
    def timeout(self) -> float:
        """How long after it the next one is waited for (seconds)."""
        return _INTERVALS * self.interval + GRACE_SECONDS

    def is_silent(self, now: float) -> bool:
        """Whether the next one should have come long ago (`now`: epoch s)."""
        return now - self.at > self.timeout

    def was_warned(self, now: float) -> bool:
        """Whether its silence was told lately."""
        return 0 <= now - self.told_at < _WARN_EVERY


class Heartbeats:
    """The signs in a folder. What cannot be read or written there is left alone: they are a help, and nothing more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def leave(self, heartbeat: Heartbeat) -> None:
        """Put a sign in place of the input's last."""
        with contextlib.suppress(OSError):
            path_of(self._folder, heartbeat.input_name, _SUFFIX).write_text(
                json.dumps(heartbeat._asdict()), encoding="utf-8"
            )

    def forget(self, input_name: str) -> None:
        """The input was deleted or switched off."""
        with contextlib.suppress(OSError):
            path_of(self._folder, input_name, _SUFFIX).unlink(missing_ok=True)

    def silent(self, now: float, own_name: str) -> list[Heartbeat]:
        """The last signs of silent inputs whose silence was not told lately, without the input `own_name`."""
        found = (heartbeat for heartbeat in self._all() if heartbeat.input_name != own_name)
        return [heartbeat for heartbeat in found if heartbeat.is_silent(now) and not heartbeat.was_warned(now)]

    def mark_warned(self, heartbeat: Heartbeat, now: float) -> None:
        """The input's silence was told."""
        self.leave(heartbeat._replace(told_at=now))

    def _all(self) -> Iterator[Heartbeat]:
        for path in sorted(self._folder.glob(f"input_*.{_SUFFIX}")):
            name = unquote(path.name[len("input_") : -len(_SUFFIX) - 1])
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                value = json.loads(path.read_text(encoding="utf-8"))
                yield Heartbeat(name, float(value["at"]), float(value["interval"]), float(value["told_at"]))


def interval_seconds(interval: str | None) -> float:
    """The interval of an input as inputs.conf has it (seconds); a day where it is none, such as a cron schedule."""
    try:
        seconds = float(interval or "60")
    except ValueError:
        return 86_400.0
    return seconds if seconds > 0 else 86_400.0
