"""The SPL of a detection.

An event counts where its finished line matches, and it is new where one of its lines matched for the first time
since the run before. Both are judged by index time, so that an event may be late and yet alerts once.
"""

from __future__ import annotations

import re

from tools.detections.model import Detection

AUDIT_TYPES = '"illumio:pce:events","illumio:pce:cef","illumio:pce:leef"'
_AUDIT = f"`illumio_pce_index` sourcetype IN ({AUDIT_TYPES.replace(',', ', ')})"
IDENTITY = (
    'eval alert_event=coalesce(href,sha256(_raw)), actor=coalesce(src_user,user,"unknown"),'
    ' user=coalesce(user,"unknown"), src=coalesce(src,"unknown"), pce_fqdn=coalesce(pce_fqdn,host)'
)
#: Fields whose values stand in the event's text, letter by letter, in every format; `.*` is the rest of a type.
_TYPES = re.compile(r'\b(?:event|notification)_type(?:=("[a-z_.]+\*?")| IN \(((?:(?:, )?"[a-z_.]+\*?")+)\))')
_ROW = ("user", "src_user", "actor", "src", "dest", "href", "alert_event", "pce_fqdn")
# Splunk takes at most 500 alerts of a run: of more than this many users or addresses all go into one row.
_MANY = 50
_OPEN = {"actor": "users", "user": "users", "src": "addresses"}


def compose(detection: Detection) -> str:
    """The whole search, without line breaks."""
    stages = [*_stages(detection), *_ending(detection)]
    return " | ".join(" ".join(stage.split()) for stage in stages)


def events_of(detection: Detection) -> str:
    """The base search: the events that a detection looks at, for its drilldown."""
    if detection.search.startswith("| tstats"):
        return detection.search.partition(" where ")[2].partition(" by ")[0]
    source = _filled(detection) or f"{_AUDIT} ({detection.events})"
    return _divided(source)[0]


def _divided(source: str) -> tuple[str, str]:
    """The base search, by whose words the index finds the few events that may match, and all stages behind it."""
    base, *rest = re.split(r"(?<=\s)\|\s", " ".join(source.split()), maxsplit=1)
    return _TYPES.sub(_with_words, base.strip()), "".join(f" | {stages}" for stages in rest)


def _with_words(types: re.Match[str]) -> str:
    """Event types, computed for each event, as words too: those the index knows before an event is read."""
    words = " OR ".join(value.replace('.*"', '"') for value in (types[1] or types[2]).split(", "))
    return f"({types[0]} ({words}))"


def _stages(detection: Detection) -> list[str]:
    since = f"info_max_time-86400-{detection.runs.new_within}"
    if detection.search:
        return ["".join(_divided(_filled(detection))).replace("{since}", since)]
    matched = [events_of(detection), IDENTITY, *map(command, detection.prepare)]
    matched += [f"eval matched=if({detection.match},_indextime,null())", "`illumio_pce_matched`"]
    if detection.before:
        return [*matched, *_after_others(detection, since), *_rows(detection)]
    if not detection.counted:
        return [*matched, f"where first_matched>={since}", *_high_value(detection), *_rows(detection)]
    return [*matched, *_within_window(detection, since), *_rows(detection)]


def _filled(detection: Detection) -> str:
    """A search that is written whole, with the parts that it names, but for {since}."""
    parts = {
        "{audit}": _AUDIT,
        "{identity}": IDENTITY,
        "{events}": detection.events,
        "{prepare}": " | ".join(map(command, detection.prepare)),
        "{match}": detection.match,
        "{who}": _who("user"),
    }
    text = detection.search
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


def command(text: str) -> str:
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


def _after_others(detection: Detection, since: str) -> list[str]:
    """The events that what came before them within the window makes suspicious, where one of both is new."""
    window = f"time_window=`illumio_pce_{detection.id}_window`s"
    figures = [f"streamstats {window} {figure} AS {name} BY {by}" for name, (figure, by) in detection.before.items()]
    newest = f"streamstats {window} max(first_matched) AS newest BY {detection.by}"
    return ["sort 0 _time", *figures, newest, f"where newest>={since} AND ({detection.decided})"]


def _rows(detection: Detection) -> list[str]:
    by = detection.by.split()
    names = [name for name in by if name in _OPEN]
    by = ["who" if name in _OPEN else name for name in by]
    values = " ".join(f"values({name}) AS {name}" for name in _ROW if name not in by)
    reached = "max(reached) AS reached " if detection.counted else ""
    reached += "values(high_value) AS high_value " if detection.high_value else ""
    return [
        *map(_who, names),
        f"stats dc(alert_event) AS count min(_time) AS first_time max(_time) AS last_time {reached}{values}"
        f" values(event_type) AS signature_id {detection.also} BY {' '.join(by)}",
    ]


def _who(name: str) -> str:
    """`who`: the user or address that a row is about, or that they are too many for a row each."""
    return (
        f"eventstats dc({name}) AS several"
        f' | eval who=if(several>{_MANY},"more than {_MANY} {_OPEN[name]}",mvjoin({name},", "))'
    )


def _ending(detection: Detection) -> list[str]:
    severity = f'"{detection.severity}"'
    when = f"case({detection.severity_when},true(),{severity})" if detection.severity_when else severity
    scope = "who" if detection.once_by in _OPEN else detection.once_by
    # What is worse than before alerts though the rest is throttled.
    key = f'mvjoin({scope},",")." ".severity' if scope != "alert_event" else 'sha256(mvjoin(alert_event,","))'
    return [
        f"eval severity={when}, alert_key={key}",
        f"eval reason={detection.reason}",
        "fields - alert_event",
        f"`illumio_pce_{detection.id}_filter`",
    ]
