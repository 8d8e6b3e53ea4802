"""docs/dashboards.md."""

from __future__ import annotations

from tools.dashboards.cost import Cost
from tools.dashboards.model import Dashboard
from tools.detections.macros import Macro
from tools.detections.model import Detection

_HEAD = """\
# Dashboards

<!-- {notice} -->

Pages to monitor a PCE, in Dashboard Studio, for Splunk 9.3 and later, dark and light. The app opens with the security
overview; a row about a person, a workload or an address leads to Investigate. Every page has the same filters: time,
PCE and organisation, and the severity that the PCE set; the overview filters by the urgency of cases instead, and
Fleet and Weekly, which show no events, by neither. Messages of PCE nodes name neither PCE nor organisation, so
these two filters do not hide them; PCE health has an extra filter by node.

A figure that can be clicked opens what it counts, no more and no less, with the filters and the time of its page.

An empty table says why it is empty: nothing of the kind happened, nothing with the filters that are set, or no events
were received at all. A figure reads 0, or "no data".

## Indexes and thresholds

All searches use the macro `illumio_pce_index`. Change it and the thresholds below in `local/macros.conf`, or under
Settings → Advanced search → Search macros.

| macro | default | meaning |
| --- | --- | --- |
| `illumio_pce_index` | `index IN ("main", "illumio*")` | The indexes. |
{macros}

Thresholds of detections that these pages use too are on the pages of the [detections](detections.md).

## What needs action, and the detections

Detections ship disabled; the overview shows what they would find all the same. Its rules are generated from them, with
the same thresholds, windows and severities, so that both agree. There are two differences: a detection's filter macro
does not apply, since it filters the rows of its alert; and these are not shown, so enable the detection to see them:

{reasons}

## The PCE's console

In Search, the menu of an event (Event Actions) opens the workload that the event is about in the console of its
PCE. An event names its PCE, but not the host and the port of the console: in Illumio's cloud they differ from the
PCE's name. So there is no link until you enter them, one row for each PCE:

1. Upload a lookup file, such as `our_consoles.csv`, into this app under Settings, Lookups, Lookup table files, with
   the columns `pce_fqdn` (as in the events), `console_host` (a host name or an IPv4 address) and `console_port`:

```
pce_fqdn,console_host,console_port
pce.example.com,pce.example.com,8443
```

2. An uploaded file is private. Open *Permissions* of the file there, and choose *All apps* with *Read* for *Everyone*.
   Do so before the next step; otherwise searches of all others do not find the file.

3. Under Settings, Lookups, Lookup definitions, open `illumio_pce_consoles` and choose your file. In a conf file, it is
   `filename = our_consoles.csv` in the stanza `[illumio_pce_consoles]` of `local/transforms.conf`.

Investigate then lists the workloads that can be opened, and a click on a row opens one. Splunk may ask first, since the
link leads out of it. There is a link if the event came from the API, its PCE is in the file, and it is about one
workload and nothing else: `https://HOST:PORT/#/workloads/UUID`. For rule sets, IP lists, services, VENs, users and
events, no address of the console is certain, so there is none. In the menus of the fields `user`, `src_user`, `dest`
and `src`, an event leads to Investigate.

## What they cost

All panels of a page build on the results of its base searches, and no two of these read the same events. Counts by
sender and by hour come from the index alone, without reading events. Nothing needs a data model or its acceleration.

The overview reads what its rules can match, in the selected time range and in the same length before it: on an ordinary
day a tenth of the events. What a rule cannot match is left out by the base search, or on the indexers by a condition
generated from the detections (`content/detections/reads.yml`). One search more finds, among failed sign-ins, whose
successful ones matter. Protected VENs come from a lookup, and the state of the detections from Splunk's REST API.

Investigate asks the index for the words of the name that is entered, and reads only events with these words; if a name
has neither a letter nor a digit of ASCII, it reads every event. For the detections it reads what the overview reads.
Until a name is entered, it reads nothing.

Weekly reads no event, but a lookup of a few thousand rows, which its keeper writes: each hour it counts what is new of
the days that are over.

The base searches of the overview and of Workload protection return counts. Those of the other pages return events; a
search hands on at most 500,000 of them (`max_count` in limits.conf), which these pages say. Choose a shorter time if
there are more.

| page | searches that read events | answered by the index alone |
| --- | --- | --- |
{costs}
"""


def page(
    dashboards: list[Dashboard],
    costs: dict[str, Cost],
    macros: list[Macro],
    detections: list[Detection],
    notice: str,
) -> str:
    """`costs`: by name of the dashboard; `macros`: its thresholds."""
    table = "\n".join(f"| `{one.name}` | `{one.definition}` | {one.description} |" for one in macros)
    costs_table = "\n".join(
        f"| {one.label} | {len(costs[one.name].scans)} | {costs[one.name].index_only} |" for one in dashboards
    )
    reasons = "\n".join(f"- `{one.id}`: {one.not_shown}" for one in detections if one.not_shown)
    head = _HEAD.format(notice=notice, macros=table, costs=costs_table, reasons=reasons)
    return "\n".join([head, *map(_section, dashboards)])


def _section(one: Dashboard) -> str:
    answers = "\n".join(f"- {text}" for text in one.answers)
    look_at = "\n".join(f"- {text}" for text in one.look_at)
    return (
        f"## {one.label}\n\n{one.description.strip()}\n\n"
        f"![{one.label}](images/dashboards/{one.name}.png)\n\n"
        f"Questions it answers:\n\n{answers}\n\nLook at:\n\n{look_at}\n\n"
        f"If it is empty: {one.empty.strip()}\n"
    )
