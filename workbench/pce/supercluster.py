"""A supercluster: members that each record their own events, and a leader that sees all of them, later."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Callable

from .pce import Pce
from .wire import Answer, Request


class Supercluster:
    """The first of `fqdns` is the leader; the others' events reach it `delay_seconds` after they were recorded."""

    def __init__(
        self,
        fqdns: Sequence[str],
        org_id: int = 1,
        clock: Callable[[], float] = time.time,
        delay_seconds: float = 30.0,
    ) -> None:
        self.delay_seconds = delay_seconds
        self.leader = _Leader(self.replicate, fqdns[0], org_id, clock)
        self.members: dict[str, Pce] = {fqdns[0]: self.leader}
        self.members.update((fqdn, Pce(fqdn, org_id, clock)) for fqdn in fqdns[1:])
        self._clock = clock
        self._under_way: list[tuple[float, dict[str, Any]]] = []

    def record(self, event: dict[str, Any], *, member: str) -> str | None:
        """Record an event on one member, under that member's name; its href."""
        event = {**event, "pce_fqdn": member}
        href = self.members[member].record(event)
        if self.members[member] is not self.leader:
            self._under_way.append((self._clock() + self.delay_seconds, event))
        return href

    def replicate(self) -> None:
        """Bring to the leader what is due; the leader does so itself before it answers."""
        now = self._clock()
        due = [event for at, event in self._under_way if at <= now]
        self._under_way = [(at, event) for at, event in self._under_way if at > now]
        for event in due:
            self.leader.record(event)


class _Leader(Pce):
    def __init__(self, replicate: Callable[[], None], fqdn: str, org_id: int, clock: Callable[[], float]) -> None:
        super().__init__(fqdn, org_id, clock)
        self._replicate = replicate

    def answer(self, request: Request) -> Answer:
        self._replicate()
        return super().answer(request)
