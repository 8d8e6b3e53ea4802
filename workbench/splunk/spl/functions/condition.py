"""Comparison and conditional functions."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval_nodes import Call, Context, Node, truth
from workbench.splunk.spl.functions.registry import form, function
from workbench.splunk.spl.operators import compare
from workbench.splunk.spl.pcre import compile_pattern
from workbench.splunk.spl.values import Value, text_of


def _common_kind(nodes: list[Node]) -> str:
    kinds = {node.kind for node in nodes} - {"null"}
    return kinds.pop() if len(kinds) == 1 else "any"


def _require_condition(node: Node) -> None:
    if not node.is_condition:
        raise Refused("a condition is expected", node.position)


@form("if", 3, 3)
def _if(call: Call) -> Node:
    condition, then, otherwise = call.arguments
    _require_condition(condition)

    def run(event: Mapping[str, Any], context: Context) -> Value:
        return (then if truth(condition.run(event, context)) else otherwise).run(event, context)

    return call.node(run, _common_kind([then, otherwise]))


def _pairs(call: Call) -> list[tuple[Node, Node]]:
    if len(call.arguments) % 2:
        raise Refused("takes pairs of a condition and a value")
    pairs = list(zip(call.arguments[::2], call.arguments[1::2]))
    for condition, _ in pairs:
        _require_condition(condition)
    return pairs


@form("case", 2, None)
def _case(call: Call) -> Node:
    pairs = _pairs(call)

    def run(event: Mapping[str, Any], context: Context) -> Value:
        for condition, value in pairs:
            if truth(condition.run(event, context)):
                return value.run(event, context)
        return None

    return call.node(run, _common_kind([value for _, value in pairs]))


@form("validate", 2, None)
def _validate(call: Call) -> Node:
    pairs = _pairs(call)

    def run(event: Mapping[str, Any], context: Context) -> Value:
        for condition, value in pairs:
            if truth(condition.run(event, context)) is False:
                return value.run(event, context)
        return None

    return call.node(run, _common_kind([value for _, value in pairs]))


@form("coalesce", 1, None)
def _coalesce(call: Call) -> Node:
    def run(event: Mapping[str, Any], context: Context) -> Value:
        for argument in call.arguments:
            value = argument.run(event, context)
            if value is not None:
                return value
        return None

    return call.node(run, _common_kind(call.arguments))


@form("true", 0, 0)
def _true(call: Call) -> Node:
    return call.node(lambda _event, _context: True, "boolean")


@form("false", 0, 0)
def _false(call: Call) -> Node:
    return call.node(lambda _event, _context: False, "boolean")


@form("null", 0, 0)
def _null(call: Call) -> Node:
    return call.node(lambda _event, _context: None, "null")


@function("nullif", 2, 2, nulls=True, null_call=False)
def _nullif(left: Value, right: Value) -> Value:
    return None if compare("=", left, right) else left


@form("in", 2, None)
def _in(call: Call) -> Node:
    """Exact comparison: a star is plain text here, unlike in the search command."""
    subject, *choices = call.arguments
    if "null" in {argument.kind for argument in call.arguments}:
        raise Refused("null() is no argument for this function")
    known = frozenset(choice.literal for choice in choices if isinstance(choice.literal, str))
    others = [choice.run for choice in choices if not isinstance(choice.literal, str)]

    def run(event: Mapping[str, Any], context: Context) -> Value:
        value, *asked = [subject.run(event, context), *(other(event, context) for other in others)]
        if value is None or None in asked:
            return None
        if isinstance(value, list) or list in map(type, asked):
            raise Refused("a field with several values is not supported here")
        text = text_of(value)
        return text in known or any(text == text_of(other) or compare("=", value, other) for other in asked)

    return call.node(run, "boolean")


@lru_cache(maxsize=1024)
def _like_pattern(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


@function("like", 2, 2, "boolean", takes="text text")
def _like(value: Value, pattern: Value) -> Value:
    """The whole value, case-sensitive; `%` is any text, `_` one character."""
    if "\\" in text_of(pattern):
        raise Refused("a backslash in a LIKE pattern is documented nowhere")
    return _like_pattern(text_of(pattern)).fullmatch(text_of(value)) is not None


@form("match", 2, 2)
def _match(call: Call) -> Node:
    subject, pattern = call.arguments
    if not {subject.kind, pattern.kind} <= {"any", "text"}:
        raise Refused("takes two strings")
    if isinstance(pattern.literal, str):
        compile_pattern(pattern.literal)

    def run(event: Mapping[str, Any], context: Context) -> Value:
        value, regex = subject.run(event, context), pattern.run(event, context)
        if value is None or regex is None:
            return None
        return compile_pattern(text_of(regex)).search(text_of(value)) is not None

    return call.node(run, "boolean")


@function("cidrmatch", 2, 2, "boolean", takes="text text")
def _cidrmatch(network: Value, address: Value) -> Value:
    try:
        return ipaddress.ip_address(text_of(address)) in _network(text_of(network))
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)
