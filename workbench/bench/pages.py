"""What opening a dashboard costs at the size of a large PCE: rows, not seconds, as `scale` counts them.

For the base searches of each page that read events, over the page's own time range: how many events they read, how many
rows are left for the search head, and how many are handed on to the panels: counts, or those rows. Only audit events
grow with the size of a PCE; records of collectors and of nodes come by the clock, and are not among the day's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.dashboards.view import read_views
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.pipeline import split
from workbench.splunk.spl.search import run
from workbench.splunk.spl.store import EventStore, Range

from .figures import Result
from .index_part import index_test
from .options import Options
from .scale import DAY, LARGEST, MIDNIGHT, SIZES, STATISTICS, parts_of_day, plain, runs_on_indexers
from .world import ADDON

#: limits.conf [search] max_count: what a search that does not transform hands on to the panels.
HANDED_ON = 500_000
#: What a page appends behind its events.
_APPENDED = re.compile(r"\|\s*`illumio_pce_received")
_TWICE = "illumio_pce_twice_the_time"
_TOKEN = re.compile(r"\$[\w.:|]+\$")
_TRANSFORMS = STATISTICS | {"tstats"}


@dataclass(frozen=True)
class Load:
    """Of a page: events that it reads, rows left for the search head, and whether the panels get counts of them."""

    read: float
    left: float
    counts: bool


@dataclass(frozen=True)
class _Base:
    """A base search that reads events: its text, what indexers do of it, its days, and whether it counts."""

    page: str
    base: str
    on_indexers: str
    days: int
    counts: bool


def loads(addon: Path, events: int) -> dict[str, Load]:
    """What each page costs on a day of so many audit events."""
    confs = Confs.load(addon)
    knowledge = Knowledge(confs, MIDNIGHT + DAY)
    bases = list(_bases(addon, knowledge))
    read, left = dict.fromkeys(bases, 0), dict.fromkeys(bases, 0)
    for part in parts_of_day(confs, events):
        store = EventStore(part, knowledge)
        enriched = store.select(Range())
        for one in bases:
            read[one] += sum(map(index_test(one.base), enriched))
            left[one] += len(run(one.on_indexers, store, knowledge=knowledge, now=MIDNIGHT + DAY,
                                 earliest=MIDNIGHT, latest=MIDNIGHT + DAY))  # fmt: skip
    pages = dict.fromkeys(view.name for view in read_views(addon))
    return {
        page: Load(
            sum(read[one] * one.days for one in bases if one.page == page),
            sum(left[one] * one.days for one in bases if one.page == page),
            all(one.counts for one in bases if one.page == page),
        )
        for page in pages
    }


def measure(options: Options) -> list[Result]:
    """A table of all pages; the last columns are what the largest day gives for `LARGEST` events."""
    sizes = SIZES[:1] if options.quick else SIZES
    found = {size: loads(ADDON, size) for size in sizes}
    names = [f"{size:,}" for size in (*sizes, LARGEST)]
    head = ["page", *(f"reads, {name}" for name in names), *(f"left, {name}" for name in names), "panels get"]
    result = Result("Rows of dashboards, opened once", head)
    for page, load in found[max(sizes)].items():
        read, left = ([getattr(found[size][page], kind) for size in sizes] for kind in ("read", "left"))
        factor = LARGEST / max(sizes)
        counts = [*read, load.read * factor, *left, load.left * factor]
        result.measured.append([page, *(f"{count:,.0f}" for count in counts), "counts" if load.counts else "events"])
    return [result]


def _bases(addon: Path, knowledge: Knowledge) -> Iterator[_Base]:
    for view in read_views(addon):
        for source in view.definition["dataSources"].values():
            query = _TOKEN.sub('"*"', str(source["options"].get("query", "")))
            if source["type"] != "ds.search" or query.lstrip().startswith("|"):
                continue
            text = _APPENDED.split(query)[0]
            first, *behind = split(expand(text, knowledge.macros))
            stages = list(takewhile(runs_on_indexers, behind))
            following = behind[len(stages) : len(stages) + 1]
            grouped = [stage for stage in following if stage.command in STATISTICS]
            done = [f"{stage.command}{stage.text}" for stage in [*stages, *grouped]]
            yield _Base(
                view.name,
                plain(first.text, '"-"'),
                " | ".join([f"search {first.text}", *done]),
                2
                if _TWICE in text or _TWICE in knowledge.macros.get(text.split("`")[1], {}).get("definition", "")
                else 1,
                any(stage.command in _TRANSFORMS for stage in behind),
            )
