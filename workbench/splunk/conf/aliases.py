"""FIELDALIAS-<class>: further names for fields.

Source: props.conf.spec 9.2, FIELDALIAS. Commas between pairs and a lower-case `as` are taken too, as shipped
add-ons write them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from workbench.splunk.conf.settings import Setting, Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Event, FieldValue

_NAME = r'(?:"(?:[^"]+)"|[^\s,"]+)'
_PAIR = re.compile(
    rf"[\s,]*(?P<field>{_NAME})\s+(?P<word>AS|ASNEW)\s+(?P<alias>{_NAME})(?=[\s,]|$)[\s,]*", re.IGNORECASE
)


class Alias(NamedTuple):
    """One pair; `keeps` = ASNEW, which neither overwrites nor removes."""

    field: str
    name: str
    keeps: bool


class Aliases:
    """All aliases of one combination of stanzas; each reads the fields as they were before any alias."""

    def __init__(self, settings: Settings) -> None:
        self._aliases: list[Alias] = []
        for _, setting in settings.classes("FIELDALIAS-"):
            for alias in _pairs(setting):
                self._check(alias, setting)
                self._aliases.append(alias)

    def _check(self, alias: Alias, setting: Setting) -> None:
        names = {known.name for known in self._aliases}
        if alias.name in names:
            raise Refused(f"two fields under the alias {alias.name}: only one would take effect", setting.place)
        if alias.field in names or alias.name in {known.field for known in self._aliases}:
            raise Refused(f"an alias of an alias ({alias.field}, {alias.name}) is not documented", setting.place)
        if "*" in alias.field + alias.name:
            raise Refused("a wildcard in an alias is not documented", setting.place)

    def apply(self, event: Event) -> None:
        """Write all aliases into the event."""
        for alias in self._aliases:
            value: FieldValue | None = event.get(alias.field) or None
            if alias.keeps:
                if value is not None:
                    event.setdefault(alias.name, value)
            elif value is None:
                event.pop(alias.name, None)
            else:
                event[alias.name] = value


def _pairs(setting: Setting) -> list[Alias]:
    text, pairs, position = setting.value, [], 0
    while position < len(text):
        found = _PAIR.match(text, position)
        if found is None:
            raise Refused("field AS name is expected", setting.place)
        pairs.append(Alias(found["field"].strip('"'), found["alias"].strip('"'), found["word"].upper() == "ASNEW"))
        position = found.end()
    return pairs
