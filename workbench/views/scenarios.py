"""What the dashboards are looked at with: a day at a company, in four variants, at its end."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from workbench.event_files import Reader
from workbench.pce.events.day import company_day, company_past
from workbench.splunk.conf.reader import Confs
from workbench.splunk.dashboards.engine import EventsEngine
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Event
from workbench.splunk.splunkd.engine import Engine, NothingFound, Report, Results
from workbench.views.fleet import company_inventory
from workbench.views.weeks import LOOKUP, weeks_before

#: Midnight behind Monday, 2 March 2026, UTC.
NOW = 1_772_496_000.0
_DAY = 86_400
#: Days before: as many as an expected band needs, and few, since each is searched through.
_DAYS = 4
#: The keepers that a company enables for its security overview, and for what its inventory tells.
KEEPERS = ("Illumio PCE - VENs seen - Keeper", "Illumio PCE - Workloads - Keeper")
#: The one that it enables for the page Weekly.
SUMMARY = "Illumio PCE - Daily summary - Keeper"
FAILURE = "the indexers do not answer"


class Failing(NothingFound):
    """Every search fails."""

    def search(self, spl: str, earliest: str, latest: str) -> Results:
        """Raises Refused."""
        raise Refused(FAILURE)

    def report(self, name: str) -> Report | None:
        """Raises Refused."""
        raise Refused(FAILURE)


@cache
def engine(scenario: str, addon: Path) -> Engine:
    """The engine of `quiet`, `bad`, `none` (no event at all) or `failing`."""
    if scenario == "failing":
        return Failing()
    if scenario == "none":
        return EventsEngine(addon, (), NOW)
    return company_engine(addon, NOW, quiet=scenario == "quiet")


def company_engine(addon: Path, now: float, *, quiet: bool = False) -> EventsEngine:
    """The engine over a company's last day and the quiet days before it. `now` is a midnight, UTC, epoch seconds."""
    day = company_day(now - _DAY, quiet=quiet)
    inventory = company_inventory(now - 7200, day, quiet=quiet)
    found = EventsEngine(addon, [*_past(addon, now), *_received(addon, [*day, *inventory], now)], now)
    for keeper in KEEPERS:
        found.keep(keeper)
    found.write(LOOKUP, weeks_before(now - _DAY))
    found.keep_when_read(SUMMARY)
    return found


@lru_cache(maxsize=1)
def _past(addon: Path, now: float) -> list[Event]:
    return _received(addon, company_past(now - _DAY, _DAYS), now)


def _received(addon: Path, records: list[dict[str, object]], now: float) -> list[Event]:
    return Reader(Confs.load(addon), now).records(records)
