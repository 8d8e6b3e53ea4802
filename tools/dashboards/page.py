"""docs/dashboards.md."""

from __future__ import annotations

from tools.dashboards.model import Dashboard
from tools.detections.model import Detection

_HEAD = """\
# Dashboards

<!-- {notice} -->

Seven pages for those who watch a PCE, in Dashboard Studio, for Splunk 9.3 and later, dark and light. The app opens with
the security overview. Every page has the same filters: time, PCE, organisation, and the severity that the PCE wrote.
Health lines of a PCE's nodes tell of no organisation: they stay whichever is chosen.

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

Each page runs {searches}: all its panels are made of their results. Events are read over the time chosen; the overview
reads as much time before it too, for its trends, and counts the events of the week before from the index alone.
"""


def page(
    dashboards: list[Dashboard],
    searches: dict[str, int],
    macros: list[tuple[str, str, str]],
    detections: list[Detection],
    notice: str,
) -> str:
    """`searches`: how many base searches each runs; `macros`: name, value and meaning of each threshold."""
    counts = sorted(set(searches.values()))
    told = "one search" if counts == [1] else f"{counts[0]} to {counts[-1]} searches"
    table = "\n".join(f"| `{name}` | `{value}` | {meaning} |" for name, value, meaning in macros)
    reasons = "\n".join(f"- `{one.id}`: {one.not_shown}" for one in detections if one.not_shown)
    head = _HEAD.format(notice=notice, macros=table, searches=told, reasons=reasons)
    return "\n".join([head, *(_section(one, searches[one.name]) for one in dashboards)])


def _section(one: Dashboard, searches: int) -> str:
    answers = "\n".join(f"- {text}" for text in one.answers)
    look_at = "\n".join(f"- {text}" for text in one.look_at)
    return (
        f"## {one.label}\n\n{one.description.strip()}\n\n"
        f"![{one.label}](images/dashboards/{one.name}-dark.png)\n\n"
        f"It answers:\n\n{answers}\n\nLook at:\n\n{look_at}\n\n"
        f"When it is empty: {one.empty.strip()} Base searches: {searches}.\n"
    )
