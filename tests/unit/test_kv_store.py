"""The KV store as a run meets it: what it waits for, what it gives up on, and what it says then."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from illumio_pce.errors import CollectorError, StateError
from illumio_pce.limits import DEFAULT_LIMITS as LIMITS
from illumio_pce.splunkd import KvStore
from splunklib.binding import HTTPError

from tests.simulation import SimulatedClock

DOCUMENT = {"_key": "audit", "input": "audit"}
READS: dict[str, Callable[[KvStore], Any]] = {
    "get": lambda store: store.get("audit"),
    "find": lambda store: store.find({"input": "audit"}),
}
WRITES: dict[str, Callable[[KvStore], Any]] = {
    "save": lambda store: store.save([DOCUMENT]),
    "insert": lambda store: store.insert(DOCUMENT),
    "replace": lambda store: store.replace(DOCUMENT),
    "delete": lambda store: store.delete({"input": "audit"}),
}
CALLS = {**READS, **WRITES}


class Splunkd:
    """Responses each request with what `result` makes of it; a request takes `seconds`."""

    def __init__(self, result: Callable[[], Any], seconds: float = 0.0) -> None:
        self.clock = SimulatedClock()
        self.requests = 0
        self._result = result
        self._seconds = seconds

    def get(self, *_: Any, **__: Any) -> Any:
        self.requests += 1
        self.clock.now += self._seconds
        return self._result()

    post = delete = get

    def store(self, timeout: float = LIMITS.kv_store_seconds) -> KvStore:
        return KvStore(self, self.clock, lambda: timeout)  # type: ignore[arg-type]


def status(code: int) -> Callable[[], Any]:
    def response() -> Any:
        raise HTTPError(SimpleNamespace(status=code, reason="x", body=BytesIO(json.dumps({}).encode()), headers=[]))

    return response


def silence() -> Any:
    raise TimeoutError("timed out")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("code", [400, 403, 405, 413, 507])
def test_a_refused_request_fails_at_once_and_names_the_operation(code: int, call: str) -> None:
    splunkd = Splunkd(status(code))
    with pytest.raises(StateError) as failure:
        CALLS[call](splunkd.store())
    assert splunkd.requests == 1
    assert f"cannot be {'read' if call in READS else 'written'} in the KV store (status {code})" in str(failure.value)
    for word in ("read-only mode", "kvstore-maintenance-mode", "full disk", "upgraded"):
        assert word in failure.value.remedy


@pytest.mark.parametrize("call", CALLS)
def test_an_expired_session_is_reported_as_such(call: str) -> None:
    splunkd = Splunkd(status(401))
    with pytest.raises(CollectorError, match="session") as failure:
        CALLS[call](splunkd.store())
    assert (splunkd.requests, failure.value.category) == (1, "splunkd")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_transient_errors_are_retried(code: int, call: str) -> None:
    responses: list[Callable[[], Any]] = [status(code), status(code), lambda: [] if call == "find" else {}]

    def next_one() -> Any:
        return responses.pop(0)()

    splunkd = Splunkd(next_one)
    CALLS[call](splunkd.store())
    assert splunkd.requests == 3


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("result", [status(503), silence], ids=["503", "silence"])
@pytest.mark.parametrize("seconds", [0.0, 14.0, LIMITS.kv_store_request_seconds])
def test_a_run_waits_for_the_kv_store_only_once(result: Callable[[], Any], seconds: float, call: str) -> None:
    splunkd = Splunkd(result, seconds)
    store, began = splunkd.store(), splunkd.clock.now
    with pytest.raises(StateError):
        CALLS[call](store)
    waited = splunkd.clock.now - began
    assert 28 <= waited <= 45
    requests = splunkd.requests
    for again in CALLS.values():
        with pytest.raises(StateError):
            again(store)
    assert (splunkd.clock.now - began, splunkd.requests) == (waited, requests)


@pytest.mark.parametrize("result", [status(503), silence], ids=["503", "silence"])
def test_a_store_that_is_asked_once_forgets_what_failed(result: Callable[[], Any]) -> None:
    answers: list[Callable[[], Any]] = [result, lambda: DOCUMENT, result, lambda: DOCUMENT]

    def next_one() -> Any:
        return answers.pop(0)()

    splunkd = Splunkd(next_one, seconds=15.0)
    store, began = splunkd.store(), splunkd.clock.now
    with pytest.raises(StateError), store.asked_once():
        store.get("audit")
    assert (splunkd.requests, splunkd.clock.now - began) == (1, 15.0)
    assert store.get("audit") == DOCUMENT
    assert store.get("audit") == DOCUMENT  # outside of it, what fails is repeated as before
    assert splunkd.requests == 4


def test_being_asked_once_does_not_undo_an_earlier_failure() -> None:
    splunkd = Splunkd(status(400))
    store = splunkd.store()
    with pytest.raises(StateError):
        store.get("audit")
    with pytest.raises(StateError), store.asked_once():
        store.get("audit")
    with pytest.raises(StateError):
        store.get("audit")
    assert splunkd.requests == 1


def test_after_a_stop_request_the_kv_store_gets_only_a_moment() -> None:
    splunkd = Splunkd(status(503))
    began = splunkd.clock.now
    with pytest.raises(StateError):
        splunkd.store(LIMITS.kv_store_seconds_at_stop).get("audit")
    assert splunkd.clock.now - began <= 5


@pytest.mark.parametrize("call", CALLS)
def test_once_splunkd_is_gone_the_kv_store_is_not_asked(call: str) -> None:
    splunkd = Splunkd(lambda: {})
    with pytest.raises(StateError, match="splunkd has gone"):
        CALLS[call](splunkd.store(-1.0))
    with pytest.raises(StateError, match="splunkd has gone"):
        store = splunkd.store(-1.0)
        with store.asked_once():
            CALLS[call](store)
    assert splunkd.requests == 0


def test_missing_and_existing_documents_are_not_errors() -> None:
    missing, taken = Splunkd(status(404)).store(), Splunkd(status(409)).store()
    assert [missing.get("audit"), missing.replace(DOCUMENT), taken.insert(DOCUMENT)] == [None, False, False]
    assert missing.get("audit") is None


@pytest.mark.parametrize("call", ["find", "save", "insert", "delete"])
def test_a_missing_collection_is_an_error(call: str) -> None:
    with pytest.raises(StateError, match="no such collection"):
        CALLS[call](Splunkd(status(404)).store())


@pytest.mark.parametrize("call", READS)
def test_a_malformed_response_is_an_error(call: str) -> None:
    with pytest.raises(StateError, match="cannot be read"):
        CALLS[call](Splunkd(lambda: "a page").store())
