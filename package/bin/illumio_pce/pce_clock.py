"""What time it is for the PCE, as far as anybody can know.

The `Date` header of a response may come from a proxy or a load balancer, and this machine's clock may be wrong as
well. Neither is trusted alone: what counts is the earlier of the two, since reading too much again costs a little
time, and reading on from too late loses events.
"""

from __future__ import annotations

from .clock import Clock
from .timestamps import DAY, in_words, parse_http_date

#: Clocks that differ by more than this (ms) are worth a word to an administrator.
TOLERANCE = 120_000


class PceClock:
    """The PCE's time in ms since the epoch.

    `ahead_ms`: how far the `Date` header was ahead of this machine's clock when it was last seen, in this run or in
    an earlier one. A header more than a day behind says nothing (1970 is a device without a clock) and is ignored.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead_ms = 0

    def now_ms(self) -> int:
        """The earlier of the two clocks."""
        return self._own_ms() + min(0, self._credible_ms())

    def latest_ms(self) -> int:
        """The later of the two clocks: no event that the PCE has now was recorded after that."""
        return self._own_ms() + max(0, self._credible_ms())

    def header_now_ms(self) -> int:
        """What the header would say now; this machine's time where it says nothing credible."""
        return self._own_ms() + self._credible_ms()

    def observe(self, date: str | None, sent_at: float, arrived_at: float) -> int:
        """Take the `Date` of a response that was sent for and came at these times (monotonic seconds).

        Returns the earlier of the two clocks at the time of the request: what the PCE recorded until then, the
        response can hold.
        """
        arrived_ms = self._own_ms() - int((self._clock.monotonic() - arrived_at) * 1000)
        header_ms = parse_http_date(date)
        if header_ms is not None:
            self.ahead_ms = header_ms - arrived_ms
        return arrived_ms + min(0, self._credible_ms()) - int((arrived_at - sent_at) * 1000)

    def _own_ms(self) -> int:
        return int(self._clock.time() * 1000)

    def _credible_ms(self) -> int:
        return self.ahead_ms if self.ahead_ms >= -DAY - TOLERANCE else 0


def clock_problem(time: PceClock, newest_ms: int | None) -> str:
    """Which clock cannot be right, as a sentence; empty where all of them can. `newest_ms`: the newest new event's."""
    if abs(time.ahead_ms) > TOLERANCE:
        where = "ahead of" if time.ahead_ms > 0 else "behind"
        return f"The Date header of the PCE's responses is {in_words(abs(time.ahead_ms))} {where} this machine's clock."
    if newest_ms is not None and newest_ms > time.now_ms() + TOLERANCE:
        return f"New events carry times that are {in_words(newest_ms - time.now_ms())} in the future."
    return ""
