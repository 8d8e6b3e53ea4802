"""Which detections notice the given attacks: `python -m tests.detections.attacks [ID…]`.

The scenarios are not part of the repository. Each is replayed together with the events of a quiet company; what that
company alone raises does not count.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path

from tools.detections.model import SEVERITIES
from workbench.detect import alerts_over, needed_keepers
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import Stanzas, keepers
from workbench.splunk.spl.knowledge import NoKnowledge
from workbench.splunk.spl.store import EventStore, Range
from workbench.splunk.spl.values import Event

ROOT = Path(__file__).resolve().parents[2]
GIVEN = ROOT.parent / "shared" / "data" / "attacks"
PACKAGE = ROOT / "package"

#: Minutes from the first hostile event within which an alert is in time.
IN_TIME = 30
#: Minutes from a scenario's first event to its first hostile one, where the first event is ordinary work.
ORDINARY_FIRST = {"a05_ex_employee": 40, "a20_session_stolen": 40}
#: Minutes that a scenario itself takes until it is more than ordinary work, which come on top.
SLOW = {"c21_provision_sliced": 15}

Alert = dict[str, object]


@dataclass(frozen=True)
class Notice:
    """An alert that the attack raised, `minutes` after its first hostile event."""

    detection: str
    severity: str
    minutes: float
    reason: str


@dataclass(frozen=True)
class Scenario:
    """One attack or accident of the manifest; times are epoch seconds."""

    id: str
    description: str
    wanted: str
    least: str
    file: Path
    background: Path
    start: float
    now: float

    @cached_property
    def hostile_from(self) -> float:
        """When its first hostile event happens."""
        lines = self.file.read_text(encoding="utf-8").splitlines()
        first = min(float(json.loads(line)["_time"]) for line in lines)
        return first + 60 * ORDINARY_FIRST.get(self.id, 0)

    def notices(self, only: Iterable[str] = ()) -> list[Notice]:
        """What the detections, or `only` these, raise because of it, the earliest first."""
        known = {_identity(alert) for alert in _background_alone(self.background)}
        found = _replayed(_stanzas(only), self.background, self.file, self.start, self.now)
        return [self._notice(alert) for alert in found if _identity(alert) not in known]

    def is_answered_by(self, notice: Notice) -> bool:
        """Whether that is severe enough and in time."""
        severe = SEVERITIES.index(notice.severity) >= SEVERITIES.index(self.least)
        return severe and 0 <= notice.minutes <= IN_TIME + SLOW.get(self.id, 0)

    def _notice(self, alert: Alert) -> Notice:
        minutes = (float(str(alert["time"])) - self.hostile_from) / 60
        return Notice(str(alert["detection"]), str(alert["severity"]), minutes, str(alert["reason"]))


def scenarios(folder: Path = GIVEN) -> list[Scenario]:
    """Those of the manifest; none where there is no manifest."""
    manifest = folder / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else []
    return [
        Scenario(
            **{name: one[name] for name in ("id", "description", "wanted", "least")},
            file=folder / one["file"],
            background=folder / one["background"],
            start=_seconds(one["from"]),
            now=_seconds(one["now"]),
        )
        for one in told
    ]


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _identity(alert: Alert) -> str:
    return json.dumps([alert.get(name) for name in ("detection", "time", "alert_key", "href")])


@lru_cache(maxsize=2)
def _background_alone(background: Path) -> list[Alert]:
    """All that the background raises at any time, throttled or not, over all scenarios that have it."""
    those = [one for one in scenarios(background.parent) if one.background == background]
    start, now = min(one.start for one in those), max(one.now for one in those)
    unthrottled = {name: {**stanza, "alert.suppress": "0"} for name, stanza in _stanzas(()).items()}
    return list(_replayed(unthrottled, background, None, start, now))


def _replayed(stanzas: Stanzas, background: Path, attack: Path | None, start: float, now: float) -> Iterator[Alert]:
    events = [*_background_events(background), *(_with_fields(attack) if attack else [])]
    kept = needed_keepers(stanzas, keepers([PACKAGE]), _confs())
    return alerts_over(stanzas, _knowledge(), EventStore(events, NoKnowledge()), start, now, keepers=kept)


def _stanzas(only: Iterable[str]) -> Stanzas:
    chosen = set(only)
    return {name: stanza for name, stanza in saved_searches([PACKAGE]).items() if not chosen or name in chosen}


@lru_cache(maxsize=1)
def _confs() -> Confs:
    return Confs.load(PACKAGE)


@lru_cache(maxsize=1)
def _knowledge() -> Knowledge:
    return Knowledge(_confs(), 0.0)


@lru_cache(maxsize=2)
def _background_events(path: Path) -> list[Event]:
    return _with_fields(path)


def _with_fields(path: Path) -> list[Event]:
    return EventStore(Reader(_confs(), 0.0).read([path]), _knowledge()).select(Range())


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what notices each scenario; 1 where one is noticed too late, too mildly or not at all."""
    parser = argparse.ArgumentParser(prog="python -m tests.detections.attacks", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="scenarios, or how their ids begin (all)")
    parser.add_argument("--only", action="append", default=[], metavar="DETECTION", help="may be repeated")
    options = parser.parse_args(arguments)
    chosen = [one for one in scenarios() if not options.ids or one.id.startswith(tuple(options.ids))]
    if not chosen:
        parser.error(f"no such scenario in {GIVEN}")
    answered = [_printed(one, options.only) for one in chosen]
    print(f"{sum(answered)} of {len(answered)} noticed in time and severely enough")
    return 0 if all(answered) else 1


def _printed(one: Scenario, only: Sequence[str]) -> bool:
    notices = one.notices(only)
    answered = any(map(one.is_answered_by, notices))
    print(f"{'ok  ' if answered else 'GAP '}{one.id} (at least {one.least}): {one.description}")
    for notice in notices:
        print(f"      {notice.detection}, {notice.severity}, after {notice.minutes:.0f} min: {notice.reason}")
    if not answered:
        print(f"      wanted: {one.wanted}")
    return answered


if __name__ == "__main__":
    sys.exit(main())
