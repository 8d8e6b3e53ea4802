"""JSON functions. Source: Search Reference 10.0, JSON functions."""

from __future__ import annotations

from typing import Any

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.functions.registry import function
from workbench.splunk.spl.json_paths import dump, parse, select
from workbench.splunk.spl.values import Value, Written, from_texts, text_of

#: What json_extract gives for a text that is no JSON (assumed).
NOT_JSON: Value = None


class JsonText(str):
    """Text that a JSON function made: another JSON function takes it in as JSON, not as a string."""

    __slots__ = ()


def _load(text: str) -> tuple[bool, Any]:
    """(whether it is JSON, what it says)."""
    try:
        return True, parse(text)
    except ValueError:
        return False, None


def _dump(document: Any) -> JsonText:
    return JsonText(dump(document))


def _embed(value: Value) -> Any:
    if isinstance(value, JsonText):
        return _load(value)[1]
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        raise Refused("several values inside a JSON function are not supported; use mv_to_json_array()")
    return value


def _present(document: Any) -> Value:
    """What json_extract gives: null for a JSON null, text for strings, JSON for lists and objects."""
    if document is None:
        return None
    if isinstance(document, bool):
        return "true" if document else "false"
    if isinstance(document, str):
        return document
    if isinstance(document, (int, float)):
        return document if isinstance(document, Written) else Written(str(document))
    return _dump(document)


@function("json_object", 0, None, "text", nulls=True, null_call=False)
def _json_object(*members: Value) -> Value:
    if len(members) % 2:
        raise Refused("takes pairs of a name and a value")
    return _dump({text_of(name): _embed(value) for name, value in zip(members[::2], members[1::2])})


@function("json_array", 0, None, "text", nulls=True, null_call=False)
def _json_array(*values: Value) -> Value:
    return _dump([_embed(value) for value in values])


@function("json_valid", 1, 1, "boolean", takes="text")
def _json_valid(value: Value) -> Value:
    return _load(text_of(value))[0]


@function("json_keys", 1, 1, "text", takes="text")
def _json_keys(value: Value) -> Value:
    _, document = _load(text_of(value))
    return _dump(list(document)) if isinstance(document, dict) else None


@function("json_array_to_mv", 1, 2, takes="text boolean", several=True)
def _json_array_to_mv(value: Value, quotes: Value = False) -> Value:
    _, document = _load(text_of(value))
    if not isinstance(document, list):
        return None
    if quotes is True:
        return from_texts([dump(item) for item in document])
    return from_texts([text_of(item) for item in map(_present, document) if item is not None])


@function("json_extract", 1, None, takes="text text text text")
def _json_extract(value: Value, *paths: Value) -> Value:
    """One path gives its value; several paths, or a path with several hits, give a JSON array."""
    known, document = _load(text_of(value))
    if not known:
        return NOT_JSON
    if not paths:
        return _present(document)
    if len(paths) == 1:
        return _extract(document, text_of(paths[0]))
    return _dump([_embed(_extract(document, text_of(path))) for path in paths])


def _extract(document: Any, path: str) -> Value:
    hits = select(document, path)
    if "{}" in path:
        return _dump(hits) if hits else None
    return _present(hits[0]) if hits else None


@function("json_extract_exact", 1, None, takes="text text")
def _json_extract_exact(value: Value, *keys: Value) -> Value:
    """Like json_extract, but each argument is one key, whatever characters it has."""
    known, document = _load(text_of(value))
    if len(keys) > 1:
        raise Refused("json_extract_exact() with several keys is not supported")
    if not known or not keys:
        return _present(document)
    return _present(document.get(text_of(keys[0])) if isinstance(document, dict) else None)
