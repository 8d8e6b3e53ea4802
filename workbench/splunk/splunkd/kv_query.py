"""KV store queries: the part of the MongoDB-like language that the add-on and its checks use."""

from __future__ import annotations

import json
import operator
from typing import Any, Callable

from workbench.splunk.refusal import Refused

Document = dict[str, Any]
Predicate = Callable[[Document], bool]

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def parse_query(text: str) -> Predicate:
    """A test of documents from the JSON of a `query`. Raises Refused, naming what is not known."""
    try:
        query = json.loads(text) if text else {}
    except ValueError as error:
        raise Refused(f"not JSON: {error}", "query") from None
    return _all_of(query, "query")


def _all_of(query: Any, place: str) -> Predicate:
    if not isinstance(query, dict):
        raise Refused("not an object", place)
    tests = [_condition(name, value, f"{place}.{name}") for name, value in query.items()]
    return lambda document: all(test(document) for test in tests)


def _condition(name: str, value: Any, place: str) -> Predicate:
    if name in ("$and", "$or"):
        if not isinstance(value, list) or not value:
            raise Refused("not a list with something in it", place)
        tests = [_all_of(part, f"{place}[{index}]") for index, part in enumerate(value)]
        together = all if name == "$and" else any
        return lambda document: together(test(document) for test in tests)
    if name.startswith("$"):
        raise Refused("an operator that the workbench does not know", place)
    if "." in name:
        raise Refused("a field inside a field", place)
    if isinstance(value, dict):
        parts = [_comparison(name, sign, operand, f"{place}.{sign}") for sign, operand in value.items()]
        return lambda document: all(part(document) for part in parts)
    _simple(value, place)
    return lambda document: _same(document.get(name), value)


def _comparison(name: str, sign: str, operand: Any, place: str) -> Predicate:
    _simple(operand, place)
    if sign == "$ne":
        return lambda document: not _same(document.get(name), operand)
    if sign not in _COMPARISONS:
        raise Refused("an operator that the workbench does not know", place)
    compare = _COMPARISONS[sign]
    return lambda document: _comparable(document.get(name), operand) and compare(document[name], operand)


def _simple(value: Any, place: str) -> None:
    if isinstance(value, (list, dict)) or value is None:
        raise Refused("only texts, numbers and Booleans are compared", place)


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _comparable(left: Any, right: Any) -> bool:
    return isinstance(left, str) == isinstance(right, str) and not isinstance(left, (bool, list, dict, type(None)))


def sort_documents(documents: list[Document], order: str) -> list[Document]:
    """Sorted by `field:1,other:-1`; documents without the field first. Raises Refused for fields of mixed types."""
    for part in reversed([part for part in order.split(",") if part]):
        name, _, direction = part.strip().partition(":")
        if direction not in ("", "1", "-1"):
            raise Refused("a direction is 1 or -1", f"sort {part!r}")
        try:
            documents = sorted(documents, key=lambda d: _sort_key(d.get(name)), reverse=direction == "-1")
        except TypeError:
            raise Refused("values of several types", f"sort {part!r}") from None
    return documents


def _sort_key(value: Any) -> tuple[bool, Any]:
    return value is not None, "" if value is None else value


def pick_fields(document: Document, fields: str) -> Document:
    """The document with the members that `fields` names (`a,b`, or `a:0` to leave out); `_key` is among them."""
    names = [part.strip().partition(":")[::2] for part in fields.split(",") if part.strip()]
    if not names:
        return document
    signs = {sign for name, sign in names if name != "_key"}
    if signs <= {"0"} and signs:
        left_out = {name for name, _ in names}
        return {name: value for name, value in document.items() if name not in left_out}
    if not signs <= {"", "1"}:
        raise Refused("either fields to take or fields to leave out", f"fields {fields!r}")
    wanted = {name for name, sign in names if sign != "0"}
    if ("_key", "0") not in names:
        wanted.add("_key")
    return {name: value for name, value in document.items() if name in wanted}
