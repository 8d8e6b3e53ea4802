"""Comparing the rows of a search with those that a conformance case expects."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.splunk.spl.values import Event

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_TOLERANCE = 1e-12


def differences(
    rows: Sequence[Event], expected: Sequence[Mapping[str, Any]], ordered: bool, complete: bool
) -> list[str]:
    """What is missing from the rows, and what is too much; empty if they are as expected."""
    if ordered:
        pairs = {place: place for place in range(min(len(rows), len(expected))) if fits(rows[place], expected[place])}
    else:
        pairs = _assigned(rows, expected)
    problems = [f"no row {_shown(expected[place])}" for place in range(len(expected)) if place not in pairs]
    extra = [rows[place] for place in range(len(rows)) if place not in pairs.values()]
    if problems or (complete and extra):
        problems += [f"got {_shown(row)}" for row in extra]
    return problems


def _assigned(rows: Sequence[Event], expected: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Each expectation's row, one row for one expectation, as many as possible."""
    owner: dict[int, int] = {}

    def place(wanted: int, tried: set[int]) -> bool:
        for number, row in enumerate(rows):
            if number in tried or not fits(row, expected[wanted]):
                continue
            tried.add(number)
            if number not in owner or place(owner[number], tried):
                owner[number] = wanted
                return True
        return False

    for wanted in range(len(expected)):
        place(wanted, set())
    return {wanted: number for number, wanted in owner.items()}


def fits(row: Event, expected: Mapping[str, Any]) -> bool:
    """Whether the row has what is expected of the fields that are named."""
    return all(_same(row.get(name), value) for name, value in expected.items())


def _same(value: Any, expected: Any) -> bool:
    if value is None or expected is None:
        return value is expected
    values = value if isinstance(value, list) else [value]
    wanted = expected if isinstance(expected, list) else [expected]
    return len(values) == len(wanted) and all(map(_same_text, values, map(_text, wanted)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _same_text(value: str, wanted: str) -> bool:
    if _PLAIN_NUMBER.fullmatch(value) and _PLAIN_NUMBER.fullmatch(wanted):
        return math.isclose(float(value), float(wanted), rel_tol=_TOLERANCE, abs_tol=0.0)
    return value == wanted


def _shown(row: Mapping[str, Any]) -> str:
    text = str(dict(row))
    return text if len(text) < 400 else f"{text[:400]}…"
