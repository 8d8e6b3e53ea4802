"""strftime and strptime with Splunk's variables, in UTC.

Source: Search Reference 10.0, Date and time format variables. A variable that is not in the tables is refused.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Callable

from workbench.splunk.refusal import Refused

_VARIABLE = re.compile(r"%(:?z|\d?[NQ]|[A-Za-z%])|%(.?)")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SHORTHANDS = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M"}
_MONTHS = [name.lower() for name in calendar.month_name]
_DAYS = [name.lower() for name in calendar.day_name]


def _digits(variable: str) -> int:
    """How many subsecond digits %N, %3N, %Q … stand for."""
    return int(variable[0]) if variable[0].isdigit() else {"Q": 3, "N": 9}[variable]


_WRITERS: dict[str, Callable[[datetime], str]] = {
    **{letter: (lambda moment, code=f"%{letter}": moment.strftime(code)) for letter in "YmdHMSyjp"},  # type: ignore[misc]
    "I": lambda moment: f"{(moment.hour + 11) % 12 + 1:02}",
    "b": lambda moment: calendar.month_abbr[moment.month],
    "B": lambda moment: calendar.month_name[moment.month],
    "a": lambda moment: calendar.day_abbr[moment.weekday()],
    "A": lambda moment: calendar.day_name[moment.weekday()],
    "w": lambda moment: str(moment.isoweekday() % 7),
    "e": lambda moment: f"{moment.day:2}",
    "k": lambda moment: f"{moment.hour:2}",
    "z": lambda _moment: "+0000",
    ":z": lambda _moment: "+00:00",
    "Z": lambda _moment: "UTC",
}


def _expanded(template: str) -> str:
    for letter, long in _SHORTHANDS.items():
        template = re.sub(rf"(?<!%)%{letter}", long, template)
    return template


def format_time(moment: float, template: str) -> str:
    """The moment (epoch seconds) written by the template."""
    exact = Decimal(repr(float(moment)))
    seconds = int(exact // 1) if exact >= 0 or exact == exact // 1 else int(exact // 1) - 1
    fraction = f"{exact - seconds:.9f}"[2:]
    try:
        then = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise Refused(f"{moment} is no moment that can be written") from None

    def write(found: re.Match[str]) -> str:
        variable = found.group(1)
        if variable == "%":
            return "%"
        if variable == "s":
            return str(seconds)
        if variable and variable[-1] in "NQ":
            return fraction[: _digits(variable)]
        if variable not in _WRITERS:
            raise Refused(f"time format: {found.group()!r} is not supported")
        return _WRITERS[variable](then)

    return _VARIABLE.sub(write, _expanded(template))


_READERS = {
    "Y": r"(?P<Y>\d{4})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "e": r"\s?(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "k": r"\s?(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "y": r"(?P<y>\d{2})",
    "p": r"(?P<p>[AaPp][Mm])",
    "b": "(?P<b>" + "|".join(name[:3] for name in _MONTHS[1:]) + ")",
    "B": "(?P<b>" + "|".join(_MONTHS[1:]) + ")",
    "a": "(?:" + "|".join(name[:3] for name in _DAYS) + ")",
    "A": "(?:" + "|".join(_DAYS) + ")",
    "s": r"(?P<s>\d+)",
    "f": r"(?P<f>\d{1,6})",
    "z": r"(?P<z>[+-]\d{4}|Z)",
    ":z": r"(?P<z>[+-]\d\d:\d\d|Z)",
    "Z": r"(?:UTC|GMT)",
    "%": "%",
}


@lru_cache(maxsize=512)
def _reader(template: str) -> re.Pattern[str]:
    pattern, position = "", 0
    template = _expanded(template)
    for found in _VARIABLE.finditer(template):
        pattern += _literal(template[position : found.start()])
        variable = found.group(1)
        if variable and variable[-1] in "NQ":
            pattern += rf"(?P<f>\d{{1,{_digits(variable)}}})"
        elif variable in _READERS:
            pattern += _READERS[variable]
        else:
            raise Refused(f"time format: {found.group()!r} is not supported")
        position = found.end()
    try:
        return re.compile(pattern + _literal(template[position:]), re.IGNORECASE | re.ASCII)
    except re.error:
        raise Refused(f"time format {template!r} names one part twice") from None


def _literal(text: str) -> str:
    return re.sub(r"(?:\\ |\s)+", r"\\s+", re.escape(text))


def parse_time(text: str, template: str) -> float | None:
    """Epoch seconds of a text written by the template (UTC without a zone), None where it does not fit.

    The date has to be there. Text behind the template's end is ignored, as the C library's strptime does.
    """
    found = _reader(template).match(text)
    if found is None:
        return None
    parts = {name: value for name, value in found.groupdict().items() if value is not None}
    fraction = float(f"0.{parts['f']}") if "f" in parts else 0.0
    if "s" in parts:
        return float(f"{parts['s']}.{parts.get('f', '0')}")
    try:
        then = _assemble(parts)
    except ValueError:
        return None
    if then is None:
        return None
    whole = (then - _EPOCH) // timedelta(seconds=1) - _zone(parts.get("z", "+0000"))
    return float(f"{whole}.{parts['f']}") if fraction else float(whole)


def _assemble(parts: dict[str, str]) -> datetime | None:
    month = _MONTHS_BY_PREFIX.get(parts["b"].lower()[:3]) if "b" in parts else int(parts.get("m", "0"))
    year = int(parts["Y"]) if "Y" in parts else _full_year(parts.get("y"))
    if not month or year is None or "d" not in parts:
        return None
    if year < 1971:
        raise Refused("strptime takes dates from 1971 on")
    return datetime(
        year, month, int(parts["d"]), _hour(parts), int(parts.get("M", 0)), int(parts.get("S", 0)), tzinfo=timezone.utc
    )


_MONTHS_BY_PREFIX = {name[:3]: number for number, name in enumerate(_MONTHS) if name}


def _full_year(two_digits: str | None) -> int | None:
    """POSIX: 69 to 99 are of the last century."""
    if two_digits is None:
        return None
    return int(two_digits) + (1900 if int(two_digits) >= 69 else 2000)


def _hour(parts: dict[str, str]) -> int:
    if "I" not in parts:
        return int(parts.get("H", 0))
    hour = int(parts["I"]) % 12
    return hour + 12 if parts.get("p", "").lower() == "pm" else hour


def _zone(text: str) -> int:
    if text in "zZ":
        raise Refused("whether %z reads a trailing Z is documented nowhere; write a literal Z in the format")
    sign = -1 if text[0] == "-" else 1
    return sign * (int(text[1:3]) * 3600 + int(text[-2:]) * 60)
