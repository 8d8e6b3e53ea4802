"""`| illumiopcereconcile` as an administrator runs it: what splunkd lost is named, and collected on the next run."""

from __future__ import annotations

import json
import time

import pytest

from tests.e2e.lab import PceLab
from tests.e2e.test_collection import event
from workbench.lab import CHECKPOINTS
from workbench.splunk.refusal import Refused
from workbench.splunk.splunkd.search_command import CommandRun

COMMAND = "illumiopcereconcile"


@pytest.fixture
def later(lab: PceLab) -> PceLab:
    """300 events of the last two hours, collected; it is ten minutes later, for the PCE and for this machine."""
    lab.pce.record_many((int((time.time() - 6000 + n * 20) * 1000), event(n, age=6000 - n * 20)) for n in range(300))
    lab.pce.clock = lambda: time.time() + 600
    lab.splunkd.environment["WORKBENCH_CLOCK_AHEAD"] = "600"
    assert lab.run().exit_code == 0
    return lab


def lose(lab: PceLab, *numbers: int) -> set[str]:
    """As splunkd loses what it had taken."""
    hrefs = {json.loads(event(number))["href"] for number in numbers}
    for href in hrefs:
        lab.splunkd.index._database.execute("DELETE FROM events WHERE raw LIKE ?", (f'%"{href}"%',))
    return hrefs


def missing(run: CommandRun) -> set[str]:
    assert run.errors == [], run.stderr
    return {row["href"] for row in run.rows if row["kind"] == "missing"}


def total(run: CommandRun) -> dict[str, str]:
    (row,) = (row for row in run.rows if row["kind"] == "total")
    return {name: row[name] for name in ("in_pce", "missing", "requested")}


def test_nothing_is_missing_after_a_run(later: PceLab) -> None:
    run = later.command(COMMAND, "input=audit")
    assert missing(run) == set()
    assert total(run) == {"in_pce": "300", "missing": "0", "requested": "0"}


def test_lost_events_are_listed_and_collected_by_the_next_run_only(later: PceLab) -> None:
    lost = lose(later, 3, 4, 77, 150, 299)
    named = later.command(COMMAND, "input=audit", "earliest=-3h", "latest=now")
    assert missing(named) == lost
    assert later.run().exit_code == 0
    assert len(later.delivered()) == 295  # naming alone collects nothing
    asked = later.command(COMMAND, "input=audit", "earliest=-3h", "collect=on")
    assert total(asked) == {"in_pce": "300", "missing": "5", "requested": "5"}
    assert later.run().exit_code == 0
    assert later.delivered() == dict.fromkeys(later.recorded(), 1)
    assert later.records()[-1]["collected_on_request"] == 5
    assert missing(later.command(COMMAND, "input=audit", "earliest=-3h")) == set()
    assert later.run().exit_code == 0
    assert later.records()[-1]["collected_on_request"] == 0
    requests = [document for document in later.rest("GET", CHECKPOINTS) if document["kind"] == "request"]
    assert len(requests) == 2  # a round number of events is compared in two parts
    assert all(document["sent_at"] > 0 for document in requests)


def test_only_the_requested_range_is_compared(later: PceLab) -> None:
    lose(later, 0, 100, 299)
    run = later.command(COMMAND, "input=audit", "earliest=-5000s", "latest=-3000s")
    assert missing(run) == {json.loads(event(100))["href"]}


def test_where_the_index_cannot_be_searched_nothing_counts_as_missing(later: PceLab) -> None:
    lose(later, *range(300))  # as on a heavy forwarder, whose events are elsewhere
    run = later.command(COMMAND, "input=audit", "collect=true")
    assert "does not search the indexers" in run.errors[0]
    assert run.rows == []
    assert later.run().exit_code == 0
    assert later.records()[-1]["collected_on_request"] == 0


def test_filtered_events_do_not_count_as_missing(lab: PceLab) -> None:
    lab.rest("POST", "ta_illumio_pce_illumio_pce_events/audit", severities="err", account="lab", interval="60")
    lab.pce.record(event(1, age=3000))
    lab.pce.record(event(2, age=3000, severity="err"))
    lab.run()
    assert total(lab.command(COMMAND, "input=audit"))["in_pce"] == "1"


def test_unread_events_do_not_count_as_missing(later: PceLab) -> None:
    later.pce.record(event(1000, age=-500))
    assert missing(later.command(COMMAND, "input=audit")) == set()


def test_an_event_that_arrives_late_is_not_sent_twice(later: PceLab) -> None:
    late = event(1000, age=60)
    later.pce.record(late)
    href = json.loads(late)["href"]
    assert missing(later.command(COMMAND, "input=audit", "collect=1")) == {href}
    assert later.run().exit_code == 0
    assert later.delivered()[href] == 1


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["input=nobody"], "There is no input 'nobody'"),
        (["input=audit", "earliest=yesterday"], "ISO 8601"),
        (["input=audit", "earliest=-1h", "latest=-2h"], "before latest"),
        (["earliest=-1h"], 'A value for "input" is required'),
        (["input=audit", "collect=perhaps"], "Illegal value: collect=perhaps"),
        (["input=audit", "index=main"], "Unrecognized option: index=main"),
    ],
)
def test_bad_input_gets_a_clear_error(later: PceLab, arguments: list[str], part: str) -> None:
    run = later.command(COMMAND, *arguments)
    assert [error for error in run.errors if part in error], run
    assert run.rows == []
    assert later.key.secret not in run.stderr + str(run.errors)


def test_an_input_that_has_never_run_is_reported(lab: PceLab) -> None:
    assert "has not collected anything yet" in lab.command(COMMAND, "input=audit").errors[0]


def test_a_rejected_key_is_reported_without_the_secret(later: PceLab) -> None:
    later.pce.keys.clear()
    run = later.command(COMMAND, "input=audit")
    assert "refuses the API key" in run.errors[0]
    assert later.key.secret not in run.stderr + str(run.errors)


def test_the_command_needs_permission_to_read_secrets(later: PceLab) -> None:
    with pytest.raises(Refused, match="unknown search command"):
        later.command(COMMAND, "input=audit", user="viewer")


def test_an_unreadable_backfill_is_noted_and_removed(later: PceLab) -> None:
    document = {"_key": "audit.request.x", "input": "audit", "kind": "request", "content": "{", "sha256": "0"}
    later.splunkd.kv.save_all("TA_illumio_pce", "ta_illumio_pce_checkpoints", [document])
    assert later.run().exit_code == 0
    assert "checksum" in str(later.records()[-1]["notes"])
    assert not [document for document in later.rest("GET", CHECKPOINTS) if document["kind"] == "request"]
