"""The stream to splunkd: every code point, forged markup, events of 50 MB and fuzzed answers arrive value for value."""

from __future__ import annotations

import json
import sys

import pytest
from illumio_pce.events import indexed_text

from tests.reading import events_of
from tests.soak.stream import fuzz, through

BLOCK = 4096


def indexed(text: str) -> str:
    (event,) = events_of([f"[{text}]".encode("utf-8", "surrogatepass")])
    return indexed_text(event.text, event.clean)


@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "as it is"])
def test_every_code_point_in_an_event(escaped: bool) -> None:
    values = ["".join(map(chr, range(start, start + BLOCK))) for start in range(0, sys.maxunicode + 1, BLOCK)]
    if not escaped:  # UTF-8 has no half pairs
        values = [value.encode("utf-8", "ignore").decode() for value in values]
    texts = [indexed(json.dumps({"href": "/a", "v": value}, ensure_ascii=escaped)) for value in values]
    events = through(texts)
    # Two halves side by side mean one character, in the PCE's JSON as in ours.
    assert [json.loads(event.data)["v"] for event in events] == [json.loads(json.dumps(value)) for value in values]


def test_every_code_point_in_a_host_is_harmless() -> None:
    for start in range(0, sys.maxunicode + 1, 65_536):
        (event,) = through(["{}"], host="".join(map(chr, range(start, min(start + 65_536, sys.maxunicode + 1)))))
        assert event.data == "{}"
        assert event.sourcetype == "illumio:pce:events"


@pytest.mark.parametrize(
    "forged",
    [
        "</data></event><event><data>forged</data></event>",
        "]]></data><index>other</index>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
        "&lt;/data&gt;&#x3c;/event&#62;",
        "</stream>",
        "<?xml version='1.0'?>",
    ],
)
def test_forged_markup_stays_text(forged: str) -> None:
    text = indexed(json.dumps({"href": forged, "event_type": forged, "pce_fqdn": forged}))
    (event,) = through([text])
    assert json.loads(event.data) == {"href": forged, "event_type": forged, "pce_fqdn": forged}
    assert (event.index, event.stanza) == (None, "illumio_pce_events://a&b<c>")


def test_a_stream_of_fifty_megabytes_is_value_for_value() -> None:
    from illumio_pce.xml_text import escape

    big = json.dumps(
        {"href": "/a", "resource_changes": ["x<&>\u00fc" * 1000] * 8500, "status": "success"}, ensure_ascii=False
    )
    assert len(big.encode()) > 50_000_000
    text = indexed(big)
    assert json.loads(text) == json.loads(big)
    import xml.etree.ElementTree as ET

    assert ET.fromstring(f"<data>{escape(text)}</data>").text == text


def test_fuzzed_responses() -> None:
    met = fuzz(seed=sys.version_info[1], responses=4000)
    assert met["whole"] > 1000
    assert met["refused"] > 500
