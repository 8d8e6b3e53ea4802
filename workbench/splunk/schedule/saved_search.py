"""One stanza of savedsearches.conf. Source: savedsearches.conf.spec 9.2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.splunk.refusal import Refused
from workbench.splunk.schedule.cron import Cron, parse_cron
from workbench.splunk.schedule.trigger import Trigger, parse_trigger
from workbench.splunk.spl.relative_time import seconds_of
from workbench.splunk.spl.values import parse_flag

_READ = frozenset(
    {
        "search", "enableSched", "disabled", "cron_schedule", "realtime_schedule", "schedule_priority",
        "schedule_window", "allow_skew", "counttype", "relation", "quantity", "alert_condition",
        "dispatch.earliest_time", "dispatch.latest_time", "dispatch.index_earliest", "dispatch.index_latest",
        "dispatch.max_count", "alert.suppress", "alert.suppress.period", "alert.suppress.fields",
        "alert.suppress.group_name", "alert.severity", "alert.expires", "alert.digest_mode", "alert.track",
    }
)  # fmt: skip
# Settings that change neither what a run finds nor when it alerts.
_WITHOUT_EFFECT = re.compile(
    r"description|is_visible|displayview|vsid|dispatchAs|max_concurrent|workload_pool|schedule_as|restart_on_searchpeer_add"
    r"|embed\.enabled|alert\.(display_view|managedBy)|(display|request)\..+"
    r"|dispatch\.(ttl|buckets|max_time|spawn_process|auto_cancel|auto_pause|reduce_freq|allow_partial_results"
    r"|rate_limit_retry)|action\.[^.]+(\..+)?"
)


@dataclass(frozen=True)
class Suppression:
    """Throttling: for how many seconds, by which fields of a result, in which group."""

    seconds: int
    fields: tuple[str, ...]
    group: str


@dataclass(frozen=True)
class SavedSearch:
    """What the scheduler has to know of a saved search."""

    name: str
    owner: str
    search: str
    cron: Cron | None
    continuous: bool
    priority: str
    earliest: str
    latest: str
    index_earliest: str
    index_latest: str
    max_count: int
    trigger: Trigger
    digest: bool
    suppression: Suppression | None
    severity: int
    expires: int
    track: str
    report: bool

    @property
    def rank(self) -> int:
        """The order among searches that are due together, as schedule_priority gives it."""
        order = ["RTSS(H)", "CSS(H)", "RTSS(h)", "RTSS(d)", "CSS(h)", "CSS(d)"]
        letter = {"highest": "H", "higher": "h", "default": "d"}[self.priority]
        return order.index(f"{'CSS' if self.continuous else 'RTSS'}({letter})")


def parse_saved_search(name: str, stanza: Mapping[str, str], owner: str = "nobody") -> SavedSearch:
    """Read a stanza. Raises Refused, with the key as its place, for keys and values that are not known."""
    reader = _Reader(name, stanza)
    reader.refuse_unknown()
    scheduled = reader.choice("enableSched", "0", "1") == "1" and not reader.flag("disabled", "0")
    cron = reader.cron() if "cron_schedule" in stanza else None
    if scheduled and cron is None:
        raise reader.refuse("cron_schedule", "is missing")
    digest = reader.flag("alert.digest_mode", "1")
    return SavedSearch(
        name=name,
        owner=owner,
        search=reader.text("search"),
        cron=cron if scheduled else None,
        continuous=not reader.flag("realtime_schedule", "1"),
        priority=reader.choice("schedule_priority", "default", "higher", "highest"),
        earliest=reader.text("dispatch.earliest_time"),
        latest=reader.text("dispatch.latest_time"),
        index_earliest=reader.text("dispatch.index_earliest"),
        index_latest=reader.text("dispatch.index_latest"),
        max_count=reader.number("dispatch.max_count", "500000"),
        trigger=reader.trigger(),
        digest=digest,
        suppression=reader.suppression(digest=digest),
        severity=int(reader.choice("alert.severity", "3", "1", "2", "4", "5", "6")),
        expires=reader.seconds("alert.expires", "24h"),
        track=reader.choice("alert.track", "auto", "0", "1", "true", "false"),
        report=reader.is_report(),
    )


class _Reader:
    def __init__(self, name: str, stanza: Mapping[str, str]) -> None:
        self.name = name
        self.stanza = stanza

    def refuse(self, key: str, why: str) -> Refused:
        return Refused(f"{key} {why}", f"savedsearches.conf [{self.name}] {key}")

    def refuse_unknown(self) -> None:
        for key in self.stanza:
            if key not in _READ and not _WITHOUT_EFFECT.fullmatch(key):
                raise self.refuse(key, "is not known or not supported")
        if self.text("allow_skew") not in ("", "0"):
            raise self.refuse("allow_skew", "makes the start random")
        window = self.text("schedule_window") or "0"
        if window != "auto" and not window.isdigit():
            raise self.refuse("schedule_window", "is neither minutes nor auto")

    def text(self, key: str) -> str:
        return self.stanza.get(key, "").strip()

    def flag(self, key: str, default: str) -> bool:
        try:
            return parse_flag(self.text(key) or default)
        except Refused as refusal:
            raise self.refuse(key, refusal.message) from None

    def choice(self, key: str, default: str, *others: str) -> str:
        value = self.text(key).lower() or default
        if value not in (default, *others):
            raise self.refuse(key, f"= {value} is none of {', '.join((default, *others))}")
        return value

    def number(self, key: str, default: str) -> int:
        value = self.text(key) or default
        if not value.isdigit():
            raise self.refuse(key, f"= {value} is not a whole number")
        return int(value)

    def seconds(self, key: str, default: str) -> int:
        try:
            return seconds_of(self.text(key) or default)
        except Refused as refusal:
            raise self.refuse(key, refusal.message) from None

    def is_report(self) -> bool:
        """Whether it alerts nobody: no condition, no action, and no entry among the triggered alerts."""
        acts = any(re.fullmatch(r"action\.[^.]+", key) and parse_flag(value) for key, value in self.stanza.items())
        return not (self.text("counttype") or self.text("alert_condition") or acts) and self.text("alert.track") == "0"

    def cron(self) -> Cron:
        try:
            cron = parse_cron(self.text("cron_schedule"))
        except Refused as refusal:
            raise self.refuse("cron_schedule", refusal.message) from None
        window = self.text("schedule_window")
        times = list(cron.times(0, 8 * 86400))
        periods = [later - earlier for earlier, later in zip(times, times[1:])]
        if window.isdigit() and int(window) * 60 >= min(periods, default=86400 * 8) and window != "0":
            raise self.refuse("schedule_window", "has to be shorter than the period of the search")
        return cron

    def trigger(self) -> Trigger:
        try:
            return parse_trigger(*(self.text(key) for key in ("counttype", "relation", "quantity", "alert_condition")))
        except Refused as refusal:
            raise self.refuse("counttype", refusal.message) from None

    def suppression(self, *, digest: bool) -> Suppression | None:
        fields = tuple(field.strip() for field in self.text("alert.suppress.fields").split(",") if field.strip())
        if not self.flag("alert.suppress", "0"):
            return None
        if not self.text("alert.suppress.period"):
            raise self.refuse("alert.suppress.period", "is missing")
        if not digest and not fields:
            raise self.refuse("alert.suppress.fields", "has to be set where each result is an alert")
        if digest and fields:
            raise self.refuse("alert.suppress.fields", "with digest_mode = 1 is documented nowhere")
        group = self.text("alert.suppress.group_name")
        if group and fields:
            raise self.refuse("alert.suppress.group_name", "beside fields is documented nowhere")
        return Suppression(self.seconds("alert.suppress.period", ""), fields, group)
