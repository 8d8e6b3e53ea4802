r"""Sed expressions as rex mode=sed and SEDCMD take them: `s/regex/replacement/flags` and `y/abc/xyz/`.

Source: Search Reference 10.0, rex, mode=sed; props.conf.spec, SEDCMD. Flags: `g` or the number of one match.
"""

from __future__ import annotations

import re
from typing import Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.pcre import Match, Pattern, compile_pattern, expand

Edit = Callable[[str], str]


def parse_sed(text: str) -> Edit:
    """The function that a sed expression, or several separated by blanks, stands for."""
    edits: list[Edit] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        edit, position = _one(text, position)
        edits.append(edit)
    if not edits:
        raise Refused("an empty sed expression")

    def run(value: str) -> str:
        for edit in edits:
            value = edit(value)
        return value

    return run


def _one(text: str, start: int) -> tuple[Edit, int]:
    kind, delimiter = text[start], text[start + 1 : start + 2]
    if kind not in "sy" or not delimiter or delimiter.isalnum() or delimiter in "\\ ":
        raise Refused("a sed expression begins with s/ or y/", start)
    left, position = _part(text, start + 2, delimiter)
    right, position = _part(text, position, delimiter)
    if kind == "y":
        if len(left) != len(right):
            raise Refused("y/// takes two lists of the same length", start)
        return _transliterate(left, right), position
    flags = re.compile(r"(?:g|\d+)?(?=\s|$)").match(text, position)
    if flags is None:
        raise Refused("unknown flags of a sed expression", position)
    return _substitute(compile_pattern(left), right, flags.group()), flags.end()


def _part(text: str, start: int, delimiter: str) -> tuple[str, int]:
    """The text up to the next delimiter that no backslash precedes, and the offset behind it."""
    part, index = "", start
    while index < len(text):
        char = text[index]
        if char == delimiter:
            return part, index + 1
        if char == "\\" and index + 1 < len(text):
            following = text[index + 1]
            part += following if following == delimiter else char + following
            index += 1
        else:
            part += char
        index += 1
    raise Refused("a sed expression is not closed", start)


def _transliterate(left: str, right: str) -> Edit:
    table = str.maketrans(left, right)
    return lambda value: value.translate(table)


def _substitute(pattern: Pattern, replacement: str, flags: str) -> Edit:
    if flags == "g":
        return lambda value: pattern.sub(lambda match: expand(replacement, match), value)
    wanted = int(flags or 1)

    def edit(value: str) -> str:
        count = 0

        def replace(match: Match) -> str:
            nonlocal count
            count += 1
            return expand(replacement, match) if count == wanted else str(match.group())

        return pattern.sub(replace, value)

    return edit
