"""What to tell of a file of events: what in it is no PCE event, and what is later than the clock of the search."""

from __future__ import annotations

from time import gmtime, strftime

from workbench.splunk.spl.values import Event

#: The source types that an event of a PCE can have, and the words that one of them has to hold (docs/formats.md).
_MARKS = {
    "illumio:pce:events": '"event_type"',
    "illumio:pce:cef": "CEF:0|Illumio|PCE|",
    "illumio:pce:leef": "LEEF:2.0|Illumio|PCE|",
    "illumio:pce:flows": "",
    "illumio:pce:system_health": "",
    "illumio:pce:cluster_health": '"kind"',
    "illumio:pce:inventory": '"kind"',
    "illumio:pce:ingest": "",
}
_RECEIVED_AS = "illumio:pce:syslog"


class FileReport:
    """Counts the events of one file. `now` is the clock of the search, epoch seconds."""

    def __init__(self, name: str, now: float) -> None:
        self._name = name
        self._now = now
        self._events = 0
        self._unknown: list[str] = []
        self._unknown_count = 0
        self._sourcetypes: set[str] = set()
        self._later = 0
        self._latest = now

    def take(self, event: Event) -> None:
        """Count an event."""
        self._events += 1
        sourcetype, raw = str(event.get("sourcetype", "")), str(event.get("_raw", ""))
        if sourcetype not in _MARKS or _MARKS[sourcetype] not in raw:
            self._unknown_count += 1
            self._unknown = self._unknown or [raw]
            self._sourcetypes.add(sourcetype)
        time = float(str(event.get("_time", self._now)))
        if time > self._now:
            self._later += 1
            self._latest = max(self._latest, time)

    def sentences(self) -> list[str]:
        """What an administrator should know; nothing where all is well."""
        return [f"{self._name}: {text}" for text in (self._recognised(), self._after_the_clock()) if text]

    def _recognised(self) -> str:
        if not self._events:
            return "it contains no events."
        if not self._unknown_count:
            return ""
        if self._unknown_count < self._events:
            first = self._unknown[0].strip()[:60]
            return (
                f"{self._unknown_count} of {self._events} lines not recognised as PCE events, the first is {first!r}."
            )
        others = sorted(self._sourcetypes - {_RECEIVED_AS, *_MARKS})
        if others:
            remedy = f"Their source type, {', '.join(others)}, does not belong to the add-on: omit it."
        elif self._sourcetypes == {_RECEIVED_AS}:
            remedy = "See docs/formats.md for the supported formats."
        else:
            remedy = f"They do not match their source type, {', '.join(sorted(self._sourcetypes))}."
        return f"{self._events} lines, none recognised as PCE events. {remedy}"

    def _after_the_clock(self) -> str:
        if not self._later:
            return ""
        return (
            f"{self._later} of {self._events} events are later than --now ({_written(self._now)}), which relative "
            f"times are based on and schedules end at. The latest is at {_written(self._latest)}: set a later --now."
        )


def _written(moment: float) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(moment))
