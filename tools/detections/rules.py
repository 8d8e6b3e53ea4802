"""Macros that tell of an event which detections it belongs to: what the dashboards show, of what the detections say.

`illumio_pce_cause` adds `cause`, with a value `<id> <severity>` for each detection. A detection that counts within a
window names an event where it lies in a window that reached the threshold. All other fields stay as they were.
"""

from __future__ import annotations

import re

from tools.detections.condition import condition
from tools.detections.lines import assignments
from tools.detections.macros import Macro
from tools.detections.model import DAY, DAY_THRESHOLD, Detection, Invalid
from tools.detections.reads import reads

_AUDIT_TYPES = '"illumio:pce:events","illumio:pce:cef","illumio:pce:leef"'
# What illumio_pce_identity changes, kept aside.
_IDENTITY_OF = ("user", "src", "pce_fqdn", "actor")
_TURNED = "10000000000-_time"


def rules(detections: list[Detection]) -> list[Macro]:
    """The macros that the dashboards read."""
    shown = [one for one in detections if not one.not_shown or one.shown_only]
    counted = [one for one in shown if one.windowed]
    stages = [f"`illumio_pce_rule_{one.id}`" for one in shown]
    begin, windows, end = "`illumio_pce_rules_begin`", "`illumio_pce_rules_count`", "`illumio_pce_rules_end`"
    return [
        Macro("illumio_pce_cause", " | ".join([begin, *stages, windows, end]),
              "The detections that match an event: `cause` holds `<id> <severity>` for each. Newest event first."),
        Macro("illumio_pce_rules_begin", _begin(), "What the rules read; illumio_pce_rules_end has to follow them."),
        *(Macro(f"illumio_pce_rule_{one.id}", _rule(one), f"The events of {one.id}.") for one in shown),
        Macro("illumio_pce_rules_count", _windows(counted), "The windows of the rules that count events."),
        Macro("illumio_pce_rules_end", _end(),
              "Raises severities for high-value workloads, and restores all other fields."),
        *reads(shown),
    ]  # fmt: skip


def _begin() -> str:
    """Events are numbered by accum: streamstats may see no more than 10,000 rows (max_stream_window)."""
    kept = ", ".join(f"own_{name}={name}" for name in _IDENTITY_OF)
    audited = f"audited=if(in(sourcetype,{_AUDIT_TYPES}),1,0)"
    return f"eval {kept}, {audited} | `illumio_pce_identity` | eval event_number=1 | accum event_number"


def _end() -> str:
    back = ", ".join(f"{name}=own_{name}" for name in _IDENTITY_OF)
    both = r'replace(cause,"^(\S+) (\S+) (\S+)$","\1 \{}")'
    return (
        "eval watched_by=if(isnull(watched),null(),event_number) | mvexpand watched"
        " | `illumio_pce_importance(watched)`"
        " | eventstats values(watched_value) AS watched_value BY watched_by | dedup event_number"
        f" | eval {back}, cause=if(isnull(watched_value),mvmap(cause,{both.format(2)}),mvmap(cause,{both.format(3)})),"
        ' cause=mvfilter(NOT match(cause," none$"))'
        " | fields - own_* was_* watched* audited candidate found plain alone alert_event event_number"
    )


def _rule(one: Detection) -> str:
    """Its lines, read only for its candidates, and all that they write put back afterwards."""
    names = sorted({*_assigned(one), *(("high_value",) if one.high_value else ())})
    audited = "" if "sourcetype" in one.events else "audited=1 AND "
    wanted = [f"({one.match})"] * (one.match != "true()") + [f"({one.shown_only})"] * bool(one.shown_only)
    begin = [f"was_{name}={name}" for name in names]
    only = f" AND ({one.only})" if one.only else ""
    begin.append(f"candidate=if({audited}{condition(one.events)}{only},1,0)")
    # Commands see all events: those that are no candidates must not be a group among the others.
    aside = ["was_alert_event=alert_event", "alert_event=if(candidate=1,alert_event,null())"] if _commands(one) else []
    found = f"found=if({' AND '.join(['candidate=1', *wanted])},1,0)"
    back = [f"{name}=was_{name}" for name in [*names, *(["alert_event"] if aside else [])]]
    kept = [_kept_for_window(one), *_alone(one)] if one.windowed else [_marked(one)]
    stages = [begin, aside, *map(_own, one.prepare), [found], kept]
    expanded = any(text.startswith("mvexpand ") for text in one.prepare)
    return _joined([*stages, "dedup event_number" if expanded else [], back])


def _joined(stages: list[list[str] | str]) -> str:
    """Commands, and between them as few evals as possible."""
    done: list[str] = []
    pending: list[str] = []
    for stage in [*stages, ""]:
        if isinstance(stage, list):
            pending += stage
            continue
        done += [f"eval {', '.join(pending)}"] * bool(pending) + [stage] * bool(stage)
        pending = []
    return " | ".join(" ".join(stage.split()) for stage in done)


def _own(text: str) -> list[str] | str:
    """A stage of `prepare`, which writes nothing where an event is no candidate."""
    if not text.startswith("eval "):
        return text
    pairs = (part.split("=", 1) for part in assignments(text))
    return [f"{name.strip()}=if(candidate=1,{value.strip()},null())" for name, value in pairs]


def _commands(one: Detection) -> bool:
    return not all(text.startswith("eval ") for text in one.prepare)


def _marked(one: Detection) -> str:
    """`cause` with the severity without and with a high-value workload."""
    severity = _severity(one)
    if not one.high_value:
        return f'cause=if(found=1,mvappend(cause,"{one.id} ".{severity}." ".{severity}),cause)'
    return (
        f'high_value=null(), plain={severity}, high_value="yes",'
        f' cause=if(found=1,mvappend(cause,"{one.id} ".plain." ".{severity}),cause),'
        " watched=if(found=1,mvappend(watched,dest),watched)"
    )


def _alone(one: Detection) -> list[str]:
    """`cause` of what alerts however few there are: without a high-value workload it has no severity."""
    if not one.at_once:
        return []
    severity = _severity(one)
    return [
        f"alone=if(found=1 AND {one.at_once},1,0)",
        f'plain=if(isnull(high_value),"none",{severity}), high_value="yes"',
        f'cause=if(alone=1,mvappend(cause,"{one.id} ".plain." ".{severity}),cause)',
        "watched=if(alone=1,mvappend(watched,if(mvcount(dest)>100,mvindex(dest,0,99),dest)),watched)",
    ]


def _severity(one: Detection) -> str:
    return f'case({one.severity_when},true(),"{one.severity}")' if one.severity_when else f'"{one.severity}"'


def _figures(one: Detection) -> list[tuple[str, str, str, str]]:
    """(name, function, argument, by) of each figure of a window."""
    counted = ["reached"] * bool(one.counted) + ["total"] * one.by_day
    told = {**{name: [one.counted, one.by] for name in counted}, **one.before}
    found = []
    for name, (figure, by, *_) in told.items():
        parts = re.fullmatch(r"(\w+)\((\w+)\)", figure)
        if not parts or not re.fullmatch(r"\w+", by):
            raise Invalid(f"{one.id}: a figure of a window is function(field) by one field")
        found.append((name, parts.group(1), parts.group(2), by))
    return found


def _kept_for_window(one: Detection) -> str:
    kept = [
        f"of_{one.id}_{name}=if(found=1,{argument},null()), by_{one.id}_{name}=if(found=1,{by},null())"
        for name, _, argument, by in _figures(one)
    ]
    return ", ".join(kept)


def _windows(windowed: list[Detection]) -> str:
    """First what lies in the window after each event, with the time turned round, since windows need times that grow;
    then the most of that within the window before each event, which is the fullest window that the event lies in."""
    counted, looking_back = [one for one in windowed if one.counted], [one for one in windowed if one.before]
    scratch = "fields - of_* by_* own_time decided reached total " + " ".join(f"{one.id}_*" for one in windowed)
    stages = [
        f"eval own_time=_time, _time={_TURNED}",
        *(text for one in counted for text in _streams(one)),
        "eval _time=own_time",
        "reverse",
        *(_stream(one, name, f"max({one.id}_{name})") for one in counted for name, *_ in _figures(one)),
        *(text for one in looking_back for text in _streams(one)),
        *map(_decided, windowed),
        "reverse",
        " ".join([scratch, *(name for one in looking_back for name in one.before)]),
    ]
    return " | ".join(stages)


def _streams(one: Detection) -> list[str]:
    return [_stream(one, name, f"{function}(of_{one.id}_{name})") for name, function, *_ in _figures(one)]


def _stream(one: Detection, name: str, figure: str) -> str:
    of_day = name == "total" or len(one.before.get(name, ())) > 2
    window = DAY if of_day else f"`illumio_pce_{one.id}_window`s"
    return f"streamstats time_window={window} {figure} AS {one.id}_{name} BY by_{one.id}_{name}"


def _decided(one: Detection) -> str:
    reached = f"{one.id}_reached>=`illumio_pce_{one.id}_threshold`"
    if one.by_day:
        reached += f" OR {one.id}_total>=`illumio_pce_{one.id}_{DAY_THRESHOLD}`"
    test = reached if one.counted else one.decided
    named = ", ".join(f"{name}={one.id}_{name}" for name, *_ in _figures(one))
    by = f"by_{one.id}_{_figures(one)[0][0]}"
    before, high, unchanged = "cause", "decided", "isnull(decided)"
    if one.at_once:
        before, high = f'mvfilter(NOT match(cause,"^{one.id} "))', '"high"'
        unchanged += f' OR isnotnull(mvfind(cause,"^{one.id} high "))'
    return (
        f"eval {named}, decided=if(isnotnull({by}) AND ({test}),{_severity(one)},null()),"
        f' cause=if({unchanged},cause,mvappend({before},"{one.id} ".decided." ".{high}))'
    )


_WRITES = re.compile(r"\(\?<(\w+)>|\bAS (\w+)|^mvexpand (\w+)|OUTPUT (\w+)\s*$")


def _assigned(one: Detection) -> list[str]:
    """The fields that the detection's own stages write."""
    found: list[str] = []
    for text in one.prepare:
        if text.startswith("eval "):
            found += [part.split("=", 1)[0].strip() for part in assignments(text)]
        else:
            found += [name for names in _WRITES.findall(text) for name in names if name]
    return found
