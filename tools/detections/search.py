"""The SPL of a detection.

An event counts where its finished line matches, and it is new where one of its lines matched for the first time
since the run before. Both are judged by index time, so that an event may be late and yet alerts once.
"""

from __future__ import annotations

import re

from tools.detections.model import DAY, DAY_THRESHOLD, STEP, Detection

#: Fields whose values stand in the event's text, letter by letter, in every format; `.*` is the rest of a type.
_TYPES = re.compile(r'\b(?:event|notification)_type(?:=("[a-z_.]+\*?")| IN \(((?:(?:, )?"[a-z_.]+\*?")+)\))')
# What illumio_pce_who says of a row that is about too many of them.
_OPEN = {"actor": "users", "user": "users", "whose": "users", "src": "addresses"}
# What an alert shows that events may name by hrefs alone.
_NAMED = re.compile(r"\b(?:dest|object|host|illumio_pce_hosts|illumio_pce_settings|illumio_pce_change_summary)\b")
# What comes before streamstats, whose windows have a limit.
_LOOKED_AT = "`illumio_pce_looked_at`"


def compose(detection: Detection) -> str:
    """The whole search, without line breaks."""
    stages = [*_stages(detection), *_ending(detection)]
    return " | ".join(" ".join(stage.split()) for stage in stages)


def events_of(detection: Detection) -> str:
    """The events that a detection looks at, for its drilldown too: the base search, and what narrows it further.

    Splunk merges a `search` or `where` behind the base search into it; a field that eval makes is none of its own.
    """
    if detection.search.startswith("| tstats"):
        return detection.search.partition(" where ")[2].partition(" by ")[0]
    source = _filled(detection) or f"`illumio_pce_audit` ({detection.events})"
    only = f" | eval wanted=if({detection.only},1,0) | where wanted=1 | fields - wanted" if detection.only else ""
    return _divided(source)[0] + only


def _divided(source: str) -> tuple[str, str]:
    """The base search, by whose words the index finds the few events that may match, and all stages behind it."""
    base, *rest = re.split(r"(?<=\s)\|\s", " ".join(source.split()), maxsplit=1)
    return with_words(base.strip()), "".join(f" | {stages}" for stages in rest)


def with_words(base: str) -> str:
    """A base search whose event types stand there as words too: those the index knows before an event is read."""
    return _TYPES.sub(_with_words, base)


def _with_words(types: re.Match[str]) -> str:
    words = " OR ".join(value.replace('.*"', '"') for value in (types[1] or types[2]).split(", "))
    return f"({types[0]} ({words}))"


def _stages(detection: Detection) -> list[str]:
    if detection.search:
        return ["".join(_divided(_filled(detection)))]
    since = detection.runs.since_last_run
    matched = [events_of(detection), "`illumio_pce_identity`", *_named(detection, first=True), *detection.prepare]
    matched += [f"eval matched=if({detection.match},_indextime,null())", "`illumio_pce_matched`"]
    if detection.before:
        return [*matched, *_after_others(detection, since), *_rows(detection)]
    if detection.counted:
        matched += ["`illumio_pce_high_value_events`"] * bool(detection.at_once)
        within = _within_day if detection.by_day else _within_window
        return [*matched, *within(detection, since), *_rows(detection)]
    return [*matched, *_totals(detection), f"where first_matched>={since}", *_rows(detection)]


def _filled(detection: Detection) -> str:
    """A search that is written whole, with the parts that it names."""
    parts = {
        "{events}": detection.events,
        "{prepare}": " | ".join(detection.prepare),
        "{match}": detection.match,
    }
    text = detection.search
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


def _within_window(detection: Detection, since: str) -> list[str]:
    """The events of every window that reached the threshold and holds a new event."""
    prefix, by = f"`illumio_pce_{detection.id}", detection.by
    return [
        _LOOKED_AT,
        f"streamstats time_window={prefix}_window`s {detection.counted} AS reached max(first_matched) AS newest"
        f" BY {by}",
        f"eval crossed=if(reached>={prefix}_threshold` AND newest>={since},_time,null())",
        f"eventstats min(crossed) AS begin max(crossed) AS end max(reached) AS reached BY {by}",
        f"where _time>=begin-{prefix}_window` AND _time<=end",
    ]


def _within_day(detection: Detection, since: str) -> list[str]:
    """The events of every day in which the window or the day reached its threshold, and which holds a new event; and
    new ones that alert at once."""
    prefix, by, counted = f"`illumio_pce_{detection.id}", detection.by, detection.counted
    kept = "_time>=begin-86400 AND _time<=end"
    if detection.at_once:
        kept = f"({kept}) OR alone=1"
    alone = f"eval alone=if(isnotnull(high_value) AND {detection.at_once} AND first_matched>={since},1,null())"
    return [
        _LOOKED_AT,
        f"streamstats time_window={prefix}_window`s {counted} AS reached BY {by}",
        f"streamstats time_window={DAY} {counted} AS total max(reached) AS most max(first_matched) AS newest BY {by}",
        f"eval crossed=if((most>={prefix}_threshold` OR total>={prefix}_{DAY_THRESHOLD}`) AND newest>={since},"
        "_time,null()), reached=if(isnull(crossed),null(),most), total=if(isnull(crossed),null(),total)",
        f"eventstats min(crossed) AS begin max(crossed) AS end max(reached) AS reached max(total) AS total BY {by}",
        *[alone] * bool(detection.at_once),
        f"where {kept}",
    ]


def _totals(detection: Detection) -> list[str]:
    asked = [("hour_total", "1h", detection.hour_total), ("total", DAY, detection.day_total)]
    stages = [
        f"streamstats time_window={window} {figure} AS {name} BY {detection.by}"
        for name, window, figure in asked
        if figure
    ]
    return [_LOOKED_AT, *stages] if stages else []


def _after_others(detection: Detection, since: str) -> list[str]:
    """The events that what came before them within the window makes suspicious, where one of both is new."""
    window = f"`illumio_pce_{detection.id}_window`s"
    figures = [
        f"streamstats time_window={DAY if day else window} {figure} AS {name} BY {by}"
        for name, (figure, by, *day) in detection.before.items()
    ]
    newest = f"streamstats time_window={window} max(first_matched) AS newest BY {detection.by}"
    return [_LOOKED_AT, *figures, newest, f"where newest>={since} AND ({detection.decided})"]


def _rows(detection: Detection) -> list[str]:
    by = detection.by.split()
    names = [name for name in by if name in _OPEN]
    by = ["who" if name in _OPEN else name for name in by]
    entities = "`illumio_pce_entities`" + ("" if "pce_fqdn" in by else " values(pce_fqdn) AS pce_fqdn")
    reached = "max(reached) AS reached " if detection.counted else ""
    reached += "max(total) AS total " if detection.day_total or detection.by_day else ""
    reached += "max(hour_total) AS hour_total " if detection.hour_total else ""
    reached += "max(looked_at) AS looked_at " if _streams(detection) else ""
    reached += "values(eval(case(alone=1,alert_event))) AS alone_event " if detection.at_once else ""
    reached += "values(high_value) AS high_value values(dest_labels) AS dest_labels " if detection.high_value else ""
    return [
        *_named(detection, first=False),
        *detection.details,
        *(["`illumio_pce_high_value`"] if detection.high_value and not detection.at_once else []),
        *(f"`illumio_pce_who({name},{_OPEN[name]})`" for name in names),
        f"stats `illumio_pce_count_and_times` {reached}{entities}"
        f" values(event_type) AS signature_id {detection.also} BY {' '.join(by)}",
    ]


def _named(detection: Detection, *, first: bool) -> list[str]:
    """The names that the inventory has for hrefs: of the few events that alert, unless `prepare` needs them first."""
    shown = " ".join([detection.reason, detection.also, *detection.details])
    wanted = detection.names_first if first else not detection.names_first and _NAMED.search(shown)
    return ["`illumio_pce_named`"] if wanted else []


def _streams(detection: Detection) -> bool:
    """Whether it counts within windows."""
    asked = detection.windowed or detection.day_total or detection.hour_total
    return bool(asked) or _LOOKED_AT in detection.search


def _ending(detection: Detection) -> list[str]:
    severity = f'"{detection.severity}"'
    when = f"case({detection.severity_when},true(),{severity})" if detection.severity_when else severity
    return [
        f"eval severity={when}, alert_key={_key(detection)}",
        f"eval reason={detection.reason}",
        *(["eval reason=reason.`illumio_pce_beyond_the_limit`"] if _streams(detection) else []),
        f"eval reason=`illumio_pce_one_line(reason)`, {', '.join(_subjects(detection))}",
        "fields - alert_event" + " alone_event" * bool(detection.at_once),
        f"`illumio_pce_{detection.id}_filter`",
    ]


def _subjects(detection: Detection) -> list[str]:
    """The fields that Enterprise Security scores, beside those that a table shows.

    It scores each value that a field has, placeholders too. A row about several systems is one about their PCE, so
    that its finding has an entity.
    """
    first, *others = detection.rba.risk_objects
    entity = f"`illumio_pce_single({first.field})`"
    if first.field == "dest":
        entity = f"coalesce({entity},`illumio_pce_single(pce_fqdn)`)"
    return [
        f"{first.copy}={entity}",
        *(f"{one.copy}=`illumio_pce_single({one.field})`" for one in others),
        *(f"{one.copy}=`illumio_pce_known({one.field})`" for one in detection.rba.threat_objects),
    ]


def _key(detection: Detection) -> str:
    """What throttling goes by. What is worse than before alerts though the rest is throttled."""
    event = 'sha256(mvjoin(alert_event,","))'
    if detection.once_by == "alert_event":
        return event
    scope = ['mvjoin(who,",")' if name in _OPEN else f'mvjoin({name},",")' for name in detection.once_by.split()]
    key = '." ".'.join([*scope, "severity"])
    unit = "threshold" if detection.by_day else STEP if STEP in detection.thresholds else ""
    if unit:
        # A count that has doubled alerts again.
        key += f'." ".floor(log(max(total/`illumio_pce_{detection.id}_{unit}`,1),2))'
    if detection.at_once:
        return f'if(isnotnull(alone_event),sha256(mvjoin(alone_event,",")),{key})'
    always = [detection.every_event_when] * (unit == STEP) + ["isnotnull(high_value)"] * detection.high_value
    return f"if({' OR '.join(always)},{event},{key})" if always else key
