"""The demo's step about the PCE's health: read over the API, without syslog."""

from __future__ import annotations

import time

from workbench import indexed
from workbench.demo.show import say, step
from workbench.lab import CLUSTER_HEALTH, Lab
from workbench.pce import Pce

_SEARCH = (
    f'`illumio_pce_index` sourcetype="{CLUSTER_HEALTH}" | `illumio_pce_node` '
    '| eval problems=coalesce(mvjoin(\'problems{}\',", "),"-") '
    "| stats latest(severity) AS severity latest(cpu_load_percent) AS cpu latest(mem_used_percent) AS memory "
    "latest(storage_used_percent) AS disk latest(problems) AS problems BY node | sort 0 node"
)
_COLUMNS = {"node": 22, "severity": 13, "cpu": 5, "memory": 6, "disk": 5}


def tell_health(lab: Lab, pce: Pce, number: int) -> None:
    """The emulated PCE loses a node, and another one is short of CPU."""
    step(number, "The health of the PCE and its nodes, from its API: no syslog is needed")
    lab.add_health()
    lab.run_health()
    say(f"all is well: {len(lab.health())} events, one for the PCE and one for each node")
    pce.health[0].nodes[0].cpu = 97
    pce.health[0].nodes[3].runlevel = None
    lab.run_health()
    say("then a node is short of CPU, and another one is gone:")
    show_health(lab)


def show_health(lab: Lab) -> None:
    """The last health of each node, by the add-on's own search-time confs."""
    found = list(lab.splunkd.events(sourcetype=CLUSTER_HEALTH))
    print("   " + " ".join(f"{name:<{width}}" for name, width in _COLUMNS.items()) + " problems")
    for row in indexed.search(_SEARCH, found, lab.addon, time.time()):
        cells = (f"{row.get(name) or '-':<{width}}" for name, width in _COLUMNS.items())
        print("   " + " ".join(cells) + f" {row.get('problems')}")
