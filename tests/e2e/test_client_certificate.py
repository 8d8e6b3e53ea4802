"""A splunkd that serves only clients with a certificate (`requireClientCert`), which no modular input is given."""

from __future__ import annotations

from tests.e2e.lab import PceLab
from tests.e2e.test_collection import event


def test_the_run_says_that_splunkd_does_not_serve_it_and_nothing_is_lost(lab: PceLab) -> None:
    lab.pce.record(event(1, age=60))
    asked = len(lab.server.requests)
    lab.splunkd.require_client_certificate = True
    lab.splunkd.restart()
    assert lab.run().exit_code == 1
    (record,) = lab.records()
    assert (record["outcome"], record["error_category"], record["events"]) == ("failed", "splunkd", 0)
    assert "management port" in record["error"]
    assert len(lab.server.requests) == asked

    lab.splunkd.require_client_certificate = False
    lab.splunkd.restart()
    assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)
