"""Multivalue functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval_nodes import Call, Context, Node, truth
from workbench.splunk.spl.functions.registry import form, function
from workbench.splunk.spl.pcre import compile_pattern
from workbench.splunk.spl.values import Value, from_texts, number_of, read_field, text_of, texts_of

# A bound of ours, so that no expression can fill the memory.
_LONGEST_RANGE = 100_000


@function("mvappend", 1, None, several=True, nulls=True)
def _mvappend(*values: Value) -> Value:
    return from_texts([text for value in values for text in texts_of(value)])


@function("mvcount", 1, 1, "number", takes="text", several=True)
def _mvcount(value: Value) -> Value:
    return float(len(texts_of(value)))


@function("mvdedup", 1, 1, takes="text", several=True)
def _mvdedup(value: Value) -> Value:
    return from_texts(list(dict.fromkeys(texts_of(value))))


@function("mvfind", 2, 2, "number", takes="text text", several=True)
def _mvfind(value: Value, pattern: Value) -> Value:
    """The position, from 0, of the first value that the regular expression matches."""
    regex = compile_pattern(text_of(pattern))
    return next((float(place) for place, text in enumerate(texts_of(value)) if regex.search(text)), None)


@function("mvindex", 2, 3, takes="text number number", several=True)
def _mvindex(value: Value, start: Value, end: Value = None) -> Value:
    """One value, or those from start to end, both included; negative positions count from the end."""
    texts, first = texts_of(value), _place(start)
    last = first if end is None else _place(end)
    size = len(texts)
    first, last = first + size * (first < 0), last + size * (last < 0)
    if not 0 <= first < size or last < first or last < 0:
        return None
    if end is None or last < size:
        return from_texts(texts[first : last + 1])
    raise Refused("a range that ends behind the last value is documented nowhere")


def _place(value: Value) -> int:
    number = number_of(value)
    if number is None or not number.is_integer():
        raise Refused("a position has to be a whole number")
    return int(number)


@function("mvjoin", 2, 2, "text", takes="text text", several=True)
def _mvjoin(value: Value, delimiter: Value) -> Value:
    return text_of(delimiter).join(texts_of(value))


@function("mvrange", 2, 2, takes="number number", several=True)
def _mvrange(start: Value, end: Value) -> Value:
    """The whole numbers from start up to, but not including, end."""
    first, last = _place(start), _place(end)
    if last - first > _LONGEST_RANGE:
        raise Refused(f"a range of more than {_LONGEST_RANGE} numbers")
    return from_texts([str(number) for number in range(first, last)])


@function("mvsort", 1, 1, takes="text", several=True)
def _mvsort(value: Value) -> Value:
    """Lexicographic order."""
    return from_texts(sorted(texts_of(value)))


@function("mvzip", 2, 3, takes="text text text", several=True)
def _mvzip(left: Value, right: Value, delimiter: Value = ",") -> Value:
    between = text_of(delimiter)
    return from_texts([f"{first}{between}{second}" for first, second in zip(texts_of(left), texts_of(right))])


@function("split", 2, 2, takes="text text")
def _split(value: Value, delimiter: Value) -> Value:
    if not text_of(delimiter):
        raise Refused("an empty delimiter is documented nowhere")
    return from_texts(text_of(value).split(text_of(delimiter)))


def _for_each(node: Node, field: str, event: Mapping[str, Any], context: Context) -> Iterator[tuple[str, Value]]:
    """Each value of the field, and what the expression gives where the field has that value alone."""
    for text in texts_of(read_field(event, field)):
        memo = None if context.memo is None else context.memo.setdefault((field, text), {})
        yield text, node.run({**event, field: text}, replace(context, memo=memo))


@form("mvfilter", 1, 1)
def _mvfilter(call: Call) -> Node:
    """The values for which the condition holds; it may name one field only."""
    condition = call.arguments[0]
    if len(condition.fields) != 1:
        raise Refused("mvfilter() takes a condition on exactly one field")
    (name,) = condition.fields

    def run(event: Mapping[str, Any], context: Context) -> Value:
        return from_texts([text for text, value in _for_each(condition, name, event, context) if truth(value)])

    return call.node(run)


@form("mvmap", 2, 2)
def _mvmap(call: Call) -> Node:
    """The expression for each value of the field, under the field's own name."""
    name, expression = call.arguments[0].field, call.arguments[1]
    if name is None:
        raise Refused("the first argument of mvmap() has to be a field")
    field = name

    def run(event: Mapping[str, Any], context: Context) -> Value:
        results = _for_each(expression, field, event, context)
        return from_texts([text for _, result in results for text in texts_of(result)])

    return call.node(run)
