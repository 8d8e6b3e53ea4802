"""200 kills of the real process at random moments: nothing missing, and at most a page repeated for each."""

from __future__ import annotations

import os
import random
import time

from tests.e2e.lab import PceLab
from tests.e2e.test_collection import event
from workbench.splunk.splunkd import Kill

KILLS = int(os.environ.get("KILLS", "200"))
#: New events before each run, and so about what a page holds.
EACH = 60


def test_killed_again_and_again(lab: PceLab) -> None:
    chance = random.Random(KILLS)
    number = killed = in_hand = 0
    assert lab.run().exit_code == 0
    for _ in range(KILLS):
        for _ in range(EACH):
            lab.pce.record(event(number, age=chance.choice([0, 0, 0, chance.uniform(0, 500)])))
            number += 1
        moment = (
            Kill(after_seconds=chance.uniform(0, 0.9))
            if chance.random() < 0.5
            else Kill(after_events=chance.randrange(1, EACH))
        )
        run = lab.run(kill=moment)
        if run.exit_code != 0:
            killed += 1
            in_hand += run.events
    assert lab.run().exit_code == 0
    count = lab.delivered()
    assert set(count) == set(lab.recorded())
    repeated = sum(count.values()) - len(count)
    assert killed >= KILLS // 4
    assert repeated <= in_hand
    time.sleep(1.1)
    lab.pce.record(event(number))
    assert lab.run().exit_code == 0
    assert sum(lab.delivered().values()) == sum(count.values()) + 1
