"""Hostile text in an event's values, by syslog and from the API: neither its source type nor its time follow from it."""

from __future__ import annotations

import json

import pytest

from tests.cim import formats, splunk
from tests.hostile import TEXTS

EVENT = splunk.sample("label_deleted")["event"]
METADATA = ("_time", "index", "source", "sourcetype", "host", "linecount", "splunk_server")
#: What syslog brings is one line already: a PCE writes no line break into one.
ON_ONE_LINE = [text for text in TEXTS if not set(text) & set("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x00")]


def metadata(text: str, sourcetype: str = splunk.SYSLOG) -> dict[str, object]:
    (found,) = splunk.read_all(text, sourcetype)
    return {name: found.get(name) for name in METADATA}


def named(text: str) -> formats.Event:
    """The event with that text as every name in it."""
    changes = json.loads(json.dumps(EVENT["resource_changes"]).replace('"Test"', json.dumps(text)))
    user = {"user": {"href": "/users/7", "username": text}}
    return {
        **EVENT,
        "created_by": user,
        "resource_changes": changes,
        "notifications": [{"uuid": "1", "info": {"x": text}}],
    }


@pytest.mark.parametrize("text", ON_ONE_LINE)
@pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef])
def test_no_name_changes_the_metadata_of_what_syslog_brings(write: formats.Writer, text: str) -> None:
    assert metadata(write(named(text))) == metadata(write(named("harmless")))


@pytest.mark.parametrize("text", TEXTS)
def test_no_name_changes_the_metadata_of_what_the_api_brings(text: str) -> None:
    usual = metadata(json.dumps(named("harmless")), "illumio:pce:events")
    assert metadata(json.dumps(named(text)), "illumio:pce:events") == usual


@pytest.mark.parametrize("first", [True, False])
def test_members_named_like_metadata_stay_members(first: bool) -> None:
    """Before or behind the others, at the top or within."""
    forged = {"index": "_audit", "source": "forged", "sourcetype": "forged", "host": "forged", "punct": "forged"}
    within = {**EVENT, "notifications": [{"uuid": "1", "info": {**forged, "timestamp": "2001-01-01T00:00:00Z"}}]}
    event = {**forged, **within} if first else {**within, **forged}
    for text, sourcetype in ((formats.as_json(event), splunk.SYSLOG), (json.dumps(event), "illumio:pce:events")):
        assert metadata(text, sourcetype) == metadata(formats.as_json(EVENT))
