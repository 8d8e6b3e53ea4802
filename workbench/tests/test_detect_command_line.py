"""`python -m workbench.detect`: an alert a line on standard output, and what is refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.detect import main

SEARCHES = """
[knocks]
search = index=main knock | table user
enableSched = 1
cron_schedule = */5 * * * *
dispatch.earliest_time = -5m
dispatch.latest_time = now
counttype = number of events
relation = greater than
quantity = 0
alert.severity = 4
alert.digest_mode = 1
"""
PROPS = """
[plain]
SHOULD_LINEMERGE = false
LINE_BREAKER = ([\\r\\n]+)
TIME_FORMAT = %s
EXTRACT-user = user=(?<user>\\w+)
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    folder = tmp_path / "app" / "default"
    folder.mkdir(parents=True)
    (folder / "savedsearches.conf").write_text(SEARCHES, encoding="utf-8")
    (folder / "props.conf").write_text(PROPS, encoding="utf-8")
    file = tmp_path / "events.log"
    file.write_text("1772600000 user=ann knock\n", encoding="utf-8")
    return [str(file), "--sourcetype", "plain", "--app", str(folder.parent)]


def test_an_alert_says_which_detection_when_and_how_severe(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    # 1772600000 is 04:53:20; the next scheduled time is 04:55:00.
    assert main([*arguments, "--now", "1772600400"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"user": "ann", "detection": "knocks", "title": "knocks", "time": 1772600100, "severity": "high"}
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--now", "soon"], "in --now"),
        (["--from", "soon"], "in --from"),
        (["--from", "-1h", "--now", "1772600400", "--only", "knock"], "no such detection: knock; choose from knocks"),
        (["--from", "1772600500", "--now", "1772600400"], "later than --now"),
    ],
)
def test_a_range_without_any_run_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main([*arguments, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


KEEPS = """
[knows - Keeper]
search = index=main knock | stats max(_time) AS seen BY user | outputlookup append=true key_field=user known
enableSched = 1
disabled = 1
cron_schedule = 0 * * * *
dispatch.earliest_time = -7d
dispatch.latest_time = now
alert.track = 0
"""
KNOCKS_OF_STRANGERS = (
    "search = index=main knock | lookup local=true known user OUTPUT seen | where isnull(seen) | table user"
)
KNOWN = """
[known]
external_type = kvstore
fields_list = _key, user, seen
"""
COLLECTION = """
[known]
field.user = string
field.seen = string
"""


def test_what_a_keeper_writes_is_built_from_the_events_before_the_begin(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "app" / "default"
    searches = SEARCHES.replace("search = index=main knock | table user", KNOCKS_OF_STRANGERS)
    (folder / "savedsearches.conf").write_text(searches + KEEPS, encoding="utf-8")
    (folder / "transforms.conf").write_text(KNOWN, encoding="utf-8")
    (folder / "collections.conf").write_text(COLLECTION, encoding="utf-8")
    lines = "1772590000 user=ann knock\n1772600000 user=ann knock\n1772600010 user=bob knock\n"
    (tmp_path / "events.log").write_text(lines, encoding="utf-8")

    def alerted(*options: str) -> list[str]:
        assert main([*arguments, *options, "--now", "1772600400"]) == 0
        return [json.loads(line)["user"] for line in capsys.readouterr().out.splitlines()]

    assert alerted("--from", "1772599800") == ["bob"]
    assert alerted("--from", "1772599800", "--only", "knocks") == ["bob"]
    # Nothing was there before the first event, which nobody knew at its time.
    assert sorted(set(alerted())) == ["ann", "bob"]
