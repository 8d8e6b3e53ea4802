"""What a search head adds to an event: fields, event types, tags.

Order: EXTRACT, REPORT, KV_MODE, FIELDALIAS, EVAL, LOOKUP, event types, tags (Knowledge Manager Manual, The
sequence of search-time operations). A stage reads what earlier stages made.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from workbench.splunk.conf.aliases import Aliases
from workbench.splunk.conf.auto_kv import AutoExtraction
from workbench.splunk.conf.calculated import CalculatedFields
from workbench.splunk.conf.event_types import EventTypes, Tags
from workbench.splunk.conf.extractions import extractions
from workbench.splunk.conf.lookup_table import LookupTable
from workbench.splunk.conf.lookups import AutomaticLookups, Lookups
from workbench.splunk.conf.props_stanzas import PropsStanzas
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.report import reports
from workbench.splunk.conf.settings import Setting, Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval import Context
from workbench.splunk.spl.values import Event, values_in


class Knowledge:
    """The search-time side of the confs. `now` is the search's clock, epoch seconds."""

    def __init__(self, confs: Confs, now: float | None = None) -> None:
        for name, settings in confs.stanzas("fields").items():
            settings.limit(["TOKENIZER"], f"TOKENIZER of {name} is not emulated")
        self.macros = {name: settings.texts() for name, settings in confs.stanzas("macros").items()}
        self.limits = {name: settings.texts() for name, settings in confs.stanzas("limits").items()}
        self._context = Context(now=time.time() if now is None else now, macros=self.macros)
        self._confs = confs
        self._props = PropsStanzas(confs)
        self._lookups = Lookups(confs)
        self._event_types = EventTypes(confs, self.macros)
        self._tags = Tags(confs)
        self._compiled: dict[frozenset[tuple[str, Setting]], _Stages] = {}
        self._stages = lru_cache(maxsize=None)(self._stages_of)
        #: What splunkd's endpoints tell `rest`, by their path below /services: one row an entry.
        self.endpoints: dict[str, list[Event]] = {}

    def enrich(self, event: Event) -> Event:
        """A copy of the event with its search-time fields, event types and tags."""
        result = dict(event)
        sourcetype = self._renamed(result)
        stages = self._stages(sourcetype, _single(result, "source"), _single(result, "host"))
        stages.apply(result, self._context)
        self._event_types.apply(result)
        self._tags.apply(result)
        return result

    def lookup_definition(self, name: str) -> LookupTable:
        """A lookup by its definition's or its file's name. Raises Refused where there is none."""
        return self._lookups.named(name)

    def rest(self, path: str) -> Sequence[Event]:
        """The entries of an endpoint in `endpoints`, of any user and app. Raises Refused for another."""
        endpoint = re.sub(r"^/services(?:NS/[^/]+/[^/]+)?", "", path)
        if endpoint not in self.endpoints:
            raise Refused(f"rest {path} is not emulated")
        return self.endpoints[endpoint]

    def restore_collections(self) -> None:
        """Give the collections of the KV store back what they held at first."""
        self._lookups.restore()

    def _renamed(self, event: Event) -> str:
        """The source type whose settings apply: the one that `rename` gives, which the event then shows."""
        original = _single(event, "sourcetype")
        target = self._props.renames.get(original)
        if target is None:
            return original
        event["_sourcetype"], event["sourcetype"] = original, target
        return target

    def _stages_of(self, sourcetype: str, source: str, host: str) -> _Stages:
        """The compiled stages; hosts and sources to which the same settings apply share them."""
        settings = self._props.settings(sourcetype, source, host)
        key = frozenset(settings.entries.items())
        if key not in self._compiled:
            self._compiled[key] = _Stages(settings, self._confs, self._lookups)
        return self._compiled[key]


class _Stage(Protocol):
    def apply(self, event: Event) -> None:
        """Change the event."""


class _Stages:
    """The stages before event types, compiled for one set of settings."""

    def __init__(self, settings: Settings, confs: Confs, lookups: Lookups) -> None:
        limits, none = confs.stanzas("limits"), confs.default("limits")
        self._extractions: list[_Stage] = [
            *extractions(settings),
            *reports(settings, confs.stanzas("transforms")),
            AutoExtraction(settings, limits.get("kv", none), limits.get("spath", none)),
            Aliases(settings),
        ]
        self._calculated = CalculatedFields(settings)
        self._lookups = AutomaticLookups(settings, lookups)

    def apply(self, event: Event, context: Context) -> None:
        """All stages before event types."""
        for stage in self._extractions:
            stage.apply(event)
        self._calculated.apply(event, context)
        self._lookups.apply(event)


def _single(event: Event, name: str) -> str:
    values = values_in(event, name)
    if len(values) > 1:
        raise Refused(f"an event with several values of {name}")
    return values[0] if values else ""
