"""Base searches with their macros: what event types, the search command and searches begin with."""

from __future__ import annotations

from workbench.splunk.spl.macros import Macros, expand
from workbench.splunk.spl.search_language import Parser, Predicate, Test, parse_expanded

__all__ = ["Predicate", "named_values", "parse_search"]


def parse_search(text: str, macros: Macros | None = None) -> Predicate:
    """Parse a base search; Refused carries the offset into the text, after macros are expanded."""
    return parse_expanded(expand(text, macros or {}))


def named_values(text: str, field: str, macros: Macros) -> list[str]:
    """The values, wildcards among them, that a base search compares the field with."""
    reader = _Values(expand(text, macros), field)
    reader.parse()
    return reader.values


class _Values(Parser):
    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self._field = field
        self.values: list[str] = []

    def of_field(self, name: str, symbol: str, value: str) -> Test:
        return self.of_list(name, [value])

    def of_list(self, name: str, values: list[str]) -> Test:
        self.values += values if name == self._field else []
        return super().of_list(name, values)
