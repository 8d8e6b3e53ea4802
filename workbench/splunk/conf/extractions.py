"""EXTRACT-<class>: named groups of a pattern, the first match only.

Source: props.conf.spec 9.2, EXTRACT, MATCH_LIMIT. Assumed: an empty group makes no field, and a field that is
there already stays as it is (as transforms.conf.spec says for REPORT).
"""

from __future__ import annotations

import re

from workbench.splunk.conf.field_names import add_value, cleaned
from workbench.splunk.conf.settings import Setting, Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.pcre import MATCH_LIMIT, compile_pattern
from workbench.splunk.spl.values import Event, values_in

_IN = re.compile(r"(?P<regex>.*)\sin\s+(?P<field>\w+)\s*", re.DOTALL | re.ASCII)
_DEFAULT_FIELDS = frozenset({"_raw", "_time", "_indextime", "host", "source", "sourcetype", "index"})


class Extraction:
    """One EXTRACT setting, compiled."""

    def __init__(self, setting: Setting, match_limit: int) -> None:
        inside = _IN.fullmatch(setting.value)
        self._source = inside["field"] if inside else "_raw"
        try:
            self._pattern = compile_pattern(inside["regex"] if inside else setting.value, "ms", match_limit)
        except Refused as refusal:
            raise refusal.at(setting.place) from None
        self._names = [(name, cleaned(name)) for name in self._pattern.names]
        if not self._names:
            raise Refused("the pattern needs named groups", setting.place)
        if _DEFAULT_FIELDS & set(self._pattern.names):
            raise Refused("what becomes of a default field is not known", setting.place)

    def apply(self, event: Event) -> None:
        """Add the fields of the first value that matches."""
        for text in values_in(event, self._source):
            found = self._pattern.search(text)
            if found is None:
                continue
            for name, field in self._names:
                value = found.group(name)
                if value:
                    add_value(event, field, value, several=False)
            return


def extractions(settings: Settings) -> list[Extraction]:
    """All EXTRACT settings in the order of their classes."""
    limit = settings.number("MATCH_LIMIT", MATCH_LIMIT)
    return [Extraction(setting, limit) for _, setting in settings.classes("EXTRACT-")]
