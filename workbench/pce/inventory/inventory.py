"""An organisation's objects: adding, changing and deleting them, and what each collection shows to whom.

Sources: the REST API guide ("GET Collection Request Limits", "Async GET Collections", "Draft and Active Policy"); each
switch names its own.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from workbench.pce.jobs import JobRules
from workbench.pce.keys import ApiKey
from workbench.pce.query import BadParameter

from .collections import COLLECTIONS
from .objects import IpList, Json, Label, LabelGroup, Policy, Record, RuleSet, Service, Thing, View, Workload

#: The most objects in one synchronous response (REST API guide, "GET Collection Request Limits").
MOST_RESULTS = 500
#: Offline timers (s) for any workload ("VEN and Workload States", Administration, 25.2.10).
_OFFLINE = {"server": 3_600, "endpoint": 86_400}
_FILTERS = {
    "workloads": ("managed", "online", "enforcement_mode", "agent.active_pce_fqdn"),
    "vens": ("status", "active_pce_fqdn"),
    "labels": ("key",),
}
_KINDS: tuple[tuple[type[Thing], str], ...] = (
    (Workload, "workloads"),
    (Label, "labels"),
    (LabelGroup, "label_groups"),
    (IpList, "ip_lists"),
    (Service, "services"),
    (RuleSet, "rule_sets"),
)
_RULES = ("rules", "deny_rules")
T = TypeVar("T", bound=Thing)


class Inventory:
    """The objects of one organisation; in a supercluster, the same for all members (the guide: policy is replicated).

    `timers`: (labels, seconds or -1 for never, VEN type), as `/settings/workloads` shows them.

    Switches, all off:

    most_results: the most objects in a synchronous response. The guide: 500; tools of others ask for 200,000 at once
        (pylo), so another release may give more.
    gives_what_is_asked: it only limits those who name no number.
    job_rules: by collection, how its jobs go where not as those of the PCE (`Pce.job_rules`): one that never ends, or
        fails. Each is possible by the guide ("Async GET Collections").
    without_jobs: collections that answer at once where an asynchronous answer was asked for, and cut as ever. The
        guide's list of asynchronous collections lacks vens, services, rule_sets and label_groups; tools of others
        fetch them so.
    hidden: hrefs of objects that no response shows. Seen by nobody; a member under upgrade or a database that lags
        would look like that. `hidden_counted`: whether `X-Total-Count` counts them.
    deleted_counted: whether `X-Total-Count` counts what was deleted. The guide does not say.
    scope_counted: whether it counts what a scoped key does not see. Nobody has said; otherwise nothing gives a partial
        answer away.
    labels_href_only: labels within other records as href alone, as before 22.3.
    ven_href_only: `ven` of a workload as href alone, as before 22.3.
    without_managed: no member `managed`, as a lab record of 20.2 in illumio-py's tests.
    foreign_heartbeats: what a member knows of heartbeats of VENs that another one serves: `none`, `old` (a day), or
        `all`. "REST API and Supercluster" (Install guide, 25.2): they are not replicated.
    provisions_at_once: off, and what is added, changed and deleted is a draft until `provision`.
    deny_rules_apart: a rule set's record lacks `deny_rules`, which are at their own path (25.2 guide); real answers
        have them within (illumio-ops, TA-Illumio).
    timer_scopes_nested: scopes of timers as lists of lists, as those of rule sets are. The guides show no scope of one.
    empty_lists_left_out: a rule set's record lacks `rules` or `deny_rules` where it has none. Nobody has seen it.
    """

    def __init__(self, org_id: int = 1, seed: int = 0) -> None:
        self.org_id = org_id
        self.job_rules: dict[str, JobRules] = {}
        self.timers: list[tuple[Sequence[Label], int, str]] = [((), value, kind) for kind, value in _OFFLINE.items()]
        self.most_results = MOST_RESULTS
        self.gives_what_is_asked = False
        self.without_jobs: set[str] = set()
        self.hidden: set[str] = set()
        self.hidden_counted = False
        self.deleted_counted = False
        self.scope_counted = False
        self.labels_href_only = False
        self.ven_href_only = False
        self.without_managed = False
        self.foreign_heartbeats = "none"
        self.provisions_at_once = True
        self.deny_rules_apart = False
        self.empty_lists_left_out = False
        self.timer_scopes_nested = False
        self._things: dict[str, dict[str, Thing]] = {name: {} for name in COLLECTIONS}
        self._deleted = dict.fromkeys(COLLECTIONS, 0)
        self._provisioned: dict[str, dict[str, Json]] = {}
        self._rng = Random(seed)
        self._last = 100

    # --- what tests do ------------------------------------------------------------------------------

    def add(self, thing: T, collection: str = "") -> T:
        """Add an object; a `Record` needs the name of its collection. It gets an href, unless it has one."""
        name = collection or _collection_of(thing)
        if not thing.href:
            thing.href = self._new_href(name)
        if isinstance(thing, Workload):
            thing.ven_href = thing.ven_href or thing.href.replace("/workloads/", "/vens/")
            thing.agent_id = thing.agent_id or self._number()
        self._things[name][thing.href] = thing
        return thing

    def delete(self, thing: Thing) -> None:
        """Delete an object; a workload goes with its VEN."""
        name = next(name for name, things in self._things.items() if thing.href in things)
        del self._things[name][thing.href]
        self._deleted[name] += 1

    def provision(self) -> None:
        """Make the drafts active, where that does not happen at once."""
        view = self._view("")
        self._provisioned = {name: self._records(name, view) for name, one in COLLECTIONS.items() if one.policy}

    def all(self, kind: type[T]) -> list[T]:
        """The objects of a kind, in the order in which they were added."""
        return [thing for things in self._things.values() for thing in things.values() if isinstance(thing, kind)]

    # --- what the API shows -------------------------------------------------------------------------

    def cut(self, query: InventoryQuery) -> InventoryQuery:
        """A query as it counts for a synchronous response."""
        is_free = query.max_results is not None and self.gives_what_is_asked
        return query if is_free else query.cut(self.most_results)

    def body(self, name: str, version: str | None, key: ApiKey, fqdn: str, query: InventoryQuery) -> bytes:
        """A collection as the PCE with that FQDN shows it to the owner of a key, cut at the query's `max_results`."""
        texts: list[str] = []
        for row in filter(query.accepts, self._shown(name, version, key.scope, fqdn, self.hidden)):
            if len(texts) == query.max_results:
                break
            shown = self._with_its_lists(row) if name == "rule_sets" else row
            texts.append(json.dumps(shown, separators=(",", ":")))
        return f"[{','.join(texts)}]".encode()

    def total(self, name: str, version: str | None, key: ApiKey) -> int:
        """`X-Total-Count`, whatever the filters (seen with 25.2.40: illumio-ops)."""
        scope = () if self.scope_counted else key.scope
        hidden: set[str] = set() if self.hidden_counted else self.hidden
        count = sum(1 for _ in self._shown(name, version, scope, "", hidden))
        return count + (self._deleted[name] if self.deleted_counted else 0)

    def rules(self, version: str, rule_set: str, kind: str) -> bytes | None:
        """The rules or deny rules of a rule set, by its number; None where it is not there."""
        href = f"/orgs/{self.org_id}/sec_policy/{version}/rule_sets/{rule_set}"
        rows = self._shown("rule_sets", version, (), "", self.hidden)
        found = next((row for row in rows if row["href"] == href), None)
        return None if found is None else json.dumps(found["rules" if kind == "sec_rules" else kind]).encode()

    def settings(self) -> Json:
        """`/settings/workloads`."""
        timers = [
            {"scope": self._scope(labels), "value": seconds, "ven_type": ven_type}
            for labels, seconds, ven_type in self.timers
        ]
        goodbye = [{"scope": [], "value": value // 4, "ven_type": kind} for kind, value in _OFFLINE.items()]
        return {
            "href": f"/orgs/{self.org_id}/settings/workloads",
            "workload_disconnected_timeout_seconds": timers,
            "workload_goodbye_timeout_seconds": goodbye,
            "workload_disconnected_notification_seconds": [dict(one) for one in goodbye],
        }

    # --- how ----------------------------------------------------------------------------------------

    def _scope(self, labels: Sequence[Label]) -> list[Any]:
        scope = [{"href": label.href} for label in labels]
        return [scope] if self.timer_scopes_nested and scope else scope

    def _view(self, fqdn: str) -> View:
        return View(
            self.org_id,
            fqdn,
            self.labels_href_only,
            self.ven_href_only,
            self.without_managed,
            self.foreign_heartbeats,
        )

    def _shown(
        self, name: str, version: str | None, scope: Sequence[Any], fqdn: str, hidden: set[str]
    ) -> Iterator[Json]:
        frozen = COLLECTIONS[name].policy and not self.provisions_at_once
        if frozen and version == "active":
            rows: Iterable[Json] = self._provisioned.get(name, {}).values()
        elif frozen:
            rows = self._drafts(name)
        else:
            rows = self._rows(name, self._view(fqdn), scope)
        if version == "active":
            rows = map(_as_active, rows)
        for row in rows:
            if row["href"].replace("/active/", "/draft/") not in hidden:
                yield row

    def _with_its_lists(self, rule_set: Json) -> Json:
        """A rule set with those lists of rules that the switches leave it."""
        out = {"deny_rules"} if self.deny_rules_apart else set()
        out |= {name for name in _RULES if self.empty_lists_left_out and not rule_set[name]}
        return {name: value for name, value in rule_set.items() if name not in out}

    def _rows(self, name: str, view: View, scope: Sequence[Any] = ()) -> Iterator[Json]:
        for thing in list(self._things["workloads" if name == "vens" else name].values()):
            if not thing.is_within(scope):
                continue
            if name != "vens":
                if isinstance(thing, RuleSet):
                    self._name_rules(thing)
                yield thing.record(view)
            elif isinstance(thing, Workload) and thing.managed:
                yield thing.ven_record(view)

    def _records(self, name: str, view: View) -> dict[str, Json]:
        return {row["href"]: row for row in self._rows(name, view)}

    def _drafts(self, name: str) -> Iterator[Json]:
        """The drafts, and how each differs from what was provisioned."""
        now, before = self._records(name, self._view("")), self._provisioned.get(name, {})
        for href, row in now.items():
            kind = "create" if href not in before else None if before[href] == row else "update"
            yield {**row, "update_type": kind}
        for href, row in before.items():
            if href not in now:
                yield {**row, "update_type": "delete"}

    def _name_rules(self, rule_set: RuleSet) -> None:
        for rule in rule_set.rules:
            if not rule.href:
                rule.href = f"{rule_set.href}/{'deny_rules' if rule.deny else 'sec_rules'}/{self._number()}"

    def _new_href(self, name: str) -> str:
        one = COLLECTIONS[name]
        last = str(self._number()) if one.numbered else str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        folder = f"/orgs/{self.org_id}/" if one.of_org else "/"
        return f"{folder}{'sec_policy/draft/' if one.policy else ''}{name}/{last}"

    def _number(self) -> int:
        self._last += 1
        return self._last


@dataclass(frozen=True)
class InventoryQuery:
    """The parameters of a request for a collection."""

    max_results: int | None
    filters: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, name: str, pairs: Sequence[tuple[str, str]]) -> InventoryQuery:
        """Read a query string. Raises BadParameter for what is not emulated."""
        given = dict(pairs)
        most = given.pop("max_results", None)
        if most is not None and not (most.isascii() and most.isdigit() and len(most) < 10):
            raise BadParameter("max_results must be a whole number")
        for parameter in given:
            if parameter not in _FILTERS.get(name, ()):
                raise BadParameter(f"the emulation knows no parameter {parameter} of {name}")
        return cls(None if most is None else int(most), tuple(given.items()))

    def cut(self, most: int) -> InventoryQuery:
        """The same for a synchronous response."""
        return InventoryQuery(most if self.max_results is None else min(most, self.max_results), self.filters)

    def accepts(self, row: Json) -> bool:
        """Whether a record passes the filters."""
        return all(_text(row, name.split(".")) == value for name, value in self.filters)


def _text(row: Any, path: Sequence[str]) -> str | None:
    for part in path:
        row = row.get(part) if isinstance(row, dict) else None
    return None if row is None else str(row).lower() if isinstance(row, bool) else str(row)


def _as_active(row: Json) -> Json:
    """The active twin of a draft: only that word of each href differs (seen by illumio-ops)."""
    found: Json = json.loads(json.dumps(row).replace("/sec_policy/draft/", "/sec_policy/active/"))
    found.pop("update_type", None)
    return found


def _collection_of(thing: Thing) -> str:
    for kind, name in _KINDS:
        if isinstance(thing, kind):
            return name
    what = "a Record" if isinstance(thing, Record) else type(thing).__name__
    raise ValueError(f"name the collection of {what}" if isinstance(thing, Policy) else f"{what} has no collection")
