"""Whether the collection `/system_events` holds events that the organisation's own collection lacks.

Public data shows system events in both; nothing shows that all are in both (events API: two collections). An
input without `include_system_events` reads the second alone, so this says whether something would be missed.
"""

from __future__ import annotations

from typing import Callable

from .context import RunContext
from .delivery import Delivery
from .errors import PceError
from .events import AuditEvent
from .fetch import Fetcher
from .pce import Page, Window
from .timestamps import DAY, MINUTE

#: So many system events are looked up, one request each.
LOOK_UPS = 20
#: What is younger than this (ms) may be on its way from one collection to the other.
_YOUNG = 15 * MINUTE


def record_comparison(context: RunContext, delivery: Delivery, fetcher: Fetcher) -> None:
    """Compare them, and record what was found. Raises PceError where the key is refused, and for nothing else."""
    try:
        found = compare_collections(fetcher.page, delivery.is_unknown, context.pce_now_ms())
    except PceError as error:
        if error.category == "refused_key":
            raise
        return
    context.record.system_events = found
    if found["missing"]:
        context.record.note(
            f"of {found['looked_up']} system events that were looked up, {found['missing']} are in /system_events "
            "only: switch on 'Include system events' to collect them from then on, and run illumiopcereconcile with "
            "collect=true for those before"
        )


def compare_collections(
    fetch: Callable[[str, Window], Page], unknown: Callable[[AuditEvent], bool], now_ms: int
) -> dict[str, int]:
    """Look up the newest system events of a day that were not delivered lately: `found`, `looked_up` and `missing`.

    Which those are is up to `unknown`; most were delivered earlier, and are found. Raises PceError, where the key may
    not read them for one.
    """
    page = fetch("system_events", Window(now_ms - DAY, now_ms - _YOUNG))
    doubtful = [(e.key, e.ms) for e in page.events if e.has_href and e.ms is not None and unknown(e)][:LOOK_UPS]
    missing = sum(not _is_there(fetch, key, ms) for key, ms in doubtful)
    return {"found": len(page.events), "looked_up": len(doubtful), "missing": missing}


def _is_there(fetch: Callable[[str, Window], Page], key: int, ms: int) -> bool:
    page = fetch("events", Window(ms, ms + 1))
    return page.cut or key in page.events.keys
