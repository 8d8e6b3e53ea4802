"""Everything that a run acts through."""

from __future__ import annotations

from typing import NamedTuple

from .clock import Clock
from .config import Account, EventsSettings
from .limits import DEFAULT_LIMITS, Limits
from .output import Output
from .pce import Pce
from .record import Record
from .state import State
from .stop import Stop


class RunContext(NamedTuple):
    """What the parts of one run of one input share; passed in, so that tests can replace each.

    `splunkd_boot_id`: identifies the start of splunkd that the run is under.
    """

    settings: EventsSettings
    account: Account
    pce: Pce
    state: State
    output: Output
    clock: Clock
    stop: Stop
    splunkd_boot_id: str
    record: Record
    limits: Limits = DEFAULT_LIMITS

    @property
    def late_ms(self) -> int:
        """The late-arrival window (ms)."""
        return self.settings.late_arrival_window_ms

    def pce_now_ms(self) -> int:
        """What time it is for the PCE (ms); see `PceClock`."""
        return self.pce.time.now_ms()
