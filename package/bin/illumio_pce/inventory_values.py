"""Reads values of the PCE's collections in whichever form they come; what has another type counts as absent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from .json_values import object_of

_LONGEST_TEXT = 255
#: Control characters, and halves of characters that lack the other half, which no UTF-8 can carry.
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_AUTHORITY = re.compile(r"([^:]+?)\.?(?::[0-9]{1,5})?", re.ASCII)
_VERSION = re.compile(r"/sec_policy/(?:draft|active|[0-9]+)/", re.ASCII)

Members = dict[str, Any]


def text_of(value: Any) -> str:
    """A text on one line, shortened; empty for anything else."""
    if not isinstance(value, str):
        return ""
    return _NOT_SHOWN.sub(" ", value[:_LONGEST_TEXT]).strip()


def first_text(*values: Any) -> str:
    """The first of these that is a text and not empty."""
    return next(filter(None, map(text_of, values)), "")


def boolean_of(value: Any) -> bool | None:
    """A Boolean; None for anything else."""
    return value if isinstance(value, bool) else None


def integer_of(value: Any) -> int | None:
    """A whole number, also as text; None for anything else."""
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,9}", value, re.ASCII):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def objects_of(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; of an object, itself."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def texts_of(value: Any) -> list[str]:
    """The texts of a list that are not empty."""
    return list(filter(None, map(text_of, value))) if isinstance(value, list) else []


def href_of(value: Any) -> str:
    """The href of an object, one for the draft and the active version of it; empty where it has none."""
    href = text_of(object_of(value).get("href"))
    return _VERSION.sub("/sec_policy/*/", href)


def host_of(value: Any) -> str:
    """The name of a host, without a port or a final dot."""
    text = text_of(value)
    found = _AUTHORITY.fullmatch(text)
    return found[1] if found else text


def present(members: Members) -> Members:
    """The members that are known: neither None nor empty."""
    return {name: value for name, value in members.items() if value is not None and value not in ("", [], {})}


@lru_cache(maxsize=4096)
def host_address(text: str) -> str:
    """An address at which others reach a host, in the usual spelling; empty for any other text."""
    try:
        address = ip_address(text.partition("/")[0].partition("%")[0])
    except ValueError:
        return ""
    unusable = address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
    return "" if unusable else str(address)
