"""An emulated PCE: the rules of its events API, the faults that tests switch on, an https server, and proxies."""

from __future__ import annotations

from .keys import EVERYTHING, READ_EVENTS, READ_INVENTORY, READ_SETTINGS, READ_SYSTEM_EVENTS, ApiKey
from .pce import Pce
from .server import PceServer
from .supercluster import Supercluster
from .wire import Answer, Ending, Interrupted, Request

__all__ = [
    "EVERYTHING",
    "READ_EVENTS",
    "READ_INVENTORY",
    "READ_SETTINGS",
    "READ_SYSTEM_EVENTS",
    "Answer",
    "ApiKey",
    "Ending",
    "Interrupted",
    "Pce",
    "PceServer",
    "Request",
    "Supercluster",
]
