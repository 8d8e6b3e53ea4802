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
_TOLD_EVERY = 86_400.0
_SUFFIX = "sign"


class Sign(NamedTuple):
    """The last sign of an input: `at` and `told_at` in epoch s, the latter 0 while its silence was not told."""

    input_name: str
    at: float
    interval: float
    told_at: float = 0.0

    @property
    def patience(self) -> float:
        """How long after it the next one is waited for (seconds)."""
        return _INTERVALS * self.interval + GRACE_SECONDS

    def is_silent(self, now: float) -> bool:
        """Whether the next one should have come long ago (`now`: epoch s)."""
        return now - self.at > self.patience

    def is_told(self, now: float) -> bool:
        """Whether its silence was told lately."""
        return 0 <= now - self.told_at < _TOLD_EVERY


class Signs:
    """The signs in a folder. What cannot be read or written there is left alone: they are a help, and nothing more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def leave(self, sign: Sign) -> None:
        """Put a sign in place of the input's last."""
        with contextlib.suppress(OSError):
            path_of(self._folder, sign.input_name, _SUFFIX).write_text(json.dumps(sign._asdict()), encoding="utf-8")

    def forget(self, input_name: str) -> None:
        """The input was deleted or switched off."""
        with contextlib.suppress(OSError):
            path_of(self._folder, input_name, _SUFFIX).unlink(missing_ok=True)

    def silent(self, now: float, but: str) -> list[Sign]:
        """The last signs of silent inputs whose silence was not told lately, without the input `but`."""
        found = (sign for sign in self._all() if sign.input_name != but)
        return [sign for sign in found if sign.is_silent(now) and not sign.is_told(now)]

    def tell(self, sign: Sign, now: float) -> None:
        """The input's silence was told."""
        self.leave(sign._replace(told_at=now))

    def _all(self) -> Iterator[Sign]:
        for path in sorted(self._folder.glob(f"input_*.{_SUFFIX}")):
            name = unquote(path.name[len("input_") : -len(_SUFFIX) - 1])
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                value = json.loads(path.read_text(encoding="utf-8"))
                yield Sign(name, float(value["at"]), float(value["interval"]), float(value["told_at"]))


def seconds_of(interval: str | None) -> float:
    """The interval of an input as inputs.conf has it (seconds); a day where it is none, such as a cron schedule."""
    try:
        seconds = float(interval or "60")
    except ValueError:
        return 86_400.0
    return seconds if seconds > 0 else 86_400.0
