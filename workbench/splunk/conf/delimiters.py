"""DELIMS and FIELDS: fields from text that is cut at delimiters.

Source: transforms.conf.spec 9.2, DELIMS, FIELDS; Splunk's blog on delimiter-based extraction for the quotes: text
in double quotes keeps its delimiters and loses the quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.splunk.conf.field_names import cleaned
from workbench.splunk.conf.settings import Settings
from workbench.splunk.refusal import Refused

_QUOTED = re.compile(r'\s*"((?:\\.|[^"\\])*)"\s*(?:,|$)', re.DOTALL)
_NAME = re.compile(r'\s*(?:"((?:\\.|[^"\\])*)"|([^\s",]+))\s*(?:,|$)')
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r"}


class Delimited:
    """A stanza with DELIMS, compiled."""

    def __init__(self, settings: Settings) -> None:
        sets = [_unescaped(found.group(1)) for found in _all(_QUOTED, settings, "DELIMS")]
        if len(sets) not in (1, 2) or not all(sets) or not all(text.isascii() for text in sets):
            raise Refused("one or two sets of ASCII delimiters in double quotes are expected", settings.place("DELIMS"))
        self._pair_delimiters = sets[0]
        self._value_delimiters = sets[1] if len(sets) == 2 else ""
        self._fields = [_unescaped(found.group(1) or found.group(2)) for found in _all(_NAME, settings, "FIELDS")]
        if self._fields and self._value_delimiters:
            raise Refused("FIELDS goes with one set of delimiters", settings.place("FIELDS"))
        if settings.flag("CLEAN_KEYS", True) and any(cleaned(name) != name for name in self._fields):
            raise Refused("whether such names are cleaned is not known; set CLEAN_KEYS", settings.place("FIELDS"))

    def pairs(self, text: str) -> Iterator[tuple[str, str]]:
        """Names and values in the order of the text."""
        tokens = _cut(text, self._pair_delimiters)
        if self._fields:
            # A list of names counts every delimiter: two in a row enclose an empty value.
            yield from zip(self._fields, map(_bare, tokens))
            return
        tokens = [token for token in tokens if token]
        if not self._value_delimiters:
            yield from zip(map(_bare, tokens[::2]), map(_bare, tokens[1::2]))
            return
        for token in tokens:
            name, *_ = _cut(token, self._value_delimiters)
            value = token[len(name) :].lstrip(self._value_delimiters)
            if len(name) < len(token):
                yield _bare(name), _bare(value)


def _all(pattern: re.Pattern[str], settings: Settings, key: str) -> Iterator[re.Match[str]]:
    """The items of a quoted string list."""
    text, position = settings.text(key), 0
    while position < len(text):
        found = pattern.match(text, position)
        if found is None:
            raise Refused("a list of quoted strings is expected", settings.place(key))
        yield found
        position = found.end()


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group(1)), text)


def _cut(text: str, delimiters: str) -> list[str]:
    """The parts between single delimiters; those inside double quotes do not count."""
    parts, start, quoted, index = [], 0, False, 0
    while index < len(text):
        char = text[index]
        if quoted and char == "\\":
            index += 1
        elif char == '"':
            quoted = not quoted
        elif char in delimiters and not quoted:
            parts.append(text[start:index])
            start = index + 1
        index += 1
    return [*parts, text[start:]]


def _bare(text: str) -> str:
    """The text without the quotes around it."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('\\"', '"')
    return text
