"""One shipped detection, run over events."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs
from workbench.splunk.spl.values import Event

PACKAGE = Path(__file__).resolve().parents[2] / "package"


@lru_cache(maxsize=4)
def shipped(high_value_labels: str = "") -> Confs:
    """The add-on's confs; `high_value_labels`: the text of that lookup, which ships empty."""
    lookups = {"illumio_pce_high_value_labels": high_value_labels} if high_value_labels else {}
    return Confs.load(PACKAGE, lookups=lookups)


def replay(
    detection: str, events: Iterable[Event], begin: float | None, until: float, confs: Confs | None = None
) -> list[dict[str, Any]]:
    """The alerts from `begin` (the first event, unless given) until `until`, epoch seconds."""
    return list(alerts({detection: saved_searches([PACKAGE])[detection]}, confs or shipped(), events, begin, until))
