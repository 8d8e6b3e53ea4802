"""What earlier runs learned about a PCE and an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .timestamps import DAY, SECOND

_DAY_SECONDS = DAY / SECOND


@dataclass
class PceFacts:
    """Facts that need not be asked for again in each run; times are of this machine's clock (epoch s), 0 for never.

    `settings_read_at`: when the PCE's event settings were read, which gave `retention_seconds` and `least_severity`.
    `readable`: the collections that were read completely in the last run, if that met no error. `setback_ms`: by how
    much the PCE's clock was set back at `set_back_at`. `compared_at`: when its two collections were compared.
    """

    settings_read_at: float = 0
    retention_seconds: int | None = None
    least_severity: str | None = None
    readable: tuple[str, ...] = ()
    setback_ms: int = 0
    set_back_at: float = 0
    compared_at: float = 0

    @property
    def retention_ms(self) -> int | None:
        """How long the PCE keeps events (ms), where it says so."""
        return None if self.retention_seconds is None else self.retention_seconds * SECOND

    def recent_setback_ms(self, now: float) -> int:
        """By how much (ms) the PCE's clock was set back within the last day (`now`: epoch s)."""
        return self.setback_ms if is_within_a_day(self.set_back_at, now) else 0

    def to_json(self) -> dict[str, Any]:
        """The form in which a checkpoint keeps them: what is known."""
        value = {
            "asked_at": self.settings_read_at,
            "retention_seconds": self.retention_seconds,
            "least_severity": self.least_severity,
            "answered": list(self.readable),
            "clock_setback": [self.setback_ms, self.set_back_at] if self.set_back_at else None,
            "compared_at": self.compared_at,
        }
        return {name: fact for name, fact in value.items() if fact}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PceFacts:
        """Read what `to_json` wrote, in this version of the add-on or an older one."""
        setback_ms, set_back_at = value.get("clock_setback", (0, 0))
        return cls(
            settings_read_at=value.get("asked_at", 0),
            retention_seconds=value.get("retention_seconds"),
            least_severity=value.get("least_severity"),
            readable=tuple(value.get("answered", ())),
            setback_ms=setback_ms,
            set_back_at=set_back_at,
            compared_at=value.get("compared_at", 0),
        )


def is_within_a_day(then: float, now: float) -> bool:
    """Whether two times (epoch s) are less than a day apart, in either order: a clock may have been ahead."""
    return abs(now - then) < _DAY_SECONDS
