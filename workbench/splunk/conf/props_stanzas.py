"""Which stanzas of props.conf apply to an event, laid over each other.

Source: props.conf.spec 9.2, [<spec>] stanza precedence, patterns, match language, collisions, case-sensitivity,
and Building the final [<spec>] stanza.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.settings import Setting, Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.pcre import compile_pattern

_KIND = re.compile(r"(source|host|rule|delayedrule)::(.*)", re.DOTALL)
_TRANSLATED = re.compile(r"\.\.\.|\\.|[*.]", re.DOTALL)
_IS_PATTERN = re.compile(r"\.\.\.|[*|()\[\]{}?+^$]")
_PATTERN_PRIORITY, _LITERAL_PRIORITY = 0, 100


class _Stanza(NamedTuple):
    kind: str
    text: str
    priority: int
    settings: Settings

    def applies(self, value: str) -> bool:
        """Whether the event's source, host or source type matches, as a whole."""
        if self.kind == "sourcetype":
            return self.text == value
        if not _IS_PATTERN.search(self.text):
            literal = re.sub(r"\\(.)", r"\1", self.text)
            return literal.lower() == value.lower() if self.kind == "host" else literal == value
        flags = "si" if self.kind == "host" else "s"
        return compile_pattern(rf"\A(?:{_regex(self.text)})\z", flags).search(value) is not None


def _regex(pattern: str) -> str:
    words = {"...": ".*", "*": "[^/]*", ".": r"\."}
    return _TRANSLATED.sub(lambda found: words.get(found.group(), found.group()), pattern)


class PropsStanzas:
    """The stanzas of props.conf, ready to be asked which of them apply."""

    def __init__(self, confs: Confs) -> None:
        self._default = confs.default("props")
        self._stanzas = [_stanza(settings) for settings in confs.own("props").values()]
        self.settings = lru_cache(maxsize=None)(self._settings)
        self.renames = {
            stanza.text: stanza.settings.text("rename")
            for stanza in self._stanzas
            if stanza.kind == "sourcetype" and stanza.settings.text("rename")
        }

    def _settings(self, sourcetype: str, source: str, host: str) -> Settings:
        """What applies to such an event: source over host over source type over [default]."""
        merged: dict[str, Setting] = dict(self._default.entries)
        for kind, value in (("sourcetype", sourcetype), ("host", host), ("source", source)):
            matching = [stanza for stanza in self._stanzas if stanza.kind == kind and stanza.applies(value)]
            # The weakest first: low priority, and of one priority what comes last in ASCII order.
            matching.sort(key=lambda stanza: stanza.text, reverse=True)
            for stanza in sorted(matching, key=lambda stanza: stanza.priority):
                merged.update(stanza.settings.entries)
        return Settings("props", sourcetype, merged)


def _stanza(settings: Settings) -> _Stanza:
    found = _KIND.fullmatch(settings.name)
    kind, text = (found.group(1), found.group(2)) if found else ("sourcetype", settings.name)
    if kind.endswith("rule") or "(?::)" in text:
        raise Refused("such stanzas are not emulated", f"props.conf [{settings.name}]")
    is_pattern = kind != "sourcetype" and _IS_PATTERN.search(text)
    if kind != "sourcetype":
        settings.limit(["rename"], "rename stands in a source type's stanza only")
    if kind == "host":
        settings.limit(["CHARSET"], "CHARSET cannot be set for a host")
    priority = settings.number("priority", _PATTERN_PRIORITY if is_pattern else _LITERAL_PRIORITY)
    return _Stanza(kind, text, priority, settings)
