"""An invented company whose PCE the events tell of: a freight carrier with people, servers and labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from .parts import FILTERED, Ids, Json, envelope

_PEOPLE = (
    "amara.okafor", "bruno.keller", "chiara.romano", "dmitri.volkov", "elif.yildiz", "farid.nazari", "greta.lind",
    "hugo.marchand", "ines.duarte", "jonas.weiss", "keiko.mori", "lars.nygaard", "mina.haddad", "noor.bakker",
)  # fmt: skip
_APPLICATIONS = ("booking", "customs", "dispatch", "fleet", "invoicing", "tracking", "warehouse", "webshop")
_ROLES = ("db", "web", "queue", "batch")
_ENVIRONMENTS = ("prod", "staging", "dev")
_LOCATIONS = ("rotterdam", "gdansk", "valencia")


@dataclass(frozen=True)
class Person:
    """Someone who signs in."""

    href: str
    username: str
    address: str


@dataclass(frozen=True)
class Workload:
    """A server with its VEN; `labels` as they stand in events."""

    uuid: str
    hostname: str
    agent_id: int
    address: str
    labels: Sequence[Json]


class World:
    """Picks actors and things from a seed, and dates what happens: `ms` is the present (epoch milliseconds).

    `actor` and `about` say who acts and on which server; nobody in particular where they are None.
    """

    def __init__(self, seed: int = 0, *, org_id: int = 1, fqdn: str = "pce.example.com", workloads: int = 240) -> None:
        self.rng = Random(seed)
        self.uuid = Ids(self.rng)
        self.ms = 0
        self.fqdn = fqdn
        self.org = f"/orgs/{org_id}"
        self.api = f"/api/v2{self.org}"
        self.draft = f"{self.org}/sec_policy/draft"
        self.people = [
            Person(f"/users/{301 + number}", f"{name}@kestrel-freight.example", f"10.77.4.{20 + number}")
            for number, name in enumerate(_PEOPLE)
        ]
        self.cluster: Json = {"href": f"{self.org}/container_clusters/{self.uuid()}", "name": "harbour-k8s"}
        self.service_account: Json = {"href": f"{self.org}/service_accounts/{self.uuid()}", "name": "cmdb-sync"}
        self._labels: dict[tuple[str, str], Json] = {}
        for key, values in zip(("role", "app", "env", "loc"), (_ROLES, _APPLICATIONS, _ENVIRONMENTS, _LOCATIONS)):
            for value in values:
                href = f"{self.org}/labels/{2001 + len(self._labels)}"
                self._labels[key, value] = {"href": href, "key": key, "value": value}
        self.workloads = [self._workload(number) for number in range(workloads)]
        self.actor: Person | None = None
        self.about: Workload | None = None

    def _workload(self, number: int) -> Workload:
        picks = [self.rng.choice(values) for values in (_ROLES, _APPLICATIONS, _ENVIRONMENTS, _LOCATIONS)]
        role, app, env, _ = picks
        return Workload(
            self.uuid(),
            f"{app}-{role}-{env}-{number:03}.kestrel-freight.example",
            7001 + number,
            f"10.77.{16 + number // 200}.{10 + number % 200}",
            [self._labels[key, value] for key, value in zip(("role", "app", "env", "loc"), picks)],
        )

    @property
    def labels(self) -> list[Json]:
        """All labels, as they stand in events."""
        return list(self._labels.values())

    def person(self) -> Person:
        """Who acts: `actor` while one is set, else anyone."""
        return self.actor or self.rng.choice(self.people)

    def workload(self) -> Workload:
        """The server that it is about: `about` while one is set, else any."""
        return self.about or self.rng.choice(self.workloads)

    def label(self, key: str) -> Json:
        """Any label of that key."""
        return self.rng.choice([label for (kind, _), label in self._labels.items() if kind == key])

    def stranger(self) -> str:
        """An address outside the company."""
        return f"203.0.113.{self.rng.randrange(1, 255)}"

    def number(self, low: int = 3001, high: int = 9000) -> int:
        """The numeric id of something."""
        return self.rng.randrange(low, high)

    def key_id(self) -> str:
        """The id of an API key."""
        return f"1{self.rng.getrandbits(64):016x}"

    def action(self, method: str, endpoint: str, code: int = 200, source: str | None = None, **more: Any) -> Json:
        """The request behind an event; `more` are members such as `errors`. Without a source it is filtered."""
        return {
            "uuid": self.uuid(),
            **({"info": more.pop("info")} if "info" in more else {}),
            "api_endpoint": endpoint,
            "api_method": method,
            "http_status_code": code,
            "src_ip": source or FILTERED,
            **more,
        }

    def task(self) -> Json:
        """The action of something that the PCE did by itself."""
        return {
            "uuid": self.uuid(),
            "api_endpoint": None,
            "api_method": None,
            "http_status_code": None,
            "src_ip": FILTERED,
        }

    def change(self, resource: Json, changes: Json | None, how: str = "update") -> Json:
        """A changed resource."""
        return {"uuid": self.uuid(), "resource": resource, "changes": changes, "change_type": how}

    def note(self, kind: str, info: Any = None) -> Json:
        """A notification."""
        return {"uuid": self.uuid(), "notification_type": kind, "info": info}

    def event(
        self,
        event_type: str,
        created_by: Json,
        action: Json | None = None,
        changes: Iterable[Json] = (),
        notes: Iterable[Json] = (),
        *,
        status: str | None = "success",
        severity: str = "info",
        system: bool = False,
    ) -> Json:
        """An event of the present moment; `system` gives it an href without an organisation."""
        href = f"{'' if system else self.org}/{'system_events' if system else 'events'}/{self.uuid()}"
        return envelope(href, self.ms, self.fqdn, created_by, event_type, status, severity, action, changes, notes)


SYSTEM: Json = {"system": {}}


def by_user(person: Person) -> Json:
    """Created by a person."""
    return {"user": {"href": person.href, "username": person.username}}


def by_ven(world: World, workload: Workload) -> Json:
    """Created by a VEN, which names itself twice since 22.3."""
    return {
        "agent": {"href": agent_href(world, workload), "hostname": workload.hostname},
        "ven": {"href": f"{world.org}/vens/{workload.uuid}", "hostname": workload.hostname},
    }


def by_agent(world: World, workload: Workload) -> Json:
    """Created by a VEN, as releases before 22.3 write it."""
    return {"agent": {"href": agent_href(world, workload), "hostname": workload.hostname}}


def agent_href(world: World, workload: Workload) -> str:
    """The agent of a server."""
    return f"{world.org}/agents/{workload.agent_id}"


def as_workload(world: World, workload: Workload) -> Json:
    """A server as the resource of a change."""
    return {
        "workload": {
            "href": f"{world.org}/workloads/{workload.uuid}",
            "name": None,
            "hostname": workload.hostname,
            "labels": workload.labels,
        }
    }


def as_agent(world: World, workload: Workload) -> Json:
    """A VEN as the resource of a change."""
    return {"agent": {"href": agent_href(world, workload), "name": None, "hostname": workload.hostname}}


def as_ven(world: World, workload: Workload) -> Json:
    """The same under the name that releases since 22.3 have for it."""
    return {"ven": {"href": f"{world.org}/vens/{workload.uuid}", "hostname": workload.hostname}}


def as_user(person: Person) -> Json:
    """A local user as the resource of a change or in a notification."""
    return {"user": {"href": person.href, "type": "local", "username": person.username}}
