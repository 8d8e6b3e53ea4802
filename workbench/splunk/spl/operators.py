"""The operators of eval and where. Source: Search Reference 10.0, eval, Operators and Rounding."""

from __future__ import annotations

import operator
from typing import Any, Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import (
    Value,
    Written,
    counts_as_number,
    figures,
    number_of,
    round_to_figures,
    text_of,
)

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
COMPARISONS = frozenset(_COMPARE)


def compare(symbol: str, left: Value, right: Value) -> bool | None:
    """Two numbers compare as numbers, anything else as text; with null the answer is null.

    `=` on several values is true when one of them is equal (assumed, as in the search command).
    What the other comparisons do with several values is documented nowhere: refused.
    """
    if left is None or right is None:
        return None
    if isinstance(left, list) or isinstance(right, list):
        return _compare_several(symbol, left, right)
    if isinstance(left, bool) or isinstance(right, bool):
        return _compare_booleans(symbol, left, right)
    test = _COMPARE[symbol]
    if isinstance(left, float) and isinstance(right, float):
        return test(left, right)
    if isinstance(left, float) != isinstance(right, float):
        counts_as_number(text_of(right if isinstance(left, float) else left))
    return test(text_of(left), text_of(right))


def _compare_several(symbol: str, left: Value, right: Value) -> bool:
    if symbol not in ("=", "==") or (isinstance(left, list) and isinstance(right, list)):
        raise Refused(f"{symbol} on a field with several values is documented nowhere; use mvfilter or mvfind")
    several, single = (left, right) if isinstance(left, list) else (right, left)
    wanted = text_of(single)
    return any(value == wanted for value in several) if isinstance(several, list) else False


def _compare_booleans(symbol: str, left: Value, right: Value) -> bool:
    if symbol in ("=", "==", "!=") and isinstance(left, bool) and isinstance(right, bool):
        return _COMPARE[symbol](left, right)
    raise Refused(f"{symbol} compares a Boolean with something else")


def calculate(symbol: str, left: Value, right: Value, *, exact: bool = False) -> Value:
    """Arithmetic in double precision; null in, null out; a division by zero is null.

    A product or quotient is rounded to the least precise decimal operand unless inside exact().
    """
    if left is None or right is None:
        return None
    first, second = number_of(left), number_of(right)
    if first is None or second is None:
        return _join(symbol, left, right, one_is_number=first is not None or second is not None)
    if symbol == "+":
        return float(first) + float(second)
    if symbol == "-":
        return float(first) - float(second)
    return _multiply(symbol, first, second, exact=exact)


def _join(symbol: str, left: Value, right: Value, *, one_is_number: bool) -> Value:
    if symbol == "+" and not one_is_number:
        return text_of(left) + text_of(right)
    if symbol == "+":
        raise Refused("'+' takes two numbers or two strings")
    # A field that holds no number: the expression cannot be evaluated and gives null.
    return None


def _multiply(symbol: str, left: float, right: float, *, exact: bool) -> Value:
    if symbol == "*":
        result = float(left) * float(right)
    elif right == 0:
        return None
    elif symbol == "/":
        result = float(left) / float(right)
    else:
        return float(int(left) % int(right)) if left >= 0 and right > 0 else _refuse_negative_modulo()
    limits = [count for count in (_figures(left), _figures(right)) if count is not None]
    return result if exact or not limits else round_to_figures(result, min(limits))


def _refuse_negative_modulo() -> Value:
    raise Refused("% of negative numbers is documented nowhere")


def _figures(number: float) -> int | None:
    return figures(number.text) if isinstance(number, Written) else None


def concatenate(left: Value, right: Value) -> Value:
    """The dot: strings and numbers joined as text; null in, null out (assumed)."""
    return None if left is None or right is None else text_of(left) + text_of(right)


def both(left: bool | None, right: bool | None) -> bool | None:
    """AND with null as the unknown."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    """OR with null as the unknown."""
    if left or right:
        return True
    return None if left is None or right is None else False


def one_of_two(left: bool | None, right: bool | None) -> bool | None:
    """XOR with null as the unknown."""
    return None if left is None or right is None else left is not right
