"""An audit trail of any length that needs no memory: event number n is made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.pce.events.generate import generate, text_of
from workbench.pce.events.times import render_ms
from workbench.pce.timeline import Timeline

_SHAPES = 5000
_DAY_MS = 86_400_000
_HREF = '"href":"/orgs/1/events/'
_BIG_EVERY = 20_000
_BIG_BYTES = 2_500_000


class Trail(Timeline):
    """`count` events from `start_ms` on, `step_ms` apart (fractions too), read as `pce.timeline.Timeline` is.

    The texts are those of a generated week, each with an href and a timestamp of its own, 1.4 kB on average. With
    `giants`, every 20,000th is of 2.5 MB, which brings the average to 1.5 kB: the sizes of the field.
    """

    def __init__(self, start_ms: int, step_ms: float, count: int, *, giants: bool = True) -> None:
        super().__init__()
        self.start_ms = start_ms
        self.step_ms = step_ms
        self.count = count
        self._giants = giants
        week = (_around(event.text) for event in generate(0, 7 * _DAY_MS, _SHAPES, seed=7))
        self._shapes = [parts for parts in week if parts]
        self._giant = [parts for parts in (_around(_giant()),) if parts]

    def __len__(self) -> int:
        return self.count

    def newest_first(self, low: int | None, high: int | None) -> Iterator[bytes]:
        """The texts from `low` to `high` (microseconds), both ends included; None is no bound."""
        first = 0 if low is None else self._number_from(low)
        end = self.count if high is None else min(self.count, self._number_from(high + 1))
        return (self.text(number) for number in range(end - 1, first - 1, -1))

    def text(self, number: int) -> bytes:
        """One event."""
        giant = self._giants and number % _BIG_EVERY == _BIG_EVERY // 2
        shapes = self._giant if giant else self._shapes
        middle, rest = shapes[number % len(shapes)]
        stamp = render_ms(self.ms(number)).encode()
        return b"{%s%08x-0000-4000-8000-%012x%s%s%s" % (_HREF.encode(), number, number, middle, stamp, rest)

    def ms(self, number: int) -> int:
        """When an event happened (epoch ms)."""
        return self.start_ms + int(number * self.step_ms)

    def windows(self, events: int) -> list[tuple[int, int]]:
        """The whole trail as ranges (ms) of about that many events each, for a client that knows it beforehand."""
        width = max(1, int(events * self.step_ms))
        end = self.ms(self.count)
        return [(low, min(low + width, end)) for low in range(self.start_ms, end, width)]

    def _number_from(self, micros: int) -> int:
        """The first event that is not older."""
        number = max(0, int((micros / 1000 - self.start_ms) / self.step_ms) - 2)
        while number < self.count and self.ms(number) * 1000 < micros:
            number += 1
        return number


def _around(text: str) -> tuple[bytes, bytes] | None:
    """What stands between an event's UUID and its timestamp, and behind it; None for one that does not begin so."""
    stamp = text.find('"timestamp":"')
    if not text.startswith("{" + _HREF) or stamp < 0:
        return None
    begin = len(_HREF) + 1 + 36
    value = stamp + len('"timestamp":"')
    return text[begin:value].encode(), text[value + 24 :].encode()


def _giant() -> str:
    """A bulk change of policy that names every rule it touched."""
    rules = [{"href": f"/orgs/1/sec_policy/draft/rule_sets/9/sec_rules/{n}", "enabled": n % 3 > 0} for n in range(300)]
    change = {
        "resource": {"rule_set": {"href": "/orgs/1/sec_policy/draft/rule_sets/9", "name": "fleet"}},
        "changes": rules,
    }
    text = text_of(change)
    event = {
        "href": "/orgs/1/events/" + "0" * 36,
        "timestamp": render_ms(0),
        "pce_fqdn": "pce.example.com",
        "created_by": {"user": {"href": "/users/301", "username": "amara.okafor@kestrel-freight.example"}},
        "event_type": "sec_policy.create",
        "status": "success",
        "severity": "info",
        "action": None,
        "resource_changes": [change] * (_BIG_BYTES // len(text)),
        "notifications": [],
    }
    return text_of(event)
