"""The KV store as a run meets it: what it waits for, what it gives up on, and what it says then."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from illumio_pce.errors import CollectorError, StateError
from illumio_pce.splunkd import KV_STORE_PATIENCE, KV_STORE_PATIENCE_AT_STOP, KV_STORE_REQUEST_SECONDS, KvStore
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
    """Answers each request with what `result` makes of it; a request takes `seconds`."""

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

    def store(self, patience: float = KV_STORE_PATIENCE) -> KvStore:
        return KvStore(self, self.clock, lambda: patience)  # type: ignore[arg-type]


def status(code: int) -> Callable[[], Any]:
    def answer() -> Any:
        raise HTTPError(SimpleNamespace(status=code, reason="x", body=BytesIO(json.dumps({}).encode()), headers=[]))

    return answer


def silence() -> Any:
    raise TimeoutError("timed out")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("code", [400, 403, 405, 413, 507])
def test_a_refusal_is_an_error_at_once_that_says_which_way_failed(code: int, call: str) -> None:
    splunkd = Splunkd(status(code))
    with pytest.raises(StateError) as failure:
        CALLS[call](splunkd.store())
    assert splunkd.requests == 1
    assert f"cannot be {'read' if call in READS else 'written'} in the KV store (status {code})" in str(failure.value)
    for word in ("read-only mode", "kvstore-maintenance-mode", "full disk", "upgraded"):
        assert word in failure.value.remedy


@pytest.mark.parametrize("call", CALLS)
def test_a_session_that_ended_is_named_and_not_the_kv_store(call: str) -> None:
    splunkd = Splunkd(status(401))
    with pytest.raises(CollectorError, match="session") as failure:
        CALLS[call](splunkd.store())
    assert (splunkd.requests, failure.value.category) == (1, "splunkd")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_what_may_pass_is_asked_for_again_and_comes(code: int, call: str) -> None:
    answers: list[Callable[[], Any]] = [status(code), status(code), lambda: [] if call == "find" else {}]

    def next_one() -> Any:
        return answers.pop(0)()

    splunkd = Splunkd(next_one)
    CALLS[call](splunkd.store())
    assert splunkd.requests == 3


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("result", [status(503), silence], ids=["503", "silence"])
@pytest.mark.parametrize("seconds", [0.0, 14.0, KV_STORE_REQUEST_SECONDS])
def test_no_run_waits_a_minute_for_it_nor_a_second_time(result: Callable[[], Any], seconds: float, call: str) -> None:
    splunkd = Splunkd(result, seconds)
    store, began = splunkd.store(), splunkd.clock.now
    with pytest.raises(StateError):
        CALLS[call](store)
    waited = splunkd.clock.now - began
    assert KV_STORE_PATIENCE - 2 <= waited <= KV_STORE_PATIENCE + KV_STORE_REQUEST_SECONDS < 50
    requests = splunkd.requests
    for again in CALLS.values():
        with pytest.raises(StateError):
            again(store)
    assert (splunkd.clock.now - began, splunkd.requests) == (waited, requests)


def test_once_splunkd_asked_for_the_end_it_is_waited_for_a_moment() -> None:
    splunkd = Splunkd(status(503))
    began = splunkd.clock.now
    with pytest.raises(StateError):
        splunkd.store(KV_STORE_PATIENCE_AT_STOP).get("audit")
    assert splunkd.clock.now - began <= 5


@pytest.mark.parametrize("call", CALLS)
def test_once_splunkd_has_gone_nothing_is_asked(call: str) -> None:
    splunkd = Splunkd(lambda: {})
    with pytest.raises(StateError, match="splunkd has gone"):
        CALLS[call](splunkd.store(-1.0))
    assert splunkd.requests == 0


def test_what_is_missing_and_what_is_there_already_is_no_error() -> None:
    missing, taken = Splunkd(status(404)).store(), Splunkd(status(409)).store()
    assert [missing.get("audit"), missing.replace(DOCUMENT), taken.insert(DOCUMENT)] == [None, False, False]
    assert missing.get("audit") is None


@pytest.mark.parametrize("call", ["find", "save", "insert", "delete"])
def test_a_collection_that_is_not_there_is_an_error(call: str) -> None:
    with pytest.raises(StateError, match="no such collection"):
        CALLS[call](Splunkd(status(404)).store())


@pytest.mark.parametrize("call", READS)
def test_an_answer_of_another_form_is_an_error(call: str) -> None:
    with pytest.raises(StateError, match="cannot be read"):
        CALLS[call](Splunkd(lambda: "a page").store())
