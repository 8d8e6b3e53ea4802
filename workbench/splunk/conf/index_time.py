"""What splunkd does with received data before it is searchable.

Order: LINE_BREAKER and TRUNCATE, merging, timestamps, SEDCMD (before transforms: assumed), TRANSFORMS- in the order
of their classes. A rewritten source type gets no second pass. Source: props.conf.spec and transforms.conf.spec 9.2.
"""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Callable

from workbench.splunk.conf.index_transforms import IndexTransform
from workbench.splunk.conf.line_breaking import LineBreaker, decode
from workbench.splunk.conf.meta import Incoming
from workbench.splunk.conf.props_stanzas import PropsStanzas
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.settings import Setting, Settings, names_list
from workbench.splunk.conf.timestamps import Timestamps
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.sed import Edit, parse_sed
from workbench.splunk.spl.values import Event

#: The indexed field of an event that TRUNCATE cut; recorded, in no page.
_CUT = ("meta", "truncated")


def receive(
    confs: Confs,
    data: bytes | str,
    sourcetype: str,
    source: str = "unknown",
    host: str = "unknown",
    index: str = "main",
    clock: float | None = None,
) -> list[Event]:
    """The events that splunkd would index from the data, received at `clock` (epoch seconds; None = now)."""
    return Receiver(confs, clock).receive(data, sourcetype, source, host, index)


class Receiver:
    """The index-time side of the confs at one moment; compiles each combination of stanzas once."""

    def __init__(self, confs: Confs, clock: float | None = None) -> None:
        self._props = PropsStanzas(confs)
        self._transforms = confs.stanzas("transforms")
        self.clock = clock
        self.now = time.time() if clock is None else clock
        self._pipelines: dict[tuple[str, str, str], _Pipeline] = {}
        self._compiled: dict[str, IndexTransform] = {}

    def receive(self, data: bytes | str, sourcetype: str, source: str, host: str, index: str = "main") -> list[Event]:
        """The events of one stream of data."""
        return self.stream(sourcetype, source, host, index).receive(data)

    def stream(self, sourcetype: str, source: str, host: str, index: str = "main") -> Stream:
        """A stream whose data comes in parts."""
        return Stream(self, self._props.settings(sourcetype, source, host), (sourcetype, source, host, index))

    def transform(self, event: Incoming) -> None:
        """Change the event as its transforms do."""
        key = (event.keys["MetaData:Sourcetype"], event.keys["MetaData:Source"], event.keys["MetaData:Host"])
        pipeline = self._pipelines.get(key)
        if pipeline is None:
            pipeline = self._pipelines[key] = _Pipeline(self._props.settings(*key), self._transform)
        pipeline.apply(event)

    def _transform(self, name: str, place: str) -> IndexTransform:
        if name not in self._compiled:
            if name not in self._transforms:
                raise Refused(f"transforms.conf has no stanza {name}", place)
            self._compiled[name] = IndexTransform(self._transforms[name], self.now)
        return self._compiled[name]


class Stream:
    """Data of one source type, source and host. `by_lines`: it may come in parts that end with a line."""

    def __init__(self, receiver: Receiver, settings: Settings, keys: tuple[str, str, str, str]) -> None:
        self._receiver = receiver
        self._settings = settings
        self._timestamps = Timestamps(settings, receiver.clock)
        self._breaker = LineBreaker(settings, self._timestamps.has_date if self._timestamps.looks else None)
        self._keys = dict(zip(("MetaData:Sourcetype", "MetaData:Source", "MetaData:Host", "_MetaData:Index"), keys))
        self.by_lines = self._breaker.by_lines

    def receive(self, data: bytes | str) -> list[Event]:
        """The events of this part."""
        lines = self._breaker.events(data if isinstance(data, str) else decode(data, self._settings))
        received = []
        for line, moment in zip(lines, self._timestamps.times([line.text for line in lines])):
            keys = {"_raw": line.text, "_time": _time_text(moment), "queue": "indexQueue", **self._keys}
            received.append(Incoming(keys, [_CUT] if line.cut else []))
            self._receiver.transform(received[-1])
        indexed = str(int(self._receiver.now))
        return [event.event(indexed) for event in received if not event.dropped]


class _Pipeline:
    """SEDCMD and the transforms of one combination of stanzas."""

    def __init__(self, settings: Settings, transform: Callable[[str, str], IndexTransform]) -> None:
        self._sed = [_sed(setting) for _, setting in settings.classes("SEDCMD-")]
        self._transforms = [
            transform(name, setting.place)
            for _, setting in settings.classes("TRANSFORMS-")
            for name in names_list(setting)
        ]

    def apply(self, event: Incoming) -> None:
        """Change the event."""
        for edit in self._sed:
            event.keys["_raw"] = edit(event.keys["_raw"])
        for transform in self._transforms:
            transform.apply(event)


def _sed(setting: Setting) -> Edit:
    try:
        return parse_sed(setting.value)
    except Refused as refusal:
        raise Refused(str(refusal), setting.place) from None


def _time_text(moment: Decimal) -> str:
    """Epoch seconds with the decimals that they need."""
    text = f"{moment:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
