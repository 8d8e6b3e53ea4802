"""Two PCEs behind one syslog server: each is watched by itself, by the name that its events carry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.cim.formats import as_cef, as_json, as_leef
from tests.detections.made import BEGIN, Json, event, indexed
from tests.detections.replay import replay, shipped
from workbench.event_files import Reader
from workbench.splunk.spl.values import Event

HOUR = 3_600
NORTH, SOUTH = "pce-north.kestrel-freight.example", "pce-south.kestrel-freight.example"
WRITERS: dict[str, Callable[[Json], str]] = {"JSON": as_json, "CEF": as_cef, "LEEF": as_leef}
ALL = pytest.mark.parametrize("form", WRITERS)
# volume_changed looks at whole hours; BEGIN is half past.
WHOLE = HOUR / 2


def _events(pce: str, hours: Iterable[float]) -> list[Json]:
    return [event("label.create", at=WHOLE + hour * HOUR, pce_fqdn=pce) for hour in hours]


def _relayed(events: Iterable[Json], form: str, folder: Path) -> list[Event]:
    """The events as one syslog server passes them on."""
    path = folder / "relayed.jsonl"
    lines = [
        {
            **{name: float(str(one[name])) for name in ("_time", "_indextime")},
            "sourcetype": "illumio:pce:syslog",
            "source": "udp:514",
            "host": "relay-1",
            "_raw": WRITERS[form](json.loads(str(one["_raw"]))),
        }
        for one in indexed(events)
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return Reader(shipped(), 0.0).read([path])


def _alerts(detection: str, events: list[Event], days: float) -> list[dict[str, Any]]:
    return replay(detection, events, BEGIN, BEGIN + days * 24 * HOUR)


@ALL
def test_the_pce_that_falls_silent_is_named_though_the_other_one_goes_on(form: str, tmp_path: Path) -> None:
    events = [*_events(NORTH, range(24)), *_events(SOUTH, range(6))]

    found = _alerts("events_silent", _relayed(events, form, tmp_path), 1)

    assert [(one["pce_fqdn"], one["dest"]) for one in found] == [(SOUTH, SOUTH)]
    assert SOUTH in found[0]["reason"] and "relay-1" not in json.dumps(found)


@ALL
def test_two_pces_that_go_on_raise_nothing(form: str, tmp_path: Path) -> None:
    events = [*_events(NORTH, range(24)), *_events(SOUTH, range(24))]

    assert _alerts("events_silent", _relayed(events, form, tmp_path), 1) == []


@ALL
def test_the_port_behind_a_name_makes_no_third_pce(form: str, tmp_path: Path) -> None:
    events = [*_events(NORTH, range(6)), *_events(f"{NORTH}:8443", range(6, 24))]

    assert _alerts("events_silent", _relayed(events, form, tmp_path), 1) == []


@ALL
def test_the_pce_whose_volume_drops_is_named_though_the_other_one_makes_up_for_it(form: str, tmp_path: Path) -> None:
    """South goes from 60 to 2 events in one hour, north from 60 to 118: the server passes on as many as ever."""

    def hours(last: int) -> list[float]:
        return [
            day * 24 + place / 200 for day in range(9) for place in range(0, last if day == 8 else 60)
        ]  # fmt: skip

    north, south = hours(118), hours(2)
    events = [*_events(NORTH, north), *_events(SOUTH, south)]

    found = _alerts("volume_changed", _relayed(events, form, tmp_path), 8 + 4 / 24)

    assert [(one["pce_fqdn"], one["direction"], one["count"]) for one in found if one["direction"] == "drop"][:1] == [
        (SOUTH, "drop", "2")
    ]
    assert not any(one["pce_fqdn"] == NORTH and one["direction"] == "drop" for one in found)


def _unsorted(*pces: str) -> list[Event]:
    """Events where whatever parsed them left the relay's name as host, because the add-on is not there."""
    events = indexed(one for pce in pces for one in _events(pce, range(12)))
    return [{**one, "host": "relay-1", "source": "udp:514"} for one in events]


def test_pces_under_one_host_are_reported_since_they_cannot_be_told_apart() -> None:
    found = _alerts("ingest_failing", _unsorted(NORTH, SOUTH), 0.5)

    assert {(one["problem"], one["dest"], one["pces"]) for one in found} == {("host", "relay-1", "2")}
    assert (
        found[0]["reason"]
        == "Events of 2 PCEs are stored under one host, relay-1, so that nobody can tell if one of them falls silent"
    )


def test_one_pce_under_the_host_of_its_relay_is_watched_as_that_host() -> None:
    assert _alerts("ingest_failing", _unsorted(NORTH), 0.5) == []
    assert [one["dest"] for one in _alerts("events_silent", _unsorted(NORTH), 1)] == ["relay-1"]


def test_the_hosts_that_inputs_set_are_believed() -> None:
    """An input may reach its PCE under another name than the PCE's own."""
    events = [{**one, "host": "pce.example"} for one in indexed(_events(NORTH, range(12)) + _events(SOUTH, range(12)))]

    assert _alerts("ingest_failing", events, 0.5) == []


def test_inputs_of_one_name_on_two_instances_are_told_apart() -> None:
    def records(pce: str, hours: range) -> list[Event]:
        return [
            {
                "_raw": json.dumps({"outcome": "ok", "pce": pce, "input": "audit"}),
                "_time": str(BEGIN + place * 300),
                "_indextime": str(BEGIN + place * 300 + 2),
                "sourcetype": "illumio:pce:ingest",
                "source": "illumio_pce_events://audit",
                "host": pce,
                "index": "main",
            }
            for place in range(hours.start * 12, hours.stop * 12)
        ]

    found = _alerts("ingest_stopped", records(NORTH, range(24)) + records(SOUTH, range(6)), 1)

    assert [(one["dest"], one["input"]) for one in found] == [(SOUTH, "audit")]
