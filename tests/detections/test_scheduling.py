"""Bulk, outages of the search head, what administrators edit, and the command itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.detect import alerts, main
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs
from workbench.splunk.spl.values import Event

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "detections"
BEGIN = 1_930_000_200.0


def _replay(
    detection: str, events: list[Event], until: float, confs: Confs | None = None, busy: Any = ()
) -> list[dict[str, Any]]:
    stanza = saved_searches([ROOT / "package"])[detection]
    return list(alerts({detection: stanza}, confs or Confs.load(ROOT / "package"), events, BEGIN, until, busy))


def _sample(detection: str, confs: Confs | None = None) -> list[Event]:
    return Reader(confs or Confs.load(ROOT / "package"), 0.0).read([CONTENT / detection / "fires.jsonl"])


def _many(event: Event, number: int) -> list[Event]:
    """Copies with an href and a host of their own, a tenth of a second apart."""
    document = json.loads(str(event["_raw"]))
    made = []
    for place in range(number):
        document["href"] = f"/orgs/1/events/0d9d3a10-0000-4000-a000-{place:012}"
        for actor in document["created_by"].values():
            actor["hostname"] = f"shed-{place:04}.kestrel-freight.example"
        when = str(BEGIN + place / 10)
        made.append({**event, "_raw": json.dumps(document), "_time": when, "_indextime": when})
    return made


def test_tampering_on_six_hundred_workloads_loses_none_to_the_limit_of_alerts() -> None:
    found = _replay("ven_tampering", _many(_sample("ven_tampering")[0], 600), BEGIN + 3600)

    hosts = [alert["dest"] for alert in found]
    assert len(found) <= 2
    assert sorted(host for several in hosts for host in several) == [
        f"shed-{place:04}.kestrel-freight.example" for place in range(600)
    ]


def test_a_search_head_that_was_down_for_hours_makes_up_for_it() -> None:
    down = [[BEGIN, BEGIN + 5 * 3600]]

    found = _replay("ven_suspended", _sample("ven_suspended"), BEGIN + 6 * 3600, busy=down)

    assert len(found) == 1


def test_an_event_between_two_runs_alerts_in_exactly_one_of_them() -> None:
    """Index times on, just before and just after the borders of the windows."""
    event = _sample("ven_suspended")[0]
    border = BEGIN + 600 - BEGIN % 300 - 60
    for shift in (-1.0, -0.001, 0.0, 0.001, 1.0, 59.999, 60.0, 299.999, 300.0):
        at = [{**event, "_indextime": f"{border + shift:.3f}"}]
        assert len(_replay("ven_suspended", at, BEGIN + 7200)) == 1, shift


def test_a_workload_in_the_lookup_of_high_value_makes_it_critical() -> None:
    lookups = {"illumio_pce_high_value_workloads": "workload,importance\nbooking-*,crown jewels\n*-db-*,data\n"}
    confs = Confs.load(ROOT / "package", lookups=lookups)
    event = _sample("ven_suspended", confs)[:1]
    raw = str(event[0]["_raw"])
    hostname = json.loads(raw)["created_by"]["agent"]["hostname"]
    valued = [{**event[0], "_raw": raw.replace(hostname, "booking-web-1.kestrel-freight.example")}]
    other = [{**event[0], "_raw": raw.replace(hostname, "webshop-web-1.kestrel-freight.example")}]

    assert [alert["severity"] for alert in _replay("ven_suspended", valued, BEGIN + 3600, confs)] == ["critical"]
    assert [alert["severity"] for alert in _replay("ven_suspended", other, BEGIN + 3600, confs)] == ["high"]


def test_a_rule_over_a_label_of_high_value_fires_though_it_is_narrow() -> None:
    lookups = {"illumio_pce_high_value_labels": "label,importance\n/orgs/1/labels/2005,payment\n"}
    confs = Confs.load(ROOT / "package", lookups=lookups)
    narrow = Reader(confs, 0.0).read([CONTENT / "policy_broad_rule" / "quiet.jsonl"])[:1]

    found = _replay("policy_broad_rule", narrow, BEGIN + 3600, confs)

    assert [(alert["high_value"], alert["severity"]) for alert in found] == [("payment", "high")]


def test_an_unfinished_line_that_matches_less_than_the_finished_one_alerts_with_the_finished_one() -> None:
    event = _sample("enforcement_lowered")[1]
    document = json.loads(str(event["_raw"]))
    unfinished = json.dumps({**document, "action": None, "resource_changes": []})
    lines = [{**event, "_raw": unfinished}, {**event, "_indextime": f"{BEGIN + 900}"}]

    found = _replay("enforcement_lowered", lines, BEGIN + 7200)

    assert [alert["href"] for alert in found] == [document["href"]]


def test_the_command_prints_one_object_an_alert(capsys: pytest.CaptureFixture[str]) -> None:
    file = CONTENT / "access_spray" / "fires.jsonl"

    code = main(["--app", str(ROOT / "package"), "--only", "access_spray", "--now", "1930010000", str(file)])

    (alert,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert (alert["detection"], alert["src"], alert["severity"]) == ("access_spray", "198.51.100.9", "high")
    assert alert["time"] % 60 == 0 and alert["title"] == "Illumio PCE - Password spraying from one source - Rule"


def test_the_command_refuses_what_it_does_not_know(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "default").mkdir()
    stanza = "[x]\nsearch = index=main | teleport\nenableSched = 1\ncron_schedule = */5 * * * *\n"
    (tmp_path / "default" / "savedsearches.conf").write_text(stanza, encoding="utf-8")
    file = CONTENT / "access_spray" / "fires.jsonl"

    apps = ["--app", str(ROOT / "package"), "--app", str(tmp_path)]
    code = main([*apps, "--only", "x", "--now", "1930010000", str(file)])

    assert code == 2
    assert "teleport" in capsys.readouterr().err
