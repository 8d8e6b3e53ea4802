"""Limits of time and size that a run keeps to, in one place; tests pass in shorter ones."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Seconds, unless the name says otherwise.

    `max_results`: the most events that the PCE puts into one response. `retry_seconds`: a run gives up when nothing has
    succeeded for this long; 120 are promised. `read_timeout_seconds`: one piece of a response has to arrive within this
    time. `slow_response_seconds`, `max_response_bytes` (decompressed): a response that takes longer, or is larger, is
    requested again in smaller parts. `datafile_seconds`: how long the pieces of a datafile are waited for altogether.

    `job_seconds`, `job_poll_seconds`: how long, and how often, an asynchronous job is asked for its result.
    `collection_seconds`: how long the PCE has for the job of a whole collection. `collection_retries`: how often such a
    job's datafile is requested again, `collection_pause_seconds` apart, where it did not come whole.
    `whole_list_seconds`: how long the PCE may think about a collection that it gives without a job; less than a lease
    has left.
    `present_seconds`: during a backlog, how often new events are read.

    `kv_store_request_seconds`: one request to the KV store. `kv_store_seconds`: how long a failing one is repeated,
    since the KV store is not ready for a while after splunkd starts; with the last request, a run waits no longer than
    45 seconds. `kv_store_seconds_at_stop`: the same once splunkd asked the run to end, since it waits about 30 seconds
    before it kills the process.

    `watch_seconds`: how often a run checks whether the process that started it still lives.
    """

    max_results: int = 10_000
    retry_seconds: float = 105.0
    read_timeout_seconds: float = 30.0
    slow_response_seconds: float = 35.0
    max_response_bytes: int = 24 * 1024 * 1024
    datafile_seconds: float = 900.0
    job_seconds: float = 600.0
    job_poll_seconds: float = 5.0
    collection_seconds: float = 1800.0
    collection_retries: int = 2
    collection_pause_seconds: float = 10.0
    whole_list_seconds: float = 240.0
    present_seconds: float = 60.0
    kv_store_request_seconds: float = 15.0
    kv_store_seconds: float = 30.0
    kv_store_seconds_at_stop: float = 5.0
    watch_seconds: float = 3.0


DEFAULT_LIMITS = Limits()
