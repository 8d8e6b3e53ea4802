"""A splunkd that dies and leaves the process of an input to itself: the run ends, and the next one is not kept away."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from tests.e2e.lab import SCHEME, PceLab
from tests.e2e.test_collection import event
from workbench.pce import faults
from workbench.splunk.splunkd import Reading, RunningInput

STANZA = f"{SCHEME}://audit"


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def start_anew(lab: PceLab, running: RunningInput) -> None:
    """splunkd dies alone, starts again, and the process that it left is gone by itself."""
    lab.splunkd.crash(inputs_die=False)
    time.sleep(1.1)  # splunkd dates its start in whole seconds
    lab.splunkd.start()
    assert running.wait(20).exit_code == 1


def test_a_run_that_waits_for_the_pce_ends_with_splunkd(lab: PceLab) -> None:
    href = lab.pce.record(event(1))
    lab.pce.faults.switch_on(faults.EVERY["silence"])
    before = len(lab.server.requests)
    running = lab.splunkd.start_input(STANZA)
    wait_for(lambda: len(lab.server.requests) > before)
    start_anew(lab, running)
    lab.pce.faults.clear()
    assert lab.run().exit_code == 0
    assert lab.delivered() == {href: 1}
    assert [record["outcome"] for record in lab.records()] == ["ok"]


def test_a_run_that_waits_for_the_kv_store_ends_with_splunkd(lab: PceLab) -> None:
    href = lab.pce.record(event(1))
    lab.splunkd.kv.set_ready(False)
    running = lab.splunkd.start_input(STANZA)
    wait_for(lambda: "storage/collections/data" in lab.splunkd.rest.asked[-1])
    start_anew(lab, running)
    lab.splunkd.kv.set_ready(True)
    assert lab.run().exit_code == 0
    assert lab.delivered() == {href: 1}
    assert [record.get("error_category") for record in lab.records()] == [None]


def test_unread_pipe_data_is_marked_unconfirmed_without_the_kv_store(lab: PceLab) -> None:
    for number in range(300):
        lab.pce.record(event(number, age=number))
    lab.splunkd.queue.hold()
    running = lab.splunkd.start_input(STANZA, reading=Reading(pause_after_bytes=2000, pause_seconds=60))
    wait_for(lambda: running.bytes >= 2000)
    start_anew(lab, running)
    lines = re.findall(r"log_level=ERROR .*", lab.log())
    assert len(lines) == 1
    assert "splunkd closed the pipe" in lines[0]
    assert lab.run().exit_code == 0
    assert set(lab.delivered()) == set(lab.recorded())
    assert max(lab.delivered().values()) <= 2
    lab.splunkd.refused.clear()  # how the stream ended is the test's own doing
