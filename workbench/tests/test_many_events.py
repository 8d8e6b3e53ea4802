"""Events that wait on disk: the same rows as from memory, and no more memory for more of them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ADDON, REPOSITORY
from workbench import command_line, detect, search
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.search import run, stream
from workbench.splunk.spl.store import EventStore, Range

CONFS = {"default/macros.conf": "[some]\ndefinition = kind=a\n", "default/props.conf": "[plain]\nEVAL-half = n / 2\n"}
NOW = 1_772_600_000.0
SEARCHES = (
    "index=main",
    "`some`",
    "`some` | eval twice = n + n | where twice > 40 | table _time twice",
    "index=main | rename n AS number | fields number kind",
    "index=main | rex field=_raw \"event (?<which>\\d+)\" | stats count sum(half) BY kind",
    "index=main | stats count BY kind | sort 0 -count",
    "index=main | sort n | head 3 | table n",
    "index=main | dedup kind | stats values(_raw) AS raw BY kind",
    "index=main | eventstats count BY kind | stats max(count) AS most",
    "index=main | timechart span=1h count BY kind",
    "index=main | stats count(*) AS *",
    "index=main | fillnull value=none nothing | stats count BY nothing",
    "index=main [search index=main n=7 | fields kind] | table n",
    "index=main earliest=-30s | table n",
    "index=main nothing=here",
    "index=main | search kind=b | top kind",
    "| tstats count WHERE index=main BY sourcetype",
)  # fmt: skip


def events(count: int) -> Iterator[dict[str, str]]:
    for number in range(count):
        yield {
            "_raw": f"event {number} \u2028\U0001f512 " + "x" * 2000,
            "_time": str(int(NOW) - number),
            "sourcetype": "plain",
            "index": "main",
            "n": str(number),
            "kind": "abc"[number % 3],
        }


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(Confs.load(CONFS), NOW)


@pytest.mark.parametrize("spl", SEARCHES)
@pytest.mark.parametrize("on_disk", [False, True])
def test_a_stream_of_rows_is_the_same_rows(knowledge: Knowledge, spl: str, on_disk: bool) -> None:
    store = EventStore(events(450), knowledge, on_disk=on_disk)
    expected = run(spl, list(events(450)), knowledge=knowledge, now=NOW)
    assert list(stream(spl, store, knowledge=knowledge, now=NOW)) == expected
    begin, end = NOW - 100, NOW - 50
    expected = run(spl, list(events(450)), knowledge=knowledge, now=NOW, earliest=begin, latest=end)
    assert list(stream(spl, store, knowledge=knowledge, now=NOW, earliest=begin, latest=end)) == expected


def test_a_filtered_store_is_kept_on_disk_too(knowledge: Knowledge) -> None:
    store = EventStore(events(30), knowledge, on_disk=True).narrowed(lambda event: event["kind"] == "a")
    assert store.on_disk
    assert [event["n"] for event in store.select(Range(latest=NOW - 20))] == ["21", "24", "27"]
    assert store.first_time == NOW - 27


@pytest.mark.parametrize("spl", ["index=main | stats count BY kind", "index=main | table n", "index=main"])
def test_twice_as_many_events_need_no_more_memory(knowledge: Knowledge, spl: str) -> None:
    peaks = []
    for count in (2_000, 4_000):
        tracemalloc.start()
        store = EventStore(events(count), knowledge, on_disk=True)
        rows = sum(1 for _ in stream(spl, store, knowledge=knowledge, now=NOW))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows in (3, count)
    # an event has 2 kB of text; what grows are its numbers, and the few fields that stats needs
    assert peaks[1] - peaks[0] < 2_000 * 1_000


def test_events_of_long_files_are_kept_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "app/default"
    folder.mkdir(parents=True)
    (folder / "props.conf").write_text("[plain]\nSHOULD_LINEMERGE = false\nTIME_FORMAT = %s\n", encoding="utf-8")
    (folder / "savedsearches.conf").touch()
    file = tmp_path / "events.log"
    file.write_text("1772600000 in\n", encoding="utf-8")
    asked: list[bool] = []

    class Store(EventStore):
        def __init__(self, *given: object, on_disk: bool = False) -> None:
            asked.append(on_disk)
            super().__init__(*given, on_disk=on_disk)  # type: ignore[arg-type]

    monkeypatch.setattr(search, "EventStore", Store)
    monkeypatch.setattr(detect, "EventStore", Store)
    for limit in (10, 20):
        monkeypatch.setattr(command_line, "LONG", limit)
        options = [str(file), "--sourcetype", "plain", "--app", str(folder.parent)]
        assert search.main(["index=main", *options]) == 0
        assert detect.main(options) == 0
    assert asked == [True, True, False, False]


def test_detections_alert_alike_from_disk_and_from_memory(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(REPOSITORY / f"content/detections/{name}/fires.jsonl") for name in ("ven_suspended", "access_spray")]
    lines = [line for file in files for line in Path(file).read_text("utf-8").splitlines()]
    last = int(max(json.loads(line)["_time"] for line in lines))
    said = []
    for limit in (0, 1 << 40):
        monkeypatch.setattr(command_line, "LONG", limit)
        options = ["--now", str(last + 7200), "--from", str(last - 7200), "--app", str(ADDON)]
        only = ["--only", "ven_suspended", "--only", "access_spray"]
        assert detect.main([*files, *options, *only]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert '"detection": "ven_suspended"' in said[0]
