"""The lookups that are defined, and LOOKUP-<class>: those that apply by themselves.

Source: props.conf.spec 9.2, LOOKUP; Knowledge Manager Manual, Make your lookup automatic (a lookup reads no
other's output).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from workbench.splunk.conf.collection import Collection
from workbench.splunk.conf.lookup_table import LookupTable
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.settings import Setting, Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Event, set_field

_WORD = re.compile(r'[\s,]*(?:"([^"]*)"|([^\s,"]+))')


class Lookups:
    """Lookups by the name of their definition, or of their file; each is read once."""

    def __init__(self, confs: Confs) -> None:
        self._files = confs.lookups
        self._definitions = confs.stanzas("transforms")
        self._collections = confs.stanzas("collections")
        self._tables: dict[str, LookupTable] = {}

    def named(self, name: str) -> LookupTable:
        """The lookup. Raises Refused where there is none, or where it is not a file."""
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name]

    def restore(self) -> None:
        """Give the collections back what they held at first."""
        self._tables = {name: table for name, table in self._tables.items() if not isinstance(table, Collection)}

    def _read(self, name: str) -> LookupTable:
        settings = self._definitions.get(name)
        if settings is None and name in self._files:
            return LookupTable(Settings("transforms", name, {}), self._files[name])
        if settings is None:
            raise Refused(f"no lookup {name}")
        if settings.text("external_type") == "kvstore":
            return self._collection(settings)
        settings.limit(["external_cmd", "external_type", "collection"], "only files and collections are emulated")
        # Splunk strips a path and looks for the name.
        file = re.split(r"[/\\]", settings.text("filename"))[-1]
        if file not in self._files:
            raise Refused(f"the lookup file {file!r} is not there", settings.place("filename"))
        return LookupTable(settings, self._files[file])

    def _collection(self, settings: Settings) -> Collection:
        settings.limit(["external_cmd", "filename"], "beside external_type = kvstore this is not emulated")
        name = settings.text("collection", settings.name)
        if name not in self._collections:
            raise Refused(f"the collection {name} is not declared", settings.place("collection"))
        return Collection(settings, self._collections[name], self._files.get(name, ""))


class _Use(NamedTuple):
    table: LookupTable
    inputs: list[tuple[str, str]]
    outputs: list[tuple[str, str]]
    only_new: bool
    place: str


class AutomaticLookups:
    """All LOOKUP settings of one combination of stanzas, in the order of their classes."""

    def __init__(self, settings: Settings, lookups: Lookups) -> None:
        self._uses = [_parsed(setting, lookups) for _, setting in settings.classes("LOOKUP-")]

    def apply(self, event: Event) -> None:
        """Write what the tables give; the match fields are those from before any lookup."""
        if not self._uses:
            return
        before = dict(event)
        for use in self._uses:
            _apply(use, before, event)


def _apply(use: _Use, before: Event, event: Event) -> None:
    wanted: dict[str, str] = {}
    for column, field in use.inputs:
        value = before.get(field)
        if value is None:
            return
        if isinstance(value, list):
            raise Refused(f"a lookup by {field}, which has several values, is not emulated", use.place)
        wanted[column] = value
    found = use.table.find(wanted)
    for column, field in use.outputs:
        if not (use.only_new and field in event):
            set_field(event, field, [row[column] for row in found if row[column]])


def _parsed(setting: Setting, lookups: Lookups) -> _Use:
    words = [quoted or plain for quoted, plain in _WORD.findall(setting.value)]
    upper = [word.upper() for word in words]
    cut = next((place for place, word in enumerate(upper) if word in ("OUTPUT", "OUTPUTNEW")), len(words))
    if len(words) < 2 or cut < 2:
        raise Refused("a lookup and a match field are expected", setting.place)
    try:
        table = lookups.named(words[0])
    except Refused as refusal:
        raise refusal.at(setting.place) from None
    if table.local_only:
        raise Refused("a collection is not on the indexers, where automatic lookups run", setting.place)
    inputs, outputs = _pairs(words[1:cut], setting), _pairs(words[cut + 1 :], setting)
    matched = {column for column, _ in inputs}
    if cut == len(words):
        outputs = [(column, column) for column in table.fields if column not in matched]
    for column, _ in [*inputs, *outputs]:
        if column not in table.fields:
            raise Refused(f"the lookup {words[0]} has no column {column}", setting.place)
    return _Use(table, inputs, outputs, cut < len(words) and upper[cut] == "OUTPUTNEW", setting.place)


def _pairs(words: list[str], setting: Setting) -> list[tuple[str, str]]:
    """`column [AS field]` …: columns with the event's fields."""
    pairs, place = [], 0
    while place < len(words):
        renamed = [word.upper() for word in words[place + 1 : place + 2]] == ["AS"]
        if words[place].upper() == "AS" or (renamed and place + 2 >= len(words)):
            raise Refused("column AS field is expected", setting.place)
        pairs.append((words[place], words[place + 2] if renamed else words[place]))
        place += 3 if renamed else 1
    return pairs
