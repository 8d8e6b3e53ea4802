"""REPORT-<class>: field extraction at search time by a stanza of transforms.conf with REGEX.

Source: transforms.conf.spec 9.2, REGEX, FORMAT, SOURCE_KEY, MV_ADD, CLEAN_KEYS, KEEP_EMPTY_VALS. The pattern is
applied again and again where FORMAT or _KEY_ groups name the fields, and where MV_ADD collects values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Callable

from workbench.splunk.conf.delimiters import Delimited
from workbench.splunk.conf.field_names import add_value, cleaned
from workbench.splunk.conf.index_transforms import index_pattern
from workbench.splunk.conf.settings import Settings, names_list
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.pcre import Match, Pattern
from workbench.splunk.spl.values import Event, values_in

Pairs = Iterator[tuple[str, str]]
_GROUP = re.compile(r"\$(\d+)")
_TOKEN = re.compile(r'(?P<name>"[^"]*"|[^\s":]+(?::[^\s":]+)*)::(?P<value>"[^"]*"|[^\s"]+)(?=\s|$)')


class Report:
    """One transform at search time, compiled."""

    def __init__(self, settings: Settings) -> None:
        self._place = f"transforms.conf [{settings.name}]"
        settings.limit(
            ["DEST_KEY", "WRITE_META", "INGEST_EVAL"],
            "this is for index time, the stanza is used by REPORT-",
        )
        self._source = settings.text("SOURCE_KEY", "_raw")
        self._several = settings.flag("MV_ADD", False)
        self._keeps_empty = settings.flag("KEEP_EMPTY_VALS", False)
        self._clean: Callable[[str], str] = cleaned if settings.flag("CLEAN_KEYS", True) else str
        self._pairs: Callable[[str], Pairs]
        if "DELIMS" in settings:
            settings.limit(["REGEX", "FORMAT"], "DELIMS stands in place of REGEX")
            self._pairs = Delimited(settings).pairs
        else:
            self._pairs = _regex_pairs(settings, repeats=self._several)

    def apply(self, event: Event) -> None:
        """Add the fields that the source text gives."""
        for text in values_in(event, self._source):
            for name, value in self._pairs(text):
                if value or self._keeps_empty:
                    add_value(event, self._clean(name), value, several=self._several)


def reports(settings: Settings, transforms: dict[str, Settings]) -> list[Report]:
    """All REPORT settings in the order of their classes, each list in its own order."""
    found = []
    for _, setting in settings.classes("REPORT-"):
        for name in names_list(setting):
            if name not in transforms:
                raise Refused(f"transforms.conf has no stanza {name}", setting.place)
            found.append(Report(transforms[name]))
    return found


def _regex_pairs(settings: Settings, *, repeats: bool) -> Callable[[str], Pairs]:
    if not settings.text("REGEX"):
        raise Refused("REGEX or DELIMS is required", f"transforms.conf [{settings.name}]")
    pattern = index_pattern(settings)
    if settings.text("FORMAT"):
        read, variable = _by_format(settings, pattern)
    else:
        read, variable = _by_groups(settings, pattern)

    def pairs(text: str) -> Pairs:
        if not (variable or repeats):
            found = pattern.search(text)
            matches = [found] if found else []
        else:
            matches = list(pattern.finditer(text))
        for match in matches:
            yield from read(match)

    return pairs


def _by_groups(settings: Settings, pattern: Pattern) -> tuple[Callable[[Match], Pairs], bool]:
    """Named groups; `_KEY_x` and `_VAL_x` are a field's name and its value."""
    keys = {name[5:]: name for name in pattern.names if name.startswith("_KEY_")}
    values = {name[5:]: name for name in pattern.names if name.startswith("_VAL_")}
    plain = [name for name in pattern.names if not name.startswith(("_KEY_", "_VAL_"))]
    if keys.keys() != values.keys() or not pattern.names:
        raise Refused("REGEX needs named groups, _KEY_ and _VAL_ in pairs, or a FORMAT", settings.place("REGEX"))

    def read(match: Match) -> Pairs:
        for name in plain:
            value = match.group(name)
            if value is not None:
                yield name, value
        for suffix, key in keys.items():
            field, value = match.group(key), match.group(values[suffix])
            if field is not None and value is not None:
                yield field, value

    return read, bool(keys)


def _by_format(settings: Settings, pattern: Pattern) -> tuple[Callable[[Match], Pairs], bool]:
    if pattern.names:
        raise Refused("which counts, FORMAT or the named groups of REGEX, is not documented", settings.place("FORMAT"))
    tokens = _format_tokens(settings)
    for number in (int(found) for pair in tokens for part in pair for found in _GROUP.findall(part)):
        if number > pattern.groups:
            raise Refused(
                "FORMAT names a group that REGEX does not have: searches return nothing", settings.place("FORMAT")
            )
    if any(_GROUP.search(part) and not _GROUP.fullmatch(part) for pair in tokens for part in pair):
        raise Refused("FORMAT cannot concatenate at search time", settings.place("FORMAT"))

    def part(text: str, match: Match) -> str | None:
        """`$0` gives nothing, as a Splunk 10.4.0 was recorded."""
        found = _GROUP.fullmatch(text)
        if found is None:
            return text
        return match.group(int(found.group(1))) if found.group(1) != "0" else None

    def read(match: Match) -> Pairs:
        for name, value in tokens:
            name_part, value_part = part(name, match), part(value, match)
            if name_part and value_part is not None:
                yield name_part, value_part

    return read, any(_GROUP.fullmatch(name) for name, _ in tokens)


def _format_tokens(settings: Settings) -> list[tuple[str, str]]:
    text, tokens, position = settings.text("FORMAT"), [], 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise Refused("FORMAT is not made of name::value", settings.place("FORMAT"))
        tokens.append((found["name"].strip('"'), found["value"].strip('"')))
        position = len(text) - len(text[found.end() :].lstrip())
    return tokens
