"""Paths into JSON as spath and json_extract write them: `a.b`, `a{}.b`, `a{0}`.

Source: Search Reference 10.0, spath, Usage (positions from 0; `{}` for every element).
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Written

_STEP = re.compile(r"([^.{}]*)((?:\{\d*\})*)(?:\.|$)")
#: Either a whole pair of surrogates or another escape (group 1), or half a pair, which UTF-8 cannot hold.
_HALF_PAIR = re.compile(r"(\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\[^u])|\\u[dD][89a-fA-F]..")


def select(document: Any, path: str) -> list[Any]:
    """All parts of a JSON document that the path reaches, in order."""
    hits = [document]
    for step in _steps(path):
        hits = [found for hit in hits for found in _follow(hit, step)]
    return hits


@lru_cache(maxsize=1024)
def _steps(path: str) -> list[str]:
    """Keys, and `{}` or `{N}` for list elements."""
    steps: list[str] = []
    position = 0
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None or found.end() == position:
            raise Refused(f"{path!r} is not a path that is understood", position)
        if found.group(1):
            steps.append(found.group(1))
        steps.extend(re.findall(r"\{\d*\}", found.group(2)))
        position = found.end()
    return steps


def _follow(value: Any, step: str) -> list[Any]:
    if not step.startswith("{"):
        return [value[step]] if isinstance(value, dict) and step in value else []
    if not isinstance(value, list):
        return []
    if step == "{}":
        return value
    index = int(step[1:-1])
    return [value[index]] if index < len(value) else []


@lru_cache(maxsize=32)
def parse(text: str) -> Any:
    """The JSON document in a text, its decimals as they are written. Raises ValueError where it is none, Refused
    where nested too deeply to read.

    Half a pair of surrogates becomes U+FFFD (assumed). The document is not to be changed: many members are asked
    of one text in turn, so the last ones are kept.
    """
    whole = _HALF_PAIR.sub(lambda found: found[1] or "\\ufffd", text) if "\\u" in text else text
    try:
        return json.loads(whole, parse_float=Written, parse_constant=_refuse_constant)
    except RecursionError:
        raise Refused("the JSON is nested too deeply for the workbench") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def values_at(text: str, path: str) -> list[str]:
    """The texts that spath puts into a field for a path; none where the text is not JSON."""
    try:
        document = parse(text)
    except ValueError:
        return []
    return [render(hit) for hit in select(document, path)]


def render(value: Any) -> str:
    """A JSON value as a field's text: null is the text `null` (assumed), containers stay JSON."""
    if isinstance(value, str):
        return value
    return value.text if isinstance(value, Written) else dump(value)


def dump(document: Any) -> str:
    """A JSON document as text, without blanks."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
