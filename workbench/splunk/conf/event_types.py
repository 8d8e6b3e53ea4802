"""Event types and tags.

Source: eventtypes.conf.spec and tags.conf.spec 9.2; Knowledge Manager Manual, About event types, Tag field-value
pairs. Assumed: a tagged value is compared with its case, and tags are listed in the order of the alphabet; an event
type may name another one, whatever their order, as Splunk's own add-ons do.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.settings import Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.macros import Macros
from workbench.splunk.spl.search_filter import Predicate, named_values, parse_search
from workbench.splunk.spl.values import Event, set_field, values_in
from workbench.splunk.spl.wildcards import name_pattern

_FIELD_IN_NAME = re.compile(r"%([^%]+)%")
_OUTSIDE_QUOTES = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_LOWEST_PRIORITY = 10


class EventTypes:
    """All event types that are switched on, by priority and then by name."""

    def __init__(self, confs: Confs, macros: Macros) -> None:
        enabled = [one for one in confs.stanzas("eventtypes").values() if not one.flag("disabled", False)]
        ranked = sorted((one.number("priority", _LOWEST_PRIORITY), one.name, one) for one in enabled)
        self._rank = {name: place for place, (_, name, _) in enumerate(ranked)}
        self._types = {name: _predicate(settings, macros) for _, name, settings in ranked}
        named = {name: named_values(settings.text("search"), "eventtype", macros) for _, name, settings in ranked}
        self._order: list[str] = []
        for name in self._types:
            self._place(name, named, ())
        self._nested = any(named.values())

    def _place(self, name: str, named: dict[str, list[str]], above: tuple[str, ...]) -> None:
        """Put an event type behind those that its search names."""
        if name in above:
            raise Refused("event types that name each other", f"eventtypes.conf [{name}] search")
        if name in self._order:
            return
        for pattern in (name_pattern(value.casefold()) for value in named[name]):
            for other in (other for other in self._types if pattern.fullmatch(other.casefold())):
                self._place(other, named, (*above, name))
        self._order.append(name)

    def apply(self, event: Event) -> None:
        """Write the names of the event types that the event matches."""
        given, matching = values_in(event, "eventtype"), {}
        for name in self._order:
            if self._types[name].matches(event) and (filled := _filled(name, event)) is not None:
                matching[name] = filled
                if self._nested:
                    set_field(event, "eventtype", [*given, *matching.values()])
        if matching:
            names = [matching[name] for name in sorted(matching, key=self._rank.__getitem__)]
            set_field(event, "eventtype", list(dict.fromkeys(given + names)))


def _predicate(settings: Settings, macros: Macros) -> Predicate:
    text = settings.text("search")
    place = settings.place("search")
    if not text:
        raise Refused("an event type needs a search", place)
    if re.search(r"[|\[\]]", _OUTSIDE_QUOTES.sub("", text)):
        raise Refused("an event type takes no pipe and no subsearch", place)
    try:
        predicate = parse_search(text, macros)
    except Refused as refusal:
        raise Refused(str(refusal), place) from None
    if predicate.times:
        raise Refused("a time range in an event type is not emulated", place)
    return predicate


def _filled(name: str, event: Event) -> str | None:
    """The name with `%field%` replaced by the field's value, None where that is missing."""
    for field in _FIELD_IN_NAME.findall(name):
        values = values_in(event, field)
        if len(values) != 1:
            return None
        name = name.replace(f"%{field}%", values[0])
    return name


class Tags:
    """Tags by field and value."""

    def __init__(self, confs: Confs) -> None:
        self._tags: dict[str, dict[str, list[str]]] = {}
        for name, settings in confs.stanzas("tags").items():
            field, sign, value = name.partition("=")
            if not sign or "*" in value:
                raise Refused("[field=value] is expected, without wildcards", f"tags.conf [{name}]")
            enabled = [key for key in settings if settings.text(key) == "enabled"]
            if enabled:
                self._tags.setdefault(unquote(field), {}).setdefault(unquote(value), []).extend(enabled)

    def apply(self, event: Event) -> None:
        """Write `tag`, and `tag::<field>` for each field with a tagged value."""
        found: set[str] = set()
        for field, by_value in self._tags.items():
            tags = {tag for value in values_in(event, field) for tag in by_value.get(value, [])}
            if tags:
                set_field(event, f"tag::{field}", sorted(tags))
                found |= tags
        if found:
            set_field(event, "tag", sorted(found | set(values_in(event, "tag"))))
