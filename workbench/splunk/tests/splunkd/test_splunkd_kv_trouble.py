"""A KV store that answers and does not keep, and its backups."""

from __future__ import annotations

import pytest

from workbench.splunk.splunkd import Splunkd
from workbench.splunk.tests.splunkd.conftest import Client
from workbench.splunk.tests.splunkd.sample_addon import APP

COLLECTION = "sample_states"
DATA = f"storage/collections/data/{COLLECTION}"


@pytest.fixture
def stored(admin: Client) -> Client:
    assert admin("POST", f"{DATA}/batch_save", value=[{"_key": "a", "n": 1}, {"_key": "b", "n": 1}]).status == 200
    return admin


def numbers(client: Client) -> dict[str, int]:
    return {document["_key"]: document["n"] for document in client("GET", DATA).json}


def change(client: Client) -> list[int]:
    """One write of each kind; their statuses."""
    return [
        client("POST", f"{DATA}/a", value={"n": 2}).status,
        client("POST", DATA, value={"_key": "c", "n": 2}).status,
        client("POST", f"{DATA}/batch_save", value=[{"_key": "d", "n": 2}]).status,
        client("DELETE", f"{DATA}/b").status,
        client("DELETE", f'{DATA}?query={{"_key":"b"}}').status,
    ]


@pytest.mark.parametrize("status", [403, 500, 503, 507])
def test_read_only(splunkd: Splunkd, stored: Client, status: int) -> None:
    splunkd.kv.trouble.read_only = status
    assert change(stored) == [status] * 5
    assert numbers(stored) == {"a": 1, "b": 1}
    splunkd.kv.trouble.read_only = None
    assert change(stored) == [200, 201, 200, 200, 200]


def test_a_lost_write(splunkd: Splunkd, stored: Client) -> None:
    splunkd.kv.trouble.forgets = True
    assert change(stored) == [200, 201, 200, 200, 200]
    assert stored("POST", f"{DATA}/x", value={"n": 2}).status == 404
    assert stored("POST", DATA, value={"_key": "a", "n": 2}).status == 409
    assert numbers(stored) == {"a": 1, "b": 1}
    splunkd.kv.trouble.forgets = False
    change(stored)
    assert numbers(stored) == {"a": 2, "c": 2, "d": 2}


def test_a_write_that_waits_is_done_later(splunkd: Splunkd, stored: Client) -> None:
    splunkd.kv.trouble.hangs = 0.2
    assert stored("POST", f"{DATA}/a", value={"n": 2}).status == 200
    assert numbers(stored) == {"a": 2, "b": 1}


@pytest.mark.parametrize("scope", [(None, None), (APP, COLLECTION)])
def test_a_backup_that_is_restored(splunkd: Splunkd, stored: Client, scope: tuple[str | None, str | None]) -> None:
    backup = splunkd.kv.backup(*scope)
    change(stored)
    splunkd.kv.restore(backup)
    assert numbers(stored) == {"a": 1, "b": 1}


def test_a_partial_restore_leaves_what_is_newer(splunkd: Splunkd, stored: Client) -> None:
    backup = splunkd.kv.backup(APP, COLLECTION)
    change(stored)
    splunkd.kv.restore(backup, keep_newer=True)
    assert numbers(stored) == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_a_backup_of_one_collection_is_none_of_another(splunkd: Splunkd, stored: Client) -> None:
    splunkd.kv.restore(splunkd.kv.backup(APP, "another"))
    assert numbers(stored) == {"a": 1, "b": 1}


def test_reads_that_lag_behind(splunkd: Splunkd, stored: Client) -> None:
    splunkd.kv.trouble.reads_from = splunkd.kv.backup()
    assert change(stored) == [200, 201, 200, 200, 200]
    assert numbers(stored) == {"a": 1, "b": 1}
    assert stored("GET", f"{DATA}/c").status == 404
    assert stored("POST", DATA, value={"_key": "c", "n": 3}).status == 409
    splunkd.kv.trouble.reads_from = None
    assert numbers(stored) == {"a": 2, "c": 2, "d": 2}
