"""A stand-in for splunkd and Splunk Web, for a built add-on: an emulation, which refuses what it does not know."""

from __future__ import annotations

from .index import Event
from .runner import InputRun, Kill, Reading, RunningInput
from .server import AlreadyRunning, Splunkd
from .stream import StreamError

__all__ = [
    "AlreadyRunning",
    "Event",
    "InputRun",
    "Kill",
    "Reading",
    "RunningInput",
    "Splunkd",
    "StreamError",
]
