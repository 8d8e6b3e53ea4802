"""Lookup tables: CSV files with the rules of their stanza in transforms.conf.

Source: transforms.conf.spec 9.2, Lookup tables. An empty cell is no value (assumed).
"""

from __future__ import annotations

import csv
import io
import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Callable

from workbench.splunk.conf.settings import Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.search_filter import parse_search

Row = Mapping[str, str]
Test = Callable[[str], bool]
#: Between the values of a cell that has several: a field of a collection that is an array.
BETWEEN = "\x1f"

_MATCH_TYPE = re.compile(r"(WILDCARD|CIDR|EXACT)\(\s*([^()]*?)\s*\)[\s,]*", re.IGNORECASE)


class LookupTable:
    """A table that can be asked for matching rows."""

    #: Whether only the search head has it, so that `lookup` needs local=true.
    local_only = False

    def __init__(self, settings: Settings, text: str) -> None:
        self._settings = settings
        self._types = _match_types(settings)
        self._sensitive = settings.flag("case_sensitive_match", True)
        self._most = settings.number("max_matches", 100)
        self._least = settings.number("min_matches", 0)
        if not 1 <= self._most <= 1000:
            raise Refused("max_matches is 1 to 1000", settings.place("max_matches"))
        self.replace(*csv_rows(text))

    def replace(self, fields: Sequence[str], rows: Sequence[Row]) -> None:
        """Put other rows in place of the table's."""
        self.fields: Sequence[str] = list(fields)
        condition = self._settings.text("filter")
        kept = parse_search(condition).matches if condition else None
        self.rows: Sequence[Row] = [row for row in rows if kept is None or kept(row)]
        self._tests: dict[tuple[str, str], Test] = {}
        self._index: dict[tuple[str, ...], dict[tuple[str, ...], list[Row]]] = {}

    def write(self, rows: Sequence[Row], *, append: bool, key_field: str = "") -> None:
        """What outputlookup does: put the rows in place of the table's, or behind them. Raises Refused."""
        if key_field:
            raise Refused("key_field= is for collections", self._settings.place("filename"))
        if any(BETWEEN in cell for row in rows for cell in row.values()):
            raise Refused("outputlookup of a field with several values to a file is not supported")
        fields = self.fields if append else list(dict.fromkeys(name for row in rows for name in row))
        new = [{name: row.get(name, "") for name in fields} for row in rows]
        self.replace(fields, [*(self.rows if append else ()), *new])

    def find(self, wanted: Mapping[str, str]) -> Sequence[Row]:
        """The rows that match all columns, as many as allowed, filled up with the default match."""
        found = self._first(self._matching(wanted))
        default = dict.fromkeys(self.fields, self._settings.text("default_match"))
        return found + [default] * (self._least - len(found))

    def _first(self, found: Sequence[Row]) -> list[Row]:
        """As many as the definition allows, in file order."""
        return list(found[: self._most])

    def _matching(self, wanted: Mapping[str, str]) -> Sequence[Row]:
        exact = tuple(column for column in wanted if self._types.get(column, "EXACT") == "EXACT")
        if exact not in self._index:
            index = self._index[exact] = {}
            for row in self.rows:
                index.setdefault(tuple(self._folded(row[column]) for column in exact), []).append(row)
        candidates = self._index[exact].get(tuple(self._folded(wanted[column]) for column in exact), [])
        others = [(column, value) for column, value in wanted.items() if column not in exact]
        if not others:
            return candidates
        return [row for row in candidates if all(self._test(column, row[column])(value) for column, value in others)]

    def _folded(self, text: str) -> str:
        return text if self._sensitive else text.casefold()

    def _test(self, column: str, cell: str) -> Test:
        """Whether a value matches a cell with a wildcard or a network."""
        key = (column, cell)
        if key not in self._tests:
            kind = self._types[column]
            self._tests[key] = _network(cell) if kind == "CIDR" else _wildcard(cell, self._sensitive)
        return self._tests[key]


def csv_rows(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and rows of a CSV text."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), restval="")
    return list(reader.fieldnames or []), [{k: v for k, v in row.items() if k is not None} for row in reader]


def _match_types(settings: Settings) -> dict[str, str]:
    text, types, position = settings.text("match_type").strip(), {}, 0
    if text.upper() == "EXACT":
        return {}
    while position < len(text):
        found = _MATCH_TYPE.match(text, position)
        if found is None:
            raise Refused("TYPE(field) is expected", settings.place("match_type"))
        types[found.group(2)] = found.group(1).upper()
        position = found.end()
    return types


def _wildcard(cell: str, sensitive: bool) -> Test:
    pattern = re.compile(".*".join(map(re.escape, cell.split("*"))), re.DOTALL | (0 if sensitive else re.IGNORECASE))
    return lambda value: pattern.fullmatch(value) is not None


def _network(cell: str) -> Test:
    try:
        network = ipaddress.ip_network(cell, strict=False)
    except ValueError:
        return lambda value: value == cell

    def test(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test
