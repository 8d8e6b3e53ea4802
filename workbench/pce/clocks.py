"""How far a PCE's clocks are off: the one that writes the header `Date`, and the one that stamps events.

In good order both are the PCE's `clock`. RFC 9110, section 5.6.7, asks for a `Date` but for no synchronised clock;
Illumio's installation guide asks for NTP on every node; nobody says that the front end that writes the `Date` and the
node that stamps an event agree at every moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class _Step:
    requests: int
    date: float | None
    stamps: float | None


@dataclass
class Clocks:
    """Seconds by which each clock is ahead of the PCE's `clock`; below 0 it is behind. A test sets them at any time."""

    date: float = 0.0
    stamps: float = 0.0
    _steps: list[_Step] = field(default_factory=list)
    _asked: int = 0

    def set(self, *, date: float | None = None, stamps: float | None = None) -> None:
        """Set one or both, now."""
        self.date = self.date if date is None else date
        self.stamps = self.stamps if stamps is None else stamps

    def step(self, after: int, *, date: float | None = None, stamps: float | None = None) -> None:
        """Set one or both once `after` more requests have come: in the middle of a run."""
        self._steps.append(_Step(self._asked + after, date, stamps))

    def asked(self) -> None:
        """A request has come; what is due steps before it is answered."""
        self._asked += 1
        for step in [step for step in self._steps if step.requests < self._asked]:
            self._steps.remove(step)
            self.set(date=step.date, stamps=step.stamps)
