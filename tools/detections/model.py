"""A detection as its `detection.yml` describes it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import yaml

from tools.detections.lines import stages

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "detections"

SEVERITIES = ("informational", "low", "medium", "high", "critical")
RISK_TYPES = ("user", "system", "other")
THREAT_TYPES = ("ip_address",)
DOMAINS = ("access", "endpoint", "network", "threat", "identity", "audit")
#: The stanza of a detection; Enterprise Security takes no longer name when someone clones it.
STANZA, LONGEST_STANZA = "Illumio PCE - {} - Rule", 81
# What a name may hold, since it becomes a stanza, a part of a URL and a word of a shell.
_NAME = re.compile(r"[A-Za-z0-9]+(?:[ ,-]+[A-Za-z0-9]+)*")


#: The window beside a shorter one, and the threshold by which a detection that counts has it.
DAY, DAY_THRESHOLD = "24h", "day_threshold"
#: The threshold by which a detection that does not count alerts once a day, and again with each doubling above it.
STEP = "step"


# Whatever somebody does to rights, keys, the audit trail or what blocks traffic alerts, whoever does it.
_NEVER_EXPECTED = (
    "access_rights", "access_new", "credential", "identity", "audit", "policy_boundary", "policy_broad",
    "policy_object", "enforcement_lowered", "protection",
)  # fmt: skip


class Invalid(Exception):
    """A detection.yml that says too little, or what nobody reads."""


@dataclass(frozen=True)
class Threshold:
    """A macro that an administrator may change: `illumio_pce_<id>_<name>`."""

    value: str
    meaning: str


@dataclass(frozen=True)
class Schedule:
    """When a search runs, and which events it reads.

    `period` in minutes. Index times from `lookback` minutes ago until a minute ago, if there is a lookback;
    event times from `earliest` to `latest`.
    """

    period: int
    lookback: int
    earliest: str
    # An event may bear a time that is ahead of Splunk's clock. In hours: a day may have 23 or 25 of them.
    latest: str = "+24h"

    def cron(self, name: str) -> str:
        """When the search of this id starts: at an offset into the period that follows from the id alone.

        Searches that start in the same second wait for each other; this spreads them, and adding one moves no other.
        """
        offset = int(hashlib.sha256(name.encode()).hexdigest(), 16) % self.period
        return f"{offset} * * * *" if self.period == HOURLY else f"{offset}-59/{self.period} * * * *"

    @property
    def since_last_run(self) -> str:
        """The macro for the index time from which something is new to a run: its period and a minute before it."""
        seconds = "" if self.period == OFTEN else f"({(self.period + 1) * 60})"
        return f"`illumio_pce_since_last_run{seconds}`"


_SINCE = re.compile(r"`illumio_pce_since_last_run[^`]*`")
#: Periods in minutes; administrators may have to make the first one longer.
OFTEN, HOURLY = 5, 60
SCHEDULES = {
    # A day back, so that a line of an event that comes again within it is known.
    "every 5 minutes": Schedule(OFTEN, 1446, "-30d"),
    # However far ahead, since it is one of these that tells of events from the future.
    "every 5 minutes, each line once": Schedule(OFTEN, 6, "-30d", "+10y"),
    "every 5 minutes, over 90 days": Schedule(OFTEN, 1446, "-90d"),
    "every 15 minutes": Schedule(15, 2880, "-2d"),
    # Two days back, since a draft may be provisioned on the day after.
    "every 15 minutes, over 30 days": Schedule(15, 2880, "-30d"),
    "hourly, over 2 days": Schedule(HOURLY, 2880, "-2d"),
    "hourly, over 400 days": Schedule(HOURLY, 1446, "-400d"),
}


@dataclass(frozen=True)
class RiskObject:
    """A field of the row whose value gets a risk score (1 to 100) in Enterprise Security."""

    field: str
    type: str
    score: int

    @property
    def copy(self) -> str:
        """The field that Enterprise Security reads: it has one value, which is no placeholder, or none."""
        return f"risk_{self.field}"


@dataclass(frozen=True)
class ThreatObject:
    """A field of the row whose values are what threatens: addresses, for example."""

    field: str
    type: str

    @property
    def copy(self) -> str:
        """The field that Enterprise Security reads: the values that are no placeholders."""
        return f"threat_{self.field}"


@dataclass(frozen=True)
class Rba:
    """The risk-based alerting of a detection, as in Splunk's security_content. The first risk object is the entity."""

    message: str
    risk_objects: list[RiskObject]
    threat_objects: list[ThreatObject]


@dataclass(frozen=True)
class Detection:
    """One detection; the names are those of detection.yml, which content/detections/README.md explains."""

    name: str
    id: str
    severity: str
    description: str
    why: str
    reason: str
    how_to_implement: str
    known_false_positives: str
    respond: list[str]
    drilldown_searches: list[dict[str, str]]
    rba: Rba
    tags: dict[str, Any]
    schedule: str = "every 5 minutes"
    recommended: bool = True
    # The rows of Illumio's "Recommended Events to Monitor" and "Monitoring Operational Practices" that it answers.
    illumio: list[str] = field(default_factory=list)
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    severity_when: str = ""
    once_by: str = "alert_event"
    quiet_for: str = "24h"
    # Of a detection with a step: which rows are never throttled but by their own events.
    every_event_when: str = 'severity=="critical"'
    # How events become rows: the parts of which tools/detections/search.py makes the search, or `search`, whole, which
    # names the parts that it has, {events}, {prepare} and {match}, so that the dashboards can use them too.
    search: str = ""
    events: str = ""
    # What narrows them behind a pipe, in eval, since the index cannot find it: a default_match of a lookup.
    only: str = ""
    prepare: list[str] = field(default_factory=list)
    match: str = "true()"
    by: str = "pce_fqdn"
    also: str = ""
    counted: str = ""
    # Of a detection that does not count: a figure over the day before each event, by `by`, which rows have as `total`.
    day_total: str = ""
    # The same over the hour before each event, as `hour_total`.
    hour_total: str = ""
    # Whether `prepare` puts into words what events may name by hrefs alone, so that names have to be there before it.
    names_first: bool = False
    # Stages between the events that alert and their rows.
    details: list[str] = field(default_factory=list)
    # Figures over the window before an event, each with the field it is counted by (and `day`, if it is one over a
    # day), and what `decided` makes of them.
    before: dict[str, list[str]] = field(default_factory=dict)
    decided: str = ""
    high_value: bool = False
    # Of a detection that counts over a day: which of the events about a high-value workload alert however few they are.
    at_once: str = ""
    # Whether the list of expected automation may silence it: never one of rights, keys or what blocks traffic.
    expects_automation: bool = False
    # Why the security overview does not show it, or what of it; `shown_only` is what it shows nevertheless.
    not_shown: str = ""
    shown_only: str = ""

    @property
    def stanza(self) -> str:
        """The name of its saved search."""
        return STANZA.format(self.name)

    @property
    def attack(self) -> list[str]:
        """Its techniques of MITRE ATT&CK."""
        return list(self.tags.get("mitre_attack_id", []))

    @property
    def domain(self) -> str:
        """Its security domain in Enterprise Security."""
        return str(self.tags.get("security_domain", ""))

    @property
    def windowed(self) -> bool:
        """Whether it looks at the events of a window together."""
        return bool(self.counted or self.before)

    @property
    def by_day(self) -> bool:
        """Whether it counts over a day too, beside its window."""
        return bool(self.counted) and DAY_THRESHOLD in self.thresholds

    @property
    def runs(self) -> Schedule:
        """Its schedule."""
        return SCHEDULES[self.schedule]

    @property
    def cron(self) -> str:
        """When it starts."""
        return self.runs.cron(self.id)


def read_all(folder: Path = CONTENT) -> list[Detection]:
    """All detections, by id. Raises Invalid."""
    return [read(path) for path in sorted(folder.glob("*/detection.yml"))]


def read(path: Path) -> Detection:
    """One detection. Raises Invalid with the file's place."""
    text = cast("dict[str, Any]", yaml.safe_load(path.read_text(encoding="utf-8")))
    thresholds = text.pop("thresholds", {})
    try:
        detection = Detection(
            **{
                **text,
                "prepare": stages(text.get("prepare", "")),
                "details": stages(text.get("details", "")),
                "rba": _rba(text["rba"]),
                "thresholds": {name: Threshold(str(value), meaning) for name, (value, meaning) in thresholds.items()},
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(f"{path}: {error!r}") from error
    _check(detection, path)
    return _without_expected(detection) if detection.expects_automation else detection


def _without_expected(detection: Detection) -> Detection:
    """The detection without what the list of expected automation names for it: by any row that has not ended."""
    expected = [
        f'eval automation="{detection.id}", account=lower(mvindex(actor,0)), address=lower(mvindex(src,0))',
        "lookup local=true illumio_pce_expected_automation account, address, expected AS automation"
        " OUTPUT until AS expected_until, expected AS is_expected",
    ]
    match = f"({detection.match}) AND `illumio_pce_not_expected`"
    return replace(detection, prepare=[*detection.prepare, *expected], match=match)


def _rba(text: dict[str, Any]) -> Rba:
    risk_objects = [RiskObject(**one) for one in text["risk_objects"]]
    return Rba(text["message"], risk_objects, [ThreatObject(**one) for one in text["threat_objects"]])


def _check(detection: Detection, path: Path) -> None:
    wrong = {
        "id is not the folder's name": detection.id != path.parent.name,
        "name has characters beyond letters, digits, blanks, commas and hyphens": not _NAME.fullmatch(detection.name),
        f"the stanza's name has more than {LONGEST_STANZA} characters": len(detection.stanza) > LONGEST_STANZA,
        "severity is unknown": detection.severity not in SEVERITIES,
        "domain is unknown": detection.domain not in DOMAINS,
        "schedule is unknown": detection.schedule not in SCHEDULES,
        "respond, drilldown_searches or risk_objects are empty": not (
            detection.respond and detection.drilldown_searches and detection.rba.risk_objects
        ),
        "a risk object needs a type (user, system or other) and a score from 1 to 100": not all(
            one.type in RISK_TYPES and 1 <= one.score <= 100 for one in detection.rba.risk_objects
        ),
        "a threat object needs a type (ip_address)": not all(
            one.type in THREAT_TYPES for one in detection.rba.threat_objects
        ),
        "rows are by users, addresses and what is no entity": bool({"dest", "href"} & set(detection.by.split())),
        "the search takes another period for new than its schedule has": _other_period(detection),
        "search or events": not (detection.search or detection.events),
        "a search that is written whole narrows by itself": bool(detection.search and detection.only),
        "search leaves out a part": bool(detection.search and detection.events)
        and not all(part in detection.search for part in ("{events}", "{prepare}", "{match}")),
        "not shown without a reason": not detection.events and not detection.not_shown,
        "shown in part without a reason": bool(detection.shown_only) and not detection.not_shown,
        "what is counted has a window and a threshold": bool(detection.counted)
        and not {"window", "threshold"} <= set(detection.thresholds),
        "what alerts at once counts over a day, looks up high-value workloads and has their names first": bool(
            detection.at_once
        )
        and not (detection.by_day and detection.high_value and detection.names_first),
        "what is decided has figures, and one way to decide": bool(detection.before) != bool(detection.decided)
        or bool(detection.before and detection.counted),
        "expected automation never silences what is about rights, keys or blocks": detection.expects_automation
        and detection.id.startswith(_NEVER_EXPECTED),
        "a step has a total of the day and something to throttle by": STEP in detection.thresholds
        and (not detection.day_total or detection.once_by == "alert_event"),
        "a threshold is not used": not all(_uses(detection, name) for name in detection.thresholds),
    }
    found = [text for text, is_wrong in wrong.items() if is_wrong]
    if found:
        raise Invalid(f"{path}: {'; '.join(found)}")


def _other_period(detection: Detection) -> bool:
    schedule = SCHEDULES.get(detection.schedule)
    return bool(schedule and set(_SINCE.findall(detection.search)) - {schedule.since_last_run})


def _uses(detection: Detection, threshold: str) -> bool:
    texts = [detection.search, detection.match, detection.reason, detection.severity_when, *detection.prepare]
    texts += [detection.decided, *detection.details]
    implied = threshold == STEP or (detection.windowed and threshold in ("window", "threshold", DAY_THRESHOLD))
    return implied or any(f"`illumio_pce_{detection.id}_{threshold}`" in text for text in texts)
