"""Date and time functions, in UTC."""

from __future__ import annotations

from workbench.splunk.spl.eval_nodes import Call, Node
from workbench.splunk.spl.functions.registry import form, function
from workbench.splunk.spl.relative_time import apply_modifier
from workbench.splunk.spl.time_format import format_time, parse_time
from workbench.splunk.spl.values import Value, number_of, text_of


@form("now", 0, 0)
def _now(call: Call) -> Node:
    return call.node(lambda _event, context: float(int(context.now)), "number")


@function("relative_time", 2, 2, "number", takes="number text")
def _relative_time(moment: Value, modifier: Value) -> Value:
    number = number_of(moment)
    return None if number is None else apply_modifier(number, text_of(modifier))


@function("strftime", 2, 2, "text", takes="number text")
def _strftime(moment: Value, template: Value) -> Value:
    number = number_of(moment)
    return None if number is None else format_time(number, text_of(template))


@function("strptime", 2, 2, "number", takes="text text")
def _strptime(text: Value, template: Value) -> Value:
    return parse_time(text_of(text), text_of(template))
