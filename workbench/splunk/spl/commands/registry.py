"""How commands are declared and found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.pipeline import Stage
from workbench.splunk.spl.runtime import Runner

Parse = Callable[[Arguments], Runner]


@dataclass(frozen=True)
class Command:
    """A command's parser; `generates`: stands first; `takes_brackets`: its brackets are not plain subsearches."""

    parse: Parse
    generates: bool
    takes_brackets: bool


_COMMANDS: dict[str, Command] = {}


def command(names: str, *, generates: bool = False, takes_brackets: bool = False) -> Callable[[Parse], Parse]:
    """Declare a command under one or more names (separated by blanks)."""

    def declare(parse: Parse) -> Parse:
        _COMMANDS.update(dict.fromkeys(names.split(), Command(parse, generates, takes_brackets)))
        return parse

    return declare


def find(stage: Stage) -> Command:
    """The stage's command. Raises Refused for an unknown one."""
    found = _COMMANDS.get(stage.command)
    if found is None:
        raise Refused(f"unknown command {stage.command}", stage.position - len(stage.command))
    return found


def parse(stage: Stage) -> Runner:
    """The stage, ready to run; refusals carry their place in the search."""
    arguments = Arguments(stage.command, stage.text, stage.position)
    try:
        return find(stage).parse(arguments)
    except Refused as refusal:
        raise refusal.at(stage.position) from None


def names() -> list[str]:
    """All commands that are known."""
    return sorted(_COMMANDS)
