"""A search cut into its commands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import skip_enclosed, skip_quoted


@dataclass(frozen=True)
class Stage:
    """One command: its name, its arguments as text, and the offset of that text in the search."""

    command: str
    text: str
    position: int


def split(text: str, *, implied_search: bool = True) -> list[Stage]:
    """The commands of a search without macros.

    With `implied_search` a text that does not begin with a pipe is a base search; in brackets it
    begins with a command's name.
    """
    pieces = _cut(text)
    first, start = pieces[0]
    stages: list[Stage] = []
    if not first.strip():
        pieces = pieces[1:]
    elif implied_search:
        word = re.match(r"\s*search(?=[\s(])", first)
        offset = word.end() if word else 0
        stages.append(Stage("search", first[offset:], start + offset))
        pieces = pieces[1:]
    if not pieces and not stages:
        raise Refused("an empty search", 0)
    return stages + [_stage(piece, offset) for piece, offset in pieces]


def _stage(piece: str, offset: int) -> Stage:
    found = re.match(r"\s*([A-Za-z]\w*)", piece)
    if found is None:
        raise Refused("a command is expected", offset)
    return Stage(found.group(1).lower(), piece[found.end() :], offset + found.end())


def _cut(text: str) -> list[tuple[str, int]]:
    """The texts between pipes that stand outside quotes and square brackets, with their offsets."""
    pieces, start, index = [], 0, 0
    while index < len(text):
        char = text[index]
        if char == '"':
            index = skip_quoted(text, index)
        elif char == "[":
            index = skip_enclosed(text, index)
        elif char == "|":
            pieces.append((text[start:index], start))
            index += 1
            start = index
        elif char == "]":
            raise Refused("']' closes nothing", index)
        else:
            index += 1
    return [*pieces, (text[start:], start)]
