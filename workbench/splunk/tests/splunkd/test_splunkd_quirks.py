"""What splunkd's REST API may do that no document rules out."""

from __future__ import annotations

from workbench.splunk.splunkd import Splunkd
from workbench.splunk.tests.splunkd.conftest import Client

MESSAGES = "/services/messages"


def test_a_negative_count(splunkd: Splunkd, admin: Client) -> None:
    for number in range(35):
        admin("POST", MESSAGES, {"name": f"m{number}", "value": "x", "severity": "warn"})
    listed = f"{MESSAGES}?count=-1"
    assert len(admin("GET", listed).entries) == 35
    splunkd.quirks.negative_count = "default"
    assert len(admin("GET", listed).entries) == 30
    assert len(admin("GET", f"{MESSAGES}?count=0").entries) == 35
    splunkd.quirks.negative_count = "refused"
    assert admin("GET", listed).status == 400


def test_a_startup_time_that_stays(splunkd: Splunkd) -> None:
    now = splunkd.startup_time
    splunkd.clock = lambda: now + 3600.0
    splunkd.quirks.keeps_startup_time = True
    splunkd.restart()
    assert splunkd.startup_time == now
    splunkd.quirks.keeps_startup_time = False
    splunkd.restart()
    assert splunkd.startup_time == now + 3600
