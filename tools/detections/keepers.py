"""Keepers: the scheduled searches that write lookups, as content/keepers/README.md explains them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import yaml

from tools.detections.lines import setting, stages
from tools.detections.macros import Macro, written_by_hand
from tools.detections.model import ROOT, Invalid

CONTENT = ROOT / "content" / "keepers"
#: The stanza of a keeper.
STANZA = "Illumio PCE - {} - Keeper"
#: Columns of each lookup that detections read: how many rows it has, and up to when events were read (epoch seconds).
ROWS, UNTIL = "kept_rows", "kept_until"
# Seconds that a detection may read where the lookup is lost, instead of the 60 that append has.
_LONGEST = 600
_FIGURE = re.compile(r"(min|max|latest)\((\w+)\)")
_CALL = re.compile(r"`(\w+)(?:\([^`]*\))?`")


@dataclass(frozen=True)
class Keeper:
    """One keeper; the names are those of keeper.yml."""

    name: str
    id: str
    description: str
    minute: int = 0
    minutes: str = ""
    hours: str = "*"
    writes: str = ""
    columns: str = ""
    search: str = ""
    days: int = 0
    again: int = 600
    events: str = ""
    prepare: str = ""
    by: str = ""
    kept: dict[str, str] = field(default_factory=dict)
    time: str = ""
    finish: str = ""
    keep: str = ""

    @property
    def stanza(self) -> str:
        """The name of its saved search."""
        return STANZA.format(self.name)

    @property
    def lookup(self) -> str:
        """The lookup that it writes."""
        return self.writes or f"illumio_pce_{self.id}"

    @property
    def of_inventory(self) -> bool:
        """Whether it keeps what the PCE has, rather than what happened or what administrators typed."""
        return bool(self.search) and "illumio_pce_inventory" in self.search

    @property
    def starts(self) -> str:
        """When it runs: minutes of each hour, or a time of the day."""
        minutes = self.minutes or str(self.minute)
        return minutes if self.hours == "*" else f"{int(self.hours):02d}:{int(minutes):02d}"

    @property
    def composed(self) -> str:
        """Its whole search, without line breaks."""
        return _one_line(self.search) if self.search else " | ".join(_one_line(stage) for stage in self._stages())

    @property
    def by_tstats(self) -> bool:
        """Whether it counts in the index, without reading events; tstats takes no index times."""
        return self.events.startswith("| tstats")

    def _new(self) -> list[str]:
        """The stages that summarise what the lookup does not hold yet."""
        figures = " ".join(f"{figure} AS {name}" for name, figure in self.kept.items())
        since = f"`illumio_pce_since_{self.id}`"
        return [
            self.events.replace("{since}", since) if self.by_tstats else f"{self.events.strip()} {since}",
            *stages(self.prepare),
            f"stats {figures} BY {self.by}",
        ]

    def _stages(self) -> list[str]:
        merged = " ".join(f"{_function(figure)}({name}) AS {name}" for name, figure in self.kept.items())
        return [
            *self._new(),
            *self._held("append=true strict=true"),
            *([f"eval _time={self.time}"] if self.time else []),
            f"stats {merged} BY {self.by}",
            "addinfo",
            *stages(self.finish),
            f"where {self.keep}",
            self._never_empty(),
            "addinfo",
            f"eventstats count AS {ROWS}",
            f"eval {UNTIL}=round(`illumio_pce_run_time`-60)",
            f"fields {self.by} {' '.join(self.kept)} {ROWS} {UNTIL}",
            f"outputlookup override_if_empty=false {self.lookup}",
        ]

    def _never_empty(self) -> str:
        """A row that says nothing, so that a lookup that has nothing to hold is told from one that was lost."""
        names = self.by.split()
        nothing = ", ".join(f'{name}="-"' for name in names)
        return f"append [| makeresults | eval {nothing} | table {' '.join(names)}]"

    def _held(self, options: str = "append=true") -> list[str]:
        """The stages that add the lookup's rows, none of a lookup that is not whole."""
        return [
            f"inputlookup {options} {self.lookup}",
            f"eventstats count({ROWS}) AS kept_found",
            f"where isnull({ROWS}) OR {ROWS}=kept_found",
        ]

    def macros(self) -> list[Macro]:
        """What detections read it with; none for a lookup that administrators edit."""
        if not self.kept:
            return []
        return [
            Macro(
                f"illumio_pce_kept_{self.id}",
                " | ".join([*map(_one_line, [*self._held(), self._behind()]), "fields - kept_found"]),
                f"Adds rows: {_one_line(self.description)[:-1]}. What the lookup lacks is read from the index.",
            ),
            Macro(
                f"illumio_pce_since_{self.id}",
                self._since(),
                f"The time range that the lookup {self.lookup} does not hold yet.",
            ),
        ]

    def _behind(self) -> str:
        """The rows of what was indexed since the lookup was written."""
        inner = " | ".join([*self._new(), f"eval {ROWS}=0"])
        return f"append maxtime={_LONGEST} [{'' if self.by_tstats else 'search '}{inner}]"

    def _since(self) -> str:
        everything, fixed, since = f"-{self.days}d", "_index_latest=-1m@m _index_earliest=", f"{UNTIL}-{self.again}"
        if self.by_tstats:  # whole hours
            everything, fixed, since = f"{everything}@h", "earliest=", f"floor({UNTIL}/3600)*3600-{self.again}"
        else:
            fixed = f"earliest={everything} {fixed}"
        return (
            f"[| inputlookup {self.lookup} | eventstats count AS kept_found | where {ROWS}=kept_found"
            f" | stats count max({UNTIL}) AS {UNTIL}"
            f' | eval search="latest=+24h {fixed}".if({UNTIL}<=now(),{since},"{everything}") | return $search]'
        )


@lru_cache(maxsize=4)
def read_all(folder: Path = CONTENT) -> list[Keeper]:
    """All keepers, by id. Those that write the same lookup share its columns. Raises Invalid."""
    found = [_read(path) for path in sorted(folder.glob("*/keeper.yml"))]
    columns = {one.lookup: one.columns for one in found if one.columns}
    return [replace(one, search=_with_columns(one.search, columns.get(one.lookup, "").split())) for one in found]


def _with_columns(search: str, columns: list[str]) -> str:
    kept = " ".join(f"{column} AS kept_{column}" for column in columns)
    return search.replace("{columns}", " ".join(columns)).replace("{columns AS kept}", kept)


def _read(path: Path) -> Keeper:
    try:
        keeper = Keeper(**yaml.safe_load(path.read_text(encoding="utf-8")))
    except TypeError as error:
        raise Invalid(f"{path}: {error!r}") from error
    wrong = {
        "id is not the folder's name": keeper.id != path.parent.name,
        "either a search at some minutes, or what is kept": bool(keeper.search and keeper.minutes) == bool(keeper.kept),
        "what is kept needs events, days, by and keep": bool(keeper.kept)
        and not (keeper.events and keeper.days and keeper.by and keeper.keep),
        "kept is min, max or latest of a field": not all(map(_FIGURE.fullmatch, keeper.kept.values())),
        "the latest is meant by the time of what is kept": any("latest(" in one for one in keeper.kept.values())
        and keeper.time not in keeper.kept,
        "it writes another lookup": bool(keeper.search)
        and re.findall(r"outputlookup (?:\w+=\S+ )*(\w+)", keeper.search) != [keeper.lookup],
    }
    found = [text for text, is_wrong in wrong.items() if is_wrong]
    if found:
        raise Invalid(f"{path}: {'; '.join(found)}")
    return keeper


def stanza(keeper: Keeper) -> str:
    """Its stanza of savedsearches.conf. A run that is missed is not made up for: the next one reads all that is new."""
    window = {"dispatch.earliest_time": f"-{keeper.days}d", "dispatch.latest_time": "+24h"} if keeper.days else {}
    settings = {
        "description": f"{keeper.name}. {_one_line(keeper.description)} Enable it with what reads it.",
        "search": keeper.composed,
        "disabled": "1",
        "enableSched": "1",
        "cron_schedule": f"{keeper.minutes or keeper.minute} {keeper.hours} * * *",
        "realtime_schedule": "1",
        **window,
        "alert.track": "0",
    }
    return f"[{keeper.stanza}]\n" + "".join(setting(key, value) for key, value in settings.items())


def needed(search: str, macros: list[Macro], keepers: list[Keeper]) -> list[Keeper]:
    """The keepers whose lookups a search needs, by itself or by its macros; those of the inventory only add names."""
    texts, seen, pending = [search], set[str](), _CALL.findall(search)
    definitions: dict[str, list[str]] = {}
    for macro in macros:
        definitions.setdefault(macro.name, []).append(macro.definition)
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            texts += definitions.get(name, [])
            pending += [call for text in definitions.get(name, []) for call in _CALL.findall(text)]
    whole = " ".join(texts)
    return [one for one in keepers if not one.of_inventory and re.search(rf"\b{one.lookup}\b", whole)]


def all_macros(keepers: list[Keeper]) -> list[Macro]:
    """Those that searches may call for what keepers hold."""
    return [*written_by_hand(), *(macro for one in keepers for macro in one.macros())]


def _function(figure: str) -> str:
    return figure.partition("(")[0]


def _one_line(text: str) -> str:
    return " ".join(text.split())
