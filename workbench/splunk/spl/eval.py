"""Eval expressions: parsed once, evaluated for each event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval_nodes import Context, Node, truth
from workbench.splunk.spl.eval_parser import Parser
from workbench.splunk.spl.values import Event, Value, set_field, to_field

__all__ = ["Context", "Expression", "Value", "parse_assignments", "parse_expression", "set_field", "to_field"]


_TARGET = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([\w.:{}@-]+))\s*=(?!=)""")


_NO_BOOLEAN = "a Boolean cannot be assigned; wrap it in if() or tostring()"


class Expression:
    """A parsed expression. `fields` are the names that it reads, `offset` is its place in the whole text."""

    def __init__(self, node: Node, text: str, offset: int = 0) -> None:
        self.text = text
        self.node = node
        self.fields = node.fields
        self.offset = offset

    @property
    def is_boolean(self) -> bool:
        """Whether it can only give true, false or null, which a field cannot hold."""
        return self.node.kind == "boolean"

    def evaluate(self, event: Mapping[str, Any], context: Context) -> Value:
        """The value for this event. Raises Refused where the event's values lead beyond what is documented."""
        try:
            return self.node.run(event, context)
        except Refused as refusal:
            raise refusal.moved(self.offset) from None

    def test(self, event: Mapping[str, Any], context: Context) -> bool | None:
        """The value as a condition: true, false or null."""
        value = self.evaluate(event, context)
        try:
            return truth(value)
        except Refused as refusal:
            raise refusal.at(self.offset) from None


@lru_cache(maxsize=4096)
def parse_expression(text: str, offset: int = 0) -> Expression:
    """Parse one expression that begins at `offset` of a longer text; Refused carries the place in that text."""
    try:
        return Expression(Parser(text).parse(), text, offset)
    except Refused as refusal:
        raise refusal.moved(offset) from None
    except RecursionError:
        raise Refused("the expression is nested too deeply", offset) from None


class Assignment:
    """`name=expression`; `{field}` in the name stands for that field's value in the event."""

    def __init__(self, name: str, expression: Expression, position: int) -> None:
        self.name = name
        self.expression = expression
        self.position = position
        self._dynamic = "{" in name.replace("{}", "")

    def target(self, event: Mapping[str, Any]) -> str | None:
        """The field to be written, None where a field that names it is absent."""
        return _fill_name(self.name, event) if self._dynamic else self.name

    def apply(self, event: Event, context: Context) -> None:
        """Write the value into the event; null removes the field."""
        value = self.expression.evaluate(event, context)
        if isinstance(value, bool):
            raise Refused(_NO_BOOLEAN, self.position)
        target = self.target(event)
        if target is not None:
            set_field(event, target, value)


def _fill_name(name: str, event: Mapping[str, Any]) -> str | None:
    parts = name.split("{")
    filled = parts[0]
    for part in parts[1:]:
        inner, _, rest = part.partition("}")
        value = event.get(inner) if inner else "{}"
        if value is None:
            return None
        if isinstance(value, list):
            raise Refused(f"{{{inner}}} has several values and cannot name a field")
        filled += value + rest
    return filled


@lru_cache(maxsize=2048)
def parse_assignments(text: str, offset: int = 0) -> tuple[Assignment, ...]:
    """Parse `a=…, b=…`, as the eval command takes it, beginning at `offset` of a longer text.

    What can only be a Boolean is refused here already.
    """
    assignments: list[Assignment] = []
    for name, start, body_start, end in _split_assignments(text, offset):
        expression = parse_expression(text[body_start:end], offset + body_start)
        if expression.is_boolean:
            raise Refused(_NO_BOOLEAN, offset + start)
        assignments.append(Assignment(name, expression, offset + start))
    return tuple(assignments)


def _split_assignments(text: str, offset: int) -> list[tuple[str, int, int, int]]:
    """(name, offset, offset of the expression, its end) of each assignment."""
    found, start = [], 0
    for end in [*_top_level_commas(text), len(text)]:
        name, body_start = _read_target(text, start, end, offset)
        found.append((name, start, body_start, end))
        start = end + 1
    return found


def _top_level_commas(text: str) -> list[int]:
    commas, depth, quote, index = [], 0, "", 0
    while index < len(text):
        char = text[index]
        if quote:
            index += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "," and depth == 0:
            commas.append(index)
        index += 1
    return commas


def _read_target(text: str, start: int, end: int, offset: int) -> tuple[str, int]:
    found = _TARGET.match(text, start, end)
    if found is None:
        raise Refused("name=expression is expected", offset + start)
    return next(group for group in found.groups() if group), found.end()
