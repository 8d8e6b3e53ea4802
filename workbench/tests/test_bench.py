"""The benchmarks run, with sizes so small that their figures say nothing: only that they are all told is checked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from workbench.bench import idle, pages, scale, search_time, throughput
from workbench.bench.figures import Result
from workbench.bench.index_part import read_by
from workbench.bench.options import Options
from workbench.bench.trail import Trail
from workbench.bench.work import counted
from workbench.bench.world import ADDON
from workbench.splunk.dashboards.view import read_views
from workbench.splunk.spl.pcre import compile_pattern

OPTIONS = Options(events=200, repeat=1, pythons=[sys.executable], quick=True)


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)


def names(results: list[Result]) -> list[str]:
    (result,) = results
    assert all(ratio.name in result.text() for ratio in result.ratios)
    assert all(ratio.value > 0 for ratio in result.ratios)
    return [ratio.name for ratio in result.ratios]


def test_throughput_is_compared_with_the_plain_collector_and_the_floor() -> None:
    assert names(throughput.measure(OPTIONS)) == [
        "plain collector / collector",
        "collector / floor",
        "collector / floor that does not decompress",
        "largest memory / 150 MiB",
    ]


def test_an_idle_poll_sends_one_request_to_the_pce() -> None:
    (result,) = idle.measure(OPTIONS)
    values = {ratio.name: ratio.value for ratio in result.ratios}
    assert values["requests to the PCE"] == 1
    assert values["requests to the PCE with system events"] == 2
    assert values["requests to splunkd"] <= 7


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """The results of the search benchmark beside an add-on of one field and one event type, by their titles."""
    other = tmp_path_factory.mktemp("other") / "default"
    other.mkdir()
    for name in ("transforms", "tags"):
        (other / f"{name}.conf").write_text("")
    (other / "props.conf").write_text("[illumio:pce]\nEXTRACT-a = (?<user>x)\nKV_MODE = none\n")
    (other / "eventtypes.conf").write_text(
        '[illumio_authentication_events]\nsearch = sourcetype="illumio:pce" (event_type="user.sign*" OR a="b")\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        found = search_time.measure(Options(200, 1, [], quick=True, ta_illumio=other.parent))
        assert len(search_time.measure(OPTIONS)) == len(found) - 1
    return {result.title: result for result in found}


def test_search_time_is_counted_for_one_event_and_beside_confs_that_do_less(search: dict[str, Result]) -> None:
    result = search["Search time, 200 JSON events"]
    ours, theirs = (dict(zip(result.head, row)) for row in result.measured)
    assert (theirs["regexes"], theirs["calculated"], theirs["JSON reads"]) == ("1.0", "0.0", "0.0")
    assert (ours["calculated"], ours["look-ups"]) == ("36.0", "5.7")
    assert {ratio.name for ratio in result.ratios} >= {"regular expressions", "their steps"}


def test_steps_and_characters_are_those_of_every_try() -> None:
    """A callout stands before every item and at the end: three where `ab` is found at once."""
    with counted(steps=True) as work:
        compile_pattern("ab").search("ab")
        assert (work.regexes, work.steps, work.characters) == (1, 3, 2)
        list(compile_pattern("ab").finditer("abab"))
    assert (work.regexes, work.steps, work.characters) == (2, 9, 6)


def test_no_saved_search_reads_more_than_its_range(search: dict[str, Result]) -> None:
    result = search["Rows that saved searches read"]
    rows = {name: (int(read), int(within)) for name, read, within, _ in result.measured}
    assert all(read <= within for read, within in rows.values())
    assert rows["events_silent"] == (0, 0), "tstats reads no event"
    assert rows["ven_lost"][0] < rows["ven_lost"][1] / 10
    assert rows["event_type_unknown"][0] == rows["event_type_unknown"][1], "the index knows nothing of it"


def test_pages_and_event_types_stand_beside_the_other_ways(search: dict[str, Result]) -> None:
    pages = search["Rows that a page reads for a day"].measured
    assert len(pages) == 10
    # The inventory's page and that of the daily summary read lookups.
    of_lookups = {name for name, read, _, _ in pages if int(read) == 0}
    assert of_lookups == {"fleet", "weekly"}
    shared = [0 < int(read) < int(apart) for name, read, apart, _ in pages if name not in of_lookups]
    assert all(shared), "panels share their base searches"
    types = {name: (int(ours), int(theirs)) for name, ours, theirs, _ in search["Rows that event types read"].measured}
    # `a="b"` is decided event by event, so that all are read.
    assert types["authentication"][1] == types["change_endpoint"][0] > types["authentication"][0]


@pytest.mark.parametrize(
    ("base", "read"),
    [
        ("", 3),
        ("sourcetype=x", 1),
        ("sourcetype IN (x, y)", 2),
        ('"user.sign_in"', 2),
        ("TERM(user.sign_in)", 1),
        ("user.sign*", 3),
        ("*sign", 3),
        ("SIGN nobody", 0),
        ("(nobody OR sourcetype=x)", 1),
        ("action=failure", 3),
        ("NOT sign", 3),
        ("sourcetype=x action=failure", 1),
    ],
)
def test_what_the_index_decides(base: str, read: int) -> None:
    texts = {"x": '{"event_type":"user.sign_in"}', "y": '{"sign":1,"in":"user"}', "z": '{"signs":1,"a_b":"user"}'}
    assert read_by(base, [{"_raw": raw, "sourcetype": sourcetype} for sourcetype, raw in texts.items()]) == read


def test_a_trail_gives_each_event_once_in_the_order_of_the_pce() -> None:
    trail = Trail(1_760_000_000_000, 0.5, 50_000)
    found = list(trail.newest_first(1_760_000_001_000_000, 1_760_000_001_002_000))
    assert [text[:40] for text in found] == [trail.text(number)[:40] for number in range(2005, 1999, -1)]
    assert len(trail.text(10_000)) > 2_000_000


def test_rows_of_saved_searches_grow_with_the_events_of_a_day() -> None:
    """What a day of a million is told from: the rows of a smaller one."""
    small, large = scale.loads(ADDON, 250), scale.loads(ADDON, 500)

    assert small.keys() == large.keys()
    for counts, events in ((small, 250), (large, 500)):
        assert counts["events_silent"].read == 0, "tstats reads no event"
        assert events <= counts["event_type_unknown"].read <= 1.01 * events, "the index knows nothing of it"
        assert counts["event_type_unknown"].runs == 288
    read = [sum(one.runs * one.read for one in counts.values()) for counts in (small, large)]
    assert 1.7 < read[1] / read[0] < 2.3


def test_a_page_hands_on_less_events_than_splunk_does_or_says_that_it_may_not() -> None:
    """At a million audit events a day and the pages' own time ranges; docs/sizing.md says the same."""
    small, large = pages.loads(ADDON, 300), pages.loads(ADDON, 600)
    over = {name for name, one in large.items() if not one.counts and one.left / 600 * scale.LARGEST > pages.HANDED_ON}

    # Investigate reads what holds the words of whom it is about; here everybody is chosen.
    assert over == {"events", "investigate"}
    assert {name for name, one in large.items() if one.counts} == {
        "security_overview", "workload_protection", "fleet", "weekly",
    }  # fmt: skip
    told = {view.name: view.definition["description"] for view in read_views(ADDON)}
    assert {name for name, text in told.items() if f"{pages.HANDED_ON:,} events" in " ".join(text.split())} == {
        name for name, one in large.items() if not one.counts
    }
    assert large["weekly"] == pages.Load(0, 0, True)
    # It reads two days, and the day before has no events here.
    assert large["security_overview"].read == 2 * 600
    assert all(small[name].left <= one.left <= 2.5 * small[name].left + 10 for name, one in large.items())


def test_what_is_left_for_the_search_head_stands_behind_the_commands_of_indexers(tmp_path: Path) -> None:
    default = tmp_path / "default"
    default.mkdir()
    for name in ("props", "transforms", "macros", "tags", "eventtypes"):
        (default / f"{name}.conf").write_text("")
    (default / "props.conf").write_text(
        '[illumio:pce:events]\nTIME_PREFIX = "timestamp":"\nTIME_FORMAT = %Y-%m-%dT%H:%M:%S.%3NZ\nTZ = UTC\nKV_MODE = none\n'
    )
    common = "enableSched = 1\ncron_schedule = 0 * * * *\ndispatch.earliest_time = -1d\ndispatch.latest_time = now\n"
    (default / "savedsearches.conf").write_text(
        f"[all]\nsearch = index=main | eval a=1 | sort 0 a | where a=2\n{common}"
        f"[none]\nsearch = index=main | eval a=1 | where a=2 | sort 0 a\n{common}"
        f"[a group]\nsearch = index=main | stats count BY host\n{common}"
        f"[two days]\nsearch = index=main earliest=-2d | append [search index=main earliest=-3d | head 1]\n{common}"
    )

    found = scale.loads(tmp_path, 50)

    assert found["all"] == scale.Load(24, 50, 50)
    assert found["none"] == scale.Load(24, 50, 0)
    assert found["a group"] == scale.Load(24, 50, 1)
    assert found["two days"] == scale.Load(24, 250, 250)
