"""The real script on the Pythons that Splunk brings, with the libraries that ship and no others; and its memory."""

from __future__ import annotations

import json

from tests.e2e.lab import PceLab, on_the_pythons_of_splunk
from tests.e2e.test_collection import event

#: What a run may take, whatever the backlog (MiB).
MEMORY_LIMIT = 150


@on_the_pythons_of_splunk
def test_an_event_is_collected_on_the_pythons_of_splunk(empty_lab: PceLab) -> None:
    empty_lab.pce.record(event(1, age=60))
    empty_lab.add_account()
    empty_lab.add_input(include_system_events="1")
    assert empty_lab.run().exit_code == 0, empty_lab.log()
    assert empty_lab.delivered() == dict.fromkeys(empty_lab.recorded(), 1)


def test_a_backlog_with_events_of_megabytes_stays_within_memory(lab: PceLab) -> None:
    import time

    now = time.time()
    big = json.dumps([{"n": n, "text": "x" * 1000} for n in range(5000)])
    texts = [(n, event(n, age=7000 - n / 10, note="y" * 1200)) for n in range(60_000)]
    lab.pce.record_many((int((now - 7000 + n / 10) * 1000), text) for n, text in texts)
    for n in range(5):
        lab.pce.record(event(100_000 + n, age=3000 + n)[:-1] + f',"resource_changes":{big}}}')
    assert lab.run().exit_code == 0
    assert sum(lab.delivered().values()) == 60_005
    assert lab.records()[-1]["peak_memory_mib"] < MEMORY_LIMIT
