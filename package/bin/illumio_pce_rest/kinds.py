"""Every kind of input that the add-on has."""

from __future__ import annotations

from .events import EventsHandler
from .health import HealthHandler
from .input_handler import BaseInputHandler
from .inventory import InventoryHandler

KINDS: tuple[type[BaseInputHandler], ...] = (EventsHandler, HealthHandler, InventoryHandler)
