"""No limit of Splunk cuts a search silently: each command that has one is listed here, with what bounds it.

The limits are those of limits.conf 9.2 and Search Reference. docs/sizing.md says the same for administrators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.detections.model import read_all
from tools.detections.search import compose
from workbench.splunk.conf.reader import Confs
from workbench.splunk.dashboards.view import read_views
from workbench.splunk.schedule.savedsearches_conf import all_searches
from workbench.splunk.spl.arguments import bracketed
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.pipeline import Stage, split

# Command → what its arguments have to look like, and why that is enough.
BOUNDED: dict[str, tuple[str, str]] = {
    "sort": (r"^\d+ ", "10,000 rows unless told: 0 for all, or the number that is shown"),
    "streamstats": (
        r"^(?:time_window=\d+[smh] |current=f |count AS |sum\(|last\()",
        "10,000 rows in a window (max_stream_window): the alert says so; without a window, fields of the row before",
    ),
    "eventstats": (r"", "memory (max_mem_usage_mb, 200): first_matched goes on without it"),
    "mvexpand": (r"^\w+$", "memory (max_mem_usage_mb, 500): of the members that matter, behind the text's removal where it can be"),
    "append": (r"^(?:maxtime=600 )?\[", "50,000 rows and a time: groups or a row that says there are none, see APPENDED"),
    "inputlookup": (r"append=true |^\w+", "none; behind other rows it appends them"),
    "dedup": (r"", "memory, spilled to disk"),
    "stats": (r"", "memory, spilled to disk; values() and dc() have no limit, list() has one and is not used"),
    "rex": (r"", "one match, or all with max_match=0"),
    "lookup": (r"^local=true ", "100 matches of a key at most: one row for a key, or the present workloads of one name"),
    "foreach": (
        r"^(?:mode=multivalue|[\w ]+ \[)",
        "of at most 10 objects, with 20 attributes: the text says how many more there are; or of the fields named",
    ),
    "head": (r"^\d+$", "what is shown, or whether there is any"),
    "appendpipe": (
        r"^\[(?:stats count \| where count=0 |where (?:isnotnull\(names_key\)|piece==))",
        "none, unlike append: one row where there is none, or as many as there are names",
    ),
    "return": (r"^\$?\w+|^\d+", "one row"),
}  # fmt: skip
# What has a limit that nothing can lift, or starts searches of its own.
FORBIDDEN = {"appendcols", "join", "map", "multisearch", "selfjoin", "set", "subsearch", "transaction"}
# Commands of one row at a time, or that make few.
UNLIMITED = {
    "accum", "addinfo", "eval", "fields", "filldown", "fillnull", "makeresults", "outputlookup", "rename", "reverse",
    "search", "table", "tstats", "where",
}  # fmt: skip
# The last command of what is appended, so that 50,000 rows are 50,000 accounts, keys, networks, objects or hours of a PCE.
APPENDED = re.compile(r"\| (?:stats [^|]* BY [^|]*(?:\| (?:eval|where|fields) [^|]*)*|table [^|]*)$", re.IGNORECASE)
# What is appended of lookups: VENs, grouped where they are kept, objects that are Any, and one row. All else is read by
# inputlookup append=true, which no limit cuts.
OF_LOOKUPS = re.compile(
    r"^\| inputlookup (?:illumio_pce_vens WHERE |illumio_pce_objects WHERE \(is_any=\"true\" OR is_all=\"true\"\) |max=1 )",
    re.IGNORECASE,
)
# What a detection makes rows by → the most rows of one run that it makes of a PCE.
ROWS_BY = {
    "who": 51, "whose": 51, "tampering": 4, "again_on": 52, "notice": 30, "limit": 4, "size": 3, "state": 2, "steady": 2,
    "problem": 13, "alert_scope": 50, "changes_of": 2,
}  # fmt: skip
# By what a customer has few of.
FEW = {"pce_fqdn", "dest", "host", "source"}


def _parts(text: str, *, implied: bool) -> Iterator[Stage]:
    """The commands of a search and of all within brackets."""
    for stage in split(text, implied_search=implied):
        yield stage
        for _, _, inner in bracketed(stage.text):
            yield from _parts(inner, implied=False)


def wrong(spl: str, *, implied: bool = True) -> list[str]:
    """The commands of a search, its macros expanded, that a limit may cut silently."""
    found = []
    for stage in _parts(spl, implied=implied):
        arguments = " ".join(stage.text.split())
        pattern = BOUNDED.get(stage.command, (None, ""))[0]
        unknown = stage.command in FORBIDDEN or (pattern is None and stage.command not in UNLIMITED)
        if unknown or (pattern and not re.search(pattern, arguments)):
            found.append(f"{stage.command} {arguments[:60]}")
        if stage.command in ("stats", "eventstats", "streamstats", "timechart", "chart") and re.search(
            r"\blist\(", arguments
        ):
            found.append(f"list() in {stage.command}")
    return found


def _macros(addon: Path) -> dict[str, dict[str, str]]:
    return {name: stanza.texts() for name, stanza in Confs.load(addon).stanzas("macros").items()}


def test_each_command_of_a_saved_search_is_bounded(addon: Path) -> None:
    macros = _macros(addon)
    searches = {name: expand(one["search"], macros) for name, one in all_searches([addon]).items()}

    assert len(searches) > 60
    assert {name: found for name, spl in searches.items() if (found := wrong(spl))} == {}


def test_what_is_appended_is_grouped(addon: Path) -> None:
    macros = _macros(addon)
    appended = [
        " ".join(inner.split())
        for one in all_searches([addon]).values()
        for stage in _parts(expand(one["search"], macros), implied=True)
        if stage.command == "append"
        for _, _, inner in bracketed(stage.text)
    ]

    assert len(appended) > 10
    assert [text[-80:] for text in appended if not (APPENDED.search(text) or OF_LOOKUPS.search(text))] == []


@pytest.mark.parametrize("one", read_all(), ids=lambda one: one.id)
def test_a_run_makes_less_rows_than_alerts_are_raised(one: object) -> None:
    """An action sees at most 500 results of a run (limits.conf, max_per_result_alerts)."""
    detection = next(each for each in read_all() if each is one or each.id == getattr(one, "id", ""))
    rows = [stage for stage in compose(detection).split(" | ") if stage.startswith("stats ")][-1:]
    by = rows[0].rpartition(" BY ")[2].split() if rows else ["pce_fqdn"]

    most = 1
    for field in by:
        assert field in FEW | ROWS_BY.keys(), field
        most *= ROWS_BY.get(field, 1)
    assert most < 500


def test_pages_neither_join_nor_cut(addon: Path) -> None:
    macros = _macros(addon)
    found = {}
    for view in read_views(addon):
        for name, source in view.definition["dataSources"].items():
            query = re.sub(r"\$[\w.:|]+\$", '"x"', source["options"].get("query", ""))
            query = expand(query, macros)
            stages = list(_parts(query, implied=not query.lstrip().startswith("|")))
            cut = [one for one in stages if one.command == "sort" and not re.match(r"\s*\d+ ", one.text)]
            cut += [one for one in stages if one.command in FORBIDDEN or re.search(r"\blist\(", one.text)]
            if cut:
                found[f"{view.name} {name}"] = [f"{one.command}{one.text[:40]}" for one in cut]
    assert found == {}


@pytest.mark.parametrize(
    ("spl", "found"),
    [
        ("index=a | sort -b", ["sort -b"]),
        ("index=a | sort 0 -b | join c [search index=d]", ["join c [search index=d]"]),
        ("index=a | stats list(b) AS b BY c", ["list() in stats"]),
        ("index=a | append [search index=b | transaction c]", ["transaction c"]),
        ("index=a | lookup b c", ["lookup b c"]),
        ("index=a | sort 0 -b | stats values(c) AS c BY d", []),
    ],
)
def test_what_the_rule_finds(spl: str, found: list[str]) -> None:
    assert wrong(spl) == found
