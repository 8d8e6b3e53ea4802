"""What a search asks of the confs: fields, macros and lookups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.macros import Macros
from workbench.splunk.spl.values import Event


class Lookup(Protocol):
    """A lookup table with the rules of its definition."""

    @property
    def fields(self) -> Sequence[str]:
        """The table's columns."""

    @property
    def rows(self) -> Sequence[Mapping[str, str]]:
        """All rows in file order."""

    @property
    def local_only(self) -> bool:
        """Whether only the search head has it: a collection that is not replicated to indexers."""

    def find(self, wanted: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
        """The rows that match (columns to values), as many as the definition allows, or its default match."""

    def write(self, rows: Sequence[Mapping[str, str]], *, append: bool, key_field: str = "") -> None:
        """Write the table anew, or add to it (outputlookup); a collection by its keys."""


class Knowledge(Protocol):
    """The search-time side of the confs."""

    @property
    def macros(self) -> Macros:
        """Stanzas of macros.conf."""

    @property
    def limits(self) -> Mapping[str, Mapping[str, str]]:
        """Stanzas of limits.conf."""

    def enrich(self, event: Event) -> Event:
        """The event with its search-time fields, event types and tags."""

    def lookup_definition(self, name: str) -> Lookup:
        """A lookup by its definition's or its file's name. Raises Refused where there is none."""

    def rest(self, path: str) -> Sequence[Event]:
        """The entries of an endpoint of splunkd. Raises Refused where it is not emulated."""


class NoKnowledge:
    """Events as they are: no confs but, if given, macros."""

    def __init__(self, macros: Macros | None = None) -> None:
        self.macros: Macros = macros or {}
        self.limits: Mapping[str, Mapping[str, str]] = {}

    def enrich(self, event: Event) -> Event:
        """The event itself."""
        return event

    def lookup_definition(self, name: str) -> Lookup:
        """There is none."""
        raise Refused(f"no lookup {name}")

    def rest(self, path: str) -> Sequence[Event]:
        """There is no splunkd."""
        raise Refused(f"rest {path}: no splunkd to ask")
