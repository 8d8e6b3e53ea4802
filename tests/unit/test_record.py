"""What a run's own record counts and says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from illumio_pce.events import AuditEvent, Events
from illumio_pce.names import INGEST
from illumio_pce.prefetch import Traffic
from illumio_pce.record import Record, not_started


def count(record: Record, events: list[AuditEvent], late_before: int | None = None) -> None:
    record.count_events(Events.of(events), late_before)


def event(ms: int | None, flaw: str = "") -> AuditEvent:
    return AuditEvent("", ms, "", 1, flaw=flaw)


def test_events_are_counted_with_their_flaws_and_their_times() -> None:
    record = Record()
    count(record, [event(5000), event(3000, "no href"), event(4000, "no href"), event(None, "no timestamp")])
    count(record, [event(None, "no timestamp"), event(4500)])
    count(record, [event(None)], 9000)
    assert (record.delivered, record.oldest, record.newest) == (7, 3000, 5000)
    assert record.flaws == {"no href": 2, "no timestamp": 2}
    assert (record.late, record.latest_ms) == (0, 0)
    count(record, [event(2000), event(7000)])
    assert (record.oldest, record.newest) == (2000, 7000)


def test_late_events_are_those_before_the_last_watermark() -> None:
    record = Record()
    count(record, [event(5000), event(4999), event(2000)], 5000)
    assert (record.late, record.latest_ms) == (2, 3000)
    count(record, [event(4000), event(6000)], 5000)
    assert (record.late, record.latest_ms) == (3, 3000)
    count(record, [event(5000)], 5000)
    assert record.late == 3


def test_the_time_zero_is_a_time() -> None:
    record = Record()
    count(record, [event(0)])
    assert (record.oldest, record.newest) == (0, 0)
    count(record, [event(5)])
    assert (record.oldest, record.newest) == (0, 5)


def test_a_note_is_not_repeated() -> None:
    record = Record()
    for text in ("one", "two", "one"):
        record.note(text)
    assert record.notes == ["one", "two"]


def test_the_record_in_json() -> None:
    record = Record(
        delivered=7, duplicates=6, filtered=5, late=4, latest_ms=3456, resent=3, backfilled=2, pages=1, bytes_out=99,
        system_events={"found": 1}, window=(0, 1000), newest=2000, oldest=0, flaws={"no href": 1},
        gaps=[(0, 3000)], notes=["é"],
    )  # fmt: skip
    text = record.to_json({"time": "now", "kind": "run"}, Traffic(10, 2, 300, {"tls": 1}))
    assert text.isascii()
    value = json.loads(text)
    assert list(value)[:2] == ["time", "kind"]
    memory = value.pop("peak_memory_mib", 1)
    assert 0 < memory < 4096
    assert value == {
        "time": "now", "kind": "run", "window_from": "1970-01-01T00:00:00.000Z",
        "window_to": "1970-01-01T00:00:01.000Z", "requests": 10, "retries": 2, "errors_met": {"tls": 1}, "events": 7,
        "duplicates_dropped": 6, "filtered_out": 5, "late_arrivals": 4, "late_by_seconds": 3.456,
        "resent_after_restart": 3, "collected_on_request": 2, "system_events_compared": {"found": 1}, "pages": 1,
        "oldest_event": "1970-01-01T00:00:00.000Z", "newest_event": "1970-01-01T00:00:02.000Z", "bytes_received": 300,
        "bytes_written": 99, "flawed_events": {"no href": 1}, "notes": ["é"],
        "gaps": [{"from": "1970-01-01T00:00:00.000Z", "to": "1970-01-01T00:00:03.000Z"}],
    }  # fmt: skip


def test_what_did_not_happen_is_absent_or_zero() -> None:
    value = json.loads(Record().to_json({"retention_days": None}, Traffic()))
    value.pop("peak_memory_mib", None)
    assert {name for name, part in value.items() if part} == set()
    assert not {"window_from", "window_to", "oldest_event", "newest_event", "retention_days"} & value.keys()
    assert "system_events_compared" not in value
    assert (value["events"], value["requests"], value["gaps"], value["notes"]) == (0, 0, [], [])


def test_peak_memory_is_in_mib_with_one_decimal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_args, **_options: "VmPeak:\t  999 kB\nVmHWM:\t  900000 kB\n")
    assert json.loads(Record().to_json({}, Traffic()))["peak_memory_mib"] == 878.9


def test_peak_memory_is_omitted_where_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_args: object, **_options: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert "peak_memory_mib" not in json.loads(Record().to_json({}, Traffic()))


def test_the_most_important_counts_stand_in_the_log() -> None:
    record = Record(delivered=1, duplicates=2, filtered=3, late=4, pages=5, bytes_out=6)
    assert record.summary() == ("events=1 duplicates_dropped=2 filtered_out=3 late_arrivals=4 pages=5 bytes_written=6")


def test_a_run_that_could_not_start_has_a_record_too() -> None:
    event = not_started("audit", "account", "What is wrong.", "pce.example.com", 1_760_000_000.5)
    assert (event.epochs, event.hosts, event.sourcetype) == (["1760000000.500"], ["pce.example.com"], INGEST)
    assert json.loads(event.texts[0]) == {
        "time": "2025-10-09T08:53:20.500Z", "kind": "run", "outcome": "failed", "input": "audit",
        "error_category": "account", "error": "What is wrong.", "events": 0,
    }  # fmt: skip
    assert not_started("audit", "account", "x", "", 0.0).hosts == ["localhost"]
