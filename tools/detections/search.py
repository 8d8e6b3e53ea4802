"""The SPL of a detection.

An event counts where its finished line matches, and it is new where one of its lines matched for the first time
since the run before. Both are judged by index time, so that an event may be late and yet alerts once.
"""

from __future__ import annotations

import re

from tools.detections.model import Detection

_AUDIT = '`illumio_pce_index` sourcetype IN ("illumio:pce:events", "illumio:pce:cef", "illumio:pce:leef")'
_IDENTITY = (
    'eval alert_event=coalesce(href,md5(_raw)), actor=coalesce(src_user,user,"unknown"),'
    ' user=coalesce(user,"unknown"), src=coalesce(src,"unknown"), pce_fqdn=coalesce(pce_fqdn,host)'
)
_ROW = ("user", "src_user", "src", "dest", "href", "alert_event", "pce_fqdn")


def compose(detection: Detection) -> str:
    """The whole search, without line breaks."""
    stages = [*_stages(detection), *_ending(detection)]
    return " | ".join(" ".join(stage.split()) for stage in stages)


def events_of(detection: Detection) -> str:
    """The base search: the events that a detection looks at, for its drilldown."""
    if detection.search.startswith("| tstats"):
        return _AUDIT
    source = detection.search.replace("{audit}", _AUDIT) or f"{_AUDIT} ({detection.events})"
    return " ".join(re.split(r"\s\|\s", source)[0].split())


def _stages(detection: Detection) -> list[str]:
    since = f"info_max_time-86400-{(detection.runs.period + 1) * 60}"
    if detection.search:
        filled = detection.search.replace("{audit}", _AUDIT).replace("{identity}", _IDENTITY)
        return [filled.replace("{since}", since)]
    matched = [events_of(detection), _IDENTITY, *map(_command, detection.prepare)]
    matched += [f"eval matched=if({detection.match},_indextime,null())", "`illumio_pce_matched`"]
    if not detection.counted:
        return [*matched, f"where first_matched>={since}", *_high_value(detection), _row(detection)]
    return [*matched, *_within_window(detection, since), _row(detection)]


def _command(text: str) -> str:
    """A line of `prepare`: an assignment, or a command that begins with a pipe."""
    return text[2:] if text.startswith("| ") else f"eval {text}"


def _high_value(detection: Detection) -> list[str]:
    look = "lookup illumio_pce_high_value_workloads workload AS dest OUTPUT importance AS high_value"
    return ["mvexpand dest", look] if detection.high_value else []


def _within_window(detection: Detection, since: str) -> list[str]:
    """The events of every window that reached the threshold and holds a new event."""
    prefix, by = f"`illumio_pce_{detection.id}", detection.by
    return [
        "sort 0 _time",
        f"streamstats time_window={prefix}_window`s {detection.counted} AS reached max(first_matched) AS newest"
        f" BY {by}",
        f"eval crossed=if(reached>={prefix}_threshold` AND newest>={since},_time,null())",
        f"eventstats min(crossed) AS begin max(crossed) AS end max(reached) AS reached BY {by}",
        f"where _time>=begin-{prefix}_window` AND _time<=end",
    ]


def _row(detection: Detection) -> str:
    values = " ".join(f"values({name}) AS {name}" for name in _ROW if name not in detection.by.split())
    reached = "max(reached) AS reached " if detection.counted else ""
    reached += "values(high_value) AS high_value " if detection.high_value else ""
    return (
        f"stats dc(alert_event) AS count min(_time) AS first_time max(_time) AS last_time {reached}{values}"
        f" values(event_type) AS signature_id {detection.also} BY {detection.by}"
    )


def _ending(detection: Detection) -> list[str]:
    severity = f'"{detection.severity}"'
    when = f"case({detection.severity_when},true(),{severity})" if detection.severity_when else severity
    key = 'md5(mvjoin(alert_event,","))' if detection.once_by == "alert_event" else f'mvjoin({detection.once_by},",")'
    return [
        f"eval alert_key={key}, severity={when}",
        f"eval reason={detection.reason}",
        "fields - alert_event",
        f"`illumio_pce_{detection.id}_filter`",
    ]
