"""KV_MODE: the automatic extraction of key=value pairs and of JSON.

Source: props.conf.spec 9.2, KV_MODE, AUTO_KV_JSON, KV_TRIM_SPACES; limits.conf.spec, [kv] and [spath]. Assumed:
what a key and a value without quotes may consist of; of a pair that repeats, the first counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from workbench.splunk.conf.field_names import cleaned
from workbench.splunk.conf.settings import Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.json_fields import extract
from workbench.splunk.spl.values import Event, FieldValue

_PAIR = re.compile(
    r"""(?<![\w.:-])(?P<name>[A-Za-z0-9_][\w.:-]*)=(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s,;&|"]+))""", re.ASCII
)
_ESCAPED_PAIR = re.compile(_PAIR.pattern.replace('[^"]*)"', r'(?:\\.|[^"\\])*)"'), re.ASCII | re.DOTALL)
_MODES = ("none", "auto", "auto_escaped", "json")


class AutoExtraction:
    """KV_MODE of one combination of stanzas. `kv` and `spath` are those stanzas of limits.conf."""

    def __init__(self, settings: Settings, kv: Settings, spath: Settings) -> None:
        self._mode = settings.text("KV_MODE", "auto").lower()
        if self._mode not in _MODES:
            raise Refused(f"KV_MODE = {self._mode} is not emulated", settings.place("KV_MODE"))
        self._json = self._mode == "json" or (self._mode != "none" and settings.flag("AUTO_KV_JSON", True))
        self._trims = settings.flag("KV_TRIM_SPACES", True)
        self._fields = min(kv.number("limit", 100) or 1_000_000, kv.number("maxcols", 512) or 1_000_000)
        self._characters = kv.number("maxchars", 10_240) or 1_000_000_000
        self._bytes = spath.number("extraction_cutoff", 5000)
        if self._bytes < 1:
            raise Refused("what such a cutoff means is not known", spath.place("extraction_cutoff"))
        self._place = settings.place("KV_MODE")

    def apply(self, event: Event) -> None:
        """Add the fields that the raw text shows, no more than the limit allows."""
        raw = event.get("_raw")
        if self._mode == "none" or not isinstance(raw, str):
            return
        try:
            found: dict[str, FieldValue] = dict(self._json_fields(raw)) if self._json else {}
        except RecursionError:
            raise Refused("the JSON is nested too deeply for the workbench", self._place) from None
        if self._mode != "json":
            for name, value in self._pairs(raw[: self._characters]):
                found.setdefault(name, value)
        for name in list(found)[: self._fields]:
            self._add(event, name, found[name])

    def _add(self, event: Event, name: str, value: FieldValue) -> None:
        if event.setdefault(name, value) != value and name not in ("host", "source", "sourcetype", "index"):
            raise Refused(f"which wins, {name} as extracted before or as found by KV_MODE, is not known", self._place)

    def _json_fields(self, raw: str) -> Mapping[str, FieldValue]:
        text = raw.lstrip()
        if text[:1] not in ("{", "["):
            return {}
        seen = min(len(raw.encode()[: self._bytes].decode(errors="ignore")), self._characters)
        if seen >= len(raw) and not _is_json(raw):
            return {}
        # An empty value makes no field: automatic extraction drops it.
        several = {name: [value for value in values if value] for name, values in extract(raw, seen).items()}
        return {name: values if len(values) > 1 else values[0] for name, values in several.items() if values}

    def _pairs(self, text: str) -> list[tuple[str, str]]:
        escaped = self._mode == "auto_escaped"
        pairs = []
        for found in (_ESCAPED_PAIR if escaped else _PAIR).finditer(text):
            value = found["plain"]
            if value is None:
                value = re.sub(r'\\(["\\])', r"\1", found["quoted"]) if escaped else found["quoted"]
            value = value.strip(" ") if self._trims else value
            name = cleaned(found["name"])
            if name and value:
                pairs.append((name, value))
        return pairs


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
