"""What the confs have the engine do for an event, counted.

Each expression counts by itself, as if Splunk shared nothing between two of them; the engine does, and it is written
nowhere what Splunk does. Steps of a regular expression are the items of the pattern that PCRE tries, which it tells in
callouts (pcre2callout); each is counted, those of a failed try too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from unittest import mock

import pcre2

from workbench.splunk.conf import calculated
from workbench.splunk.conf.lookup_table import LookupTable
from workbench.splunk.spl.json_paths import parse
from workbench.splunk.spl.pcre import Pattern

_AUTO_CALLOUT = 0x00000004


@dataclass
class Work:
    """Summed up over events. Characters are those given to regular expressions, and to functions that read JSON."""

    regexes: int = 0
    steps: int = 0
    characters: int = 0
    json_reads: int = 0
    json_characters: int = 0
    calculated: int = 0
    lookups: int = 0


@contextmanager
def counted(*, steps: bool) -> Iterator[Work]:
    """Count what the engine does meanwhile; its steps only if asked for, since that takes long."""
    work = Work()

    def regex(pattern: Pattern, text: str, *, once: bool) -> None:
        work.regexes += 1
        work.characters += len(text)
        work.steps += _steps(pattern, text, once=once) if steps else 0

    def json_read(text: str) -> Any:
        work.json_reads += 1
        work.json_characters += len(text)
        return parse(text)

    def lookup(table: LookupTable, *given: Any, **named: Any) -> Any:
        work.lookups += 1
        return find(table, *given, **named)

    def calculate(fields: calculated.CalculatedFields, *given: Any) -> None:
        work.calculated += len(fields)
        apply(fields, *given)

    find, apply = LookupTable.find, calculated.CalculatedFields.apply
    with ExitStack() as patches:
        for name in ("search", "finditer", "sub"):
            noted = _noted(getattr(Pattern, name), partial(regex, once=name == "search"))
            patches.enter_context(mock.patch.object(Pattern, name, noted))
        patches.enter_context(mock.patch("workbench.splunk.spl.functions.json_functions.parse", json_read))
        patches.enter_context(mock.patch.object(LookupTable, "find", lookup))
        patches.enter_context(mock.patch.object(calculated.CalculatedFields, "apply", calculate))
        # Without a memory for the values of calls that several expressions have in common.
        patches.enter_context(mock.patch.object(calculated, "replace", lambda context, **_memo: context))
        yield work


def _noted(method: Any, note: Any) -> Any:
    def noting(pattern: Pattern, *given: Any, **named: Any) -> Any:
        note(pattern, next(part for part in given if isinstance(part, str)))
        return method(pattern, *given, **named)

    return noting


def _steps(pattern: Pattern, text: str, *, once: bool) -> int:
    """Of the first match, or of all, one behind the other."""
    taken = 0

    def callout(_block: Any) -> Any:
        nonlocal taken
        taken += 1
        return pcre2.CalloutReturn.PASS

    code = _with_callouts(pattern.source)
    code.callout = callout
    code.search(text) if once else list(code.finditer(text))
    return taken


@lru_cache(maxsize=512)
def _with_callouts(source: str) -> Any:
    return pcre2.compile(source, pcre2.ASCII | _AUTO_CALLOUT, jit=False, callout=lambda _block: None)
