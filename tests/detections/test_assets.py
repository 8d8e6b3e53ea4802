"""Assets for Enterprise Security against what plain Python makes of the same workloads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.inventory import Json, workload
from workbench.splunk.conf.lookup_table import BETWEEN
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import all_searches
from workbench.splunk.spl.commands import stats
from workbench.splunk.spl.measures import group_keys
from workbench.splunk.spl.search import run
from workbench.splunk.spl.values import Event

PACKAGE = Path(__file__).resolve().parents[2] / "package"
KEEPER = all_searches([PACKAGE])["Illumio PCE - Assets for Enterprise Security - Keeper"]["search"]
RUN = 1_930_341_600_000
COLUMNS = ["ip", "nt_host", "dns", "bunit", "category", "priority", "is_expected", "cim_entity_zone"]


class Site:
    """A search head with the workloads given, whose keeper a test runs."""

    def __init__(self, workloads: list[Json], macros: str = "") -> None:
        confs = Confs.load(PACKAGE, {"local/macros.conf": macros} if macros else {})
        self.knowledge = Knowledge(confs, RUN / 1000)
        self.workloads = self.knowledge.lookup_definition("illumio_pce_workloads")
        self.has(workloads)

    def has(self, workloads: list[Json]) -> None:
        rows = [
            {
                name: BETWEEN.join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in {**one, "_key": f"{one['pce_fqdn']}|{one['href']}"}.items()
                if name not in ("kind", "time")
            }
            for one in workloads
        ]  # fmt: skip
        self.workloads.write(rows, append=False, key_field="_key")

    def keep(self) -> list[dict[str, str]]:
        """Run the keeper; what it wrote, none if it left the file alone."""
        return [
            {name: str(row.get(name) or "") for name in COLUMNS}
            for row in run(KEEPER, [], knowledge=self.knowledge, now=RUN / 1000)
        ]

    @property
    def file(self) -> list[dict[str, str]]:
        return [dict(row) for row in self.knowledge.lookup_definition("illumio_pce_assets").rows]


def one(number: int, hostname: str | None, *addresses: str, **members: Any) -> Json:
    return workload(RUN, number, members.pop("name", None), hostname=hostname, ip=list(addresses), **members)


FLEET = [
    one(1, "Web-1.Shop.example.com", "10.1.0.1", "fd00::1", labels=["app=Shop", "env=Prod", "role=Web|DB"], name="front"),
    # loopback, link-local, Docker's bridge, and an address that two sites use
    one(2, "db-1", "127.0.0.1", "::1", "169.254.7.7", "fe80::1", "172.17.0.1", "10.1.0.9", "10.1.0.2", labels=["app=Pay"]),
    one(3, "db-2.other.example.com", "10.1.0.9", ven_status="suspended", labels=[]),
    # a clone: the same name twice
    one(4, "twin.example.com", "10.1.0.4"), one(5, "TWIN.example.com", "10.1.0.5"),
    # the same first part of the name at two sites
    one(6, "mail.north.example.com", "10.1.0.6"), one(7, "mail.south.example.com", "10.1.0.7"),
    one(8, None, "10.1.0.8", name="printer.example.com", managed=False, labels=["loc=Rome"]),
    # nothing that is its own
    one(9, "twin.example.com", "10.1.0.9"), one(10, "localhost", "127.0.0.1"),
    one(11, "10.1.0.77", "10.1.0.77"),
]  # fmt: skip
#: nt_host, dns and the addresses that are left of each; a workload with none of them is no asset.
KEYS: dict[int, tuple[str, str, str]] = {
    1: ("web-1", "web-1.shop.example.com", "10.1.0.1|fd00::1"),
    2: ("db-1", "", "10.1.0.2"),
    3: ("db-2", "db-2.other.example.com", ""),
    4: ("", "", "10.1.0.4"),
    5: ("", "", "10.1.0.5"),
    6: ("", "mail.north.example.com", "10.1.0.6"),
    7: ("", "mail.south.example.com", "10.1.0.7"),
    8: ("", "printer.example.com", "10.1.0.8"),
    11: ("", "", "10.1.0.77"),
}


def test_each_workload_has_the_keys_that_are_its_own_alone() -> None:
    rows = Site(FLEET).keep()

    assert sorted((row["nt_host"], row["dns"], row["ip"]) for row in rows) == sorted(KEYS.values())
    # What two assets share welds them together in Enterprise Security.
    shared = Counter(key for row in rows for name in ("ip", "dns", "nt_host") for key in row[name].split("|") if key)
    assert set(shared.values()) == {1}


def test_what_an_asset_is_follows_from_its_labels_and_its_ven() -> None:
    rows = {row["ip"] or row["dns"]: row for row in Site(FLEET).keep()}

    web, paused, printer = rows["10.1.0.1|fd00::1"], rows["db-2.other.example.com"], rows["10.1.0.8"]
    assert web["bunit"] == "Shop"
    assert web["category"].split("|") == [
        "illumio", "managed", "enforcement:full", "ven_type:server", "centos", "env:Prod", "role:Web DB",
    ]  # fmt: skip
    assert (web["priority"], web["is_expected"]) == ("medium", "true")
    assert (paused["is_expected"], paused["bunit"]) == ("false", "")
    assert (printer["category"], printer["is_expected"]) == ("illumio|unmanaged|loc:Rome", "false")
    assert {row["cim_entity_zone"] for row in rows.values()} == {""}


def test_a_fleet_too_large_for_eventstats_is_written_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = [one(number, f"h{number}.example.com", f"10.1.{number}.1") for number in range(60)]
    monkeypatch.setattr(stats, "EVENTSTATS_ROWS", 50)
    site = Site(fleet)

    assert len(site.keep()) == len(fleet)
    assert site.keep() == []


def test_it_does_not_matter_what_splunk_makes_of_an_empty_value_behind_by(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Site(FLEET).keep()

    def without_empty(row: Event, fields: list[str], *, unique: bool) -> Iterable[tuple[str, ...]]:
        return [key for key in group_keys(row, fields, unique=unique) if "" not in key]

    monkeypatch.setattr(stats, "group_keys", without_empty)
    site = Site(FLEET)

    assert site.keep() == told
    assert site.keep() == []


def test_an_administrator_names_the_labels_by_macros() -> None:
    macros = (
        '[illumio_pce_assets_bunit_key]\ndefinition = "env"\n'
        '[illumio_pce_high_value_label_values]\ndefinition = "APP=pay"\n'
        "[illumio_pce_assets_zone]\ndefinition = pce_fqdn\n"
        '[illumio_pce_assets_category_keys]\ndefinition = "app"\n'
    )
    rows = {row["ip"]: row for row in Site(FLEET, macros).keep()}

    assert (rows["10.1.0.1|fd00::1"]["bunit"], rows["10.1.0.1|fd00::1"]["priority"]) == ("Prod", "medium")
    assert (rows["10.1.0.2"]["priority"], rows["10.1.0.2"]["cim_entity_zone"]) == ("high", FLEET[0]["pce_fqdn"])
    assert rows["10.1.0.2"]["category"].endswith("|app:Pay")


@pytest.mark.parametrize("zone", ['""', "pce_fqdn"])
def test_the_same_address_in_two_zones_is_two_assets(zone: str) -> None:
    sites = [one(1, "a", "10.1.0.1"), one(2, "b", "10.1.0.1", pce="south.example.com")]
    rows = Site(sites, f"[illumio_pce_assets_zone]\ndefinition = {zone}\n").keep()

    assert [row["ip"] for row in rows] == (["", ""] if zone == '""' else ["10.1.0.1", "10.1.0.1"])


def test_the_file_is_written_only_where_an_asset_has_changed() -> None:
    site = Site(FLEET)
    assert len(site.keep()) == len(KEYS) == len(site.file)
    assert site.keep() == []

    site.has([{**each, "last_heartbeat_on": "2031-03-04T00:00:00Z", "policy_sync": "syncing"} for each in FLEET])
    assert site.keep() == []
    site.has([*FLEET[:1], {**FLEET[1], "enforcement_mode": "idle"}, *FLEET[2:]])
    assert len(site.keep()) == len(KEYS)
    assert sum("enforcement:idle" in row["category"] for row in site.file) == 1
    site.has(FLEET[:8])
    assert len(site.keep()) == len(site.file) < len(KEYS)
    # A member of a supercluster has the same workloads.
    site.has([*FLEET[:8], *({**each, "pce_fqdn": "member.example.com"} for each in FLEET[:8])])
    assert site.keep() == []
    # An inventory that lost everything takes no asset away.
    before = site.file
    site.has([])
    assert site.keep() == []
    assert site.file == before


@pytest.mark.parametrize("before", ["as an upgrade leaves it", "with a row that is gone"])
def test_a_file_that_was_replaced_is_written_by_the_next_run(before: str) -> None:
    site = Site(FLEET)
    gone = dict.fromkeys(COLUMNS, "") | {"ip": "10.9.9.9"}
    table = site.knowledge.lookup_definition("illumio_pce_assets")
    table.replace(COLUMNS, [gone] if before == "with a row that is gone" else [])

    assert len(site.keep()) == len(KEYS) == len(site.file)
    assert site.keep() == []


def test_the_file_is_read_whole_however_many_assets_it_has() -> None:
    """A search in brackets returns at most 50,000 rows (limits.conf, subsearch and append)."""
    assert "| inputlookup append=true illumio_pce_assets" in KEEPER
    assert "[" not in KEEPER


def test_it_is_off_until_an_administrator_wants_it() -> None:
    stanza = all_searches([PACKAGE])["Illumio PCE - Assets for Enterprise Security - Keeper"]
    assert (stanza["disabled"], stanza["enableSched"]) == ("1", "1")
