"""What the detections raise in a healthy week of a large company: `python -m tests.detections.week`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.detections.model import SEVERITIES
from workbench.detect import alerts_over, needed_keepers
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.pce.events.week import healthy_week
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import keepers
from workbench.splunk.schedule.scheduler import News
from workbench.splunk.spl.store import EventStore

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "package"
#: 2031-03-03T00:00:00Z, a Monday.
MONDAY = 1_930_262_400.0
_HOUR = 3_600
#: Hours of the week; MORNING is Wednesday, 08:00 to 12:00.
WEEK, MORNING = range(7 * 24), range(2 * 24 + 8, 2 * 24 + 12)
#: More than the seconds before a run within which something has to be new to it; keys that expire are due one day.
_NEWS = News(1_200.0, frozenset({"credential_without_expiry"}))

# The feed from the CMDB relabels 400 workloads each night, as administrators list it.
_EXPECTED = "account,address,expected,until,note\ncmdb-feed,*,labels_removed,,nightly feed\n"

Alert = dict[str, object]


def alerts_of_the_week(only: Iterable[str] = (), hours: range = WEEK) -> list[Alert]:
    """All alerts of the shipped detections, or of `only` these, whether they are recommended or not.

    `hours`: those in which the detections run. The whole week takes some 20 minutes, a morning of it one.
    """
    chosen = set(only)
    confs = Confs.load(PACKAGE, lookups={"illumio_pce_expected_automation": _EXPECTED})
    stanzas = {name: one for name, one in saved_searches([PACKAGE]).items() if not chosen or name in chosen}
    knowledge = Knowledge(confs, 0.0)
    store = EventStore(Reader(confs, 0.0).records(healthy_week(MONDAY)), knowledge)
    begin, end = MONDAY + hours[0] * _HOUR, MONDAY + (hours[-1] + 1) * _HOUR
    kept = needed_keepers(stanzas, keepers([PACKAGE]), confs)
    return list(alerts_over(stanzas, knowledge, store, begin, end, news=_NEWS, keepers=kept))


def counted(found: Iterable[Alert]) -> dict[str, Counter[str]]:
    """Detection → how many alerts of each severity."""
    by_detection: dict[str, Counter[str]] = {}
    for alert in found:
        by_detection.setdefault(str(alert["detection"]), Counter())[str(alert["severity"])] += 1
    return by_detection


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how many alerts there are by detection and severity, and with --all each of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.detections.week", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="DETECTION", help="may be repeated")
    parser.add_argument("--all", action="store_true", help="print each alert too")
    options = parser.parse_args(arguments)
    found = alerts_of_the_week(options.only)
    if options.all:
        for alert in found:
            print(f"{_clock(alert)} {alert['detection']}, {alert['severity']}: {alert['reason']}")
    _table(counted(found))
    return 0


def _clock(alert: Alert) -> str:
    minutes = int(float(str(alert["time"])) - MONDAY) // 60
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[minutes // 1440 % 7]
    return f"{day} {minutes // 60 % 24:02}:{minutes % 60:02}"


def _table(by_detection: dict[str, Counter[str]]) -> None:
    print("detection".ljust(34), *(name[:8].rjust(8) for name in SEVERITIES), "all".rjust(8))
    for name, counts in [*sorted(by_detection.items()), ("all", sum(by_detection.values(), Counter[str]()))]:
        print(name.ljust(34), *(str(counts[one]).rjust(8) for one in SEVERITIES), str(counts.total()).rjust(8))


if __name__ == "__main__":
    sys.exit(main())
