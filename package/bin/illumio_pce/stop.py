"""How splunkd ends a run: SIGTERM (on Windows SIGBREAK). What is half done is finished, what waits is broken off."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .errors import StopRequested


class Stop:
    """Whether the end was asked for; only inside of `interruptible` does asking raise StopRequested."""

    def __init__(self) -> None:
        self.requested = False
        self._interruptible = False

    def listen(self) -> None:
        """Take the signals by which splunkd, or a person at a terminal, ends a process."""
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, self._on_signal)

    def request(self) -> None:
        """Ask for the end."""
        self.requested = True
        if self._interruptible:
            self._interruptible = False
            raise StopRequested

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """What runs inside can be broken off at any point without harm."""
        self._interruptible = True
        try:
            if self.requested:
                raise StopRequested
            yield
        finally:
            self._interruptible = False

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.request()
