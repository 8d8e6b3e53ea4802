"""Sends what a reconciliation found missing, although it counts as delivered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Callable

from .backfill import Backfill
from .context import RunContext
from .delivery import Delivery
from .events import Events
from .fetch import Fetcher
from .pce import Page, Window
from .windows import split


def send_backfills(backfills: Iterable[Backfill], context: RunContext, delivery: Delivery, fetcher: Fetcher) -> None:
    """Send what is due, and remove what is done."""
    now, boot_id = context.clock.time(), context.splunkd_boot_id
    for backfill in backfills:
        if backfill.problem:
            context.record.note(f"a backfill request of a reconciliation cannot be read: {backfill.problem}")
        if backfill.is_done(boot_id, now):
            context.state.delete_backfill(backfill)
        elif backfill.is_due(boot_id):
            _send(backfill, context, delivery, fetcher)


def _send(backfill: Backfill, context: RunContext, delivery: Delivery, fetcher: Fetcher) -> None:
    for page in pages_of(backfill, fetcher.page, fetcher.by_job, delivery.missing_keys):
        delivery.resend(page)
    left = len(delivery.missing_keys & backfill.keys)
    if left:
        context.record.note(f"{left} events that a reconciliation requested are no longer in the PCE")
    sent = replace(backfill, sent_at=context.clock.time(), splunkd_boot_id=context.splunkd_boot_id)
    context.state.save_backfill(sent)


def pages_of(
    backfill: Backfill,
    fetch: Callable[[str, Window], Page],
    fetch_all: Callable[[str, Window], Iterable[Events]],
    wanted: set[int],
) -> Iterator[Events]:
    """The named events that the PCE still has, page by page; `wanted` are the keys that are still missing.

    `fetch_all` gives a window's events where a response cannot hold them and no bound lies between its ends.
    """
    windows = [Window(backfill.low, backfill.high)]
    while windows:
        window = windows.pop()
        page = fetch(backfill.collection, window)
        parts = split(window, page) if page.cut else None
        if parts is not None:
            windows += parts
            continue
        tables = fetch_all(backfill.collection, window) if page.cut else [page.events]
        named = (event for events in tables for event in events if event.key in backfill.keys)
        found = {event.key: event for event in named if event.key in wanted}
        if found:
            yield Events.of(found.values())
