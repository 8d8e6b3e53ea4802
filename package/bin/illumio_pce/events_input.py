"""The modular input `illumio_pce_events`, as splunkd sees it."""

from __future__ import annotations

from .clock import SystemClock
from .config import EventsSettings
from .events_run import run_input
from .modular_input import Kind, Parameters

_ARGUMENTS = {
    "account": ("Account", True),
    "start_time": ("Start time", False),
    "event_types": ("Event types", False),
    "severities": ("Severities", False),
    "statuses": ("Statuses", False),
    "include_system_events": ("Include system events", False),
    "late_arrival_window": ("Late arrival window (seconds)", False),
}


def _check(name: str, parameters: Parameters) -> None:
    EventsSettings.parse_form(name, parameters, int(SystemClock().time() * 1000))


EVENTS_INPUT = Kind(
    "Illumio PCE audit events",
    "Collects the audit events of an Illumio PCE over its events API.",
    _ARGUMENTS,
    _check,
    run_input,
)
