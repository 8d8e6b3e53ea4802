"""Both add-ons live on one search head: no stanza of ours is theirs, and none catches their data."""

from __future__ import annotations

import re

import pytest

from tests.cim import splunk

THEIRS = ("illumio:pce", "illumio:pce:collector", "illumio:pce:health")


def stanzas(conf: str) -> list[str]:
    text = (splunk.PACKAGE / "default" / f"{conf}.conf").read_text(encoding="utf-8")
    return re.findall(r"^\[(.+)\]$", text, re.MULTILINE)


@pytest.mark.parametrize("conf", ["props", "transforms", "eventtypes", "macros"])
def test_stanzas_are_ours_by_name(conf: str) -> None:
    found = stanzas(conf)
    assert found
    prefix = (
        r"illumio:pce:(?:syslog|events|cef|leef|flows|system_health|cluster_health|inventory|ingest|log)"
        r"|source::(?:\.\.\.ta_illumio_pce_\*\.log\*|illumio_pce_events://\.\.\.)"
        if conf == "props"
        else r"illumio_pce_\w+(?:\(\d\))?"
    )
    assert [name for name in found if not re.fullmatch(prefix, name)] == []


@pytest.mark.parametrize("sourcetype", THEIRS)
def test_their_events_get_nothing_from_us(sourcetype: str) -> None:
    found = splunk.read('{"event_type":"user.login","status":"success"}', sourcetype)
    assert "eventtype" not in found
    assert "vendor_product" not in found
