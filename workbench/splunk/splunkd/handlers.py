"""The handlers of `admin_external` endpoints, each a process that stays, as restmap.conf's
`handlerpersistentmode` has it; see `pylib/splunk/admin.py` for its other end."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_MISSING = {"status": 500, "text": "The handler ended without an answer. See splunkd.log for more details."}


@dataclass(frozen=True)
class HandlerCall:
    """A request as a handler sees it: `action` is create, list, edit or remove."""

    action: str
    id: str | None
    arguments: dict[str, list[str]]
    session_key: str
    user: str
    app: str


class Handlers:
    """The handlers' processes, by the file that each runs."""

    def __init__(self, python: str, environment: Callable[[], Mapping[str, str]], log: Path) -> None:
        self._python = python
        self._environment = environment
        self._log = log
        self._lock = threading.Lock()
        self._running: dict[Path, _Handler] = {}

    def call(self, file: Path, call: HandlerCall) -> dict[str, Any]:
        """The answer of the handler in `file`: `status`, and `entries` or `text`."""
        with self._lock:
            handler = self._running.get(file)
            if handler is None or handler.ended:
                handler = _Handler([self._python, str(file)], self._environment(), self._log)
                self._running[file] = handler
        return handler.ask(call)

    def stop(self) -> None:
        """End all processes."""
        with self._lock:
            for handler in self._running.values():
                handler.close()
            self._running.clear()


class _Handler:
    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._lock = threading.Lock()
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(environment),
                text=True,
                encoding="utf-8",
            )

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def ask(self, call: HandlerCall) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        with self._lock:
            try:
                self._process.stdin.write(json.dumps(asdict(call)) + "\n")
                self._process.stdin.flush()
                line = self._process.stdout.readline()
            except (OSError, ValueError):
                return _MISSING
        answer: dict[str, Any] = json.loads(line) if line else _MISSING
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
