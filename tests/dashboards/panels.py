"""Runs a view's panels as Splunk would: tokens put in, base and chains one after the other, by the engine."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Union
from urllib.parse import unquote

from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import all_searches, endpoints
from workbench.splunk.spl.relative_time import resolve
from workbench.splunk.spl.search import run, run_over
from workbench.splunk.spl.store import EventStore, Range
from workbench.splunk.spl.values import Event

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "package"
VIEWS = PACKAGE / "default" / "data" / "ui" / "views"

Value = Union[str, list[str]]
#: A row of a panel: text, or a list of texts where a field has several values.
Row = dict[str, Any]

# The framework's own syntax (docs of Dashboard Studio, Tokens): $name$, $name|filter$, $$ is a dollar.
_TOKEN = re.compile(r"\$(?:([A-Za-z0-9_.:-]+)((?:\|[a-z])*)\$|\$)")


def definition(view: str) -> dict[str, Any]:
    """A view's definition as it ships."""
    text = ElementTree.parse(VIEWS / f"{view}.xml").findtext("definition")
    found: dict[str, Any] = json.loads(text or "")
    return found


def put_in(text: str, tokens: Mapping[str, Value]) -> str:
    """The text with its tokens replaced. KeyError for one that nobody sets: its panel would wait for ever."""

    def replace(found: re.Match[str]) -> str:
        if found.group(1) is None:
            return "$"
        value = tokens[found.group(1)]
        return ",".join(_filtered(one, found.group(2)) for one in ([value] if isinstance(value, str) else value))

    return _TOKEN.sub(replace, text)


def _filtered(value: str, filters: str) -> str:
    if filters not in ("", "|s"):
        raise AssertionError(f"a search with the filter {filters}")
    return json.dumps(value, ensure_ascii=False) if filters else value


@dataclass
class Indexed:
    """Events in an index, a clock (epoch s), and the add-on's confs."""

    events: Iterable[Mapping[str, Any]]
    now: float
    folder: Path
    #: When detections fired, by their saved search.
    fired: Mapping[str, float] = field(default_factory=dict)
    _found: dict[tuple[str, Range], list[Event]] = field(default_factory=dict)

    def search(self, query: str, within: Range) -> list[Event]:
        """The rows of a base search, each a copy; the same search is run once."""
        key = query, within
        if key not in self._found:
            self._found[key] = run(
                query,
                self.store,
                knowledge=self.knowledge,
                now=self.now,
                earliest=within.earliest,
                latest=within.latest,
            )
        return [dict(row) for row in self._found[key]]

    @cached_property
    def knowledge(self) -> Knowledge:
        """The add-on's search-time side, and what splunkd tells of its saved searches."""
        found = Knowledge(Confs.load(PACKAGE), self.now)
        found.endpoints = endpoints([PACKAGE], self.fired)
        return found

    def keep_vens(self) -> None:
        """Run the keeper of the VENs seen, as if it were enabled."""
        self.keep("VENs seen", self.now)

    def keep(self, keeper: str, now: float) -> None:
        """Run a keeper, as if it were enabled and due now."""
        search = all_searches([PACKAGE])[f"Illumio PCE - {keeper} - Keeper"]["search"]
        run(search, self.store, knowledge=self.knowledge, now=now)

    @cached_property
    def store(self) -> EventStore:
        """The events after our index-time rules."""
        path = self.folder / "events.jsonl"
        path.write_text("\n".join(json.dumps(event) for event in self.events), encoding="utf-8")
        read = Reader(Confs.load(PACKAGE), self.now).read([path]) if path.stat().st_size else []
        return EventStore(read, self.knowledge)


@dataclass
class Page:
    """A view that somebody has opened: over what, and with which tokens beside the defaults."""

    view: str
    indexed: Indexed
    chosen: Mapping[str, Value] = field(default_factory=dict)

    @cached_property
    def definition(self) -> dict[str, Any]:
        """The view's definition."""
        return definition(self.view)

    @cached_property
    def tokens(self) -> dict[str, Value]:
        """All tokens: those of inputs and defaults, then what was chosen."""
        found: dict[str, Value] = {}
        for one in self.definition["inputs"].values():
            name, default = one["options"]["token"], one["options"].get("defaultValue", "")
            if one["type"] == "input.timerange":
                earliest, latest = default.split(",")
                found.update({f"{name}.earliest": earliest, f"{name}.latest": latest})
            else:
                found[name] = default
        tokens = self.definition["defaults"].get("tokens", {}).get("default", {})
        return {**found, **{name: one["value"] for name, one in tokens.items()}, **self.chosen}

    @cached_property
    def range(self) -> Range:
        """The time chosen."""
        bounds = (self.tokens[f"global_time.{end}"] for end in ("earliest", "latest"))
        earliest, latest = (resolve(str(bound), self.indexed.now) if bound else None for bound in bounds)
        return Range(earliest=earliest, latest=latest)

    @cached_property
    def _results(self) -> dict[str, list[Event]]:
        return {}

    def rows(self, source: str) -> list[Row]:
        """The rows of a data source, each a copy."""
        if source not in self._results:
            self._results[source] = self._run(self.definition["dataSources"][source])
        return [dict(row) for row in self._results[source]]

    def of(self, panel: str) -> list[Row]:
        """The rows that a panel shows."""
        return self.rows(self.definition["visualizations"][panel]["dataSources"]["primary"])

    def linked(self, panel: str, row: Row | None = None) -> list[Row]:
        """What Search finds where a panel's link to it is followed, from a row of it if there are rows."""
        url = self.definition["visualizations"][panel]["eventHandlers"][0]["options"]["url"]
        query = unquote(re.fullmatch(r".*/search\?q=([^&]*)&earliest=.*", url)[1])  # type: ignore[index]
        clicked = {**self.tokens, **{f"row.{name}.value": str(value) for name, value in (row or {}).items()}}
        # In an address the text between quotes is encoded besides, which the browser undoes.
        found = self.indexed.search(put_in(query.replace("|s|u$", "|s$"), clicked), self.range)
        return [{name: value for name, value in row.items() if value is not None} for row in found]

    def _run(self, source: dict[str, Any]) -> list[Event]:
        query = put_in(source["options"]["query"], self.tokens)
        if source["type"] == "ds.search":
            return self.indexed.search(query, self.range)
        rows, indexed = self.rows(source["options"]["extend"]), self.indexed
        chain = query.lstrip().removeprefix("|")
        return run_over(
            chain, rows, knowledge=indexed.knowledge, now=indexed.now, within=self.range, store=indexed.store
        )
