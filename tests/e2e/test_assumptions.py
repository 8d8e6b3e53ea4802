"""What the collector assumes of clocks and of the KV store, made false: the real process under the stand-ins.

docs/assumptions.md names each assumption. The two clocks of a PCE and this machine's are set apart, and the KV store
lets writes down or goes back to an earlier state; nothing may be missing afterwards, and the run's record has to say
what was wrong.
"""

from __future__ import annotations

import errno
import json
import os
import re
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from illumio_pce.backfill import Backfill
from illumio_pce.limits import Limits

from tests.e2e.lab import PceLab
from tests.e2e.test_faults import Scene
from workbench.lab import APP, EVENTS, SCHEME
from workbench.pce.certificates import Certificates
from workbench.pce.events.times import render_ms
from workbench.splunk.splunkd import Reading
from workbench.splunk.splunkd.rest import kv

COLLECTION = "ta_illumio_pce_checkpoints"
MINUTE, HOUR, DAY = 60, 3600, 86_400
OFFSETS = {"5 minutes": 5 * MINUTE, "20 minutes": 20 * MINUTE, "an hour": HOUR, "6 hours": 6 * HOUR, "a day": DAY}
#: An event turns up so late (seconds), within the late-arrival window of 600 seconds.
LATE = 500


def record(lab: PceLab, *ages: float) -> list[str]:
    """Events that happened so many seconds ago turn up now, stamped by the PCE's clock; their hrefs."""
    hrefs = []
    for age in ages:
        number = len(lab.pce.recorded) + 1
        event: dict[str, Any] = {
            "href": f"/orgs/1/events/{number:08x}-1111-4222-8333-444444444444",
            "timestamp": render_ms(int(lab.pce.stamp(age) * 1000)),
            "pce_fqdn": "pce.example.com",
            "event_type": "workload.update",
            "severity": "info",
        }
        hrefs.append(event["href"])
        lab.pce.record(event)
    return hrefs


def run(lab: PceLab) -> list[dict[str, Any]]:
    """One run that ends well; the records that it wrote."""
    before = len(lab.records())
    assert lab.run().exit_code == 0, lab.log()
    return lab.records()[before:]


def set_time(lab: PceLab, ahead: float) -> None:
    """Move all clocks together: the PCE's, splunkd's and this machine's."""
    lab.pce.clock = lambda: time.time() + ahead
    lab.splunkd.clock = lambda: time.time() + ahead
    set_machine(lab, ahead)


def set_machine(lab: PceLab, ahead: float) -> None:
    """Move the clock that the add-on's processes see."""
    lab.splunkd.environment["WORKBENCH_CLOCK_AHEAD"] = str(ahead)


def missing(lab: PceLab) -> set[str]:
    return set(lab.recorded()) - set(lab.delivered())


def repeated(lab: PceLab) -> set[str]:
    return {href for href, count in lab.delivered().items() if count > 1}


def tells_of_clocks(records: list[dict[str, Any]]) -> bool:
    return all(record.get("clock_problem") and record.get("remedy") for record in records if record["kind"] == "run")


def tells_of_state(records: list[dict[str, Any]]) -> bool:
    return any(record["kind"] == "state" or record["notes"] for record in records)


# --- clocks ------------------------------------------------------------------------------------------


def test_clocks_that_agree_are_no_problem(lab: PceLab) -> None:
    lab.pce.clocks.set(date=60)
    record(lab, 0, 300)
    (told,) = run(lab)
    assert "clock_problem" not in told
    assert missing(lab) == set()


@pytest.mark.parametrize("alone", [True, False], ids=["header alone", "header and timestamps"])
@pytest.mark.parametrize("sign", [1, -1], ids=["ahead", "behind"])
@pytest.mark.parametrize("offset", OFFSETS.values(), ids=OFFSETS)
def test_a_pce_clock_that_is_off_and_corrected(offset: int, sign: int, alone: bool, lab: PceLab) -> None:
    record(lab, 0, 3000)
    run(lab)
    lab.pce.clocks.set(date=sign * offset, stamps=0 if alone else sign * offset)
    told = []
    for ages in ((0,), (0, LATE)):
        record(lab, *ages)
        told += run(lab)
    lab.pce.clocks.set(date=0, stamps=0)
    record(lab, 0, LATE)
    run(lab)
    assert missing(lab) == set()
    assert tells_of_clocks(told)


@pytest.mark.parametrize("alone", [True, False], ids=["header alone", "header and timestamps"])
@pytest.mark.parametrize("offset", [HOUR, DAY, -HOUR, -DAY])
def test_a_clock_that_is_off_from_the_first_run_on(offset: int, alone: bool, lab: PceLab) -> None:
    lab.pce.clocks.set(date=offset, stamps=0 if alone else offset)
    record(lab, 0, 300, 3000, 7000)
    told = run(lab)
    lab.pce.clocks.set(date=0, stamps=0)
    record(lab, 0, LATE)
    run(lab)
    assert missing(lab) == set()
    assert tells_of_clocks(told)


@pytest.mark.parametrize("offset", [HOUR, -HOUR])
@pytest.mark.parametrize("after", [1, 2])
def test_a_clock_that_is_set_during_a_run(after: int, offset: int, lab: PceLab) -> None:
    record(lab, 0)
    run(lab)
    lab.pce.clocks.step(after, date=offset, stamps=offset)
    for _ in range(3):
        record(lab, 0, LATE)
        run(lab)
    assert missing(lab) == set()


@pytest.mark.parametrize("offset", [20 * MINUTE, DAY, -20 * MINUTE, -DAY])
def test_a_clock_of_this_machine_that_is_off_and_corrected(offset: int, lab: PceLab) -> None:
    record(lab, 0, 3000)
    run(lab)
    set_machine(lab, offset)
    told = []
    for _ in range(2):
        record(lab, 0, LATE)
        told += run(lab)
    set_machine(lab, 0)
    record(lab, 0, LATE)
    run(lab)
    assert missing(lab) == set()
    assert tells_of_clocks(told)


@pytest.mark.parametrize("offset", [20 * MINUTE, DAY, -20 * MINUTE, -DAY])
def test_a_clock_of_this_machine_that_is_off_when_the_input_is_made(offset: int, empty_lab: PceLab) -> None:
    set_machine(empty_lab, offset)
    empty_lab.add_account()
    empty_lab.add_input()
    record(empty_lab, 0, 300, 3000, 7000)
    told = run(empty_lab)
    set_machine(empty_lab, 0)
    record(empty_lab, 0, LATE)
    run(empty_lab)
    assert missing(empty_lab) == set()
    assert tells_of_clocks(told)


@pytest.mark.parametrize("alone", [True, False], ids=["header alone", "header and timestamps"])
@pytest.mark.parametrize("offset", [HOUR, -HOUR])
def test_a_clock_that_is_off_while_splunkd_crashes(offset: int, alone: bool, lab: PceLab) -> None:
    lab.pce.clocks.set(date=offset, stamps=0 if alone else offset)
    record(lab, 0, 3000)
    lab.splunkd.queue.hold()
    assert lab.run().exit_code == 0
    assert lab.splunkd.crash() > 0
    lab.pce.clocks.set(date=0, stamps=0)
    time.sleep(1.1)  # splunkd dates its start in whole seconds
    lab.splunkd.start()
    record(lab, 0, LATE)
    run(lab)
    assert missing(lab) == set()


@pytest.mark.parametrize("offset", [HOUR, -HOUR])
def test_a_clock_of_this_machine_that_is_corrected_while_splunkd_is_down(offset: int, lab: PceLab) -> None:
    set_machine(lab, offset)
    record(lab, 0, 3000)
    lab.splunkd.queue.hold()
    assert lab.run().exit_code == 0
    assert lab.splunkd.crash() > 0
    set_machine(lab, 0)
    time.sleep(1.1)  # splunkd dates its start in whole seconds
    lab.splunkd.start()
    run(lab)
    assert missing(lab) == set()


# --- the KV store ------------------------------------------------------------------------------------


@pytest.fixture
def scene(lab: PceLab, tmp_path: Path) -> Scene:
    """The add-on's run in this process, which does not wait for a KV store."""
    return Scene(lab, Certificates(), tmp_path / "stream", Limits(kv_store_seconds=0.0))


def audit_events(written: list[Any]) -> Counter[str]:
    """How often each audit event is in what a run wrote."""
    found = [json.loads(one.data) for one in written]
    return Counter(value["href"] for value in found if "href" in value)


@pytest.mark.parametrize("first", [True, False], ids=["first run", "later run"])
@pytest.mark.parametrize("status", [403, 500, 503, 507])
def test_a_read_only_kv_store(status: int, first: bool, scene: Scene) -> None:
    lab = scene.lab
    delivered: Counter[str] = Counter()
    if not first:
        record(lab, 3000)
        delivered += audit_events(scene.run())
    before = lab.splunkd.kv.backup()
    record(lab, 0, 300)
    lab.splunkd.kv.trouble.read_only = status
    for runs in (1, 2):
        written = scene.run()
        assert audit_events(written) == Counter()
        (told,) = [json.loads(one.data) for one in written]
        assert (told["outcome"], told["error_category"], told["events"]) == ("failed", "state", 0)
        assert "KV store" in told["error"]
        assert len(re.findall("log_level=ERROR .*category=state", lab.log())) == runs
    assert lab.splunkd.kv.backup() == before
    lab.splunkd.kv.trouble.read_only = None
    delivered += audit_events(scene.run())
    delivered += audit_events(scene.run())
    assert delivered == dict.fromkeys(lab.recorded(), 1)


def test_a_write_that_hangs_and_completes_later(scene: Scene) -> None:
    lab = scene.lab
    record(lab, 3000)
    delivered = audit_events(scene.run())
    record(lab, 0, 300)
    lab.splunkd.kv.trouble.hangs = 1.0
    impatient = scene._replace(limits=Limits(kv_store_seconds=0.0, kv_store_request_seconds=0.3))
    delivered += audit_events(impatient.run())
    lab.splunkd.kv.trouble.hangs = 0.0
    time.sleep(1.5)  # what hung is done
    record(lab, 0)
    for _ in range(2):
        delivered += audit_events(scene.run())
    assert set(delivered) == set(lab.recorded())
    assert max(delivered.values()) <= 2


@pytest.mark.parametrize("first", [True, False], ids=["first run", "later run"])
def test_an_acknowledged_write_that_is_lost(first: bool, lab: PceLab) -> None:
    if not first:
        record(lab, 3000)
        run(lab)
    lab.splunkd.kv.trouble.forgets = True
    record(lab, 0, LATE)
    run(lab)
    lab.splunkd.kv.trouble.forgets = False
    record(lab, 0)
    told = run(lab)
    record(lab, 0)
    afterwards = run(lab)
    assert missing(lab) == set()
    assert tells_of_state(told)
    assert not tells_of_state(afterwards)


@pytest.mark.parametrize(
    ("hours", "scope", "keep_newer"),
    [(48, (None, None), False), (3, (APP, COLLECTION), False), (48, (APP, COLLECTION), True)],
    ids=["whole store, two days old", "the collection, three hours old", "the collection, newer documents stay"],
)
def test_a_backup_that_is_restored(
    hours: int, scope: tuple[str | None, str | None], keep_newer: bool, lab: PceLab
) -> None:
    set_time(lab, -hours * HOUR)
    record(lab, *range(0, 1200, 60))
    run(lab)
    backup = lab.splunkd.kv.backup(*scope)
    old: set[str] = set()
    for ago in (hours * HOUR // 2, HOUR):
        set_time(lab, -ago)
        old.update(record(lab, 0, 300, LATE))
        run(lab)
    set_time(lab, 0)
    record(lab, 0, 300, LATE)
    run(lab)
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)
    lab.splunkd.kv.restore(backup, keep_newer=keep_newer)
    record(lab, 0, LATE)
    told = run(lab)
    record(lab, 0)
    afterwards = run(lab)
    assert missing(lab) == set()
    assert repeated(lab) & old == set()
    assert max(lab.delivered().values()) <= 2
    assert tells_of_state(told)
    assert not tells_of_state(afterwards)


def test_reads_that_lag_behind(lab: PceLab) -> None:
    set_time(lab, -3 * HOUR)
    old = record(lab, *range(0, 1200, 60))
    run(lab)
    lagging = lab.splunkd.kv.backup()
    set_time(lab, 0)
    record(lab, 0, LATE)
    run(lab)
    lab.splunkd.kv.trouble.reads_from = lagging
    record(lab, 0)
    told = run(lab)
    lab.splunkd.kv.trouble.reads_from = None
    record(lab, 0, LATE)
    run(lab)
    assert missing(lab) == set()
    assert repeated(lab) & set(old) == set()
    assert tells_of_state(told)


def test_backfill_requests_may_exceed_one_kv_store_result(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = scene.lab
    record(lab, 3000)
    delivered = audit_events(scene.run())
    monkeypatch.setattr(kv, "MAX_RESULT", 50_000)
    requests = [Backfill.new("audit", "events", 0, 1, frozenset(range(n, n + 2000))) for n in (1, 3000, 6000)]
    lab.splunkd.kv.save_all(APP, COLLECTION, [dict(requested.document("audit")) for requested in requests])
    record(lab, 0)
    delivered += audit_events(scene.run())
    assert delivered == dict.fromkeys(lab.recorded(), 1)


def test_a_session_that_ends_during_a_run(lab: PceLab) -> None:
    record(lab, *(7000 - n * 20 for n in range(300)))
    reading = Reading(pause_after_bytes=2000, pause_seconds=1)
    running = lab.splunkd.start_input(f"{SCHEME}://audit", reading=reading)
    while running.bytes < 2000:
        time.sleep(0.02)
    lab.splunkd.sessions.forget()
    assert running.wait(100).exit_code == 1
    assert lab.splunkd.queue.drain(30)
    (told,) = lab.records()
    assert (told["outcome"], told["error_category"]) == ("failed", "splunkd")
    assert "401" in told["error"]
    assert "session" in told["remedy"]
    run(lab)
    assert missing(lab) == set()
    assert max(lab.delivered().values()) <= 2


@pytest.mark.parametrize("kind", ["not there", "a file", "full"])
def test_a_read_only_checkpoint_folder_is_reported(
    kind: str, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, host, elsewhere = scene.lab, scene.lab.splunkd.host, tmp_path / "elsewhere"
    if kind == "full":
        monkeypatch.setattr(os, "fsync", _no_space)
    else:
        monkeypatch.setattr(lab.splunkd, "host", lambda *given: replace(host(*given), checkpoint_dir=elsewhere))
    if kind == "a file":
        elsewhere.write_text("")
    record(lab, 0, 3000)
    written = scene.run()
    assert audit_events(written) == dict.fromkeys(lab.recorded(), 1)
    assert "checkpoint" in json.dumps([json.loads(one.data).get("notes") for one in written])


def _no_space(_descriptor: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_recreated_input_is_not_taken_for_a_restored_backup(lab: PceLab) -> None:
    record(lab, 0, 3000)
    run(lab)
    lab.rest("DELETE", f"ta_illumio_pce_{SCHEME}/audit")
    lab.add_input()
    record(lab, 0)
    assert not tells_of_state(run(lab))
    assert sorted(lab.delivered().values()) == [1, 2, 2]


# --- splunkd -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "category"), [("refused", "splunkd"), ("default", "account")])
def test_a_count_that_does_not_list_everything(
    answer: Literal["refused", "default"], category: str, empty_lab: PceLab, tmp_path: Path
) -> None:
    lab, scene = empty_lab, Scene(empty_lab, Certificates(), tmp_path / "stream")
    for number in range(40):
        lab.splunkd.confs.write(APP, "ta_illumio_pce_account", f"a{number:02}", {"pce_url": "https://pce.example.com"})
    lab.add_account()
    lab.add_input()
    lab.splunkd.quirks.negative_count = answer
    record(lab, 0)
    (told,) = [json.loads(one.data) for one in scene.run()]
    assert (told["outcome"], told["error_category"]) == ("failed", category)
    lab.splunkd.quirks.negative_count = "everything"
    assert audit_events(scene.run()) == dict.fromkeys(lab.recorded(), 1)


@pytest.mark.parametrize("name", ["batch_save", "audit.previous", "a/b"])
def test_an_input_name_that_is_reserved_in_the_kv_store(name: str, lab: PceLab) -> None:
    record(lab, 0, 3000)
    run(lab)
    record(lab, 100)
    run(lab)
    settings = {"account": "lab", "index": "main", "interval": "60", "start_time": "-2h"}
    lab.splunkd.confs.write(APP, "inputs", f"{SCHEME}://{name}", settings)
    ended = [lab.run(name).exit_code for _ in range(2)]
    lab.splunkd.refused.clear()  # paths that a slash in a name leads to
    own = Counter(
        json.loads(one.raw)["href"] for one in lab.splunkd.events(source=f"{SCHEME}://{name}", sourcetype=EVENTS)
    )
    if ended == [0, 0]:
        assert own == dict.fromkeys(lab.recorded(), 1)
    else:
        assert own == Counter()  # refused, with nothing delivered that would come again with each run
    record(lab, 0)
    run(lab)
    assert missing(lab) == set()


def test_a_crash_that_server_info_does_not_show(lab: PceLab) -> None:
    lab.splunkd.quirks.keeps_startup_time = True
    record(lab, 0, 300)
    lab.splunkd.queue.hold()
    assert lab.run().exit_code == 0
    assert lab.splunkd.crash() > 0
    lab.splunkd.start()
    run(lab)
    assert missing(lab) == set(lab.recorded())
