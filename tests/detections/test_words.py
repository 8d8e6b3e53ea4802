"""What an alert says: sentences for somebody who reads a mail at night and has never seen a field's name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.detections.made import BEGIN, Json, event, indexed, note, request, ven
from tests.detections.replay import PACKAGE, replay, shipped
from tools.detections.model import Detection, read_all
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs

ALL = read_all()
EACH = pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
CONTENT = Path(__file__).resolve().parents[2] / "content" / "detections"
SNAKE = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+")
# Words that end in s and are one thing.
SINGULAR = {"address", "process", "times"}
#: Members whose values are a type's name, not somebody's text.
TYPES = ("event_type", "notification_type", "change_type")
UNTOLD = re.compile(r"\bunknown\b|does not name|do not show|does not show")


@cache
def _alerts(detection: str) -> list[dict[str, Any]]:
    events = Reader(shipped(), 0.0).read([CONTENT / detection / "fires.jsonl"])
    until = max(float(str(one["_indextime"])) for one in events) + 8 * 3600
    return replay(detection, events, None, until)


def _texts(value: Any) -> Iterator[str]:
    """Every text of an event but keys and types."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from () if name in TYPES else _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


def _said_by_events(detection: str) -> set[str]:
    """What snake_case the samples themselves hold in names and paths."""
    return {word for one in _events(detection) for text in _texts(one) for word in SNAKE.findall(text)}


def _events(detection: str) -> list[Json]:
    """The samples that are JSON."""
    lines = (CONTENT / detection / "fires.jsonl").read_text(encoding="utf-8").splitlines()
    raw = [str(json.loads(line)["_raw"]) for line in lines]
    return [json.loads(one) for one in raw if one.startswith("{") and one.endswith("}")]


@EACH
def test_the_first_step_is_a_sentence_in_words(one: Detection) -> None:
    step = one.respond[0]

    assert re.fullmatch(r"[A-Z][^`\n]*[.]", step)
    assert not SNAKE.search(step)
    assert "  " not in step


@EACH
def test_title_and_description_are_in_words(one: Detection) -> None:
    for text in (one.name, one.description, one.why):
        assert "`" not in text and not SNAKE.search(text)


def test_who_deleted_a_workload_is_searched_by_each_type_that_deletes_one() -> None:
    (step,) = (step for one in ALL if one.id == "ven_lost" for step in one.respond if "event_type" in step)

    named = set(re.findall(r'"([a-z_.]+)"', step))

    assert named == {
        "workload.delete", "workload.soft_delete", "workloads.bulk_delete", "workloads.unpair", "agents.unpair",
        "agent.deactivate", "system_task.inactive_ven_cleanup",
    }  # fmt: skip


@EACH
def test_no_step_finds_provisions_by_one_type_of_event(one: Detection) -> None:
    """A provision can come inside other events too; the report knows them."""
    assert not [step for step in one.respond if "sec_policy.create" in step]


def test_one_blank_is_between_words_where_the_conf_continues_a_text() -> None:
    """Whether Splunk keeps the line break or drops it, two words stay apart, and no gap is seen."""
    conf = (PACKAGE / "default/savedsearches.conf").read_text(encoding="utf-8")
    key = r"(?:description|\S+(?:\.label|_message|\.rule_title|\.rule_description))"
    texts = re.findall(rf"^{key} = ((?:.*\\\n)*.*)$", conf, re.MULTILINE)

    assert len(texts) > 200
    assert [text for text in texts if re.search(r"  |\\\n", text.replace(" \\\n", " "))] == []


@EACH
def test_a_reason_names_things_in_words(one: Detection) -> None:
    alerts = _alerts(one.id)
    # A type that the catalogue lacks has no other name.
    allowed = _said_by_events(one.id) | ({"berth_plan", "bulk_swap"} if one.id == "event_type_unknown" else set())

    assert alerts
    for reason in {str(alert["reason"]) for alert in alerts}:
        assert not re.search(r"[`\n]|  |\(s\)|\$", reason)
        assert set(SNAKE.findall(reason)) <= allowed, reason
        assert reason[:1].isalnum() and len(reason.split()) > 3


@EACH
def test_one_thing_is_singular_and_several_are_plural(one: Detection) -> None:
    for alert in _alerts(one.id):
        for number, word in re.findall(r"(?<![\w.:/-])(\d+) ([a-z]+)\b", str(alert["reason"])):
            if word in ("within", "in", "of", "instead", "at", "failed", "on"):
                continue
            assert (word in SINGULAR or not word.endswith("s")) if number == "1" else True, alert["reason"]


def _value_in(event: Json, field: str) -> bool:
    """Whether an event tells it: its address, who did it, or what it was about."""
    text = json.dumps(event)
    if field == "src":
        return bool(re.search(r'"src_ip": "(?!FILTERED)', text))
    if field in ("user", "actor", "src_user"):
        return bool(re.search(r'"(?:username|hostname|name)": "', json.dumps(event.get("created_by"))))
    return bool(re.search(r'"(?:hostname|name)": "', json.dumps(event.get("resource_changes"))))


@EACH
def test_nothing_is_unknown_that_the_event_tells(one: Detection) -> None:
    events = [told for told in _events(one.id) if "href" in told]
    for alert in _alerts(one.id):
        hrefs = alert.get("href", [])
        own = [event for event in events if event["href"] in (hrefs if isinstance(hrefs, list) else [hrefs])]
        for field in ("user", "actor", "src_user", "src", "dest", "object"):
            values = alert.get(field, [])
            if "unknown" in (values if isinstance(values, list) else [values]):
                assert not all(_value_in(event, field) for event in own), field
        untold = UNTOLD.search(str(alert["reason"]))
        if untold and one.id not in ("event_type_unknown",):
            assert not any(re.search(r'"process_name"', json.dumps(event)) for event in own), alert["reason"]


# What the notification says → what the alert says of it.
TAMPERED: list[tuple[Json, str]] = [
    (
        {"event_classification": "signal", "events": [{"process_name": "nft", "process_id": 71}, {"process_name": "nft", "process_id": 71}]},
        "nft (process 71) tried to change firewall rules of the VEN on crane-1: an attempt that a probe saw",
    ),
    (
        {"tampering_revert_succeeded": True, "events": [{"process_name": "C:\\ops\\fw.exe", "process_id": 9}]},
        "C:\\ops\\fw.exe (process 9) changed firewall rules of the VEN on crane-1; the VEN restored them",
    ),
    (
        {"tampering_revert_succeeded": False},
        "A process that the event does not name changed firewall rules of the VEN on crane-1; the VEN could not restore them, and the change stands",
    ),
    (
        {"num_events": 1},
        "A process that the event does not name changed firewall rules of the VEN on crane-1; the event does not say whether the VEN restored them",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("info", "said"), TAMPERED)
def test_tampering_names_host_and_process_and_what_became_of_it(info: Json, said: str) -> None:
    told = event("agent.tampering", notes=[note("workload.oob_policy_changes", info)], by=ven(), status=None)

    found = replay("ven_tampering", indexed([told]), BEGIN, BEGIN + 3600)

    assert [one["reason"] for one in found] == [said]


def test_an_alert_says_where_a_window_may_hold_too_much() -> None:
    """Of the 10,000 events that Splunk counts in a window, six are enough here."""
    macros = Confs.load(PACKAGE).stanzas("macros")
    limit = macros["illumio_pce_beyond_the_limit"].texts()["definition"]
    assert "looked_at>10000" in limit
    six = " ".join(limit.split()).replace("looked_at>10000", "looked_at>6")
    confs = Confs.load(PACKAGE, {"local/macros.conf": f"[illumio_pce_beyond_the_limit]\ndefinition = {six}\n"})
    failed = note("user.login_failed", {"associated_user": {"supplied_username": "eva"}})
    action = request("/login/users/sign_in", "POST", 200)
    events = [
        event("user.sign_in", notes=[failed], by={"system": {}}, action=action, at=place, status="failure")
        for place in range(8)
    ]

    few, many = (replay("access_burst", indexed(events[:number]), BEGIN, BEGIN + 3600, confs) for number in (6, 8))

    assert not any("too few" in one["reason"] for one in few) and few
    assert many[-1]["reason"].endswith("of these 8 it may have counted too few")


def test_a_host_that_the_event_does_not_name_is_not_said_to_be_the_pce() -> None:
    told = event("agent.suspend", by={"system": {}})

    (found,) = replay("ven_suspended", indexed([told]), BEGIN, BEGIN + 3600)

    assert found["reason"].endswith("no firewall rules are left: a host that the event does not name")


@pytest.mark.parametrize(
    "detection",
    [
        "access_rights_changed",
        "policy_boundary_removed",
        "policy_broad_rule",
        "policy_broad_scope",
        "policy_object_opened",
    ],
)
def test_an_alert_on_a_change_tells_it_before_and_after_in_words(detection: str) -> None:
    changes = [alert.get("change_summary") for alert in _alerts(detection)]

    assert changes and all(changes)
    assert not any(re.search(r'[{}]|"href"', text) for text in map(str, changes))
