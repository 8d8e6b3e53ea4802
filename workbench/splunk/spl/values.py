"""Values of fields and expressions: text, numbers, null and several values.

A field holds text or a list of texts. An expression may also give a number, a Boolean or null.
Sources: Search Reference 10.0, eval (Numeric calculations, Rounding, Operators) and sort (Usage).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Union

from workbench.splunk.refusal import Refused

FieldValue = Union[str, list[str]]
Event = dict[str, FieldValue]
Value = Union[None, bool, float, str, list[str]]

#: Fields that Splunk makes of every event and the engine does not: who asks for one that is not there is refused.
NOT_MADE = frozenset(["punct", "linecount", "timestartpos", "timeendpos", "splunk_server"]) | {
    f"date_{part}" for part in ("second", "minute", "hour", "mday", "wday", "month", "year", "zone")
}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class Written(float):
    """A number that remembers how it is written: `007` stays `007`, and 8.250 has four significant figures."""

    text: str

    def __new__(cls, text: str, value: float | None = None) -> Written:
        """The number that `text` writes, or `value` where the text is a rounded form of it."""
        number = super().__new__(cls, text if value is None else value)
        number.text = text
        return number


def is_number_text(text: str) -> bool:
    """Whether a field's text is written as a number, without blanks around it."""
    return _NUMBER.fullmatch(text) is not None


def counts_as_number(text: str) -> bool:
    """Whether a text is taken for a number. Refused for one with blanks: only what tonumber() makes of it is known."""
    if is_number_text(text):
        return True
    if text.strip() != text and is_number_text(text.strip()):
        raise Refused(f"whether {text!r}, which has blanks, counts as a number is not known; use trim()")
    return False


def typed(text: str) -> Value:
    """A field's text as expressions see it: a number where it is written as one."""
    return Written(text) if is_number_text(text) else text


def refuse_not_made(name: str) -> None:
    """Refuse a field that the event does not have because the engine does not make it."""
    if name in NOT_MADE:
        raise Refused(f"{name} is a field that the engine does not make")


def read_field(event: Mapping[str, Any], name: str) -> Value:
    """The field's value as an expression sees it, None where it is absent."""
    value = event.get(name)
    if isinstance(value, str):
        return typed(value)
    if isinstance(value, list):
        return from_texts(value)
    if value is None:
        refuse_not_made(name)
        return None
    return typed(str(value))


def from_texts(texts: list[str]) -> Value:
    """Several texts as one value: none is null, one is single."""
    if len(texts) > 1:
        return texts
    return typed(texts[0]) if texts else None


def number_text(number: float) -> str:
    """How a number is printed: whole ones without a fraction, others with all significant digits."""
    if isinstance(number, Written):
        return number.text
    if math.isfinite(number) and number == int(number) and abs(number) < 1e17:
        return str(int(number))
    return repr(float(number))


def text_of(value: Value) -> str:
    """A single value as text. Raises Refused for null, for several values and for Booleans."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise Refused("a Boolean where text is expected; use tostring() or if()")
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, list):
        raise Refused("several values where one is expected")
    raise Refused("null where text is expected")


def texts_of(value: Value) -> list[str]:
    """All values as texts: none for null, one for a single value."""
    if value is None:
        return []
    return value if isinstance(value, list) else [text_of(value)]


def number_of(value: Value) -> float | None:
    """A single value as a number, None where it is null or not written as one."""
    if isinstance(value, bool):
        raise Refused("a Boolean where a number is expected")
    if isinstance(value, float):
        return value
    if isinstance(value, str):
        return Written(value) if counts_as_number(value) else None
    if isinstance(value, list):
        raise Refused("several values where one number is expected")
    return None


def to_field(value: Value) -> FieldValue | None:
    """The form in which a field holds the value; None = the field is absent.

    Booleans become `True` and `False`, as tostring() writes them; only props.conf may store one.
    """
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, list):
        return value if len(value) > 1 else value[0]
    return str(text_of(value))


def set_field(event: Event, name: str, value: Value) -> None:
    """Store the value under the name; null removes the field."""
    stored = to_field(value)
    if stored is None:
        event.pop(name, None)
    else:
        event[name] = stored


def values_in(event: Mapping[str, FieldValue], name: str) -> list[str]:
    """All values of a field as texts, none where it is absent."""
    value = event.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def figures(text: str) -> int | None:
    """Significant figures of a decimal number's text, None for whole numbers, which limit nothing."""
    mantissa = re.split("[eE]", text)[0]
    if "." not in mantissa:
        return None
    return len(mantissa.lstrip("+-").replace(".", "").lstrip("0")) or 1


def round_to_figures(number: float, count: int) -> float:
    """The number rounded to `count` significant figures, never left of the decimal point."""
    if not math.isfinite(number) or number == 0:
        return number
    exact = Decimal(repr(float(number)))
    decimals = max(0, count - 1 - exact.adjusted())
    return Written(str(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)))


def parse_flag(text: str) -> bool:
    """An option's Boolean, as commands and confs write it. Raises Refused for anything else."""
    lowered = text.lower()
    if lowered in ("t", "true", "1", "yes", "y"):
        return True
    if lowered in ("f", "false", "0", "no", "n"):
        return False
    raise Refused(f"{text!r} is not a Boolean")
