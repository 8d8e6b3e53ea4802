"""Histories of an input in the simulated world, each made from one seed: clock, transport, store and pipe are simulated.

`python -m tests.histories SEED` replays one and prints its steps. A seed that ever failed stands in
`tests/stateful/seeds.txt` for good. No seed's history depends on anything but the seed.
"""

from __future__ import annotations

import copy
import random
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import tests.conftest  # noqa: F401 - puts the built add-on on the path
from tests.simulation import World, cut_short, half_a_body, page_of_html, reset, status

FAULTS = [
    status(429),
    status(429, retry_after="3"),
    status(500),
    status(503),
    cut_short,
    half_a_body,
    page_of_html,
    reset,
]
LASTING = [status(401), status(403), status(404)]
LATE_ARRIVAL_MS = 600_000
#: What must have happened somewhere in a few hundred histories, or they prove nothing.
EXPECTED = {
    "late arrival", "cut response", "retry", "asynchronous job", "killed", "stopped", "pipe closed", "sent again", "repeat",
    "lost state", "unreadable state", "failover", "store down", "backlog", "filled in", "writes refused",
    "write not kept", "power cut", "restored state", "clock set back", "clock noted", "own clock wrong",
}  # fmt: skip


class Failed(AssertionError):
    """A promise was broken; the text has the seed and the steps."""


class History:
    """One history: steps, then a calm phase after which everything that was recorded has to be there, once more or once."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.world = World(max_results=self.chance.choice([2, 4, 5, 50]))
        self.world.settings["start_time"] = self.chance.choice(["-1h", "-1h", "-2d"])
        self._set_clocks()
        if self.chance.random() < 0.3:
            self.world.settings["include_system_events"] = "1"
        self.clean = True
        self.backup: dict[str, Any] = {}
        self.steps: list[str] = []
        self.met: Counter[str] = Counter()
        for _ in range(self.chance.randrange(3)):
            self._record(self.chance.randrange(3_500_000))
        self.run()

    def play(self, steps: int) -> None:
        """Take so many random steps."""
        for _ in range(steps):
            step = self.chance.choices(list(STEPS), list(STEPS.values()))[0]
            self.steps.append(step.__name__)
            step(self)
            self.check()

    def run(self) -> str:
        """One run, and what it met."""
        ended = self.world.run()
        run = self.world.last
        self.steps.append(f"-> {ended}")
        self.met[ended] += 1
        self.met["late arrival"] += run.record.late
        self.met["retry"] += self.world.client.traffic.retries
        self.met["sent again"] += run.record.resent
        self.met["filled in"] += run.record.backfilled
        self.met["asynchronous job"] += len(self.world.pce.jobs)
        self.met["cut response"] += any("timestamp[lte]" in query for _, query in self.world.requests)
        self.met["clock set back"] += self._was_told("set back")
        self.met["restored state"] += self._was_told("holds an older state") > 0
        self.clean &= not self._was_told("may come twice")
        if ended == "ok":
            self._check_clocks()
        self.met["backlog"] += any(progress.pending for progress in run.checkpoint.collections.values())
        self.world.requests.clear()
        return ended

    def _was_told(self, words: str) -> bool:
        """Whether the last run's record says so."""
        return any(words in note for note in self.world.last.record.notes)

    def _check_clocks(self) -> None:
        """A clock that cannot be right is noted by each run that came to its end."""
        from illumio_pce.pce_clock import clock_problem

        pce, run = self.world.pce, self.world.last
        noted = "Date header" in clock_problem(self.world.client.time, run.record.newest)
        if not self.world.clock.error and noted != (abs(pce.skew + pce.header_skew) > 120):
            self._fail(f"the clocks are {pce.skew} and {pce.header_skew} s ahead; noted: {noted}")
        self.met["clock noted"] += noted

    def check(self) -> None:
        """At any moment: nothing is invented, and without crashes nothing comes twice."""
        delivered = Counter(self.world.delivered())
        recorded = Counter(e.href or e.text for events in self.world.pce.collections.values() for e in events)
        if not set(delivered) <= set(recorded):
            self._fail(f"spurious: {sorted(set(delivered) - set(recorded))[:3]}")
        repeated = [identity for identity, count in delivered.items() if count > recorded[identity]]
        self.met["repeat"] += len(repeated)
        if self.clean and repeated:
            self._fail(f"repeated in good order: {repeated[:3]}")

    def end(self) -> None:
        """A calm phase, and a fresh event."""
        world = self.world
        world.faults, world.store_is_down = [], False
        for _ in range(2):
            ended = self.run()
            if ended != "ok":
                self._fail(f"the calm phase ended with {ended}")
            world.clock.now += 61
        fresh = world.pce.record()
        self.run()
        self.check()
        texts = Counter(event.text for event in world.indexed if event.sourcetype == "illumio:pce:events")
        wanted = ["events", "system_events"] if world.settings.get("include_system_events") else ["events"]
        missing = [e.href or e.text for name in wanted for e in world.pce.collections[name] if not texts[e.text]]
        if missing:
            self._fail(f"missing: {missing[:3]} and {len(missing) - 1} more")
        if fresh not in world.delivered():
            self._fail("the fresh event did not pass")

    def _fail(self, text: str) -> None:
        raise Failed(
            f"seed {self.seed}: {text}\nsteps: {' '.join(self.steps)}\nreplay: python -m tests.histories {self.seed}"
        )

    def _set_clocks(self) -> None:
        """The PCE's clock, or only its header, is right or wrong from now on; this machine's is right."""
        wrong = self.chance.choice([-1, 1]) * self.chance.choice([300, 1200, 3600, 21_600, 86_000])
        pce = self.world.pce
        pce.skew, pce.header_skew = self.chance.choice([(0.0, 0.0), (0.0, 0.0), (wrong, 0.0), (0.0, wrong)])

    def _record(self, age_ms: int) -> None:
        collection = "system_events" if self.chance.random() < 0.1 else "events"
        href = f"/system_events/{self.world.pce.minted:08x}" if collection == "system_events" else ""
        self.world.pce.record(age_ms=age_ms, collection=collection, href=href)

    # --- steps -------------------------------------------------------------------------------------

    def events_turn_up(self) -> None:
        for _ in range(self.chance.randint(1, 9)):
            self._record(self.chance.randrange(20_000))

    def events_turn_up_late(self) -> None:
        age = self.chance.randrange(LATE_ARRIVAL_MS)
        for _ in range(self.chance.choice([1, 1, 3, 8])):
            self._record(age)

    def an_event_from_the_future_turns_up(self) -> None:
        self._record(-self.chance.randrange(7_200_000))

    def an_event_that_is_none_turns_up(self) -> None:
        text = self.chance.choice(['{"timestamp":null,"a":%d}', "[%d]", '"<event>%d"', '{"event_type":"x","a":%d}'])
        self.world.pce.record(text=text % self.world.pce.minted, href=None)

    def time_passes(self) -> None:
        self.world.clock.now += self.chance.choice([1, 30, 60, 300, 900, 5000, 100_000])

    def a_run(self) -> None:
        self.run()

    def a_run_with_faults(self) -> None:
        faults = [self.chance.choice(FAULTS) for _ in range(self.chance.randint(1, 6))]
        self.world.faults = faults + self.chance.choices([[], [self.chance.choice(LASTING)]], [3, 1])[0]
        self.run()
        self.world.faults = []

    def a_run_that_is_killed(self) -> None:
        self.world.crash_at = self.chance.randint(1, 50)
        self.clean &= self.run() != "killed"

    def a_run_that_is_stopped(self) -> None:
        self.world.stop_at = self.chance.randint(1, 50)
        self.run()

    def a_run_whose_pipe_closes(self) -> None:
        self.world.pipe_closes_after = self.chance.randrange(12)
        self.world.lost_in_pipe = self.chance.choice([0, 3, 12])
        self.clean &= self.run() != "pipe closed"

    def clocks_are_set(self) -> None:
        self._set_clocks()
        self._clocks_make_the_nameless_repeat()
        # A clock that is wrong between two runs only is seen by none: what it timed turns up late, or too late.
        self.run()

    def _clocks_make_the_nameless_repeat(self) -> None:
        """What has neither an href nor a time is told apart by when it turned up: docs/delivery.md."""
        self.clean &= all(event.href for events in self.world.pce.collections.values() for event in events)

    def runs_while_this_machine_has_a_wrong_clock(self) -> None:
        self._clocks_make_the_nameless_repeat()
        pce = self.world.pce
        pce.skew = pce.header_skew = 0.0
        self.run()
        self.world.clock.error = self.chance.choice([-86_000, -3600, -1200, -300, 300, 1200, 3600, 86_000])
        for _ in range(self.chance.randint(1, 3)):
            self.events_turn_up_late()
            self.run()
            self.world.clock.now += 61
        # A clock that is set forward just before a crash of splunkd hides what splunkd lost: docs/delivery.md.
        self.world.clock.now += 121
        self.world.clock.error = 0.0
        self.run()
        self.met["own clock wrong"] += 1

    def a_run_whose_store_takes_no_writes(self) -> None:
        before = len(self.world.delivered())
        self.world.writes_refused_after = 0
        self.met["writes refused"] += self.run() == "state"
        if len(self.world.delivered()) != before:
            self._fail("events were delivered although the store took no write")

    def a_run_whose_store_soon_takes_no_writes(self) -> None:
        self.world.writes_refused_after = self.chance.randint(1, 6)
        self.clean &= self.run() != "state"

    def a_run_whose_writes_are_not_kept(self) -> None:
        self.world.writes_kept = self.chance.randint(0, 4)
        self.run()
        self.clean = False
        self.run()
        self.met["write not kept"] += self._was_told("holds an older state")

    def the_power_fails(self) -> None:
        """The store loses the last writes of a run, which were not on its disk yet, and splunkd its memory."""
        self.world.writes_kept = self.chance.randint(0, 6)
        self.run()
        self.world.crash_splunkd(self.chance.randint(0, 110), self.chance.choice([0, 5, 200, 5000]))
        self.clean = False
        self.run()
        self.met["power cut"] += self._was_told("holds an older state")

    def the_store_is_backed_up(self) -> None:
        self.backup = dict(self.world.documents)

    def the_store_is_restored(self) -> None:
        if self.backup:
            self._let_requests_settle()
            newer = {key: value for key, value in self.world.documents.items() if key not in self.backup}
            self.world.documents.clear()
            self.world.documents.update({**self.backup, **(newer if self.chance.random() < 0.5 else {})})
            self.clean = False
            self.run()

    def a_run_without_its_store(self) -> None:
        self.world.store_is_down = True
        self.met["store down"] += self.run() == "state"
        self.world.store_is_down = False

    def splunkd_crashes(self) -> None:
        self.world.crash_splunkd(self.chance.randint(0, 110), self.chance.choice([0, 5, 200, 5000]))
        self.clean = False
        self.run()

    def _let_requests_settle(self) -> None:
        """What a reconciliation had sent lately is known to the store alone: docs/delivery.md."""
        if any(document.get("kind") == "request" for document in self.world.documents.values()):
            self.world.clock.now += 121

    def the_state_is_lost(self) -> None:
        self._let_requests_settle()
        self.world.documents.clear()
        self.clean = False
        self.run()
        self.met["lost state"] += 1

    def the_state_is_damaged(self) -> None:
        for key in self.chance.choice([["audit"], ["audit", "audit.previous"]]):
            if key in self.world.documents:
                self.world.documents[key] = {**self.world.documents[key], "content": "{", "kind": "checkpoint"}
        self.clean = False
        self.run()
        self.met["unreadable state"] += 1

    def another_member_takes_over(self) -> None:
        crumb, world = self.world.breadcrumb, self.world.other_member()
        world.breadcrumb = self.chance.choice([None, crumb])
        self.world = world
        self.clean = False
        self.run()
        self.met["failover"] += 1

    def what_splunkd_lost_is_requested(self) -> None:
        """Events vanish from the index long after; a reconciliation names them."""
        from illumio_pce.backfill import Backfill
        from illumio_pce.events import key_of

        there = {event.href for event in self.world.pce.collections["events"]} & set(self.world.delivered())
        hrefs = sorted(str(href) for href in there)
        lost = set(self.chance.sample(hrefs, min(3, len(hrefs))))
        kept = [
            (event, at)
            for event, at in zip(self.world.indexed, self.world.indexed_at)
            if self.world._identity(event.text) not in lost
        ]
        self.world.indexed[:] = [event for event, _ in kept]
        self.world.indexed_at[:] = [at for _, at in kept]
        keys = frozenset(map(key_of, lost))
        newest = max((event.found_at for event in self.world.pce.collections["events"]), default=0)
        backfill = Backfill.new("audit", "events", 0, newest + 1, keys)
        self.world.documents[backfill.key] = backfill.document("audit")
        self.clean = False
        self.run()


STEPS: dict[Callable[[History], None], int] = {
    History.events_turn_up: 5,
    History.events_turn_up_late: 4,
    History.an_event_from_the_future_turns_up: 1,
    History.an_event_that_is_none_turns_up: 1,
    History.time_passes: 4,
    History.a_run: 4,
    History.a_run_with_faults: 3,
    History.a_run_that_is_killed: 3,
    History.a_run_that_is_stopped: 2,
    History.a_run_whose_pipe_closes: 2,
    History.a_run_without_its_store: 1,
    History.clocks_are_set: 3,
    History.runs_while_this_machine_has_a_wrong_clock: 1,
    History.a_run_whose_store_takes_no_writes: 1,
    History.a_run_whose_store_soon_takes_no_writes: 1,
    History.a_run_whose_writes_are_not_kept: 1,
    History.the_power_fails: 1,
    History.the_store_is_backed_up: 1,
    History.the_store_is_restored: 1,
    History.splunkd_crashes: 2,
    History.the_state_is_lost: 1,
    History.the_state_is_damaged: 1,
    History.another_member_takes_over: 1,
    History.what_splunkd_lost_is_requested: 1,
}


def play(seed: int) -> Counter[str]:
    """One history to its end; what it met. Raises Failed."""
    history = History(seed)
    history.play(history.chance.randint(4, 16))
    history.end()
    return history.met


def crash_everywhere(seed: int) -> tuple[int, Counter[str]]:
    """The run after a history, killed at each of its effects in turn, some with splunkd's crash on top.

    How many crashes that were, and what they met. Raises Failed.
    """
    from illumio_pce.checkpoint import UNCONFIRMED_SECONDS

    before = History(seed)
    before.play(before.chance.randint(2, 8))
    before.events_turn_up()
    before.events_turn_up_late()
    del before.world.last
    met: Counter[str] = Counter()
    effect = 0
    while True:
        effect += 1
        history = copy.deepcopy(before)
        history.clean = False
        history.steps.append(f"killed at effect {effect}")
        history.world.crash_at = effect
        if history.run() != "killed":
            return effect - 1, met
        if effect % 2:
            # What was in splunkd for longer is not promised: docs/delivery.md.
            history.world.crash_splunkd(min(effect, UNCONFIRMED_SECONDS), 200)
        history.end()
        met += history.met


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        one = History(int(argument))
        try:
            one.play(one.chance.randint(4, 16))
            one.end()
        finally:
            print(f"seed {argument}: {' '.join(one.steps)}")
