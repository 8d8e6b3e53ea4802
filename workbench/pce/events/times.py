"""Times of audit events: RFC 3339 text, and integers of microseconds or milliseconds since the epoch (UTC)."""

from __future__ import annotations

import re
import time
from calendar import timegm
from datetime import datetime
from functools import lru_cache

MILLISECOND = 1_000
SECOND = 1_000 * MILLISECOND

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):?(\d\d))",
    re.ASCII,
)


def parse_micros(text: object) -> int | None:
    """Read an RFC 3339 time with a zone, as microseconds; None for anything else, a time without a zone included."""
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        moment = datetime(*(int(part) for part in match.groups()[:6]))  # type: ignore[arg-type]
    except ValueError:
        return None
    fraction, sign, hours, minutes = match.groups()[6:]
    offset = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1) if sign else 0
    return (timegm(moment.timetuple()) - offset) * SECOND + int((fraction or "")[:6].ljust(6, "0"))


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def render_ms(ms: int) -> str:
    """Write milliseconds as the PCE writes them: UTC, three decimals, Z."""
    seconds, rest = divmod(ms, 1000)
    return f"{_second(seconds)}.{rest:03}Z"
