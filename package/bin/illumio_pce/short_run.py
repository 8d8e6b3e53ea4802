"""A run that reads how things are, as inputs of health and of inventory do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .clock import Clock
from .config import Account
from .output import Output, SplunkEvents
from .pce import Pce
from .short_record import ShortRecord
from .stop import Stop


class ShortSettings(Protocol):
    """What such a run is configured with."""

    @property
    def source(self) -> str:
        """The source of its events."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Faults that the form refuses and a run only notes."""


@dataclass
class ShortRun:
    """One run; everything that it acts through is passed in."""

    settings: ShortSettings
    account: Account
    pce: Pce
    output: Output
    clock: Clock
    stop: Stop
    record: ShortRecord = field(default_factory=ShortRecord, init=False)

    def __post_init__(self) -> None:
        self._started = self.clock.monotonic()
        self.record.notes.extend(f"inputs.conf: {note}" for note in self.settings.notes)

    def write_record(self, outcome: dict[str, Any]) -> None:
        """Tell splunkd what happened in this run, in the form of the events input's records."""
        seconds = self.clock.monotonic() - self._started
        source, traffic = self.settings.source, self.pce.traffic
        self.output.write(self.record.event(outcome, source, self.account, traffic, self.clock.time(), seconds))

    def _hand_over(self, texts: Sequence[str], epoch: float, hosts: Sequence[str], sourcetype: str) -> None:
        """Write events to splunkd, and count them."""
        self.record.bytes_out += self.output.write(SplunkEvents.at(texts, f"{epoch:.3f}", hosts, sourcetype))
        self.record.delivered += len(texts)
