"""The order in which sort puts values. Source: Search Reference 10.0, sort, Usage."""

from __future__ import annotations

import ipaddress
from functools import cmp_to_key
from typing import Any, Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Event, counts_as_number


def compare_texts(left: str, right: str) -> int:
    """Two numbers compare as numbers, anything else as text: negative, zero or positive."""
    if counts_as_number(left) and counts_as_number(right):
        return (float(left) > float(right)) - (float(left) < float(right))
    return (left > right) - (left < right)


natural = cmp_to_key(compare_texts)


def _address(text: str) -> tuple[int, int, str]:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return 9, 0, text
    return address.version, int(address), ""


def _number(text: str) -> tuple[bool, float, str]:
    return (False, float(text), "") if counts_as_number(text) else (True, 0.0, text)


KEYS: dict[str, Callable[[str], Any]] = {"auto": natural, "str": str, "num": _number, "ip": _address}


def sort_rows(rows: list[Event], keys: list[tuple[str, bool, str]]) -> list[Event]:
    """Rows sorted by (field, descending, kind of comparison); missing values are last either way."""
    for field, descending, kind in reversed(keys):
        present = [row for row in rows if field in row]
        missing = [row for row in rows if field not in row]
        present.sort(key=_key(field, KEYS[kind]), reverse=descending)
        rows = present + missing
    return rows


def _key(field: str, convert: Callable[[str], Any]) -> Callable[[Event], Any]:
    def key(row: Event) -> Any:
        value = row[field]
        if isinstance(value, list):
            raise Refused(f"sorting by {field}, which has several values, is documented nowhere")
        return convert(value)

    return key
