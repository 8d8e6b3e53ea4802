"""Reads a modular input's XML stream piece by piece, as it comes out of the pipe.

Form of the stream: Splunk's page on XML streaming mode of modular inputs. What it does not describe is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

from workbench.splunk.refusal import Refused

_ELEMENTS = frozenset({"time", "data", "host", "source", "sourcetype", "index", "done"})
_ATTRIBUTES = {"stream": frozenset[str](), "event": frozenset({"stanza", "unbroken"})}


@dataclass(frozen=True)
class StreamEvent:
    """A whole event, as the script wrote it; None stands for what it left out."""

    data: str
    time: float | None
    stanza: str | None
    host: str | None
    source: str | None
    sourcetype: str | None
    index: str | None


@dataclass(frozen=True)
class StreamError:
    """Why the rest of a run's stream was lost: `offset` counts the stream's bytes."""

    message: str
    offset: int


class StreamParser:
    """Takes bytes with `feed`, hands whole events to `deliver`; after an error the rest is dropped."""

    def __init__(self, deliver: Callable[[StreamEvent], None]) -> None:
        self._deliver = deliver
        self._parser = expat.ParserCreate("UTF-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._path: list[str] = []
        self._attributes: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._text: list[str] = []
        self.error: StreamError | None = None
        self.bytes = 0

    @property
    def inside_event(self) -> bool:
        """Whether an event was begun and has not ended."""
        return len(self._path) > 1

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self.bytes += len(data)
        self._parse(data, final=False)

    def close(self) -> bool:
        """The pipe ended; whether the stream had ended as well, or there was none at all."""
        if not self.bytes:
            return True
        if self._path:
            # Killed or cut off: not ill-formed, only unfinished. What a parser holds back of it is no whole event.
            return False
        self._parse(b"", final=True)
        return self.error is None

    def _parse(self, data: bytes, *, final: bool) -> None:
        if self.error:
            return
        try:
            self._parser.Parse(data, final)
        except expat.ExpatError as error:
            self.error = StreamError(expat.ErrorString(error.code), self._parser.ErrorByteIndex)
        except Refused as error:
            self.error = StreamError(str(error), self._parser.CurrentByteIndex)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        depth = len(self._path)
        if depth > 2 or (name not in _ELEMENTS if depth == 2 else name != ("stream", "event")[depth]):
            raise Refused(f"<{name}> does not belong here")
        unknown = set(attributes) - _ATTRIBUTES.get(name, frozenset())
        if unknown:
            raise Refused(f"<{name}> has no attribute {min(unknown)!r}")
        if name in self._values:
            raise Refused(f"a second <{name}> in one event")
        if name == "event":
            self._attributes, self._values = attributes, {}
        self._path.append(name)
        self._text = []

    def _characters(self, text: str) -> None:
        if len(self._path) == 3:
            self._text.append(text)
        elif text.strip():
            raise Refused(f"text outside of an event's members: {text.strip()[:40]!r}")

    def _end(self, name: str) -> None:
        self._path.pop()
        if len(self._path) == 2:
            self._values[name] = "".join(self._text)
        elif len(self._path) == 1:
            self._event()

    def _doctype(self, *_: object) -> None:
        raise Refused("a document type")

    def _event(self) -> None:
        values = self._values
        if "data" not in values:
            raise Refused("an event without <data>")
        if self._attributes.get("unbroken", "0") != "0" and "done" not in values:
            raise Refused("the workbench does not know how pieces of an unbroken event are put together")
        time = None
        if values.get("time", "").strip():
            try:
                time = float(values["time"])
            except ValueError:
                raise Refused(f"<time> is no number: {values['time'][:40]!r}") from None
        named = {name: values.get(name) or None for name in ("host", "source", "sourcetype", "index")}
        self._values = {}
        self._deliver(StreamEvent(values["data"], time, self._attributes.get("stanza"), **named))
