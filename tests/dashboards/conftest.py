"""Three days that a page is opened on: a bad one, a quiet one, and one without any data."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest

from tests.dashboards.panels import Indexed, Page, Value
from workbench.pce.events.collected import Indexed as Event
from workbench.pce.events.day import company_day, company_past

#: 2031-03-03T00:00:00Z, a Monday; the pages are opened when it is over.
MONDAY = 1_930_262_400.0
DAY = 86_400

Open = Callable[..., Page]


@lru_cache(maxsize=3)
def events_of(day: str) -> list[Event]:
    """The events of a day by its name: bad, quiet or none. Three days lie before it."""
    return [] if day == "none" else [*company_past(MONDAY, 3), *company_day(MONDAY, quiet=day == "quiet")]


@pytest.fixture(scope="session")
def open_page(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens a view on a day, with tokens; what it searched is kept for the next one that asks."""

    @lru_cache(maxsize=3)
    def indexed(day: str) -> Indexed:
        return Indexed(events_of(day), MONDAY + DAY, Path(tmp_path_factory.mktemp(day)))

    @lru_cache(maxsize=64)
    def opened(view: str, day: str, chosen: frozenset[tuple[str, tuple[str, ...]]]) -> Page:
        tokens: dict[str, Value] = {name: values[0] if len(values) == 1 else list(values) for name, values in chosen}
        return Page(view, indexed(day), tokens)

    def open_one(view: str, day: str = "bad", **chosen: Value) -> Page:
        items = (
            (name.replace("__", "."), (value,) if isinstance(value, str) else tuple(value))
            for name, value in chosen.items()
        )
        return opened(view, day, frozenset(items))

    return open_one
