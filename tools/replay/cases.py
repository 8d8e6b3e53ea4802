"""The cases, which stand in tests/cim/samples: one for each sample and format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.cim import formats, splunk

Value = Any
WRITERS: dict[str, formats.Writer] = {"json": formats.as_json, "cef": formats.as_cef, "leef": formats.as_leef}
#: The source type that all of them are sent as.
SENT_AS = "illumio:pce:syslog"
SOURCETYPES = {"json": "illumio:pce:events", "cef": "illumio:pce:cef", "leef": "illumio:pce:leef"}


@dataclass(frozen=True)
class Case:
    """A line as it is sent, and how it has to read; a field that is None has to be absent.

    `kept` is the text that Splunk keeps, `about` the sample's own sentence.
    """

    name: str
    about: str
    format: str
    line: str
    kept: str
    datasets: list[str]
    fields: Mapping[str, Value]

    @property
    def sourcetype(self) -> str:
        """The source type that the line ends up under."""
        return SOURCETYPES[self.format]


def cases() -> Iterator[Case]:
    """All of them, JSON first."""
    for format_, write in WRITERS.items():
        for name in splunk.sample_names():
            sample = splunk.sample(name)
            line = write(sample["event"], sample.get("client"))
            expected = {**sample["fields"], **dict.fromkeys(sample["absent"]), **sample.get(format_, {})}
            kept = line[line.index("{") :] if format_ == "json" else line
            yield Case(name, sample["about"], format_, line, kept, sorted(sample["datasets"]), expected)


def differences(case: Case, found: Mapping[str, Value]) -> list[str]:
    """What of the case the event lacks, and what it has otherwise; the order of values does not count."""
    wanted: dict[str, Value] = {"sourcetype": case.sourcetype, **case.fields}
    wrong = [
        f"{field} is {found.get(field)!r}, not {value!r}"
        for field, value in wanted.items()
        if sorted(splunk.values(found.get(field))) != sorted(splunk.values(value))
    ]
    if splunk.datasets(dict(found)) != case.datasets:
        wrong.append(f"it is in {splunk.datasets(dict(found))}, not in {case.datasets}")
    return wrong
