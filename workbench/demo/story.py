"""The demo's story: events are collected, a run is killed, others come late; health, fleet; a day at a company."""

from __future__ import annotations

import json
import random
import time
from collections import Counter

from workbench.demo.company import tell_day
from workbench.demo.dashboards import show_dashboards
from workbench.demo.fleet import tell_fleet
from workbench.demo.health import tell_health
from workbench.demo.show import record_line, say, step, table
from workbench.lab import Lab
from workbench.pce import Pce, PceServer
from workbench.pce.events.generate import generate
from workbench.splunk.splunkd import Kill

_WEEK = 7 * 86_400
_BACKLOG = 30_000
_BURST = 6_000
_LATE = 25
#: Of the burst, and of the company that it tells of.
_BURST_SEED = 2


def tell(lab: Lab, *, stay: bool) -> int:
    """Tell it; the exit status. With `stay`, the pages stay open until Ctrl-C."""
    print("The add-on running between an EMULATED PCE and an EMULATED splunkd. Nothing leaves this machine.")
    pce = Pce()
    now = time.time()
    step(1, f"A PCE with {_BACKLOG:,} audit events from the last week (generated, in the formats that PCEs send)")
    _record(pce, now - _WEEK, now - 60, _BACKLOG, seed=1)
    with PceServer(pce) as server:
        say(f"it listens at {server.url}, over TLS with a certificate from a private CA")
        key = pce.add_key()
        step(2, "An account and an input, saved through the add-on's own REST handlers")
        lab.add_account(
            pce_url=server.url,
            org_id=str(pce.org_id),
            api_key_id=key.key_id,
            api_secret=key.secret,
            ca_certificate=server.ca_pem,
        )
        lab.add_input(start_time="-8d")
        say("the account was checked against the PCE before it was saved; the secret is stored separately")
        _first_run_is_killed(lab)
        _second_run_goes_on(lab)
        _late_arrivals(lab, pce)
        exact = _compare(lab, pce)
        _indexed(lab)
        tell_health(lab, pce, 8)
        tell_fleet(lab, pce, _BURST_SEED, 9)
        found = tell_day(lab.addon, 10)
        show_dashboards(lab, 11, stay=stay)
    print("\nNext: ./build.sh test, or docs/install.md.")
    return 0 if exact and found else 1


def _record(pce: Pce, start: float, end: float, count: int, seed: int) -> None:
    pce.record_many(generate(int(start * 1000), int(end * 1000), count, seed=seed))


def _first_run_is_killed(lab: Lab) -> None:
    step(3, "The first run reads new events, then the backlog, and is killed (kill -9) halfway")
    run = lab.run(kill=Kill(after_events=_BACKLOG // 2))
    say(f"killed after {run.seconds:.1f} s; splunkd had received {run.events:,} events")


def _second_run_goes_on(lab: Lab) -> None:
    step(4, "The second run resumes after the last delivered event")
    run = lab.run()
    say(f"{run.events - 1:,} events in {run.seconds:.1f} s; {record_line(lab.records()[-1])}")


def _late_arrivals(lab: Lab, pce: Pce) -> None:
    step(5, f"A burst of {_BURST:,} new events, and {_LATE} that arrive late because their agents were offline")
    now = time.time()
    _record(pce, now - 5, now, _BURST, seed=_BURST_SEED)
    lab.run()
    say(record_line(lab.records()[-1]))
    chance = random.Random(3)
    for number in range(_LATE):
        moment = now - chance.uniform(60, 590)
        _record(pce, moment, moment + 0.001, 1, seed=100 + number)
    time.sleep(1.5)  # the PCE's clock has whole seconds in its answers
    lab.run()
    say(record_line(lab.records()[-1]))


def _compare(lab: Lab, pce: Pce) -> bool:
    step(6, "Events recorded by the PCE compared with events indexed, by href")
    recorded = {json.loads(text)["href"] for text in pce.recorded}
    indexed = Counter(json.loads(event.raw)["href"] for event in lab.events())
    missing = recorded - set(indexed)
    repeated = sum(indexed.values()) - len(indexed)
    say(f"recorded {len(recorded):,}, indexed {len(indexed):,}, missing {len(missing):,}")
    say(f"duplicates: {repeated:,} (a killed run may duplicate its current page, at most 10,000; normal runs none)")
    return not missing


def _indexed(lab: Lab) -> None:
    step(7, "What an analyst sees: the newest event of each type, with the add-on's search-time confs (EMULATED)")
    newest = {json.loads(event.raw)["event_type"]: event for event in lab.events()}
    table(newest.values(), lab.addon, of_each=3)
    say(f"… {len(newest)} event types in all. Each run's own record: sourcetype=illumio:pce:ingest")
