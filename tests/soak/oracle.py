"""An oracle outside of the collector: it mints every event's id, and holds the real process to each that was recorded.

The PCE and splunkd are emulations (workbench/pce/README.md, workbench/splunk/splunkd.md); the collector is the built
add-on's own process, over real sockets and pipes. The PCE's clock is moved on by a minute or more each round, so
that hours pass in minutes; the machine's clock goes along. Faults of every kind, kills, crashes of splunkd that lose
pipe and queue, failovers, wrong clocks, a KV store that is lost, read-only, forgetful or restored; at the end a calm phase and one fresh event. Missing, spurious and changed have to be 0.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import count
from pathlib import Path

from tests.conftest import ADDON
from tests.e2e.lab import SCHEME, PceLab
from workbench.lab import CHECKPOINTS
from workbench.pce import Pce, PceServer, faults
from workbench.splunk.splunkd import Kill, Reading
from workbench.splunk.splunkd.kv_trouble import Backup

#: Faults that are over at once. Those that hold a run up for half a minute are left to tests/e2e.
QUICK = sorted(
    set(faults.EVERY) - {"silence", "silence within the body", "endless drip", "huge", "gzip bomb", "deep JSON"}
)
#: More than a response of the PCE holds, so that windows are cut (events).
BULK = 11_000
#: So long a run is waited for while nothing is indexed (s).
HELD_SECONDS = 20.0
_PREFIX = "/orgs/1/events/"


@dataclass
class Report:
    """What an oracle's run came to. Memory in MiB; descriptors are the most that a run had open at once."""

    seed: int
    rounds: int = 0
    recorded: int = 0
    missing: int = 0
    spurious: int = 0
    changed: int = 0
    met: Counter[str] = field(default_factory=Counter)
    hours: float = 0.0
    memory: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether every promise was kept."""
        return self.missing == self.spurious == self.changed == 0


class Oracle:
    """Rounds of arrivals, mishaps and runs in one lab."""

    def __init__(self, lab: PceLab, seed: int) -> None:
        self.lab = lab
        self.chance = random.Random(seed)
        self.report = Report(seed)
        self._digests = array("Q")
        self._ahead = 0.0
        self._lives = 0.0
        self._backup: Backup | None = None
        lab.pce.clock = lambda: time.time() + self._ahead
        lab.splunkd.clock = lambda: time.time() + self._lives
        lab.splunkd.server_roles = ["shc_member", "shc_captain", "kv_store"]

    # --- the PCE's side ----------------------------------------------------------------------------

    def mint(self, events: int, oldest_ms: int) -> None:
        """Record events of an age up to `oldest_ms`, in any order."""
        now = int((self.lab.pce.clock() + self.lab.pce.clocks.stamps) * 1000)
        entries = []
        for _ in range(events):
            ms = now - self.chance.randrange(oldest_ms + 1)
            text = self._event(len(self._digests), ms)
            self._digests.append(_digest(text))
            entries.append((ms, text))
        self.lab.pce.record_many(sorted(entries))
        self.report.recorded += events

    def _event(self, number: int, ms: int) -> str:
        stamp = datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        event = {
            "href": f"{_PREFIX}{number:08x}-5e1f-4c3b-9d2a-000000000000",
            "timestamp": stamp,
            "pce_fqdn": "pce.example.com",
            "event_type": "workload.update",
            "note": self.chance.choice(["", "</data></event>", "\u2028 \u00e9 \U0001f512", 'a\\b"c', "\ufffe\x0b"]),
        }
        return json.dumps(event, ensure_ascii=bool(number % 2))

    # --- what happens ------------------------------------------------------------------------------

    def play(
        self, rounds: int, kills: int, bulk_every: int, until: float, tell: Callable[[str], None] = lambda _text: None
    ) -> None:
        """So many rounds and kills, or until that time (monotonic seconds)."""
        for number in count():
            enough = number >= rounds and self.report.met["kills"] >= kills
            if enough or time.monotonic() > until:
                break
            self._pass(self.chance.choice([60, 60, 60, 300, 3600]))
            self.mint(self.chance.randint(5, 60), self.chance.choice([5000, 5000, 590_000]))
            if bulk_every and number % bulk_every == 0:
                self.mint(BULK + self.chance.randrange(BULK), 50_000)
            act = self.chance.choices([act for act, _ in ACTS], [weight for _, weight in ACTS])[0]
            act(self)
            self.report.rounds += 1
            if number % 50 == 49:
                tell(f"{self.report.rounds} rounds, {self.report.recorded} events, {dict(self.report.met)}")

    def _pass(self, seconds: float) -> None:
        """Time passes, for the PCE and for the machine that the collector runs on."""
        self._ahead += seconds
        self.lab.splunkd.environment["WORKBENCH_CLOCK_AHEAD"] = str(self._ahead)

    def run(self, kill: Kill = Kill(), reading: Reading = Reading()) -> int:  # noqa: B008
        """One run; its exit code. Its memory and its open files are watched."""
        running = self.lab.splunkd.start_input(f"{SCHEME}://audit", kill=kill, reading=reading)
        began = time.monotonic()
        while running.running:
            if self.lab.splunkd.queue.held and time.monotonic() - began > HELD_SECONDS:
                return 0  # it waits before a full queue, and splunkd crashes over it
            self._watch(running.process.pid)
            time.sleep(0.02)
        ended = running.wait()
        if not self.lab.splunkd.queue.held:
            self.lab.splunkd.queue.drain()
        self.report.met["runs"] += 1
        return ended.exit_code

    def _watch(self, pid: int) -> None:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
            peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
            files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        except (OSError, IndexError):
            return
        if len(self.report.memory) <= self.report.met["runs"]:
            self.report.memory.append(0.0)
            self.report.descriptors.append(0)
        self.report.memory[-1] = max(self.report.memory[-1], round(peak, 1))
        self.report.descriptors[-1] = max(self.report.descriptors[-1], files)

    def calm(self) -> None:
        self.run()

    def meet_faults(self) -> None:
        name = self.chance.choice(QUICK)
        self.lab.pce.faults.switch_on(faults.EVERY[name], times=self.chance.randint(1, 2))
        self.report.met["faults"] += 1
        self.run()
        self.lab.pce.faults.clear()

    def kill(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            if self.chance.random() < 0.5:
                moment = Kill(after_seconds=self.chance.uniform(0.1, 0.8))
            else:
                moment = Kill(after_events=self.chance.randint(1, 30))
            self.report.met["kills"] += self.run(moment) == -signal.SIGKILL

    def end_in_good_order(self) -> None:
        self.run(Kill(after_seconds=self.chance.uniform(0.2, 0.8), signal=signal.SIGTERM))
        self.report.met["orderly ends"] += 1

    def close_the_pipe(self) -> None:
        # More than a pipe holds: of a pipe that takes a whole run and is then thrown away, no writer can know.
        self.mint(600, 5000)
        self.run(reading=Reading(close_after_events=self.chance.randint(1, 20)))
        self.report.met["pipes closed"] += 1
        self.lab.splunkd.refused.clear()

    def crash_splunkd(self) -> None:
        self.lab.splunkd.queue.hold()
        self.run()
        self.report.met["events lost in crashes"] += self.lab.splunkd.crash()
        self._lives += self.chance.choice([10.0, 500.0])
        self.lab.splunkd.start()
        self.report.met["crashes of splunkd"] += 1
        self.run()

    def restart_splunkd(self) -> None:
        self.lab.splunkd.stop()
        self._lives += 10
        self.lab.splunkd.start()
        self.report.met["restarts"] += 1
        self.run()

    def fail_over(self) -> None:
        if self.run() == 0:
            self.lab.splunkd.guid = f"member-{self.chance.randrange(1000)}"
            self.report.met["failovers"] += 1
            self.run()

    def lose_the_state(self) -> None:
        self.run()
        self.lab.rest("DELETE", CHECKPOINTS)
        self.report.met["states lost"] += 1
        self.run()

    def set_clocks(self) -> None:
        """The PCE's clock, or only its header, is off for some runs, and then set right."""
        off = self.chance.choice([-86_000, -3600, -1200, 300, 1200, 3600, 86_000])
        self.lab.pce.clocks.set(date=off, stamps=self.chance.choice([0, off]))
        for _ in range(2):
            self.run()
            self._pass(60)
            self.mint(20, 5000)
        self.run()
        self.lab.pce.clocks.set(date=0, stamps=0)
        self.run()
        self.report.met["wrong clocks"] += 1

    def make_the_store_read_only(self) -> None:
        before = self._delivered()
        self.lab.splunkd.kv.trouble.read_only = self.chance.choice([403, 507])
        self.run()
        self.lab.splunkd.kv.trouble.read_only = None
        self.report.met["read-only stores"] += 1
        self.report.spurious += self._delivered() - before

    def _delivered(self) -> int:
        return sum(1 for _ in self.lab.events())

    def make_the_store_forget(self) -> None:
        self.run()
        self.lab.splunkd.kv.trouble.forgets = True
        self.run()
        self.lab.splunkd.kv.trouble.forgets = False
        self.report.met["writes not kept"] += 1
        self.run()

    def restore_the_store(self) -> None:
        if self._backup is not None:
            self.lab.splunkd.kv.restore(self._backup, keep_newer=self.chance.random() < 0.5)
            self.report.met["stores restored"] += 1
            self.run()
        self._backup = self.lab.splunkd.kv.backup()

    def fail_the_store(self) -> None:
        self.lab.splunkd.kv.fail(self.chance.randint(1, 2), after_effect=self.chance.random() < 0.5, writes_only=True)
        self.report.met["failures of the store"] += 1
        self.run()

    # --- the verdict -------------------------------------------------------------------------------

    def settle(self) -> Report:
        """The calm phase, one fresh event, and the comparison of all that was recorded with all that was indexed."""
        self.lab.pce.faults.clear()
        for _ in range(3):
            self._pass(60)
            if self.run() != 0:
                self.report.missing += 1
        self.mint(1, 0)
        self._pass(61)
        self.run()
        seen = array("I", bytes(4 * len(self._digests)))
        for event in self.lab.events():
            number = _number(event.raw)
            if number is None or number >= len(seen):
                self.report.spurious += 1
                continue
            seen[number] += 1
            self.report.changed += _digest(event.raw) != self._digests[number]
        self.report.missing += sum(not times for times in seen)
        self.report.met["repeats"] = sum(times - 1 for times in seen if times)
        for record in self.lab.records():
            self.report.met["late arrivals"] += record.get("late_arrivals", 0)
            self.report.met["retries"] += record.get("retries", 0)
            self.report.met["sent again after restarts"] += record.get("resent_after_restart", 0)
        cut = sum(dict(request.query).get("timestamp[lte]") is not None for request in self.lab.server.requests)
        self.report.met["cut windows"] = cut
        self.report.hours = round(self._ahead / 3600, 1)
        return self.report


#: What may happen in a round, and how often.
ACTS: list[tuple[Callable[[Oracle], None], int]] = [
    (Oracle.kill, 10),
    (Oracle.meet_faults, 4),
    (Oracle.end_in_good_order, 3),
    (Oracle.close_the_pipe, 2),
    (Oracle.crash_splunkd, 2),
    (Oracle.calm, 2),
    (Oracle.restart_splunkd, 1),
    (Oracle.fail_over, 1),
    (Oracle.lose_the_state, 1),
    (Oracle.fail_the_store, 1),
    (Oracle.set_clocks, 1),
    (Oracle.make_the_store_read_only, 1),
    (Oracle.make_the_store_forget, 1),
    (Oracle.restore_the_store, 1),
]


def _digest(text: str) -> int:
    """Of what the text means: the collector may write a character that XML cannot carry as an escape."""
    value = json.dumps(json.loads(text, strict=False), sort_keys=True)
    return int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "big")


def _number(text: str) -> int | None:
    try:
        return int(str(json.loads(text, strict=False)["href"])[len(_PREFIX) :].partition("-")[0], 16)
    except (ValueError, KeyError, TypeError):
        return None


def watch(
    folder: Path,
    seed: int,
    rounds: int,
    kills: int = 0,
    bulk_every: int = 0,
    seconds: float = 1e9,
    tell: Callable[[str], None] = lambda _text: None,
) -> Report:
    """A whole run of the oracle in a folder of its own."""
    pce = Pce()
    pce.rate_limit.per_minute = 1_000_000
    with PceServer(pce) as server:
        lab = PceLab(folder, ADDON, pce, server)
        with lab.splunkd:
            lab.add_account()
            lab.add_input()
            oracle = Oracle(lab, seed)
            oracle.mint(20, 3_000_000)
            oracle.run()  # a relative start_time counts from the first run that stores anything
            oracle.play(rounds, kills, bulk_every, time.monotonic() + seconds, tell)
            return oracle.settle()
