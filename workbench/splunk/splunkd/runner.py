"""Runs one modular input: starts the script, reads its pipe, and hands whole events to the queue."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .stream import StreamError, StreamEvent, StreamParser

#: What Linux's pipes hold: as much is read at a time, and as much is lost unread.
_PIPE = 64 * 1024
#: How long splunkd is taken to wait for an input that it asked to end.
STOP_SECONDS = 30.0
#: How often a reader that waits looks whether it is to go on.
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Reading:
    """How splunkd reads the pipe; as set here, at once and to the end. Bytes and events count from the run's start."""

    close_after_bytes: int | None = None
    close_after_events: int | None = None
    bytes_per_second: float | None = None
    pause_after_bytes: int | None = None
    pause_seconds: float = 0.0


@dataclass(frozen=True)
class Kill:
    """A signal for the process, at each of the moments that are set."""

    after_seconds: float | None = None
    after_bytes: int | None = None
    after_events: int | None = None
    signal: int = signal.SIGKILL


@dataclass(frozen=True)
class InputRun:
    """How a run ended. `events` were taken by splunkd, which may lose them yet; `stderr` is splunkd.log's part."""

    stanza: str
    exit_code: int
    stderr: str
    events: int
    bytes: int
    error: StreamError | None
    whole: bool
    seconds: float


@dataclass(frozen=True)
class Launch:
    """What a run starts with: the command, its standard input and its environment."""

    stanza: str
    command: Sequence[str]
    configuration: bytes
    environment: Mapping[str, str]
    home: Path


class RunningInput:
    """A run that is under way; `wait` for its end."""

    def __init__(
        self,
        launch: Launch,
        deliver: Callable[[StreamEvent], bool],
        reading: Reading,
        kill: Kill,
        ended: Callable[[RunningInput, InputRun], None],
    ) -> None:
        self.stanza = launch.stanza
        self._deliver = deliver
        self._reading = reading
        self._kill = kill
        self._ended = ended
        self._events = 0
        self.bytes = 0
        self._closed = False
        self._abandoned = threading.Event()
        # Not `Thread.join`: where a signal's exception interrupts it, Python 3.12 and older take the thread for ended.
        self._finished = threading.Event()
        self._stderr: list[bytes] = []
        self._result: InputRun | None = None
        self._began = time.monotonic()
        self._parser = StreamParser(self._take)
        self.process = subprocess.Popen(
            list(launch.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(launch.environment),
            cwd=launch.home,
            start_new_session=True,
        )
        self._others = [
            threading.Thread(target=self._write_configuration, args=(launch.configuration,), daemon=True),
            threading.Thread(target=self._read_stderr, daemon=True),
        ]
        for thread in self._others:
            thread.start()
        threading.Thread(target=self._run, daemon=True).start()

    def wait(self, timeout: float | None = None) -> InputRun:
        """The run's outcome. Raises TimeoutError while it still runs."""
        self._finished.wait(timeout)
        if self._result is None:
            raise TimeoutError(f"{self.stanza} still runs")
        return self._result

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return not self._finished.is_set()

    def send_signal(self, number: int) -> None:
        """Send the process a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def stop(self, seconds: float = STOP_SECONDS) -> InputRun:
        """End it in good order: SIGTERM, and SIGKILL after `seconds`."""
        self.send_signal(signal.SIGTERM)
        try:
            return self.wait(seconds)
        except TimeoutError:
            self.send_signal(signal.SIGKILL)
            return self.wait()

    def abandon(self, *, kill: bool = True) -> None:
        """splunkd crashed: read nothing more, close the pipe, and kill the process or leave it to itself."""
        self._abandoned.set()
        if kill:
            self.send_signal(signal.SIGKILL)

    def _write_configuration(self, configuration: bytes) -> None:
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError), self.process.stdin as pipe:
            pipe.write(configuration)

    def _read_stderr(self) -> None:
        assert self.process.stderr
        with self.process.stderr as pipe:
            self._stderr.extend(pipe)

    def _run(self) -> None:
        try:
            self._read_to_the_end()
        finally:
            self._finished.set()

    def _read_to_the_end(self) -> None:
        timer = threading.Timer(self._kill.after_seconds or 0, self.send_signal, (self._kill.signal,))
        if self._kill.after_seconds is not None:
            timer.start()
        self._read_events()
        self.process.wait()
        timer.cancel()
        for thread in self._others:
            thread.join()
        self._result = InputRun(
            self.stanza,
            self.process.returncode,
            b"".join(self._stderr).decode("utf-8", "replace"),
            self._events,
            self.bytes,
            self._parser.error,
            self._parser.close() and not self._closed,
            time.monotonic() - self._began,
        )
        self._ended(self, self._result)

    def _read_events(self) -> None:
        assert self.process.stdout
        with self.process.stdout as pipe:
            while not self._abandoned.is_set() and not self._closed:
                if not select.select([pipe], [], [], _LOOK_SECONDS)[0]:
                    continue
                data = os.read(pipe.fileno(), self._most())
                if not data:
                    return
                self.bytes += len(data)
                if not self._abandoned.is_set():
                    self._parser.feed(data)
                self._after(len(data))

    def _most(self) -> int:
        """How much to read at once, so that no mark is passed unnoticed."""
        marks = (self._reading.close_after_bytes, self._reading.pause_after_bytes, self._kill.after_bytes)
        ahead = [mark - self.bytes for mark in marks if mark is not None and mark > self.bytes]
        counted = self._reading.close_after_events is not None or self._kill.after_events is not None
        return min([256 if counted else _PIPE, *ahead])

    def _after(self, length: int) -> None:
        reading = self._reading
        if self.bytes == reading.pause_after_bytes:
            self._abandoned.wait(reading.pause_seconds)
        if reading.bytes_per_second:
            self._abandoned.wait(length / reading.bytes_per_second)
        if reading.close_after_bytes is not None and self.bytes >= reading.close_after_bytes:
            self._closed = True
        if self.bytes == self._kill.after_bytes:
            self.send_signal(self._kill.signal)

    def _take(self, event: StreamEvent) -> None:
        if self._closed or self._abandoned.is_set() or not self._deliver(event):
            return
        self._events += 1
        if self._events == self._reading.close_after_events:
            self._closed = True
        if self._events == self._kill.after_events:
            self.send_signal(self._kill.signal)
