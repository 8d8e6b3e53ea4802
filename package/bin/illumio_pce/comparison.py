"""Whether the collection `/system_events` holds events that the organisation's own collection lacks.

Public data shows system events in both; nothing shows that all are in both (events API: two collections). An
input without `include_system_events` reads the second alone, so this says whether something would be missed.
"""

from __future__ import annotations

from typing import Callable

from .events import AuditEvent
from .pce import Page, Window
from .timestamps import DAY, MINUTE

#: So many system events are looked up, one request each.
LOOK_UPS = 20
#: What is younger than this (ms) may be on its way from one collection to the other.
_YOUNG = 15 * MINUTE


def compare_collections(
    fetch: Callable[[str, Window], Page], unknown: Callable[[AuditEvent], bool], now_ms: int
) -> dict[str, int]:
    """Look up the newest system events of a day that were not delivered: `found`, `looked_up` and `missing` of them.

    Raises PceError, where the key may not read them for one.
    """
    page = fetch("system_events", Window(now_ms - DAY, now_ms - _YOUNG))
    doubtful = [(e.key, e.ms) for e in page.events if e.has_href and e.ms is not None and unknown(e)][:LOOK_UPS]
    missing = sum(not _is_there(fetch, key, ms) for key, ms in doubtful)
    return {"found": len(page.events), "looked_up": len(doubtful), "missing": missing}


def _is_there(fetch: Callable[[str, Window], Page], key: int, ms: int) -> bool:
    page = fetch("events", Window(ms, ms + 1))
    return page.cut or key in page.events.keys
