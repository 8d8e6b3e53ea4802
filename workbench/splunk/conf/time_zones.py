"""Time zones as TZ and an event's own text name them.

Source: props.conf.spec 9.2, TZ. Abbreviations beside EST are assumed to be the North American ones.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workbench.splunk.conf.settings import Settings
from workbench.splunk.refusal import Refused

_HOURS = {"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo:
    """A zone of the tz database, an abbreviation, or an offset such as `GMT+10:00` (east is positive)."""
    if name in _HOURS:
        return timezone(timedelta(hours=_HOURS[name]))
    offset = _OFFSET.fullmatch(name)
    if offset:
        return timezone(offset_of(*offset.groups(default="0")))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refused(f"the time zone {name!r} is not known") from None


def offset_of(sign: str, hours: str, minutes: str) -> timedelta:
    """The offset from UTC that such parts write."""
    size = timedelta(hours=int(hours), minutes=int(minutes))
    return -size if sign == "-" else size


class Zones:
    """The zones of one source type. Without TZ it is UTC: the emulated splunkd runs there."""

    def __init__(self, settings: Settings) -> None:
        try:
            self.fallback = zone_named(settings.text("TZ") or "UTC")
        except Refused as refusal:
            raise refusal.at(settings.place("TZ")) from None
        self.utc = timezone.utc

    def abbreviated(self, text: str) -> tzinfo:
        """The zone that an event's own text names."""
        if text not in _HOURS:
            raise Refused(f"the abbreviation {text!r} of a time zone is not known")
        return zone_named(text)


def epoch_seconds(moment: datetime, zone: tzinfo) -> int:
    """Whole epoch seconds of a moment without a zone, read in that zone."""
    return int(moment.replace(tzinfo=zone).timestamp())
