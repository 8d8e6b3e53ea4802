"""The freight carrier after its mergers: 8,000 servers; 60 administrators at three sites, at home and on the road."""

from __future__ import annotations

from dataclasses import replace

from ..parts import Json
from ..world import Person, World

MINUTE = 60_000
HOUR = 60 * MINUTE

_FIRST = ("anna", "boris", "carla", "denis", "esther", "felix", "gloria", "henrik", "iris", "jakob", "karin", "leon")
_LAST = ("vermeer", "kowalski", "ortega", "lindqvist")
_PEOPLE = 60
#: Each site has one address to the outside.
SITES = ("198.51.100.10", "198.51.100.20", "198.51.100.30")
#: From which person on they work at home, and from which on they travel.
AT_HOME, TRAVELLING = 38, 56
#: What works by itself: the account and its address.
SERVICES = {
    "policy-as-code": "10.77.9.10",
    "vault": "10.77.9.11",
    "hr-feed": "10.77.9.12",
    "cmdb-feed": "10.77.9.13",
    "autoscaler": "10.77.9.14",
    "threat-feed": "10.77.9.15",
    "scanner": "10.77.9.16",
}
_CLUSTERS = ("harbour-k8s", "yard-k8s", "office-k8s", "edge-k8s")


class LargeCompany(World):
    """People have the address of the day: `person` is somebody who works then."""

    def __init__(self) -> None:
        super().__init__(11, org_id=4, fqdn="pce.kestrel-freight.example", workloads=8_000)
        names = [f"{first}.{last}" for last in _LAST for first in _FIRST][: _PEOPLE - len(self.people)]
        for number, name in enumerate(names, start=len(self.people)):
            username = f"{name}@kestrel-freight.example"
            self.people.append(Person(f"/users/{301 + number}", username, ""))
        self.clusters: list[Json] = [
            {"href": f"{self.org}/container_clusters/{self.uuid()}", "name": name} for name in _CLUSTERS
        ]
        self.services = {
            name: {"service_account": {"href": f"{self.org}/service_accounts/{self.uuid()}", "name": name}}
            for name in SERVICES
        }
        self.accounts: list[Json] = [
            {"href": f"{self.org}/service_accounts/{self.uuid()}", "name": f"app-{number:02}"} for number in range(40)
        ]

    def at_work(self, number: int, day: int) -> Person:
        """One of the people, with the address from which they work on that day (0 is the week's Monday).

        At home the provider gives another address of the same network every few days. On the road, from Tuesday to
        Thursday of the week itself, every day has a network of its own.
        """
        person = self.people[number]
        if number < AT_HOME:
            return replace(person, address=SITES[number % len(SITES)])
        if number >= TRAVELLING and 1 <= day <= 3:
            return replace(person, address=f"198.19.{10 * number % 250 + day}.{20 + number}")
        return replace(person, address=f"198.18.{number}.{100 + (day + number) // 3}")

    def by(self, service: str) -> Json:
        """Created by something that works by itself."""
        return self.services[service]

    def request_of(self, service: str, method: str, endpoint: str, code: int = 200) -> Json:
        """The request of something that works by itself, with its key."""
        return self.action(
            method, f"{self.api}/{endpoint}", code, SERVICES[service], info={"api_key_id": f"1{service}"}
        )
