"""Search time: the rows that saved searches, pages and event types read, over a day at an invented company.

A row is an event that the index cannot leave out (index_part.py), before anything else of the search looks at it.
Beside it stand all events of its source types: what the same question reads where nothing but its source type narrows
it, as with TA-Illumio, which has neither saved searches nor pages. What tstats counts, nobody reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.pce.events.day import company_day
from workbench.splunk.conf.reader import Confs
from workbench.splunk.dashboards.view import read_views
from workbench.splunk.schedule.saved_search import SavedSearch, parse_saved_search
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.pipeline import split
from workbench.splunk.spl.relative_time import resolve
from workbench.splunk.spl.values import Event

from .figures import Ratio, Result
from .index_part import read_by
from .scale import plain

_MIDNIGHT = 1_760_313_600.0
_DAY = 86_400.0
_BELOW = "goal: below 1"
#: Questions that both add-ons have event types for: by the last words of ours, and of theirs.
_QUESTIONS = {
    "authentication": "authentication_events",
    "change_account": "account_management_change_analysis_events",
    "change_audit": "audit_change_analysis_events",
    "change_endpoint": "network_change_analysis_events",
}


class Day:
    """The day's events as they are indexed under the add-on's confs."""

    def __init__(self, addon: Path) -> None:
        self.addon = addon
        self.confs = Confs.load(addon)
        self.macros = {name: stanza.texts() for name, stanza in self.confs.stanzas("macros").items()}
        self.events: list[Event] = Reader(self.confs, _MIDNIGHT + _DAY).records(company_day(_MIDNIGHT))

    def rows(self, spl: str) -> tuple[int, int]:
        """Of the day's events, those that a search reads, and those of its source types."""
        first = split(expand(spl, self.macros))[0]
        if first.command != "search":
            return 0, 0
        # What a subsearch returns is not known here: any event may match it.
        base = plain(first.text, "subsearch=*")
        named = set(re.findall(r'"(illumio:pce:\w+)"', base))
        return read_by(base, self.events), sum(event["sourcetype"] in named for event in self.events)


def saved(day: Day) -> Result:
    """What one run of each saved search reads, at the day's density; the ratio counts all runs of a day."""
    result = Result("Rows that saved searches read", ("one run", "rows", "in its range", "share"))
    all_rows = all_within = 0.0
    for name, stanza in saved_searches([day.addon]).items():
        search = parse_saved_search(name, {**stanza, "disabled": "0"})
        rows, within = day.rows(search.search)
        days, runs = _range_and_runs(search)
        result.measured.append(_row(name, rows * days, within * days))
        all_rows, all_within = all_rows + rows * days * runs, all_within + within * days * runs
    result.ratios = [Ratio("rows of all runs in a day / their source types' range", all_rows / all_within, _BELOW)]
    return result


def pages(day: Day) -> Result:
    """What it takes to open each page, beside a search of its own for each panel."""
    result = Result("Rows that a page reads for a day", ("page", "rows", "each panel by itself", "share"))
    for view in read_views(day.addon):
        sources = view.definition["dataSources"].values()
        counts = [day.rows(one["options"]["query"]) for one in sources if one["type"] == "ds.search"]
        panels = sum("dataSources" in one for one in view.definition["visualizations"].values())
        result.measured.append(_row(view.name, sum(r for r, _ in counts), panels * max(w for _, w in counts)))
    read, apart = (sum(float(row[place]) for row in result.measured) for place in (1, 2))
    result.ratios = [Ratio("rows, pages / each panel by itself", read / apart, _BELOW)]
    return result


def event_types(day: Day, ta_illumio: Path) -> Result:
    """Both add-ons' event types for the same questions, over the same audit events.

    Of theirs the best is taken: that Splunk looks up the words of a type that they compare with.
    """
    ours = {name: expand(stanza.text("search"), day.macros) for name, stanza in day.confs.stanzas("eventtypes").items()}
    text = (ta_illumio / "default" / "eventtypes.conf").read_text(encoding="utf-8-sig")
    stanzas = Confs.load({"eventtypes.conf": text}).stanzas("eventtypes")
    theirs = {name: stanza.text("search") for name, stanza in stanzas.items()}
    audit = [event for event in day.events if event["sourcetype"] == "illumio:pce:events"]
    as_theirs: list[Event] = [{**event, "sourcetype": "illumio:pce"} for event in audit]
    result = Result("Rows that event types read", ("event type", "this add-on", "TA-Illumio", "share"))
    for name, other in _QUESTIONS.items():
        counterpart = theirs.get(f"illumio_{other}", "*")
        rows = read_by(ours[f"illumio_pce_{name}"], audit), read_by(counterpart, as_theirs, ["event_type"])
        result.measured.append(_row(name, *rows))
    sums = [sum(float(row[place]) for row in result.measured) for place in (1, 2)]
    result.ratios = [Ratio("rows, event types of this add-on / TA-Illumio's", sums[0] / max(1, sums[1]), _BELOW)]
    return result


def _range_and_runs(search: SavedSearch) -> tuple[float, float]:
    """How many days of events a run has before it, and how many runs a day has."""
    now = _MIDNIGHT + _DAY
    begin, end = search.index_earliest or search.earliest, search.index_latest or search.latest
    runs = len(list(search.cron.times(_MIDNIGHT, now))) if search.cron else 0
    return (min(resolve(end, now), now) - resolve(begin, now)) / _DAY, runs


def _row(name: str, rows: float, within: float) -> Sequence[str]:
    return [name, f"{rows:.0f}", f"{within:.0f}", f"{rows / within:.2f}" if within else "-"]
