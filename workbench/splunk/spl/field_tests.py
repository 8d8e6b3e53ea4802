"""How the search command compares a field with a value.

Any one of several values suffices (assumed; also for `!=`, where no source was found).
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Mapping
from typing import Any, Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import counts_as_number, is_number_text, refuse_not_made

Test = Callable[[Mapping[str, Any]], bool]
ValueTest = Callable[[str], bool]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CIDR = re.compile(r"[0-9a-fA-F:.]+/\d{1,3}")


def field_test(name: str, symbol: str, value: str) -> Test:
    """`name symbol value`, e.g. `status!=200`. A missing field satisfies none of them."""
    if "*" in name:
        raise Refused(f"a wildcard in the field name {name!r} is not supported")
    if symbol == "=":
        return _any_value(name, _equals(value))
    if symbol == "!=":
        same = _equals(value)
        return _any_value(name, lambda text: not same(text))
    if "*" in value:
        raise Refused(f"{symbol} with a wildcard is documented nowhere")
    return _any_value(name, _ordered(symbol, value))


def field_in(name: str, values: list[str]) -> Test:
    """`name IN (…)`: `=` with any of the values."""
    plain = {value.casefold() for value in values if _is_plain(value)}
    tests = [_equals(value) for value in values if not _is_plain(value)]
    return _any_value(name, lambda text: text.casefold() in plain or any(test(text) for test in tests))


def _any_value(name: str, test: ValueTest) -> Test:
    def run(event: Mapping[str, Any]) -> bool:
        value = event.get(name)
        if value is None:
            refuse_not_made(name)
            return False
        if isinstance(value, list):
            return any(test(text) for text in value)
        return test(value)

    return run


def _equals(value: str) -> ValueTest:
    wanted = value.casefold()
    if _is_plain(value):
        return lambda text: text.casefold() == wanted
    if value == "*":
        return lambda _text: True
    return wildcard_test(value) if "*" in value else _in_network(value)


def _is_plain(value: str) -> bool:
    """Whether the value stands for its own text alone."""
    return "*" not in value and not _CIDR.fullmatch(value)


def wildcard_test(value: str) -> ValueTest:
    """The whole text, `*` for any text, without regard to case."""
    pattern = re.compile(".*".join(map(re.escape, value.casefold().split("*"))), re.DOTALL)
    return lambda text: pattern.fullmatch(text.casefold()) is not None


def _in_network(value: str) -> ValueTest:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return lambda text: text.casefold() == value.casefold()

    def test(text: str) -> bool:
        try:
            return ipaddress.ip_address(text) in network
        except ValueError:
            return text == value

    return test


def _ordered(symbol: str, value: str) -> ValueTest:
    """Numbers compare as numbers, anything else as text."""
    test = _ORDER[symbol]
    number = float(value) if is_number_text(value) else None

    def run(text: str) -> bool:
        if number is not None and counts_as_number(text):
            return test(float(text), number)
        return test(text, value)

    return run
