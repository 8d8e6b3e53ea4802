"""A small view of our own, with everything in it that the page and the checks deal with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TIMES = {"earliest": "$global_time.earliest$", "latest": "$global_time.latest$"}
BASE = (
    "`illumio_pce_index` sourcetype=illumio:pce:events (user=$who|s$) | `illumio_pce_latest` "
    "| table _time, event_type, user, severity, status, href"
)


def definition() -> dict[str, Any]:
    """The sample's definition, anew each time, so that a test may break it."""
    return {
        "title": "Sample",
        "description": "What the tests look at",
        "defaults": {"dataSources": {"ds.search": {"options": {"queryParameters": TIMES}}}},
        "inputs": {
            "input_time": {
                "type": "input.timerange",
                "title": "Time",
                "options": {"token": "global_time", "defaultValue": "-24h@h,now"},
            },
            "input_who": {"type": "input.text", "title": "User", "options": {"token": "who", "defaultValue": "*"}},
        },
        "dataSources": {
            "base": {"type": "ds.search", "name": "Events", "options": {"query": BASE}},
            "count": {"type": "ds.chain", "name": "Count", "options": {"extend": "base", "query": "stats count"}},
            "rows": {"type": "ds.chain", "name": "Rows", "options": {"extend": "base", "query": "| sort 0 -_time"}},
            "rate": {
                "type": "ds.search",
                "name": "Rate",
                "options": {
                    "query": "`illumio_pce_index` sourcetype=illumio:pce:events | `illumio_pce_latest` | timechart span=1h count"
                },
            },
        },
        "visualizations": {
            "viz_count": {
                "type": "splunk.singlevalue",
                "title": "Number of events",
                "dataSources": {"primary": "count"},
                "options": {"majorValue": "> primary | seriesByName('count') | lastPoint()"},
            },
            "viz_rate": {"type": "splunk.column", "title": "Events an hour", "dataSources": {"primary": "rate"}},
            "viz_hours": {"type": "splunk.table", "title": "Hours", "dataSources": {"primary": "rate"}},
            "viz_rows": {
                "type": "splunk.table",
                "title": "Events",
                "dataSources": {"primary": "rows"},
                "options": {"drilldown": "row"},
                "eventHandlers": [
                    {
                        "type": "drilldown.customUrl",
                        "options": {
                            "url": "/app/TA_illumio_pce/search?q=%60illumio_pce_index%60%20href%3D"
                            "$row.href.value|s|u$&earliest=$global_time.earliest|u$&latest=$global_time.latest|u$"
                        },
                    }
                ],
            },
        },
        "layout": {
            "type": "grid",
            "globalInputs": ["input_time", "input_who"],
            "options": {"width": 1440},
            "structure": [
                {"item": "viz_count", "type": "block", "position": {"x": 0, "y": 0, "w": 360, "h": 250}},
                {"item": "viz_rate", "type": "block", "position": {"x": 360, "y": 0, "w": 540, "h": 250}},
                {"item": "viz_hours", "type": "block", "position": {"x": 900, "y": 0, "w": 540, "h": 250}},
                {"item": "viz_rows", "type": "block", "position": {"x": 0, "y": 250, "w": 1440, "h": 400}},
            ],
        },
    }


def xml(shown: dict[str, Any], theme: str = "light") -> str:
    """The view that Splunk reads."""
    text = json.dumps(shown)
    return (
        f'<dashboard version="2" theme="{theme}"><label>{shown.get("title", "")}</label>'
        f"<definition><![CDATA[{text}]]></definition></dashboard>"
    )


def addon_with(addon: Path, folder: Path, **views: dict[str, Any]) -> Path:
    """The built add-on, linked into a folder, with other views in it."""
    copy = folder / addon.name
    copy.mkdir()
    for entry in addon.iterdir():
        if entry.name != "default":
            (copy / entry.name).symlink_to(entry.resolve())
    (copy / "default").mkdir()
    for entry in (addon / "default").iterdir():
        if entry.name != "data":
            (copy / "default" / entry.name).symlink_to(entry.resolve())
    target = copy / "default/data/ui/views"
    target.mkdir(parents=True)
    for name, shown in views.items():
        (target / f"{name}.xml").write_text(xml(shown), encoding="utf-8")
    return copy
