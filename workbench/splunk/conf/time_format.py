"""TIME_FORMAT: reading a timestamp with Splunk's date and time variables.

Source: props.conf.spec 9.2, TIME_FORMAT, TZ; Search Reference, Date and time format variables. A format has to
give year, month and day, or epoch seconds: how a missing part is filled in is not emulated.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from workbench.splunk.conf.time_zones import Zones, epoch_seconds, offset_of
from workbench.splunk.refusal import Refused

_VARIABLE = re.compile(r"%(?:(?P<size>\d?)(?P<subseconds>[NQ])|(?P<letter>:?[A-Za-z%])|(?P<unknown>.?))", re.DOTALL)
_SHORTHANDS = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M"}
_MONTHS = [name.lower() for name in calendar.month_abbr]
_LONG_MONTHS = "|".join(calendar.month_name[1:])
_DAYS = "|".join([*calendar.day_name, *calendar.day_abbr])
_PARTS = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<short_year>\d{2})",
    "m": r"(?P<month>\d{1,2})",
    "b": f"(?P<month_name>{_LONG_MONTHS}|{'|'.join(calendar.month_abbr[1:])})",
    "d": r" ?(?P<day>\d{1,2})",
    "H": r" ?(?P<hour>\d{1,2})",
    "I": r" ?(?P<half_hour>\d{1,2})",
    "p": r"(?P<half>[AaPp][Mm])",
    "M": r"(?P<minute>\d{1,2})",
    "S": r"(?P<second>\d{1,2})",
    "s": r"(?P<epoch>\d{1,10})",
    "a": f"(?:{_DAYS})",
    "z": r"(?P<offset>[+-]\d{4}|Z)",
    ":z": r"(?P<offset>[+-]\d{2}:\d{2}|Z)",
    "Z": r"(?P<abbreviation>[A-Za-z]{1,5})",
    "%": "%",
}
_PARTS.update({"B": _PARTS["b"], "A": _PARTS["a"], "e": _PARTS["d"], "k": _PARTS["H"]})


class Reading(NamedTuple):
    """A timestamp that was read: epoch seconds, and the offset behind its last character."""

    time: Decimal
    end: int


@lru_cache(maxsize=256)
def compiled(template: str) -> re.Pattern[str]:
    """The format as a pattern. Raises Refused for a variable that is not known or stands twice."""
    for short, long in _SHORTHANDS.items():
        template = template.replace(short, long)
    pattern, position = "", 0
    for found in _VARIABLE.finditer(template):
        pattern += _literal(template[position : found.start()])
        if found["subseconds"]:
            digits = int(found["size"] or {"N": 9, "Q": 3}[found["subseconds"]])
            pattern += rf"(?P<fraction>\d{{1,{digits}}})"
        elif found["letter"] in _PARTS:
            pattern += _PARTS[found["letter"]]
        else:
            raise Refused(f"{found.group()!r} is not a variable that is known")
        position = found.end()
    try:
        code = re.compile(pattern + _literal(template[position:]), re.ASCII | re.IGNORECASE)
    except re.error:
        raise Refused(f"{template!r} names one part twice") from None
    _require_date(template, set(code.groupindex))
    return code


def _literal(text: str) -> str:
    return re.sub(r"(?:\\\s|\s)+", r"\\s+", re.escape(text))


def _require_date(template: str, parts: set[str]) -> None:
    dated = bool(parts & {"year", "short_year"}) and bool(parts & {"month", "month_name"}) and "day" in parts
    if not dated and "epoch" not in parts:
        raise Refused(f"{template!r} has no whole date; what Splunk adds is not emulated")


def read(template: str, text: str, start: int, zones: Zones) -> Reading | None:
    """The timestamp that begins at `start`, None where the text does not fit."""
    found = compiled(template).match(text, start)
    if found is None:
        return None
    parts = {name: value for name, value in found.groupdict().items() if value is not None}
    if "epoch" in parts:
        if text[found.end() : found.end() + 1].isdigit():
            raise Refused(f"an epoch of more digits than {template!r} reads")
        seconds = int(parts["epoch"])
    else:
        try:
            seconds = _seconds(parts, zones)
        except (ValueError, OverflowError):
            return None
    return Reading(seconds + Decimal(f"0.{parts.get('fraction', '0')}"), found.end())


def _seconds(parts: dict[str, str], zones: Zones) -> int:
    moment = datetime(_year(parts), _month(parts), int(parts["day"]), _hour(parts), int(parts.get("minute", 0)))
    zone = zones.fallback
    offset = 0
    if "offset" in parts:
        if parts["offset"] in "Zz":
            raise Refused("whether %z reads a trailing Z is documented nowhere; write a literal Z")
        digits = parts["offset"].replace(":", "")
        zone = zones.utc
        offset = int(offset_of(digits[0], digits[1:3], digits[3:]).total_seconds())
    elif "abbreviation" in parts:
        zone = zones.abbreviated(parts["abbreviation"])
    second = int(parts.get("second", 0))
    if second > 60:
        raise ValueError(second)
    return epoch_seconds(moment, zone) + second - offset


def _year(parts: dict[str, str]) -> int:
    if "year" in parts:
        return int(parts["year"])
    # POSIX: 69 to 99 belong to the last century.
    short = int(parts["short_year"])
    return short + (1900 if short >= 69 else 2000)


def _month(parts: dict[str, str]) -> int:
    return int(parts["month"]) if "month" in parts else _MONTHS.index(parts["month_name"][:3].lower())


def _hour(parts: dict[str, str]) -> int:
    if "half_hour" not in parts:
        return int(parts.get("hour", 0))
    return int(parts["half_hour"]) % 12 + (12 if parts.get("half", "").lower() == "pm" else 0)
