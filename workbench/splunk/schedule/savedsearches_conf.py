"""savedsearches.conf as it stands in the folders of apps."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.splunk.spl.values import Event

Stanzas = dict[str, dict[str, str]]


#: A search that writes a lookup: a keeper, which alerts nobody.
_WRITES = re.compile(r"\|\s*outputlookup\b[^|]*?(\w+)\s*$")


def written_lookup(stanza: Mapping[str, str]) -> str:
    """The lookup that a keeper writes; empty for any other search."""
    found = _WRITES.search(stanza.get("search", ""))
    return found[1] if found else ""


def keepers(folders: Sequence[Path]) -> Stanzas:
    """The searches that write lookups."""
    return {name: stanza for name, stanza in all_searches(folders).items() if written_lookup(stanza)}


def saved_searches(folders: Sequence[Path]) -> Stanzas:
    """The searches that alert, which are all but the keepers and the reports, whose schedule is off."""
    return {
        name: stanza
        for name, stanza in all_searches(folders).items()
        if not written_lookup(stanza) and stanza.get("enableSched") != "0"
    }


def all_searches(folders: Sequence[Path]) -> Stanzas:
    """Stanzas of savedsearches.conf; local wins over default, a later folder over one before."""
    reader = configparser.RawConfigParser(
        strict=False, delimiters=("=",), comment_prefixes=("#",), default_section="default", empty_lines_in_values=False
    )
    reader.optionxform = str  # type: ignore[assignment, method-assign]
    for layer in ("default", "local"):
        for path in (folder / layer / "savedsearches.conf" for folder in folders):
            if path.is_file():
                # A backslash at the end of a line continues the value; to a search a line's end is a blank.
                reader.read_string(path.read_text(encoding="utf-8-sig").replace("\\\n", " "), str(path))
    return {name: dict(reader[name]) for name in reader.sections()}


def endpoints(folders: Sequence[Path], fired: Mapping[str, float] | None = None) -> dict[str, list[Event]]:
    """What saved/searches and alerts/fired_alerts/- tell (REST API Reference). `fired`: epoch seconds by saved search.

    `disabled` is 0 or 1 there, however the conf writes it.
    """
    searches: list[Event] = [
        {**stanza, "title": name, "disabled": "1" if stanza.get("disabled", "0") in ("1", "true") else "0"}
        for name, stanza in all_searches(folders).items()
    ]
    alerts: list[Event] = [
        {"savedsearch_name": name, "trigger_time": str(int(time))} for name, time in (fired or {}).items()
    ]
    return {"/saved/searches": searches, "/alerts/fired_alerts/-": alerts}
