"""Commands, one after the other; expectations follow Search Reference 10.0 (the page of each command)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.knowledge import NoKnowledge
from workbench.splunk.spl.search import check, run, run_over

NOW = 1_772_600_000.0

# Newest first, as events reach commands.
EVENTS: list[dict[str, Any]] = [
    {"_time": NOW - 10, "index": "main", "_raw": "e1", "user": "ann", "src": "10.0.0.1", "bytes": "100"},
    {"_time": NOW - 20, "index": "main", "_raw": "e2", "user": "bob", "src": "10.0.0.2", "bytes": "40"},
    {"_time": NOW - 30, "index": "main", "_raw": "e3", "user": "ann", "src": "10.0.0.3", "bytes": "9"},
    {"_time": NOW - 40, "index": "main", "_raw": "e4", "src": "10.0.0.3", "bytes": "none"},
]


class Table:
    """A lookup that matches exactly."""

    local_only = False

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.rows: Sequence[Mapping[str, str]] = rows
        self.fields: Sequence[str] = list(rows[0])

    def find(self, wanted: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
        return [row for row in self.rows if all(row[name] == value for name, value in wanted.items())]

    def write(self, rows: Sequence[Mapping[str, str]], *, append: bool, key_field: str = "") -> None:
        assert append and not key_field
        self.rows = [*self.rows, *({name: row[name] for name in self.fields} for row in rows)]


class Known(NoKnowledge):
    def __init__(self) -> None:
        super().__init__()
        self.tables = {"people": Table([{"user": "ann", "team": "red"}, {"user": "eve", "team": "blue"}])}

    def lookup_definition(self, name: str) -> Table:
        if name not in self.tables:
            raise Refused(f"no lookup {name}")
        return self.tables[name]


def rows(spl: str, events: list[dict[str, Any]] | None = None, **options: Any) -> list[dict[str, Any]]:
    found = run(spl, EVENTS if events is None else events, **{"knowledge": Known(), "now": NOW, **options})
    return [dict(row) for row in found]


def data(table: str) -> str:
    """Rows of a JSON text as the beginning of a search."""
    return f"| makeresults format=json data={json.dumps(table)}"


@pytest.mark.parametrize(
    ("pipeline", "expected"),
    [
        # stats and its relatives
        ("stats count by user", [{"user": "ann", "count": "2"}, {"user": "bob", "count": "1"}]),
        ("stats sum(bytes) AS s max(bytes) AS m avg(bytes) AS a", [{"s": "149", "m": "100", "a": "49.666666666666664"}]),
        ("stats first(user) AS f last(src) AS l", [{"f": "ann", "l": "10.0.0.3"}]),
        ("stats earliest(user) AS e latest(user) AS l", [{"e": "ann", "l": "ann"}]),
        ('stats count(eval(bytes>50)) AS big dc(src)', [{"big": "2", "dc(src)": "3"}]),
        ("stats values(user) AS u list(src) AS s", [{"u": ["ann", "bob"], "s": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.3"]}]),
        ("search user=nobody | stats count sum(bytes) AS s", [{"count": "0"}]),
        ("search user=nobody | stats count by user", []),
        ("stats sum(b*) AS total_*", [{"total_ytes": "149"}]),
        ("stats median(bytes) AS m range(bytes) AS r stdevp(bytes) AS d | eval d=round(d,4)", [{"m": "40", "r": "91", "d": "37.7742"}]),
        ("eventstats count AS n by user | table _raw n", [{"_raw": "e1", "n": "2"}, {"_raw": "e2", "n": "1"}, {"_raw": "e3", "n": "2"}, {"_raw": "e4"}]),
        ("streamstats count | table count", [{"count": "1"}, {"count": "2"}, {"count": "3"}, {"count": "4"}]),
        ("streamstats current=f last(src) AS before | table before", [{}, {"before": "10.0.0.1"}, {"before": "10.0.0.2"}, {"before": "10.0.0.3"}]),
        ("streamstats window=2 sum(bytes) AS s | table s", [{"s": "100"}, {"s": "140"}, {"s": "49"}, {"s": "9"}]),
        # order and choice of rows
        ("sort bytes | table bytes", [{"bytes": "9"}, {"bytes": "40"}, {"bytes": "100"}, {"bytes": "none"}]),
        ("sort 1 - num(bytes) | table _raw", [{"_raw": "e4"}]),
        ("sort user, -src | table _raw", [{"_raw": "e3"}, {"_raw": "e1"}, {"_raw": "e2"}, {"_raw": "e4"}]),
        ("sort ip(src) desc | head 1 | table src", [{"src": "10.0.0.3"}]),
        ("dedup user | table _raw", [{"_raw": "e1"}, {"_raw": "e2"}]),
        ("dedup user keepempty=t | table _raw", [{"_raw": "e1"}, {"_raw": "e2"}, {"_raw": "e4"}]),
        ("dedup 2 user sortby bytes | table _raw", [{"_raw": "e3"}, {"_raw": "e2"}, {"_raw": "e1"}]),
        ("head 1 | table _raw", [{"_raw": "e1"}]),
        ('head (user="ann") | table _raw', [{"_raw": "e1"}]),
        ('head (user="ann") keeplast=t | table _raw', [{"_raw": "e1"}, {"_raw": "e2"}]),
        ("tail 2 | table _raw", [{"_raw": "e4"}, {"_raw": "e3"}]),
        ("reverse | head 1 | table _raw", [{"_raw": "e4"}]),
        ("where bytes>50 | table _raw", [{"_raw": "e1"}, {"_raw": "e4"}]),
        # columns
        ("head 1 | fields user | table *", [{"user": "ann"}]),
        ("head 1 | fields - _raw, _time, index, b* | table _raw *", [{"user": "ann", "src": "10.0.0.1"}]),
        ("head 1 | rename user AS who, b* AS size_* | table who size_*", [{"who": "ann", "size_ytes": "100"}]),
        ("tail 1 | fillnull value=none user host | table user host", [{"user": "none", "host": "none"}]),
        (
            'eval a=if(user="bob",src,null()), a=if(_raw="e1","x",a) | filldown a | table a',
            [{"a": "x"}, {"a": "10.0.0.2"}, {"a": "10.0.0.2"}, {"a": "10.0.0.2"}],
        ),
        ('head 1 | strcat user "@" missing who | table who', [{"who": "ann@"}]),
        # several values
        ('head 1 | eval v=split("a,b",",") | mvexpand v | table _raw v', [{"_raw": "e1", "v": "a"}, {"_raw": "e1", "v": "b"}]),
        ('head 1 | eval v=split("a,b",",") | nomv v | table v', [{"v": "a\nb"}]),
        ("head 3 | fields - _time _raw src bytes | mvcombine delim=\"+\" user | nomv user | table user", [{"user": "ann+bob+ann"}]),
        # text
        (r'rex field=src "(?<net>\d+\.\d+)\.(?<rest>.*)" | head 1 | table net rest', [{"net": "10.0", "rest": "0.1"}]),
        (r'rex field=src max_match=0 "(?<part>\d+)" | head 1 | table part', [{"part": ["10", "0", "0", "1"]}]),
        (r'rex mode=sed field=src "s/\./-/g" | head 1 | table src', [{"src": "10-0-0-1"}]),
        ('regex src="2$" | table _raw', [{"_raw": "e2"}]),
        # frequencies
        ("top user", [{"user": "ann", "count": "2", "percent": "66.666667"}, {"user": "bob", "count": "1", "percent": "33.333333"}]),
        ("top 1 src by user showperc=f", [{"user": "ann", "src": "10.0.0.3", "count": "1"}, {"user": "bob", "src": "10.0.0.2", "count": "1"}]),
        ("rare limit=1 src showperc=f", [{"src": "10.0.0.1", "count": "1"}]),
        # tables
        ("chart count over user by src", [
            {"user": "ann", "10.0.0.1": "1", "10.0.0.2": "0", "10.0.0.3": "1"},
            {"user": "bob", "10.0.0.1": "0", "10.0.0.2": "1", "10.0.0.3": "0"},
        ]),
        ("chart count avg(bytes) AS a over user by src limit=1 useother=f", [
            {"user": "ann", "count: 10.0.0.1": "1", "a: 10.0.0.1": "100"},
            {"user": "bob", "count: 10.0.0.1": "0"},
        ]),
        ("stats count by user | transpose header_field=user", [{"column": "count", "ann": "2", "bob": "1"}]),
        # additions
        ("bin bytes span=50 | where like(bytes,\"%-%\") | table bytes", [{"bytes": "100-150"}, {"bytes": "0-50"}, {"bytes": "0-50"}]),
        # other rows
        ("head 1 | append [search user=bob] | table _raw", [{"_raw": "e1"}, {"_raw": "e2"}]),
        ("stats count by user | appendpipe [stats sum(count) AS count | eval user=\"all\"]", [
            {"user": "ann", "count": "2"}, {"user": "bob", "count": "1"}, {"user": "all", "count": "3"},
        ]),
        ("dedup user | join user [| inputlookup people] | table _raw team", [{"_raw": "e1", "team": "red"}]),
        ("dedup user | join type=left user [| inputlookup people] | table _raw team", [{"_raw": "e1", "team": "red"}, {"_raw": "e2"}]),
        ("lookup people user | head 2 | table user team", [{"user": "ann", "team": "red"}, {"user": "bob"}]),
        ('eval team="old" | lookup people user OUTPUTNEW team AS team | head 1 | table team', [{"team": "old"}]),
        ('eval team="old" | lookup people user OUTPUT team | head 2 | table team', [{"team": "red"}, {}]),
        ("search [| inputlookup people | fields user] | table _raw", [{"_raw": "e1"}, {"_raw": "e3"}]),
        ("search [search user=nobody | fields user] | table _raw", []),
        ("search [| inputlookup people | return user] | table _raw", [{"_raw": "e1"}, {"_raw": "e3"}]),
        ("stats count by user | fields user | format", [{"search": '( ( user="ann" ) OR ( user="bob" ) )'}]),
        ("eval a_x=1, a_y=2 | foreach a_* [eval <<MATCHSTR>>=<<FIELD>>*10] | head 1 | table x y", [{"x": "10", "y": "20"}]),
        ('head 1 | eval m=split("1,2",","), t=0 | foreach mode=multivalue m [eval t=t+<<ITEM>>] | table t', [{"t": "3"}]),
        ("head 1 | addinfo | table info_min_time info_max_time info_search_time", [
            {"info_min_time": "0.000", "info_max_time": "+Infinity", "info_search_time": "1772600000.000"},
        ]),
    ],
)  # fmt: skip
def test_pipeline(pipeline: str, expected: list[dict[str, Any]]) -> None:
    assert rows(f"index=main | {pipeline}") == expected


def test_timechart_splits_fills_and_folds() -> None:
    found = rows(
        "index=main | timechart span=1m limit=1 count by src", earliest=str(int(NOW) - 100), latest=str(int(NOW) + 20)
    )
    # NOW is 20 seconds past a minute.
    assert found == [
        {"_time": str(int(NOW) - 140), "10.0.0.3": "0", "OTHER": "0"},
        {"_time": str(int(NOW) - 80), "10.0.0.3": "2", "OTHER": "0"},
        {"_time": str(int(NOW) - 20), "10.0.0.3": "0", "OTHER": "2"},
    ]


def test_timechart_leaves_averages_of_nothing_out() -> None:
    found = rows("index=main | timechart span=1m avg(bytes) AS a", earliest=NOW - 200, latest=NOW)
    assert [row.get("a") for row in found][:2] == [None, None]


def test_spath_takes_all_fields_or_one() -> None:
    event = {"_time": NOW, "index": "main", "_raw": '{"a": {"b": [1, {"c": "x"}]}, "n": null, "e": [], "t": true}'}
    (row,) = rows("index=main | spath | fields - _*", [event])
    assert row == {"index": "main", "a.b{}": "1", "a.b{}.c": "x", "n": "null", "t": "true"}
    assert rows("index=main | spath a.b{1}.c output=c | table c", [event]) == [{"c": "x"}]


def test_makeresults_takes_inline_data() -> None:
    assert rows(data('[{"a": "x", "n": 1.50}]')) == [{"a": "x", "n": "1.50"}]
    assert rows('| makeresults format=csv data="a,b\n1,2"') == [{"a": "1", "b": "2"}]
    assert rows("| makeresults count=2") == [{"_time": "1772600000"}] * 2


def test_outputlookup_is_read_by_the_next_search() -> None:
    known = Known()
    run(
        'index=main user=bob | eval team="new" | table user team | outputlookup append=t people',
        EVENTS,
        knowledge=known,
        now=NOW,
    )
    assert run("| inputlookup people where team=new", [], knowledge=known, now=NOW) == [{"user": "bob", "team": "new"}]


def test_tstats_counts_by_index_time_fields_only() -> None:
    assert rows("| tstats count max(_time) AS last where index=main by index") == [
        {"index": "main", "count": "4", "last": "1772599990"}
    ]
    with pytest.raises(Refused, match="index-time fields"):
        rows("| tstats count where user=ann")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("earliest=-35s", "3"),
        ("earliest=-35s latest=-15s", "2"),
        ("earliest=-35s _index_latest=-15s", "2"),
        ("_index_latest=-30s", "1"),
        ("_index_earliest=-30s _index_latest=-10s", "2"),
    ],
)
def test_tstats_takes_times_inline(times: str, expected: str) -> None:
    assert rows(f"| tstats count where index=main {times}") == [{"count": expected}]


def test_internal_indexes_are_searched_by_name_only() -> None:
    events = [{"_time": NOW, "index": name, "_raw": name} for name in ("main", "_internal")]
    assert [row["_raw"] for row in rows("index=*", events)] == ["main"]
    assert [row["_raw"] for row in rows("index=_internal", events)] == ["_internal"]


@pytest.mark.parametrize(
    ("spl", "options", "expected"),
    [
        ("index=main", {"earliest": NOW - 30, "latest": NOW - 10}, ["e2", "e3"]),
        ("index=main earliest=-15s", {"earliest": NOW - 40, "latest": NOW - 30}, ["e1"]),
        ("index=main earliest=-40s latest=-20s", {}, ["e3", "e4"]),
        ("index=main _index_earliest=-15s", {"earliest": NOW - 25}, ["e1"]),
        ("index=main _index_latest=-30s", {}, ["e4"]),
        ("index=main earliest=-15s | append [search index=main | tail 1]", {"earliest": NOW - 30}, ["e1", "e3"]),
    ],
)
def test_time_ranges(spl: str, options: dict[str, Any], expected: list[str]) -> None:
    assert [row["_raw"] for row in rows(spl, **options)] == expected


def test_events_of_the_store_stay_as_they_were() -> None:
    events = [{"_time": NOW, "index": "main", "_raw": "x", "user": "ann"}]
    rows('index=main | eval user="eve" | rex "(?<user>.)"', events)
    assert events[0]["user"] == "ann"


def test_a_condition_runs_over_rows() -> None:
    assert run_over(
        "search count>2 | table user", [{"user": "a", "count": "3"}, {"user": "b", "count": "1"}], now=NOW
    ) == [{"user": "a"}]


@pytest.mark.parametrize(
    "spl",
    [
        "index=main | transaction user",
        "index=main | stats sparkline(count)",
        "index=main | stats count AS a, count AS b",
        "index=main | stats count by user*",
        "index=main | stats count(eval(bytes>1))",
        "index=main | sort",
        "index=main | makeresults",
        "| eval x=1",
        "index=main | eval x=1 |",
        "index=main | timechart span=1w count",
        "index=main | bin bytes bins=3",
        "index=main | lookup people nosuch",
        "index=main | lookup nosuch user",
        'index=main | eval t=split("a,b",",") | sort t',
        'index=main | rex "no group"',
        'index=main | rex "(?<open"',
        "index=main latest=now",
        "index=main | search [eval x=1]",
        "index=main | head 1 | spath path=a@b",
        'index=main | map search="x"',
        "index=main ]",
    ],
)
def test_unknown_commands_and_options_are_refused(spl: str) -> None:
    with pytest.raises(Refused):
        rows(spl)


def test_a_search_is_checked_without_events() -> None:
    check("index=main user=ann | stats count by src | where count > 3")
    with pytest.raises(Refused, match="unknown function"):
        check("index=main | eval x=nosuch(1)")
