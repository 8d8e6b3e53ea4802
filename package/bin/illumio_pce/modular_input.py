"""A modular input's three duties (splunk-sdk): its scheme, the validation of its arguments, and its runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple

from splunklib.modularinput import Argument, Scheme, Script

Parameters = Mapping[str, Any]


class Kind(NamedTuple):
    """A kind of input. `arguments`: those besides every input's own, each with its title and whether it is required.

    `check`, of a name and parameters, raises ValueError with what the administrator is shown. `run`, of a stanza, its
    parameters and splunkd's metadata, tells whether the run ended well.
    """

    title: str
    description: str
    arguments: Mapping[str, tuple[str, bool]]
    check: Callable[[str, Parameters], object]
    run: Callable[[str, Parameters, Parameters], bool]


class ModularInput(Script):  # type: ignore[misc]
    """What splunkd asks of the script of one kind."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind

    def get_scheme(self) -> Scheme:
        """The arguments that an input has, besides those of every input."""
        scheme = Scheme(self._kind.title)
        scheme.description = self._kind.description
        scheme.use_external_validation = True
        scheme.use_single_instance = False
        for name, (title, required) in self._kind.arguments.items():
            scheme.add_argument(Argument(name, title=title, required_on_create=required, required_on_edit=False))
        return scheme

    def validate_input(self, definition: Any) -> None:
        """Check the arguments as the form does; the error's text is shown to the administrator."""
        self._kind.check(definition.metadata["name"], definition.parameters)

    def stream_events(self, inputs: Any, ew: Any) -> None:
        """Run the input that splunkd hands over: one, since each has a process of its own."""
        run, given = self._kind.run, inputs.inputs.items()
        succeeded = [run(stanza, parameters, inputs.metadata) for stanza, parameters in given]
        if not all(succeeded):
            raise SystemExit(1)


def main(kind: Kind, arguments: list[str]) -> int:
    """Do what the arguments say; the exit status."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - Windows alone has it

        msvcrt.setmode(sys.stdout.fileno(), os.O_BINARY)
    return int(ModularInput(kind).run(arguments))
