"""The stanzas of savedsearches.conf and macros.conf that follow from the detections."""

from __future__ import annotations

import json

from tools.detections.lines import wrapped
from tools.detections.model import OFTEN, SEVERITIES, Detection
from tools.detections.rules import rules
from tools.detections.search import compose, events_of

NOTICE = "Written by `python -m tools.detections` from content/detections/; change it there."
MARK = "# What detections use. " + NOTICE
_INDEX = "`illumio_pce_index`"
_SCORES = dict(zip(SEVERITIES, (10, 20, 40, 60, 80)))
_RISK_TYPES = {"user": "user", "src_user": "user", "dest": "system", "src": "system", "pce_fqdn": "system"}

_NEW_WITHIN = (
    "# What was first indexed within these seconds before a run is new to it: the period of the searches that run\n"
    f"# every {OFTEN} minutes, and a minute. See docs/detections.md, Run them less often.\n"
    f"[illumio_pce_new_within]\ndefinition = {(OFTEN + 1) * 60}\niseval = 0\n"
)
_MATCHED = (
    "# Of each event the last line; `first_matched` is when the first of its lines that match was indexed (epoch s).\n"
    "[illumio_pce_matched]\n"
    "definition = eventstats min(matched) AS first_matched BY alert_event | `illumio_pce_latest`"
    " | where isnotnull(matched) | addinfo\niseval = 0\n"
)


def saved_searches(detections: list[Detection]) -> str:
    """The text of savedsearches.conf."""
    head = f"# {NOTICE}\n# All are off: docs/detections.md says how to turn them on.\n"
    return wrapped(head + "".join(f"\n[{one.id}]\n" + _lines(_settings(one)) for one in detections))


def macros(hand_written: str, detections: list[Detection]) -> str:
    """The text of macros.conf: what is written by hand, then thresholds and filters."""
    own = hand_written.split(MARK, maxsplit=1)[0].rstrip("\n")
    parts = [own, "", MARK, _NEW_WITHIN, _MATCHED, rules(detections), *(_macros_of(one) for one in detections)]
    return wrapped("\n".join(parts).rstrip("\n") + "\n")


def _macros_of(detection: Detection) -> str:
    thresholds = [
        f"# {threshold.meaning}\n[illumio_pce_{detection.id}_{name}]\ndefinition = {threshold.value}\niseval = 0\n"
        for name, threshold in detection.thresholds.items()
    ]
    last = (
        f"# What {detection.id} is to leave out, e.g. search NOT user=backup*\n"
        f"[illumio_pce_{detection.id}_filter]\ndefinition = search *\niseval = 0\n"
    )
    drilldown = (
        f"# The events that {detection.id} looks at, for the drilldown of a notable event.\n"
        f"[illumio_pce_{detection.id}_events]\ndefinition = {_beside_the_index(detection)}\niseval = 0\n"
    )
    return "\n".join([*thresholds, last, drilldown])


def _lines(settings: dict[str, str]) -> str:
    return "".join(f"{key} = {value}\n" for key, value in settings.items())


def _settings(detection: Detection) -> dict[str, str]:
    runs = detection.runs
    return {
        "description": _line(f"{detection.title}. {detection.description}"),
        "search": compose(detection),
        "disabled": "1",
        "enableSched": "1",
        "cron_schedule": runs.cron,
        "realtime_schedule": "0",
        "dispatch.earliest_time": runs.earliest,
        # An event may bear a time that is ahead of Splunk's clock.
        "dispatch.latest_time": "+1d",
        **({"dispatch.index_earliest": f"-{runs.lookback}m@m"} if runs.lookback else {}),
        "dispatch.index_latest": "-1m@m",
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "alert.digest_mode": "0",
        "alert.suppress": "1",
        "alert.suppress.fields": "alert_key",
        "alert.suppress.period": detection.quiet_for,
        "alert.severity": str(SEVERITIES.index(detection.severity) + 1),
        "alert.track": "1",
        **_enterprise_security(detection),
    }


def _enterprise_security(detection: Detection) -> dict[str, str]:
    """What Enterprise Security reads. Risk and notable are off, so that nothing happens where it is not there."""
    techniques = {"mitre_attack": detection.attack} if detection.attack else {}
    score = _SCORES[detection.severity]
    risk = [
        {"risk_object_field": name, "risk_object_type": _RISK_TYPES[name], "risk_score": score}
        for name in detection.risk
    ]
    drilldown = {
        "name": "The events",
        "search": _drilldown(detection),
        "earliest_offset": "$info_min_time$",
        "latest_offset": "$info_max_time$",
    }
    return {
        "action.correlationsearch.enabled": "1",
        "action.correlationsearch.label": f"Illumio PCE: {detection.title}",
        "action.correlationsearch.annotations": json.dumps({**techniques, "type": "TTP"}),
        "action.risk": "0",
        "action.risk.param._risk": json.dumps(risk),
        "action.risk.param._risk_message": "$reason$",
        "action.risk.param._risk_score": "0",
        "action.risk.param.verbose": "0",
        "action.notable": "0",
        "action.notable.param.rule_title": f"{detection.title}: $reason$",
        "action.notable.param.rule_description": _line(f"{detection.description} First: {detection.respond[0]}"),
        "action.notable.param.security_domain": detection.domain,
        "action.notable.param.severity": detection.severity,
        "action.notable.param.nes_fields": ",".join(detection.risk),
        "action.notable.param.drilldown_searches": json.dumps([drilldown]),
    }


def _beside_the_index(detection: Detection) -> str:
    """What the search for a detection's events says after its index."""
    index, blank, rest = events_of(detection).partition(" ")
    if index != _INDEX or not blank:
        raise ValueError(f"{detection.id}: a search begins with {_INDEX}")
    return rest


def _drilldown(detection: Detection) -> str:
    """The events of one alert: those between its first and its last, where the row tells these."""
    spans = "first_time" in compose(detection)
    return f"{_INDEX} `illumio_pce_{detection.id}_events`" + (
        " | where _time>=$first_time$ AND _time<=$last_time$" if spans else ""
    )


def _line(text: str) -> str:
    return " ".join(text.split())
