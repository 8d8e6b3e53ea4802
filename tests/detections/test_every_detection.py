"""Every detection under what any of them may meet: bulk, copies in all formats, late events, runs again and again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.cim.formats import as_cef, as_json, as_leef
from tools.detections.model import read_all
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs
from workbench.splunk.schedule.cron import parse_cron
from workbench.splunk.spl.values import Event

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "detections"
HOUR = 3600.0
#: When what is late is indexed: long after each sample's last event, at a second that is no border.
MOMENT = 1_930_800_137.0
# They judge the lateness itself, or that there is nothing: see test_each_detection.
OF_VOLUME = {"events_silent", "ingest_stopped", "volume_changed"}
OF_LINES = {"ingest_failing", "pce_health"}
# They judge what the inventory tells: see test_inventory.py.
OF_INVENTORY = {"enforcement_differs", "ven_silent"}
OF_AUDIT_EVENTS = sorted(
    {path.parent.name for path in CONTENT.glob("*/detection.yml")} - OF_VOLUME - OF_LINES - OF_INVENTORY
)
#: They tell of a whole day again each time that the count has doubled.
BY_DAY = {one.id for one in read_all() if one.by_day}
#: They count users, and the samples have the same users again and again.
OF_USERS = {one.id for one in read_all() if one.counted == "dc(user)"}
#: A hundred users who draft the same objects are not alone; test_provisions.py has a hundred who are.
OF_SINGLE_AUTHORS = {"provision_by_author_alone"}
#: More than Splunk takes as alerts of one run.
BULK = 600
# Rows for one cause, e.g. a user, are at most 50; a detection has at most a handful of other causes.
FEW = 60

Lines = list[dict[str, Any]]


@lru_cache(maxsize=1)
def _confs() -> Confs:
    return Confs.load(ROOT / "package")


def _sample(detection: str) -> Lines:
    text = (CONTENT / detection / "fires.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _alerts(detection: str, lines: Iterable[dict[str, Any]], until: float, start: float | None = None) -> Lines:
    events: list[Event] = Reader(_confs(), 0.0).records(lines)
    stanza = saved_searches([ROOT / "package"])[detection]
    return list(alerts({detection: stanza}, _confs(), events, start, until))


def _period(detection: str) -> float:
    minute = saved_searches([ROOT / "package"])[detection]["cron_schedule"].split()[0]
    return HOUR if minute.isdigit() else 300.0


def _told(found: Lines) -> Counter[str]:
    """How many alerts tell of each event."""
    hrefs = (alert.get("href", []) for alert in found)
    return Counter(href for one in hrefs for href in (one if isinstance(one, list) else [one]))


def _renamed(value: Any, number: int) -> Any:
    """The same event of another user, host and address."""
    if isinstance(value, list):
        return [_renamed(one, number) for one in value]
    if not isinstance(value, dict):
        return value
    made = {name: _renamed(inner, number) for name, inner in value.items()}
    for name in {"username", "supplied_username", "hostname"} & made.keys():
        made[name] = f"{number}-{made[name]}"
    if "." in str(made.get("src_ip")):
        made["src_ip"] = ".".join(["203", str(number), *made["src_ip"].split(".")[2:]])
    return made


def _bulk(lines: Lines) -> Lines:
    """The sample again and again, under hrefs of its own, of a hundred users, hosts and addresses in turn."""
    made: Lines = []
    for number in range(BULK // len(lines) + 1):
        for line in lines:
            document = json.loads(line["_raw"])
            document["href"] = f"{document['href']}-{number}"
            again = json.dumps(_renamed(document, number % 100))
            made.append({**line, "_raw": again, "_indextime": MOMENT + number / 100})
    return made


@pytest.mark.parametrize("detection", sorted({*OF_AUDIT_EVENTS} - OF_SINGLE_AUTHORS))
def test_bulk_makes_few_alerts_which_tell_of_every_event(detection: str) -> None:
    until, start = MOMENT + _period(detection) + 120, MOMENT - 60
    once = _alerts(detection, [{**line, "_indextime": MOMENT} for line in _sample(detection)], until, start)
    lines = _bulk(_sample(detection))

    found = _alerts(detection, lines, until, start)

    # each of the hundred users fails at an address of their own
    assert 0 < len(found) <= (100 if detection == "access_burst" else FEW)
    wanted = set(_told(once))
    hrefs = [json.loads(line["_raw"])["href"] for line in lines]
    assert set(_told(found)) == {href for href in hrefs if href.rpartition("-")[0] in wanted}
    if detection != "event_type_unknown":
        assert sum(int(str(alert["count"])) for alert in found) == len(_told(found))


@pytest.mark.parametrize("detection", sorted(OF_LINES))
def test_bulk_of_lines_makes_few_alerts_which_count_them_all(detection: str) -> None:
    once = _alerts(detection, [{**line, "_indextime": MOMENT} for line in _sample(detection)], MOMENT + 600, MOMENT)
    lines = [
        {**line, "_time": line["_time"] + number / 1000, "_indextime": MOMENT}
        for line in _sample(detection)
        for number in range(100)
    ]

    found = _alerts(detection, lines, MOMENT + 600, MOMENT)

    assert [int(str(alert["count"])) for alert in found] == [100 * int(str(alert["count"])) for alert in once]


@pytest.mark.parametrize("api_late", [0.0, 20 * HOUR], ids=["at once", "by the API much later"])
@pytest.mark.parametrize("detection", OF_AUDIT_EVENTS)
def test_an_event_that_comes_in_every_format_alerts_once(detection: str, api_late: float) -> None:
    sample = _sample(detection)
    copies = [
        {**line, "sourcetype": "illumio:pce:syslog", "host": "relay-1", "_indextime": line["_indextime"] + after,
         "_raw": writer(json.loads(line["_raw"]))}
        for line in sample
        for after, writer in ((0.2, as_cef), (0.4, as_json), (0.5, as_leef))
    ]  # fmt: skip
    by_api = [{**line, "_indextime": line["_indextime"] + 0.3 + api_late} for line in sample]
    until = max(line["_indextime"] for line in by_api) + 8 * HOUR

    wanted = _alerts(detection, sample, until)
    found = _alerts(detection, [*copies, *by_api], until)

    assert [(one["count"], one.get("href"), one["severity"]) for one in found] == [
        (one["count"], one.get("href"), one["severity"]) for one in wanted
    ]


@pytest.mark.parametrize("days", [0.1, 1, 12, 29])
@pytest.mark.parametrize("detection", OF_AUDIT_EVENTS)
def test_late_events_alert_once_at_the_first_run_that_can_see_them(detection: str, days: float) -> None:
    last = max(line["_time"] for line in _sample(detection))
    indexed = last + days * 24 * HOUR + 0.5
    late = [{**line, "_indextime": indexed} for line in _sample(detection)]
    cron = parse_cron(saved_searches([ROOT / "package"])[detection]["cron_schedule"])
    # It sees what was indexed before the minute before its own.
    first_run = next(moment for moment in cron.times(indexed, indexed + 2 * HOUR) if indexed < moment - 60)

    found = _alerts(detection, late, indexed + 30 * HOUR, indexed - HOUR)

    assert found[0]["time"] == first_run
    assert max(_told(found).values()) == 1
    if detection != "credential_without_expiry":
        assert {alert["time"] for alert in found} == {first_run}


@pytest.mark.parametrize("detection", OF_AUDIT_EVENTS)
def test_what_comes_again_all_day_alerts_no_second_time(detection: str) -> None:
    again = [
        {**line, "_indextime": line["_indextime"] + after}
        for line in _sample(detection)
        for after in (0, 61, 299.5, 1_900, 4 * HOUR, 23 * HOUR)
    ]
    until = max(line["_indextime"] for line in again) + 26 * HOUR

    wanted = _alerts(detection, _sample(detection), until)
    found = _alerts(detection, again, until)

    assert _told(found) == _told(wanted)
    assert detection in BY_DAY or max(_told(found).values(), default=1) == 1


@pytest.mark.parametrize("detection", OF_AUDIT_EVENTS)
def test_what_goes_on_for_hours_tells_of_no_event_twice(detection: str) -> None:
    """The sample again every ten minutes, as events of their own."""
    lines: Lines = []
    for number in range(24):
        for line in _sample(detection):
            document = json.loads(line["_raw"])
            document["href"] = f"{document['href']}-{number}"
            at = {name: line[name] + 600 * number for name in ("_time", "_indextime")}
            lines.append({**line, **at, "_raw": json.dumps(document)})

    found = _alerts(detection, lines, max(line["_indextime"] for line in lines) + 2 * HOUR)

    if detection in BY_DAY:
        # The same key again is throttled: what alerts again is worse, or twice as much.
        assert len(found) == len({alert["alert_key"] for alert in found}) > 0
        assert detection in OF_USERS or any(int(alert["total"]) >= 2 * int(found[0]["total"]) for alert in found)
    else:
        assert max(_told(found).values()) == 1
