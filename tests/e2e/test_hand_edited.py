"""Runs with conf files that somebody edited by hand, past every form."""

from __future__ import annotations

import os

import pytest
from illumio_pce.errors import REMEDIES

from tests.e2e.lab import PceLab
from tests.e2e.test_collection import event
from workbench.lab import APP

INPUTS, SETTINGS, STANZA = "inputs", "ta_illumio_pce_settings", "illumio_pce_events://audit"


def edit(lab: PceLab, conf: str, stanza: str, **settings: str) -> None:
    lab.splunkd.confs.write(APP, conf, stanza, settings)


def failure(lab: PceLab) -> str:
    """How a run fails, as its record has it, without the remedy that its category has."""
    assert lab.run().exit_code == 1
    record = lab.records()[-1]
    assert record["outcome"] == "failed"
    return (
        f"{record['error_category']}: {record['error'].removesuffix(' ' + REMEDIES.get(record['error_category'], ''))}"
    )


@pytest.mark.parametrize("level", ["INFOx", "verbose", "20"])
def test_an_invalid_log_level_does_not_stop_a_run(lab: PceLab, level: str) -> None:
    lab.pce.record(event(1))
    edit(lab, SETTINGS, "logging", loglevel=level)
    assert lab.run().exit_code == 0
    assert len(lab.delivered()) == 1
    assert lab.log().count(f'It is "{level}", so INFO is used.') == 1


def test_an_interval_of_splunkd_and_a_start_in_the_future_are_noted(lab: PceLab) -> None:
    edit(lab, INPUTS, STANZA, interval="*/5 * * * *", start_time="2101-01-01T00:00:00Z")
    assert lab.run().exit_code == 0
    assert lab.records()[-1]["notes"][:2] == [
        "inputs.conf: The polling interval must be a whole number of seconds from 30 to 86400.",
        "inputs.conf: The start time is in the future. Enter an earlier time: nothing from before it would be collected.",
    ]


@pytest.mark.parametrize("spelling", ["yes", "t", "ON", "1"])
def test_system_events_are_collected_however_true_is_spelled(lab: PceLab, spelling: str) -> None:
    edit(lab, INPUTS, STANZA, include_system_events=spelling)
    assert lab.run().exit_code == 0
    assert any(request.path.endswith("/system_events") for request in lab.server.requests)


def test_an_invalid_boolean_is_an_error(lab: PceLab) -> None:
    edit(lab, INPUTS, STANZA, include_system_events="sometimes")
    assert failure(lab).startswith("input: Include system events must be one of 1, true, t, yes, y, on or 0, false")
    edit(lab, INPUTS, STANZA, include_system_events="0")
    edit(lab, SETTINGS, "proxy", proxy_enabled="sometimes")
    assert failure(lab).startswith("proxy: Enable proxy must be one of 1, true, t, yes, y, on or 0, false")


def test_an_invalid_index_name_loses_neither_events_nor_the_record(lab: PceLab) -> None:
    lab.pce.record(event(1))
    edit(lab, INPUTS, STANZA, index="my index")
    assert failure(lab).startswith("input: The index is not a valid index name.")
    edit(lab, INPUTS, STANZA, index="Main")
    assert lab.run().exit_code == 0
    assert [found.index for found in lab.events()] == ["main"]


@pytest.mark.parametrize("garbled", [False, True])
def test_a_secret_from_another_instance_is_distinguished_from_a_missing_one(lab: PceLab, garbled: bool) -> None:
    (lab.splunkd.home / "etc/auth/splunk.secret").write_bytes(os.urandom(32))
    lab.splunkd.passwords.garbled = garbled
    assert failure(lab) == (
        "account: The account 'lab' cannot be used. The API secret is stored, but this Splunk instance cannot decrypt "
        "it, because it was encrypted with another splunk.secret. Enter it again on this instance. All members of a "
        "search head cluster need the same splunk.secret."
    )
    for password in lab.splunkd.passwords.all(APP):
        lab.splunkd.passwords.delete(APP, password)
    assert failure(lab) == "account: The account 'lab' cannot be used. The API secret is missing."
