"""What Enterprise Security is given: one entity and one score for each row, and no words of whoever is alerted about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from tests.detections.replay import PACKAGE, replay, shipped
from tools.detections.macros import Macro
from tools.detections.model import CONTENT, read_all
from tools.detections.released import RELEASED, Version, manifest, metadata, version_of
from workbench.detections import saved_searches
from workbench.event_files import Reader

SEARCHES = saved_searches([PACKAGE])
IDS = sorted(one.id for one in read_all())
#: Scored once, they add up over everybody and everything that has no name.
PLACEHOLDERS = {"", "-", "unknown", "null", "none", "n/a", "system", "localhost", "127.0.0.1", "::1"}
#: Their rows are about several users or addresses at once, and have no entity.
WITHOUT_ENTITY: set[str] = set()
#: Numbers that the search counts or reads from clocks.
OURS = {"first_time", "last_time", "info_min_time", "info_max_time"}
HOSTILE = '<b>$reason$</b> `all_of_it` 100% \\ "] | delete https://evil.example\r\nSubject: nothing'
#: What people call themselves and their things, in events of any type.
NAMES = {"username", "supplied_username", "hostname", "name", "full_name", "value", "message", "information", "reason"}

Row = dict[str, Any]


def _json(detection: str, key: str) -> Any:
    return json.loads(SEARCHES[detection][key])


def _entries(detection: str, kind: str) -> list[dict[str, Any]]:
    return [one for one in _json(detection, "action.risk.param._risk") if f"{kind}_object_field" in one]


def _rows(detection: str, lines: list[Row] | None = None) -> list[Row]:
    """The alerts on the detection's own sample, or on other lines."""
    path = CONTENT / detection / "fires.jsonl"
    events = Reader(shipped(), 0.0).read([path]) if lines is None else Reader(shipped(), 0.0).records(lines)
    until = max(float(str(event["_indextime"])) for event in events) + 3600
    return replay(detection, events, None, until)


def _values(row: Row, field: str) -> list[str]:
    value = row.get(field, [])
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("detection", IDS)
def test_the_finding_has_one_entity_which_scores_with_the_risk_alone(detection: str) -> None:
    (entity,) = _json(detection, "action.notable.param._entities")
    first, *_ = risks = _entries(detection, "risk")

    assert entity == {
        "risk_object_field": first["risk_object_field"], "risk_object_type": first["risk_object_type"], "risk_score": 0,
    }  # fmt: skip
    assert len({one["risk_object_field"] for one in risks}) == len(risks)
    assert all(1 <= one["risk_score"] <= 100 for one in risks)


@pytest.mark.parametrize("detection", IDS)
def test_the_message_stands_where_version_7_reads_it_and_where_8_does(detection: str) -> None:
    messages = {one.get("risk_message") for one in _entries(detection, "risk")}

    assert messages == {SEARCHES[detection]["action.risk.param._risk_message"]} == {"$reason$"}
    assert SEARCHES[detection]["action.correlationsearch.detection_type"] == "ebd"
    assert SEARCHES[detection]["action.risk.param._risk_score"] == "0"


@pytest.mark.parametrize("detection", IDS)
def test_the_title_and_the_drilldown_hold_nothing_that_somebody_else_chooses(detection: str) -> None:
    stanza = SEARCHES[detection]

    assert "$" not in stanza["action.notable.param.rule_title"]
    assert re.findall(r"\$(.*?)\$", stanza["action.notable.param.rule_description"]) == ["reason"]
    assert set(re.findall(r"\$(\w+)\$", stanza["action.notable.param.drilldown_searches"])) <= OURS


@pytest.mark.parametrize("detection", IDS)
def test_each_row_of_its_sample_has_one_value_in_each_field_that_is_scored(detection: str) -> None:
    rows = _rows(detection)

    assert rows
    for row in rows:
        assert not {"risk_object", "risk_object_type", "risk_score", "risk_message"} & row.keys()
        for one in _entries(detection, "risk"):
            field = one["risk_object_field"]
            assert isinstance(row.get(field, ""), str), f"{field} has several values: {row[field]}"
            assert field not in row or row[field].lower() not in PLACEHOLDERS
            assert field not in row or row[field] in {*_values(row, field.removeprefix("risk_")), row.get("pce_fqdn")}
        for one in _entries(detection, "threat"):
            shown = _values(row, one["threat_object_field"].removeprefix("threat_"))
            told = _values(row, one["threat_object_field"])
            assert told == [value for value in shown if value.lower() not in PLACEHOLDERS]
    (entity,) = _json(detection, "action.notable.param._entities")
    assert all(entity["risk_object_field"] in row for row in rows) != (detection in WITHOUT_ENTITY)


def test_what_has_no_name_or_many_scores_nobody_though_the_row_shows_it() -> None:
    (line,) = [json.loads(text) for text in (CONTENT / "access_csrf/fires.jsonl").read_text("utf-8").splitlines()][:1]
    document = json.loads(line["_raw"])
    unnamed = {**document, "created_by": {"system": {}}, "action": {**document["action"], "src_ip": "127.0.0.1"}}

    (row,) = _rows("access_csrf", [{**line, "_raw": json.dumps(unnamed)}])

    assert (row["actor"], row["src"]) == ("system", "127.0.0.1")
    assert not {"risk_actor", "threat_src"} & row.keys()
    many = [one for one in _rows("ven_offline") if isinstance(one["dest"], list)]
    assert many and {one["risk_dest"] for one in many} == {"pce.kestrel-freight.example"}


def _hostile(value: Any) -> Any:
    if isinstance(value, list):
        return [_hostile(one) for one in value]
    if not isinstance(value, dict):
        return value
    named = {name for name in NAMES & value.keys() if isinstance(value[name], str)}
    return {name: f"{inner} {HOSTILE}" if name in named else _hostile(inner) for name, inner in value.items()}


def _hostile_lines(detection: str) -> Iterator[Row]:
    for text in (CONTENT / detection / "fires.jsonl").read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        with suppress(ValueError):  # one event is cut off, others are no JSON
            line["_raw"] = json.dumps(_hostile(json.loads(line["_raw"])))
        yield line


def _substituted(text: str, row: Row) -> str:
    """As Enterprise Security does it: a field's value for its name, once."""
    return re.sub(r"\$(\w+)\$", lambda token: ", ".join(map(str, _values(row, token[1]))), text)


@pytest.mark.parametrize("detection", IDS)
def test_hostile_names_reach_no_title_and_no_search(detection: str) -> None:
    rows = _rows(detection, list(_hostile_lines(detection)))

    assert rows
    for row in rows:
        drilldown = _substituted(SEARCHES[detection]["action.notable.param.drilldown_searches"], row)
        title = _substituted(SEARCHES[detection]["action.notable.param.rule_title"], row)
        assert "evil" not in drilldown + title
        assert title and all(re.fullmatch(r"[\d.]*", str(row.get(name, ""))) for name in OURS)
        told = [value for name in row if name == "reason" or name.startswith("risk_") for value in _values(row, name)]
        assert told and not re.search(r"[\x00-\x1f]", " ".join(map(str, told)))


def test_ids_are_those_they_have_always_been_and_versions_are_those_of_the_releases() -> None:
    found = {one: _json(one, "action.correlationsearch.metadata") for one in IDS}

    assert len({one["detection_id"] for one in found.values()}) == len(IDS)
    assert found["access_burst"]["detection_id"] == "93b59551-648c-5d73-98d4-820d3a043ee6"
    assert {one["deprecated"] for one in found.values()} == {"0"}
    assert all(one["detection_version"].isdigit() and isinstance(one["publish_time"], float) for one in found.values())


def test_what_a_release_shipped_is_kept_when_its_version_is_set() -> None:
    """Otherwise the next change would have the version that has shipped: see CONTRIBUTING.md, make a release."""
    assert json.loads(RELEASED.read_text(encoding="utf-8"))["release"] == manifest()[0]


def test_a_changed_search_or_macro_has_the_next_version_until_it_is_released() -> None:
    settings = {"search": "index=main | `outer`", "cron_schedule": "* * * * *"}
    macros = [Macro("outer", "where a>`inner`", ""), Macro("inner", "1", ""), Macro("other", "2", "")]
    first = version_of("x", settings, macros, {})
    before = {"x": replace(first, number=3, date="2026-01-31")}

    assert first.number == 1
    assert version_of("x", settings, macros, before) == before["x"]
    assert version_of("x", settings, [*macros[:2], Macro("other", "9", "")], before) == before["x"]
    for changed, with_macros in (
        ({**settings, "cron_schedule": "1 * * * *"}, macros),
        ({**settings, "search": "index=main | `outer` | head 1"}, macros),
        (settings, [macros[0], Macro("inner", "2", "")]),
    ):
        following = version_of("x", changed, with_macros, before)
        assert (following.number, following.date) == (4, manifest()[1])
        assert following.sha256 != first.sha256


def test_metadata_has_the_types_that_enterprise_security_reads() -> None:
    found = metadata("access_burst", Version(7, "2026-11-23", ""))

    assert (found["detection_version"], found["publish_time"]) == ("7", 1_795_392_000.0)
