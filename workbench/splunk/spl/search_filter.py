"""Base searches with their macros: what event types, the search command and searches begin with."""

from __future__ import annotations

from workbench.splunk.spl.macros import Macros, expand
from workbench.splunk.spl.search_language import Predicate, parse_expanded

__all__ = ["Predicate", "parse_search"]


def parse_search(text: str, macros: Macros | None = None) -> Predicate:
    """Parse a base search; Refused carries the offset into the text, after macros are expanded."""
    return parse_expanded(expand(text, macros or {}))
