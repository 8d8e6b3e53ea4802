"""Starts the enabled inputs again and again, as their `interval` says."""

from __future__ import annotations

import threading
import time

from .instance import Instance

_DEFAULT_INTERVAL = "60"
_STEP = 0.1


class Schedule:
    """A thread that looks which inputs are due. An input that still runs waits for its next turn."""

    def __init__(self, splunkd: Instance) -> None:
        self._splunkd = splunkd
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._due: dict[str, float] = {}

    def start(self, interval: float | None) -> None:
        """Begin; each input runs at once, then after its own interval, or `interval` seconds."""
        self.stop()
        self._due.clear()
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, args=(interval,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Start nothing more, and wait for that to be so."""
        self._stopped.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _run(self, interval: float | None) -> None:
        while not self._stopped.wait(_STEP):
            now = time.monotonic()
            for name, stanza in self._splunkd.inputs.enabled().items():
                if self._due.get(name, 0.0) <= now and not self._stopped.is_set():
                    self._due[name] = now + (interval or self._seconds(name, stanza.settings))
                    self._splunkd.start_if_idle(name)

    def _seconds(self, name: str, settings: dict[str, str]) -> float:
        text = settings.get("interval", _DEFAULT_INTERVAL)
        try:
            seconds = float(text)
        except ValueError:
            seconds = 0.0
        if seconds > 0:
            return seconds
        self._splunkd.refused.append(f"[{name}] interval = {text}: only seconds above 0 are scheduled")
        return float("inf")
