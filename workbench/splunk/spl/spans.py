"""Time bins and number bins. Source: Search Reference 10.0, bin and timechart (span, bins, aligntime)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.relative_time import add_months, apply_modifier, span_seconds
from workbench.splunk.spl.values import number_text

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MONTHS = {"mon": 1, "q": 3, "y": 12}
# The smallest of these that makes no more bins than allowed is taken; it gives the page's table of defaults.
_DEFAULTS = ("1s", "5s", "10s", "30s", "1m", "5m", "10m", "30m", "1h", "1d", "1mon")


@dataclass(frozen=True)
class TimeSpan:
    """Bins of time. `origin` shifts bins of fixed length (aligntime, epoch seconds)."""

    count: int
    unit: str
    origin: float = 0.0

    def start(self, moment: float) -> float:
        """Where the bin that holds the moment begins."""
        if self.unit in _MONTHS:
            return self._month(moment)
        length = self.count * _SECONDS[self.unit]
        return math.floor((moment - self.origin) / length) * length + self.origin

    def next(self, start: float) -> float:
        """Where the bin behind the one that begins at `start` begins."""
        if self.unit in _MONTHS:
            return add_months(start, self.count * _MONTHS[self.unit])
        return start + self.count * _SECONDS[self.unit]

    def _month(self, moment: float) -> float:
        then = datetime.fromtimestamp(moment, timezone.utc)
        months = self.count * _MONTHS[self.unit]
        return datetime(then.year, (then.month - 1) // months * months + 1, 1, tzinfo=timezone.utc).timestamp()


def time_span(text: str, align: str = "", now: float = 0.0) -> TimeSpan:
    """A span such as `5m`, `1d`, `1mon`.

    Spans whose bins no page places in time are refused: weeks, several days, hours that do not divide the day.
    """
    if text.isdigit():
        text += "s"
    count, unit = span_seconds(text)
    months = count * _MONTHS.get(unit, 0)
    if unit in _MONTHS:
        regular = months <= 12 and 12 % months == 0
    else:
        regular = unit in _SECONDS and 86400 % (count * _SECONDS[unit]) == 0
    if not regular:
        raise Refused(f"where bins of {text} begin is documented nowhere")
    if not align:
        return TimeSpan(count, unit)
    if unit not in "smh":
        raise Refused("aligntime does not count for spans of days or more")
    return TimeSpan(count, unit, apply_modifier(now, align))


def default_time_span(seconds: float, bins: int) -> TimeSpan:
    """The span for a range so many seconds long."""
    for text in _DEFAULTS:
        count, unit = span_seconds(text)
        length = _SECONDS.get(unit, 30 * 86400) * count
        if seconds / length <= bins:
            return TimeSpan(count, unit)
    return TimeSpan(1, "y")


def number_bin(value: str, span: str) -> str:
    """The label of a number's bin: `0-10`, `10-20`, … Refused below 0 and with decimals, where no page shows one."""
    try:
        width = Decimal(span)
    except ArithmeticError:
        raise Refused(f"span={span} is not a number") from None
    if width <= 0:
        raise Refused(f"span={span} is not positive")
    low = (Decimal(value) / width).to_integral_value(rounding="ROUND_FLOOR") * width
    if low < 0 or width != width.to_integral_value():
        raise Refused("how bins with decimals or below 0 are written is documented nowhere")
    return f"{number_text(float(low))}-{number_text(float(low + width))}"
