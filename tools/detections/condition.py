"""The events of a detection, as an expression of eval: `event_type IN ("a.*", "b") app!="c"` becomes one of matches.

Only what detections use is known: comparisons, IN, words of the event's text, macros that say what they mean as an
expression (`condition` in content/macros.yml), NOT, AND, OR and brackets. As in Splunk,
OR binds closer than AND, values may hold `*` and ignore case, and of several values of a field one is enough.
"""

from __future__ import annotations

import re

from tools.detections.macros import written_by_hand

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[(),]|!=|>=|<=|[=<>]|[^\s"(),!=<>]+)')
_LONGEST = 90
_COMPARISONS = ("=", "!=", ">=", "<=", ">", "<")


class Unknown(Exception):
    """A part of the search language that has no place in a detection's events."""


def condition(search: str) -> str:
    """The expression. Raises Unknown."""
    tokens = _TOKEN.findall(search)
    if "".join("".join(tokens).split()) != "".join(search.split()):
        raise Unknown(search)
    reader = _Reader(tokens)
    found = reader.all_of()
    if reader.tokens:
        raise Unknown(f"{reader.tokens[0]} in {search}")
    return found


class _Reader:
    """Reads tokens from the front."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def next_is(self, *words: str) -> bool:
        return bool(self.tokens) and self.tokens[0] in words

    def all_of(self) -> str:
        parts = [self.any_of()]
        while self.tokens and not self.next_is(")"):
            if self.next_is("AND"):
                self.tokens.pop(0)
            parts.append(self.any_of())
        return " AND ".join(parts)

    def any_of(self) -> str:
        parts = [self.one()]
        while self.next_is("OR"):
            self.tokens.pop(0)
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"

    def one(self) -> str:
        part = self.tokens.pop(0)
        if part == "NOT":
            return f"NOT {self.one()}"
        if part == "(":
            inner = self.all_of()
            self.tokens.pop(0)
            return f"({inner})"
        if part.startswith("`"):
            return _meaning_of(part.strip("`"))
        if part in ("TERM", "CASE", ")", ","):
            raise Unknown(part)
        if self.next_is("IN"):
            return self._in(part)
        if self.next_is(*_COMPARISONS):
            return _compared(part, self.tokens.pop(0), self.tokens.pop(0))
        return f'match(_raw,"(?i)(?<![a-z0-9]){_pattern(part)}(?![a-z0-9])")'

    def _in(self, field: str) -> str:
        del self.tokens[:2]
        end = self.tokens.index(")")
        values = [part for part in self.tokens[:end] if part != ","]
        del self.tokens[: end + 1]
        return _one_of(field, values)


def _meaning_of(macro: str) -> str:
    found = next((one.condition for one in written_by_hand() if one.name == macro), "")
    if not found:
        raise Unknown(f"the macro {macro}; give it a `condition` in content/macros.yml")
    return found


def _compared(field: str, operator: str, value: str) -> str:
    if operator == "=":
        return f"isnotnull({field})" if value == "*" else _one_of(field, [value])
    if operator == "!=":
        return f'isnotnull(mvfind({field},"(?i)^(?!{_pattern(value)}$)"))'
    return f"tonumber({field}){operator}{value}"


def _one_of(field: str, values: list[str]) -> str:
    found = [f'isnotnull(mvfind({field},"(?i)^(?:{patterns})$"))' for patterns in _alternatives(values)]
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def _alternatives(values: list[str]) -> list[str]:
    """The patterns of the values, in as many regular expressions as it takes to keep each short."""
    found = [""]
    for pattern in map(_pattern, values):
        if found[-1] and len(found[-1]) + len(pattern) > _LONGEST:
            found.append("")
        found[-1] += ("|" if found[-1] else "") + pattern
    return found


def _pattern(value: str) -> str:
    text = value[1:-1] if value.startswith('"') else value
    return ".*".join(re.sub(r"([.^$|()\[\]{}+?\\])", r"\\\1", part) for part in text.split("*"))
