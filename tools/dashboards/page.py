"""docs/dashboards.md."""

from __future__ import annotations

from tools.dashboards.cost import Cost
from tools.dashboards.model import Dashboard
from tools.detections.macros import Macro
from tools.detections.model import Detection

_HEAD = """\
# Dashboards

<!-- {notice} -->

Seven pages for those who watch a PCE, in Dashboard Studio, for Splunk 9.3 and later, dark and light. The app opens with
the security overview. Every page has the same filters: time, PCE, organisation, and the severity that the PCE wrote.
Lines of a PCE's nodes name neither PCE nor organisation: they stay whichever is chosen, and PCE health has a filter by
node besides.

An empty table says which it is: that nothing of the kind happened, or that no events were received at all. A figure
reads 0, or "no data".

## Where they look, and from when on a figure is amber or red

All searches go through the macro `illumio_pce_index`. Change it and the numbers below in `local/macros.conf`, or under
Settings → Advanced search → Search macros.

| macro | as shipped | what |
| --- | --- | --- |
| `illumio_pce_index` | `index IN ("main", "illumio*")` | the indexes |
{macros}

Thresholds of detections that the pages use too are on the pages of the [detections](detections.md).

## What needs action, and the detections

Detections are shipped off; the overview shows what they would find all the same. Its rules are made of theirs, with the
same thresholds, windows and severities, so that both say the same. It differs in this: a detection's filter macro is
not applied, since it filters rows of its alert; and these are not shown, for which the detection has to be turned on:

{reasons}

## What they cost

All panels of a page are made of the results of its base searches, and no two of these read the same events. Counting by
sender and by hour comes from the index alone, without reading events. The longest read is the overview's: the time
chosen and as much before it, for the trends. Nothing here needs a data model or its acceleration.

| page | searches that read events | answers from the index alone |
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
        f"![{one.label}](images/dashboards/{one.name}-dark.png)\n\n"
        f"It answers:\n\n{answers}\n\nLook at:\n\n{look_at}\n\n"
        f"When it is empty: {one.empty.strip()}\n"
    )
