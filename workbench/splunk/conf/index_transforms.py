"""One transform at index time: REGEX with FORMAT into a key or into indexed fields.

Source: transforms.conf.spec 9.2.
"""

from __future__ import annotations

import re
from typing import Callable

from workbench.splunk.conf.ingest_eval import IngestEval
from workbench.splunk.conf.meta import Incoming
from workbench.splunk.conf.settings import Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.pcre import MATCH_LIMIT, Match, Pattern, compile_pattern

_REFERENCE = re.compile(r"\$(\d+)")
_PAIR = re.compile(r'(?P<name>[^\s"]+?)::(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]*))(?=\s|$)\s*')


class IndexTransform:
    """A stanza of transforms.conf, compiled."""

    def __init__(self, settings: Settings, clock: float) -> None:
        self._place = f"transforms.conf [{settings.name}]"
        evaluated = "INGEST_EVAL" in settings
        self._act: Callable[[Incoming], None]
        self._act = IngestEval(settings, clock).apply if evaluated else _RegexTransform(settings).apply

    def apply(self, event: Incoming) -> None:
        """Change the event."""
        try:
            self._act(event)
        except Refused as refusal:
            raise refusal.at(self._place) from None


class _RegexTransform:
    def __init__(self, settings: Settings) -> None:
        if not settings.text("REGEX"):
            raise Refused("REGEX is required", settings.place("REGEX"))
        self.pattern = index_pattern(settings)
        self._lookahead = settings.number("LOOKAHEAD", 4096)
        self._source = settings.text("SOURCE_KEY", "_raw")
        self._key = settings.text("DEST_KEY")
        self._default = settings.text("DEFAULT_VALUE") if "DEFAULT_VALUE" in settings else None
        self._format = settings.text("FORMAT", f"{settings.name}::$1")
        self._fails = False
        self._repeats = settings.flag("REPEAT_MATCH", False) and self._key != "_raw"
        if not self._key:
            if not settings.flag("WRITE_META", False):
                raise Refused("neither DEST_KEY nor WRITE_META says where to", f"transforms.conf [{settings.name}]")
            self._pairs = _pairs(self._format, settings)
            self._fails = any(_lacks_group(value, self.pattern) for _, value, _ in self._pairs)
        elif any(int(number) > self.pattern.groups for number in _REFERENCE.findall(self._format)):
            raise Refused("FORMAT names a group that REGEX does not have", settings.place("FORMAT"))

    def apply(self, event: Incoming) -> None:
        text = self._text(event)
        matches = list(self.pattern.finditer(text)) if self._repeats else [self.pattern.search(text)]
        found = [match for match in matches if match is not None and not self._fails]
        for match in found:
            self._write(event, match)
        if not found and self._default is not None:
            self._write_default(event, self._default)

    def _text(self, event: Incoming) -> str:
        kind, _, names = self._source.partition(":")
        if kind in ("field", "fields"):
            first = dict(reversed(event.meta))
            return " ".join(first.get(name.strip(), "") for name in names.split(","))[: self._lookahead]
        return event.read(self._source)[: self._lookahead]

    def _write(self, event: Incoming, match: Match) -> None:
        if self._key:
            before = event.read(self._key) if "$0" in self._format else ""
            event.write(self._key, _fill(self._format, match, self.pattern.groups, before))
            return
        for name, value, quoted in self._pairs:
            filled = _fill(value, match, self.pattern.groups)
            if not quoted and re.search(r"\s", filled):
                raise Refused(f"a value of {name} has blanks; FORMAT needs quotes around it")
            if filled:
                event.meta.append((_fill(name, match, self.pattern.groups), filled))

    def _write_default(self, event: Incoming, value: str) -> None:
        if not self._key:
            raise Refused("DEFAULT_VALUE without DEST_KEY is not emulated")
        event.write(self._key, value)


def index_pattern(settings: Settings) -> Pattern:
    """The stanza's REGEX, compiled with its limits."""
    try:
        return compile_pattern(settings.text("REGEX"), "", settings.number("MATCH_LIMIT", MATCH_LIMIT))
    except Refused as refusal:
        raise refusal.at(settings.place("REGEX")) from None


def _pairs(template: str, settings: Settings) -> list[tuple[str, str, bool]]:
    """Name, value and whether the value stands in quotes, for each `name::value` of FORMAT."""
    pairs, position = [], 0
    while position < len(template):
        found = _PAIR.match(template, position)
        if found is None:
            raise Refused("FORMAT is not made of name::value", settings.place("FORMAT"))
        quoted = found["quoted"]
        pairs.append((found["name"], found["plain"] if quoted is None else quoted, quoted is not None))
        position = found.end()
    return pairs


def _lacks_group(value: str, pattern: Pattern) -> bool:
    """Whether a value is a group that REGEX does not have, so that nothing matches; joined with text it is text."""
    found = _REFERENCE.fullmatch(value)
    return found is not None and int(found.group(1)) > pattern.groups


def _fill(template: str, match: Match, groups: int, before: str = "") -> str:
    """The template with `$1`… filled in, `$0` = what the key held; other dollars are text."""

    def replace(found: re.Match[str]) -> str:
        number = int(found.group(1))
        if number == 0:
            return before
        return (match.group(number) or "") if number <= groups else found.group()

    return _REFERENCE.sub(replace, template)
