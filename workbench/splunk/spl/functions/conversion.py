"""Conversion functions: tonumber, tostring, printf."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval_nodes import Call, Context, Node
from workbench.splunk.spl.functions.registry import form, function
from workbench.splunk.spl.values import Value, Written, is_number_text, number_of, text_of


@form("tonumber", 1, 2)
def _tonumber(call: Call) -> Node:
    """Text to number; a field's text that is none, or has blanks, gives null, a literal that does is an error."""
    text, base_node = call.arguments[0], call.arguments[1] if len(call.arguments) > 1 else None
    if text.kind not in ("any", "text"):
        raise Refused("takes a string")
    if isinstance(text.literal, str) and base_node is None and not is_number_text(text.literal):
        raise Refused(f"{text.literal!r} is not a number")

    def run(event: Mapping[str, Any], context: Context) -> Value:
        value = text.run(event, context)
        base = 10.0 if base_node is None else number_of(base_node.run(event, context))
        if value is None or base is None:
            return None
        if base != 10:
            return _in_base(text_of(value), int(base))
        return value if isinstance(value, float) else typed_number(text_of(value))

    return call.node(run, "number")


def typed_number(text: str) -> Value:
    """The number that a text is written as, else null."""
    return Written(text) if is_number_text(text) else None


def _in_base(text: str, base: int) -> Value:
    if not 2 <= base <= 36:
        raise Refused(f"base {base} is not between 2 and 36")
    try:
        return float(int(text, base)) if text.isalnum() else None
    except ValueError:
        return None


@function("tostring", 1, 2, "text", takes="any text", nulls=True, null_call=False)
def _tostring(value: Value, form_name: Value = None) -> Value:
    """Numbers and Booleans as text; `hex`, `commas`, `duration` and `binary` format numbers."""
    if value is None:
        raise Refused("the text of a missing field is not known")
    if form_name is None:
        return ("True" if value else "False") if isinstance(value, bool) else text_of(value)
    formatter = _FORMATS.get(text_of(form_name))
    number = number_of(value)
    if formatter is None or number is None:
        raise Refused(f"cannot format {value!r} as {form_name!r}")
    return formatter(number)


def _whole(number: float, form_name: str) -> int:
    if not number.is_integer() or number < 0:
        raise Refused(f"{form_name} of a number that is not whole and positive is documented nowhere")
    return int(number)


def _commas(number: float) -> str:
    if number.is_integer():
        return f"{int(number):,}"
    text = f"{Decimal(repr(float(number))).quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
    if text.endswith("0"):
        raise Refused("how commas prints a trailing zero is documented nowhere")
    return text


def _duration(number: float) -> str:
    minutes, seconds = divmod(_whole(number, "duration"), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return (f"{days}+" if days else "") + f"{hours:02}:{minutes:02}:{seconds:02}"


_FORMATS = {
    "hex": lambda number: f"0x{_whole(number, 'hex'):X}",
    "binary": lambda number: f"{_whole(number, 'binary'):b}",
    "commas": _commas,
    "duration": _duration,
}

_DIRECTIVE = re.compile(r"%(?:(%)|[-+ 0#]*\d*(?:\.\d+)?([a-zA-Z])|)")


@function("printf", 1, None, "text", takes="text", nulls=True, null_call=False)
def _printf(template: Value, *values: Value) -> Value:
    """C's printf with the conversions d i u o x X f e g s; `%s` of a missing field is `Null` (measured)."""
    waiting = list(values)

    def fill(found: re.Match[str]) -> str:
        conversion = found.group(2)
        if found.group(1):
            return "%"
        if not conversion or conversion not in "diuoxXfFeEgGs" or not waiting:
            raise Refused(f"printf: {found.group()} is not supported or has no argument")
        value = waiting.pop(0)
        if conversion == "s":
            return found.group() % ("Null" if value is None else text_of(value))
        return found.group() % _printable(value, conversion)

    text = _DIRECTIVE.sub(fill, text_of(template))
    if waiting:
        raise Refused("more arguments than conversions")
    return text


def _printable(value: Value, conversion: str) -> int | float:
    number = number_of(value)
    if number is None:
        raise Refused(f"{value!r} is not a number")
    return float(number) if conversion in "fFeEgG" else int(number)
