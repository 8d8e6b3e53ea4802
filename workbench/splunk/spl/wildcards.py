"""Field names with `*` in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def name_pattern(wildcard: str) -> re.Pattern[str]:
    """A pattern for names; each star is a group."""
    return re.compile("(.*)".join(map(re.escape, wildcard.split("*"))), re.DOTALL)


def select_names(wildcards: Iterable[str], names: Iterable[str], *, internal: bool = False) -> list[str]:
    """The names that the wildcards mean, in the wildcards' order; a plain name always counts.

    A star at the beginning does not reach internal names (`_time`) unless `internal`.
    """
    known = list(names)
    chosen: dict[str, None] = {}
    for wildcard in wildcards:
        if "*" not in wildcard:
            chosen[wildcard] = None
            continue
        pattern = name_pattern(wildcard)
        for name in known:
            if pattern.fullmatch(name) and (internal or not name.startswith("_") or wildcard.startswith("_")):
                chosen[name] = None
    return list(chosen)


def fill_stars(template: str, parts: Sequence[str]) -> str:
    """The template with its stars replaced, one after the other."""
    pieces = template.split("*")
    return pieces[0] + "".join(part + piece for part, piece in zip(parts, pieces[1:]))
