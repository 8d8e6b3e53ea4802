"""How a run is stopped: by splunkd's SIGTERM (on Windows SIGBREAK), or because splunkd is gone.

What is half done is finished; what waits is interrupted.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .errors import StopRequested
from .limits import DEFAULT_LIMITS


class Stop:
    """Whether a stop was requested; a request raises StopRequested only inside of `interruptible`.

    `gone`: splunkd no longer reads what is written, so that nothing more can be delivered or stored.
    """

    def __init__(self, watch_seconds: float = DEFAULT_LIMITS.watch_seconds) -> None:
        self._watch_seconds = watch_seconds
        self.requested = False
        self.gone = False
        self._interruptible = False
        self._listening = False
        self._watching = False

    def listen(self) -> None:
        """Take the signals by which splunkd, or a person at a terminal, ends a process."""
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, self._on_signal)
        self._listening = True

    @contextmanager
    def watching(self, descriptor: int) -> Iterator[None]:
        """Inside, a thread watches whether splunkd has gone: whether nobody reads the pipe any more (`descriptor`), or
        the process that started this one has ended. On Windows nothing tells; there a write fails.
        """
        self._watching = hasattr(select, "poll")
        if self._watching:
            threading.Thread(target=self._watch, args=(descriptor, os.getppid()), daemon=True).start()
        try:
            yield
        finally:
            self._watching = False

    def request(self) -> None:
        """Request a stop."""
        self.requested = True
        if self._interruptible:
            self._interruptible = False
            raise StopRequested

    def check(self) -> None:
        """Raise StopRequested if a stop was requested."""
        if self.requested:
            raise StopRequested

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """What runs inside can be interrupted at any point without harm."""
        self._interruptible = True
        try:
            self.check()
            yield
        finally:
            self._interruptible = False

    def _watch(self, descriptor: int, parent: int) -> None:
        poll = select.poll()
        poll.register(descriptor, 0)  # an error or a hang-up is told whatever was asked for
        found: list[tuple[int, int]] = []
        while self._watching and not found and os.getppid() == parent:
            found = poll.poll(self._watch_seconds * 1000)
        if self._watching and not any(happened & select.POLLNVAL for _, happened in found):
            self._lose_splunkd()

    def _lose_splunkd(self) -> None:
        self.gone = True
        if self._listening:
            # as splunkd would, so that the main thread is woken where it waits
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.request()
