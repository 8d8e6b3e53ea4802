"""The first whole path: an event recorded by the PCE is indexed once, with its time, host, source and source type."""

from __future__ import annotations

import json
import signal
import time
from datetime import datetime, timezone
from typing import Any

from tests.e2e.lab import SCHEME, SOURCETYPE, PceLab
from workbench.lab import CHECKPOINTS
from workbench.splunk.splunkd import Kill, Reading


def event(number: int, age: float = 0, **members: Any) -> str:
    moment = datetime.fromtimestamp(time.time() - age, timezone.utc)
    return json.dumps(
        {
            "href": f"/orgs/1/events/{number:08x}-1111-4222-8333-444444444444",
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "pce_fqdn": "pce.example.com",
            "created_by": {"user": {"href": "/users/7", "username": "ada@example.com"}},
            "event_type": "workload.update",
            "status": "success",
            "severity": "info",
            "action": {"uuid": "3f0c", "api_endpoint": "/api/v2/x", "api_method": "PUT", "http_status_code": 204},
            "notifications": [],
            **members,
        }
    )


def test_an_event_is_indexed_with_its_metadata_and_its_text_unchanged(lab: PceLab) -> None:
    text = event(1, age=30, note='quotes " \\ = { } \u00fc \u2028 <tag> & \U0001f512', count=12345678901234567890)
    lab.pce.record(text)
    assert lab.run().exit_code == 0
    (indexed,) = lab.splunkd.events(sourcetype=SOURCETYPE)
    assert indexed.raw == text
    assert abs(indexed.time - (time.time() - 30)) < 10
    assert (indexed.host, indexed.source, indexed.index) == ("pce.example.com", f"{SCHEME}://audit", "main")
    (record,) = lab.records()
    assert record["outcome"] == "ok"
    assert record["events"] == 1
    assert record["least_severity"] == "informational"
    assert record["retention_days"] == 30


def test_runs_overlap_and_repeat_nothing(lab: PceLab) -> None:
    for number in range(30):
        lab.pce.record(event(number, age=number * 60))
    for number in range(3):
        assert lab.run().exit_code == 0
        lab.pce.record(event(100 + number, age=500))
    assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)
    assert [record["events"] for record in lab.records()] == [30, 1, 1, 1]


def test_a_large_backlog_is_delivered_completely_in_pages(lab: PceLab) -> None:
    lab.pce.record_many((int((time.time() - 7000 + n / 4) * 1000), event(n, age=7000 - n / 4)) for n in range(25_000))
    assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)
    assert lab.records()[-1]["pages"] >= 3


def test_hrefs_stored_outside_the_checkpoint_are_read_back(lab: PceLab) -> None:
    lab.pce.record_many((int((time.time() - 90 + n / 100) * 1000), event(n, age=90 - n / 100)) for n in range(6000))
    for _ in range(3):
        assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)
    assert [record["events"] for record in lab.records()] == [6000, 0, 0]
    assert lab.records()[-1]["notes"] == []


def test_more_than_the_cap_in_one_millisecond(lab: PceLab) -> None:
    lab.pce.job_rules.polls = 0
    moment = int((time.time() - 900) * 1000)
    stamp = datetime.fromtimestamp(moment / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    lab.pce.record_many((moment, event(number, timestamp=stamp)) for number in range(10_500))
    assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)


def test_an_event_of_five_megabytes(lab: PceLab) -> None:
    big = event(1, resource_changes=[{"n": n, "text": "x" * 1000} for n in range(5000)])
    lab.pce.record(big)
    lab.pce.record(event(2))
    assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)
    indexed = max(lab.splunkd.events(sourcetype=SOURCETYPE), key=lambda e: len(e.raw))
    assert json.loads(indexed.raw) == json.loads(big)
    assert indexed.raw.index('"notifications"') < indexed.raw.index('"resource_changes"') < 5000


def test_killed_then_run_again(lab: PceLab) -> None:
    lab.pce.record_many((int((time.time() - 7000 + n / 4) * 1000), event(n, age=7000 - n / 4)) for n in range(15_000))
    killed = lab.run(kill=Kill(after_events=9000))
    assert killed.exit_code == -signal.SIGKILL
    assert lab.run().exit_code == 0
    count = lab.delivered()
    assert set(count) == set(lab.recorded())
    assert sum(count.values()) - len(count) <= 10_000


def test_sigterm_ends_the_run_cleanly(lab: PceLab) -> None:
    lab.pce.record_many((int((time.time() - 7000 + n / 4) * 1000), event(n, age=7000 - n / 4)) for n in range(25_000))
    began = time.monotonic()
    ended = lab.run(kill=Kill(after_events=3000, signal=signal.SIGTERM))
    assert time.monotonic() - began < 30
    assert ended.exit_code == 0
    assert ended.whole
    assert lab.records()[-1]["outcome"] == "stopped"
    assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)


def test_a_pipe_that_splunkd_closes(lab: PceLab) -> None:
    lab.pce.record_many((int((time.time() - 7000 + n / 4) * 1000), event(n, age=7000 - n / 4)) for n in range(15_000))
    ended = lab.run(reading=Reading(close_after_events=4000))
    assert ended.exit_code == 1
    assert "splunkd closed the pipe" in lab.log()
    assert lab.run().exit_code == 0
    count = lab.delivered()
    assert set(count) == set(lab.recorded())
    assert max(count.values()) <= 2
    # How the stream ended is the test's own doing.
    lab.splunkd.refused.clear()


def test_events_lost_in_a_splunkd_crash_are_sent_again(lab: PceLab) -> None:
    for number in range(50):
        lab.pce.record(event(number, age=number))
    lab.splunkd.queue.hold()
    assert lab.run().exit_code == 0
    assert lab.splunkd.crash() > 0
    time.sleep(1.1)  # splunkd dates its start in whole seconds
    lab.splunkd.start()
    time.sleep(1.1)
    assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)
    assert lab.records()[-1]["resent_after_restart"] == 50
    lab.pce.record(event(99))
    assert lab.run().exit_code == 0
    assert lab.records()[-1]["resent_after_restart"] == 0


def test_lost_events_are_sent_again_after_a_long_splunkd_outage(lab: PceLab) -> None:
    for number in range(50):
        lab.pce.record(event(number, age=number))
    lab.splunkd.queue.hold()
    assert lab.run().exit_code == 0
    assert lab.splunkd.crash() > 0
    lab.splunkd.clock = lambda: time.time() + 7200  # so long it stayed down
    lab.splunkd.start()
    assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)


def test_an_emptied_kv_store_is_not_treated_as_a_first_run(lab: PceLab) -> None:
    lab.pce.record(event(1, age=3000))
    assert lab.run().exit_code == 0
    lab.rest("DELETE", CHECKPOINTS)
    lab.pce.record(event(2, age=10))
    assert lab.run().exit_code == 0
    assert list(lab.delivered().values()) == [1, 1]
    assert [record["error_category"] for record in lab.records() if record["kind"] == "state"] == ["state_lost"]
    lab.rest("DELETE", f"ta_illumio_pce_{SCHEME}/audit")
    lab.add_input()
    assert lab.run().exit_code == 0
    assert list(lab.delivered().values()) == [2, 2]


def test_an_input_that_is_deleted_while_it_runs_leaves_no_state(lab: PceLab) -> None:
    for number in range(200):
        lab.pce.record(event(number, age=number))
    running = lab.splunkd.start_input(f"{SCHEME}://audit", reading=Reading(pause_after_bytes=2000, pause_seconds=4))
    while running.bytes < 2000:
        time.sleep(0.05)
    lab.rest("DELETE", f"ta_illumio_pce_{SCHEME}/audit")
    running.wait(30)
    assert lab.rest("GET", CHECKPOINTS) == []


def test_a_second_process_of_an_input_is_locked_out(lab: PceLab) -> None:
    stanza = f"{SCHEME}://audit"
    for number in range(300):
        lab.pce.record(event(number, age=number))
    running = lab.splunkd.start_input(stanza, reading=Reading(pause_after_bytes=2000, pause_seconds=5))
    while running.bytes < 2000:
        time.sleep(0.05)
    lab.splunkd._running.pop(stanza)  # as if splunkd had lost sight of it
    assert lab.run().exit_code == 1
    assert running.wait(30).exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)
    assert [record.get("error_category") for record in lab.records()].count("overlap") == 1


def test_a_run_waits_for_the_kv_store_to_become_ready(lab: PceLab) -> None:
    lab.pce.record(event(1))
    lab.splunkd.kv.set_ready(True, after=5)
    assert lab.run().exit_code == 0
    assert list(lab.delivered().values()) == [1]


def test_deleting_an_input_deletes_its_state(lab: PceLab) -> None:
    lab.pce.record(event(1))
    lab.run()
    assert lab.rest("GET", CHECKPOINTS)
    lab.rest("DELETE", f"ta_illumio_pce_{SCHEME}/audit")
    assert lab.rest("GET", CHECKPOINTS) == []


def test_two_organisations_of_one_pce(lab: PceLab) -> None:
    lab.pce.add_org(2)
    key = lab.pce.add_key(org_id=2)
    lab.pce.record(event(1))
    lab.pce.record(event(2, href="/orgs/2/events/00000002-1111-4222-8333-444444444444"), org_id=2)
    lab.add_account("second", org_id="2", api_key_id=key.key_id, api_secret=key.secret)
    lab.add_input("two", account="second")
    assert lab.run().exit_code == 0
    assert lab.run("two").exit_code == 0
    assert {e.source: json.loads(e.raw)["href"][:7] for e in lab.splunkd.events(sourcetype=SOURCETYPE)} == {
        f"{SCHEME}://audit": "/orgs/1",
        f"{SCHEME}://two": "/orgs/2",
    }
