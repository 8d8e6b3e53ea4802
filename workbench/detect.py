"""Every shipped detection over files of events: `python -m workbench.detect FILE…`.

Each saved search runs on its own schedule, whether it ships off or not, from --from (the first event's time, unless
given) to --now. Lookups start as shipped; those that scheduled searches keep are first built from the events before
--from. One JSON object an alert on standard output. An emulation of splunkd's scheduler: what it does not
know it refuses, with exit code 2 and a message with the place on standard error.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from workbench.command_line import APP, Parser, are_long, ended, load_confs, moment, told_events
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.refusal import Refused
from workbench.splunk.schedule.saved_search import SavedSearch
from workbench.splunk.schedule.savedsearches_conf import Stanzas, keepers, written_lookup
from workbench.splunk.schedule.scheduler import Alert, Busy, News, Run, Scheduler, read_searches
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.store import EventStore
from workbench.splunk.spl.values import Event

_SEVERITIES = ("informational", "low", "medium", "high", "critical", "critical")


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay the files; the exit code."""
    options = _parser().parsed(arguments)
    return ended(lambda: _replay(options))


def alerts(
    stanzas: Stanzas,
    confs: Confs,
    events: Iterable[Event],
    start: float | None,
    now: float,
    busy: Busy = (),
    *,
    keepers: Stanzas | None = None,
    on_disk: bool = False,
) -> Iterator[dict[str, object]]:
    """The alerts of all detections that run from `start` until before `now` (epoch seconds), as they are printed.

    They run whether they ship off or not; without `start`, from the first event's time on. No run can start
    in the ranges of `busy` ([from, to)). `keepers` are the searches that write lookups; without them the lookups
    stay as shipped. With `on_disk` many events need little memory.
    """
    knowledge = Knowledge(confs, now)
    store = EventStore(events, knowledge, on_disk=on_disk)
    return alerts_over(stanzas, knowledge, store, start, now, busy, keepers=keepers)


def alerts_over(
    stanzas: Stanzas,
    knowledge: Knowledge,
    store: EventStore,
    start: float | None,
    now: float,
    busy: Busy = (),
    *,
    news: News | None = None,
    keepers: Stanzas | None = None,
) -> Iterator[dict[str, object]]:
    """The same over a store of events, for whoever replays several times; `news` is a shortcut of the scheduler."""
    knowledge.restore_collections()
    begin = store.first_time if start is None else start
    if begin is None:
        return
    scheduler = Scheduler(store, knowledge, news=news)
    keeping = _enabled(keepers or {})
    for search in keeping:
        scheduler.results(Run(search, int(begin), begin))
    for alert in scheduler.alerts([*keeping, *_enabled(stanzas)], begin, now, busy):
        yield from _described(alert, stanzas[alert.search.name])


def _enabled(stanzas: Stanzas) -> list[SavedSearch]:
    return read_searches({name: {**stanza, "disabled": "0"} for name, stanza in stanzas.items()})


def _described(alert: Alert, stanza: dict[str, str]) -> Iterator[dict[str, object]]:
    title = stanza.get("action.correlationsearch.label", alert.search.name)
    for row in alert.rows:
        severity = row.get("severity", _SEVERITIES[alert.severity - 1])
        yield {**row, "detection": alert.search.name, "title": title, "time": alert.time, "severity": severity}


def _replay(options: argparse.Namespace) -> int:
    now = moment(options.now, "--now") or 0.0
    start = moment(options.start, "--from", now)
    if start is not None and start > now:
        raise Refused("later than --now: nothing would run", "--from")
    folders = options.app or [APP]
    confs, stanzas = load_confs(folders), saved_searches(folders)
    events = told_events(options, confs, now)
    chosen, long = _chosen(stanzas, options.only), are_long(options.files)
    kept = needed_keepers(chosen, keepers(folders), confs)
    for alert in alerts(chosen, confs, events, start, now, keepers=kept, on_disk=long):
        print(json.dumps(alert, ensure_ascii=False))
    return 0


def needed_keepers(chosen: Stanzas, keepers: Stanzas, confs: Confs) -> Stanzas:
    """The keepers whose lookups one of the searches reads."""
    macros = {name: settings.texts() for name, settings in confs.stanzas("macros").items()}
    texts = " ".join(expand(stanza.get("search", ""), macros) for stanza in chosen.values())
    words = set(re.findall(r"\w+", texts))
    return {name: stanza for name, stanza in keepers.items() if written_lookup(stanza) in words}


def _chosen(stanzas: Stanzas, only: Sequence[str] | None) -> Stanzas:
    unknown = sorted(set(only or ()) - set(stanzas))
    if unknown:
        raise Refused(f"no such detection: {', '.join(unknown)}; choose from {', '.join(sorted(stanzas))}", "--only")
    return {name: stanza for name, stanza in stanzas.items() if not only or name in only}


def _parser() -> Parser:
    parser = Parser("./build.sh detect", __doc__)
    parser.add_files()
    parser.add_time("--from", dest="start", help="when the schedules start: -14d, epoch seconds, ISO 8601")
    parser.add_time("--now", default="now", help="when they end (default: the current time)")
    parser.add_argument("--only", action="append", metavar="ID", help="only this detection; may be repeated")
    return parser


if __name__ == "__main__":
    sys.exit(main())
