"""Invented fleets: labels, groups, IP lists, services, rule sets, and workloads of the usual kinds."""

from __future__ import annotations

from random import Random

from workbench.pce.events.world import World

from .inventory import Inventory
from .objects import IpList, Label, LabelGroup, Record, Rule, RuleSet, Service, Workload

_VALUES = {
    "role": ("db", "web", "queue", "batch"),
    "app": ("booking", "customs", "dispatch", "fleet", "invoicing", "tracking", "warehouse", "webshop"),
    "env": ("prod", "staging", "dev"),
    "loc": ("rotterdam", "gdansk", "valencia"),
}
_MODES = ("full", "full", "full", "selective", "visibility_only", "idle")
_SYSTEMS = ("ubuntu-x86_64-22.04", "rhel-x86_64-9.4", "win-x86_64-server")
_VERSIONS = ("24.2.20-1234", "24.2.20-1234", "23.5.10-1001", "22.5.0-8876")


def fill(inventory: Inventory, workloads: int = 100, *, seed: int = 0, now: float = 0.0) -> None:
    """Add so many workloads, a tenth of them unmanaged; heartbeats are up to five minutes before `now` (epoch s)."""
    rng = Random(seed)
    labels = add_labels(inventory)
    add_policy(inventory, labels)
    for number in range(workloads):
        picks = [labels[key, rng.choice(values)] for key, values in _VALUES.items()]
        managed = number % 10 != 9
        name = f"{picks[1].value}-{picks[0].value}-{number:05}"
        inventory.add(
            Workload(
                f"{name}.kestrel-freight.example" if managed else None,
                picks if number % 17 else picks[:3],
                name=None if managed else name,
                managed=managed,
                enforcement_mode=rng.choice(_MODES) if managed else "visibility_only",
                addresses=[("eth0", f"10.{77 + number // 65_536}.{number // 256 % 256}.{number % 256}")],
                os_id=rng.choice(_SYSTEMS) if managed else None,
                version=rng.choice(_VERSIONS),
                heartbeat=now - rng.randrange(300) if managed else None,
            )
        )


def add_labels(inventory: Inventory) -> dict[tuple[str, str], Label]:
    """Add the labels of the invented company, by key and value."""
    return {(key, value): inventory.add(Label(key, value)) for key, values in _VALUES.items() for value in values}


def add_policy(inventory: Inventory, labels: dict[tuple[str, str], Label]) -> None:
    """Add groups, lists, services and rule sets, the PCE's own "Any" and "All Services" among them."""
    add = inventory.add
    coast = add(LabelGroup("Coast", "loc", [labels["loc", "rotterdam"], labels["loc", "gdansk"]]))
    ports = add(LabelGroup("Ports", "loc", [labels["loc", "valencia"]], [coast]))
    anything = add(IpList("Any (0.0.0.0/0 and ::/0)", [("0.0.0.0/0", None, False), ("::/0", None, False)]))
    offices = add(
        IpList("Offices", [("10.77.4.0/24", None, False), ("10.77.5.1", "10.77.5.9", False)], ["vpn.example"])
    )
    everything = add(Service("All Services", [(None, None, -1)]))
    https = add(Service("HTTPS", [(443, None, 6)]))
    database = add(Service("Database", [(5432, None, 6), (6000, 6010, 6)]))
    for app in ("booking", "webshop", "invoicing"):
        scope = [labels["app", app], labels["env", "prod"]]
        rules = [
            Rule([labels["role", "db"]], [labels["role", "web"]], [database]),
            Rule([labels["role", "web"]], [offices], [https]),
            Rule(["ams"], [anything], [everything], deny=True, override=app == "booking"),
        ]
        add(RuleSet(f"{app.capitalize()} in production", rules, [scope]))
    add(RuleSet("Default", [Rule(["ams"], [ports], [https])], [[]], enabled=False))


def fill_company(inventory: Inventory, world: World, now: float) -> list[Workload]:
    """Add the servers, labels and people of the company that the events tell of, under the same hrefs."""
    labels = {}
    for one in world.labels:
        label = Label(one["key"], one["value"])
        label.href = one["href"]
        labels[one["href"]] = inventory.add(label)
    add_policy(inventory, {(label.key, label.value): label for label in labels.values()})
    for person in world.people:
        record = Record({"username": person.username, "full_name": None, "type": "local"})
        record.href = person.href
        inventory.add(record, "users")
    return [_server(inventory, world, number, labels, now) for number in range(len(world.workloads))]


def _server(inventory: Inventory, world: World, number: int, labels: dict[str, Label], now: float) -> Workload:
    one = world.workloads[number]
    workload = Workload(
        one.hostname,
        [labels[label["href"]] for label in one.labels],
        enforcement_mode=_MODES[number % len(_MODES)],
        addresses=[("eth0", one.address)],
        version=_VERSIONS[number // 7 % len(_VERSIONS)],
        heartbeat=now - number % 300,
        agent_id=one.agent_id,
    )
    workload.href = f"{world.org}/workloads/{one.uuid}"
    return inventory.add(workload)
