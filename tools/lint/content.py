"""Rules over what the add-on brings besides Python: lookups that a spreadsheet opens, and searches that run unasked."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: A spreadsheet takes a cell that begins like this for a formula (OWASP, "CSV Injection").
_FORMULA = re.compile(r"[=+\-@\t\r]")
#: Commands that Splunk Web asks about before it runs them ("SPL safeguards for risky commands"), their kin and ours.
RISKY = frozenset(
    {
        "collect", "crawl", "delete", "dump", "fit", "illumiopcereconcile", "map", "mcollect", "meventcollect",
        "outputcsv", "outputlookup", "outputtext", "run", "runshellscript", "script", "sendalert", "sendemail",
        "stash", "summaryindex", "tscollect",
    }
)  # fmt: skip
#: Alert actions that write a lookup or an index.
_WRITING_ACTIONS = {"action.populate_lookup", "action.summary_index"}
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_COMMAND = re.compile(r"(?:\||\[|^)\s*(\w+)")
#: A token as Splunk fills it in, but for one that is quoted (`|s`) or a number of its own making: a search's range, or
#: the times of the events of a detection's row, which come from `_time`.
_RAW_TOKEN = re.compile(r"\$(?!(?:info_(?:min|max)|first|last)_time\$)(?![\w.:]+\|s\$)[A-Za-z][\w.:]*(?:\|\w)?\$")


def formula_cells(path: Path) -> Iterator[str]:
    """The cells of a CSV file, as `line:column`, that a spreadsheet would execute."""
    with path.open(encoding="utf-8", newline="") as stream:
        for line, row in enumerate(csv.reader(stream), 1):
            yield from (f"{line}:{column}" for column, cell in enumerate(row, 1) if _FORMULA.match(cell))


def risky_commands(search: str) -> list[str]:
    """The commands of a search, subsearches included, that write, send or start something."""
    return [command for command in _COMMAND.findall(_QUOTED.sub('""', search)) if command.lower() in RISKY]


def raw_tokens(search: str) -> list[str]:
    """The tokens that are filled in unquoted: an event's text there could end the search and begin a command."""
    return _RAW_TOKEN.findall(search)


def findings(settings: dict[str, str], keeps: str = "") -> Iterator[str]:
    """What is wrong with one search, macro or event type. `keeps`: the lookup that it writes, if it is a keeper."""
    for action in _WRITING_ACTIONS & settings.keys():
        yield f"{action} writes where no keeper does"
    if keeps:
        settings = {**settings, "search": _without_writing(settings.get("search", ""), keeps)}
    drilldowns = json.loads(settings.get("action.notable.param.drilldown_searches", "[]"))
    searches = [settings.get("search", ""), settings.get("definition", "")]
    searches += [search for drilldown in drilldowns for search in _texts(drilldown)]
    arguments = {f"${name.strip()}$" for name in settings.get("args", "").split(",")}  # a macro's own
    for search in searches:
        yield from (f"risky command {command}" for command in risky_commands(search))
        yield from (f"unquoted token {token}" for token in raw_tokens(search) if token not in arguments)


def _without_writing(search: str, lookup: str) -> str:
    """A keeper's search without its last command, where that writes its own lookup."""
    return re.sub(rf"\|\s*outputlookup(?:\s+\w+=\w+)*\s+{lookup}\s*$", "", search)


def _texts(drilldown: dict[str, Any]) -> list[str]:
    return [str(value) for name, value in drilldown.items() if name != "name"]
