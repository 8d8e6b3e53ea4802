"""Mathematical functions, and max, min, sum and avg over their arguments."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.functions.registry import function
from workbench.splunk.spl.values import Value, Written, counts_as_number, number_of, typed


def _declare(name: str, calculate: Callable[[float], float]) -> None:
    @function(name, 1, 1, "number", takes="number")
    def _run(value: Value) -> Value:
        number = number_of(value)
        try:
            return None if number is None else float(calculate(float(number)))
        except (ValueError, OverflowError):
            return None


_declare("abs", abs)
_declare("ceiling", math.ceil)
_declare("floor", math.floor)
_declare("ln", math.log)
_declare("sqrt", math.sqrt)


@function("exact", 1, 1, "number", takes="number")
def _exact(value: Value) -> Value:
    number = number_of(value)
    return None if number is None else float(number)


@function("pow", 2, 2, "number", takes="number number")
def _pow(base: Value, exponent: Value) -> Value:
    first, second = number_of(base), number_of(exponent)
    if first is None or second is None:
        return None
    try:
        return math.pow(first, second)
    except (ValueError, OverflowError):
        return None


@function("log", 1, 2, "number", takes="number number")
def _log(value: Value, base: Value = 10.0) -> Value:
    number, root = number_of(value), number_of(base)
    if number is None or root is None or number <= 0 or root <= 0 or root == 1:
        return None
    return math.log10(number) if root == 10 else math.log(number, root)


@function("round", 1, 2, "number", takes="number number")
def _round(value: Value, places: Value = 0.0) -> Value:
    """Rounded half up; the result is written with as many decimals as were asked for."""
    number, count = number_of(value), number_of(places)
    if number is None or count is None:
        return None
    if count < 0 or not count.is_integer() or not math.isfinite(number):
        raise Refused("round() to fewer than 0 decimals is documented nowhere")
    unit = Decimal(1).scaleb(-int(count))
    steps = (Decimal(repr(float(number))) / unit + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR")
    rounded = (steps * unit).quantize(unit)
    return Written(str(rounded)) if count else float(rounded)


def _rank(value: Value) -> tuple[bool, float, str]:
    """Text counts as greater than numbers."""
    return (False, value, "") if isinstance(value, float) else (True, 0.0, str(value))


def _arguments(values: tuple[Value, ...]) -> list[Value]:
    """All values; of a field with several values, each as what it is written as. A string stays one (measured)."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, list):
            found.extend(map(typed, value))
        elif value is not None:
            found.append(value)
    if any(isinstance(value, float) for value in found) and any(
        isinstance(one, str) and counts_as_number(one) for one in found
    ):
        raise Refused("how numbers compare with strings that look like numbers is not known; use tonumber()")
    return found


@function("max", 1, None, several=True, nulls=True)
def _max(*values: Value) -> Value:
    return max(_arguments(values), key=_rank, default=None)


def _numbers(values: tuple[Value, ...]) -> list[float]:
    return [value for value in _arguments(values) if isinstance(value, float)]


@function("sum", 1, None, "number", several=True, nulls=True)
def _sum(*values: Value) -> Value:
    numbers = _numbers(values)
    return math.fsum(numbers) if numbers else None


@function("avg", 1, None, "number", several=True, nulls=True)
def _avg(*values: Value) -> Value:
    numbers = _numbers(values)
    return math.fsum(numbers) / len(numbers) if numbers else None


@function("min", 1, None, several=True, nulls=True)
def _min(*values: Value) -> Value:
    return min(_arguments(values), key=_rank, default=None)
