"""The modular input's three duties (splunk-sdk): its scheme, the validation of its arguments, and its runs."""

from __future__ import annotations

from typing import Any

from splunklib.modularinput import Argument, Scheme, Script

from .clock import SystemClock
from .config import InputSettings
from .input_run import run_input

_ARGUMENTS = {
    "account": ("Account", True),
    "start_time": ("Start time", False),
    "event_types": ("Event types", False),
    "severities": ("Severities", False),
    "statuses": ("Statuses", False),
    "include_system_events": ("Include system events", False),
    "late_arrival_window": ("Late arrival window (seconds)", False),
}


class IllumioPceEvents(Script):  # type: ignore[misc]
    """What splunkd asks of the script."""

    def get_scheme(self) -> Scheme:
        """The arguments that an input has, besides those of every input."""
        scheme = Scheme("Illumio PCE audit events")
        scheme.description = "Collects the audit events of an Illumio PCE over its events API."
        scheme.use_external_validation = True
        scheme.use_single_instance = False
        for name, (title, required) in _ARGUMENTS.items():
            scheme.add_argument(Argument(name, title=title, required_on_create=required, required_on_edit=False))
        return scheme

    def validate_input(self, definition: Any) -> None:
        """Check the arguments as the form does; the error's text is shown to the administrator."""
        InputSettings.parse_form(definition.metadata["name"], definition.parameters, int(SystemClock().time() * 1000))

    def stream_events(self, inputs: Any, ew: Any) -> None:
        """Run the input that splunkd hands over: one, since each has a process of its own."""
        succeeded = [run_input(stanza, parameters, inputs.metadata) for stanza, parameters in inputs.inputs.items()]
        if not all(succeeded):
            raise SystemExit(1)


def main(arguments: list[str]) -> int:
    """Do what the arguments say; the exit status."""
    return int(IllumioPceEvents().run(arguments))
