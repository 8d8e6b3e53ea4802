"""The dashboards of a built add-on at a local address, over given events."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.splunk.dashboards.engine import EventsEngine
from workbench.splunk.splunkd import Splunkd
from workbench.splunk.splunkd.engine import Engine
from workbench.splunk.splunkd.web import Web


class Site:
    """Serves until `close`. An emulation; `web.refused` and `web.searches.asked` tell what the pages asked."""

    def __init__(self, splunkd: Splunkd, app: str, engine: Engine) -> None:
        self.app = app
        self.web = Web(splunkd, engine=engine)
        self._home: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def over(cls, addon: Path, events: Iterable[Mapping[str, Any]], now: float) -> Site:
        """A site over events as they were indexed, with a stand-in for splunkd of its own; `now` in epoch seconds."""
        return cls.of(addon, EventsEngine(addon, events, now), now)

    @classmethod
    def of(cls, addon: Path, engine: Engine, now: float) -> Site:
        """A site whose searches an engine answers."""
        home = tempfile.TemporaryDirectory(prefix="dashboards-")
        splunkd = Splunkd(Path(home.name), clock=lambda: now)
        splunkd.install(addon)
        site = cls(splunkd, addon.name, engine)
        site._home = home
        return site

    def uri(self, view: str) -> str:
        """Where a view is."""
        return f"{self.web.uri}/app/{self.app}/{view}"

    def close(self) -> None:
        """Stop serving."""
        self.web.close()
        if self._home:
            self._home.cleanup()

    def __enter__(self) -> Site:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
