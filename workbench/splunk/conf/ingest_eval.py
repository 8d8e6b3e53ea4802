"""INGEST_EVAL: eval expressions at index time.

Source: transforms.conf.spec 9.2. `=` adds an indexed field, `:=` replaces it; a key (_raw, _time, queue, host,
source, sourcetype, index) is written either way.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

from workbench.splunk.conf.meta import Incoming, key_of
from workbench.splunk.conf.settings import Setting, Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval import Context, Expression, parse_expression
from workbench.splunk.spl.values import Value, number_of, number_text, texts_of

_PIECE = re.compile(r"""\s*(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\s*(?P<char>.)""", re.DOTALL)
_TARGET = re.compile(
    r"\s*(?:\$(?P<scope>pd|field|mv):(?P<scoped>[^$]+)\$|(?P<name>[A-Za-z_][\w.]*))"
    r"(?:\[(?P<type>int|float|float32|float-sf|float32-sf|string)\])?\s*(?P<operator>:?=)(?!=)"
)
_SCOPED = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\$((?:pd|field|mv):[^$]+)\$""", re.DOTALL)
_KEYS = ("_raw", "_time", "queue", "host", "source", "sourcetype", "index")
_UNKNOWN = ("splunk_server", "linecount")


class _Assignment(NamedTuple):
    key: str
    field: str
    number: str
    replaces: bool
    expression: Expression


class IngestEval:
    """The assignments of one stanza, one after the other."""

    def __init__(self, settings: Settings, clock: float) -> None:
        self._setting = settings.entries["INGEST_EVAL"]
        self._context = Context(now=clock)
        self._assignments = [self._parsed(part) for part in _split(self._setting.value)]

    def _parsed(self, text: str) -> _Assignment:
        found = _TARGET.match(text)
        if found is None or found["scope"] == "mv":
            raise Refused(f"name=expression is expected, not {text.strip()!r}", self._setting.place)
        name = found["name"] or found["scoped"]
        is_key = found["scope"] != "field" and name in _KEYS
        if not is_key and (found["scope"] == "pd" or (found["scope"] is None and name.startswith("_"))):
            raise Refused(f"what {name} stands for at index time is not known", self._setting.place)
        expression = _expression(text[found.end() :], self._setting)
        replaces = found["operator"] == ":="
        return _Assignment(key_of(name) if is_key else "", name, found["type"] or "", replaces, expression)

    def apply(self, event: Incoming) -> None:
        """Run the assignments; each sees what the ones before it wrote."""
        for assignment in self._assignments:
            try:
                once = replace(self._context, memo={})
                value = assignment.expression.evaluate(_view(event, assignment.expression.fields), once)
                _assign(event, assignment, value)
            except Refused as refusal:
                raise Refused(refusal.message, f"{self._setting.place}, {assignment.field}") from None


def _expression(text: str, setting: Setting) -> Expression:
    scoped = _SCOPED.sub(lambda found: found.group(1) or f"'{found.group(2)}'", text)
    try:
        expression = parse_expression(scoped)
    except Refused as refusal:
        raise Refused(str(refusal), setting.place) from None
    for name in expression.fields:
        scope, bare = _scope(name)
        if name in _UNKNOWN or (scope == "pd" and bare not in _KEYS):
            raise Refused(f"{name} is not emulated at index time", setting.place)
    return expression


def _scope(name: str) -> tuple[str, str]:
    """`pd`, `field`, `mv` or nothing, and the name behind it."""
    scope, sign, bare = name.partition(":")
    return (scope, bare) if sign and scope in ("pd", "field", "mv") else ("", name)


def _view(event: Incoming, names: frozenset[str]) -> dict[str, Any]:
    """The values that an expression reads: keys by name, and the first value of each indexed field."""
    view: dict[str, Any] = {}
    for name in names:
        scope, bare = _scope(name)
        if scope == "pd" or (not scope and name in _KEYS):
            view[name] = event.keys[key_of(bare)]
            continue
        values = [value for field, value in event.meta if field == bare]
        if values:
            view[name] = values if scope == "mv" else values[0]
    return view


def _assign(event: Incoming, assignment: _Assignment, value: Value) -> None:
    if isinstance(value, bool):
        raise Refused("a Boolean cannot be assigned")
    texts = [_as_type(text, assignment.number) for text in texts_of(value)]
    if assignment.key:
        if len(texts) != 1:
            raise Refused("a key takes one value")
        _write_key(event, assignment.key, texts[0])
        return
    if assignment.replaces:
        event.meta = [pair for pair in event.meta if pair[0] != assignment.field]
    event.meta.extend((assignment.field, text) for text in texts)


def _write_key(event: Incoming, key: str, text: str) -> None:
    if key == "_time" and number_of(text) is None:
        raise Refused(f"{text!r} is not a time")
    if key.startswith("MetaData:"):
        event.keys[key] = text
    else:
        event.write(key, text)


def _as_type(text: str, kind: str) -> str:
    if kind in ("", "string"):
        return text
    number = number_of(text)
    if number is None:
        raise Refused(f"{text!r} is not a number")
    return str(int(number)) if kind == "int" else number_text(float(number))


def _split(text: str) -> list[str]:
    """The assignments between the commas that stand outside quotes and parentheses."""
    parts, start, depth = [], 0, 0
    for found in _PIECE.finditer(text):
        char = found["char"]
        if char in ("(", ")"):
            depth += 1 if char == "(" else -1
        elif char == "," and depth == 0:
            parts.append(text[start : found.end() - 1])
            start = found.end()
    return [*parts, text[start:]]
