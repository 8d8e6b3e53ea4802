"""Who may call the endpoints, and whether browser and server agree on what they refuse."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from tools.detections.keepers import read_all
from workbench.splunk.splunkd import Splunkd
from workbench.splunk.splunkd.access import SYSTEM_USER, roles_with
from workbench.splunk.splunkd.confs import read_conf

from .conftest import ADDON, Client, Validator

APP = ADDON.name
#: What an endpoint of an add-on answers to, besides its own name: splunkd adds the actions.
BELOW = ("", "/lab", "/lab/enable", "/lab/disable", "/lab/acl", "/lab/move", "/_reload", "/_new")
METHODS = ("GET", "POST", "PUT", "DELETE")
#: What a SOC analyst works with, as default.meta names it.
KNOWLEDGE = ("props", "transforms", "lookups", "macros", "eventtypes", "tags", "savedsearches", "workflow_actions")
WITHIN_THE_APP = ("views", "nav")
#: What administrators edit, and exported searches read.
EDITED = tuple(f"illumio_pce_{name}" for name in ("high_value_workloads", "high_value_labels", "expected_automation"))
#: What keepers write and pages show everybody.
SHOWN = tuple(
    f"illumio_pce_{name}" for name in ("vens", "daily_summary", "managed_workloads", "workloads", "labels", "objects")
)
#: What keepers write and detections read: it tells of events.
KEPT = tuple(keeper.lookup for keeper in read_all() if keeper.kept and keeper.lookup not in SHOWN)
#: What only those who run the add-on see.
CLOSED = ("ta_illumio_pce_account", "ta_illumio_pce_settings", "passwords")
CHECKPOINTS = "storage/collections/data/ta_illumio_pce_checkpoints"


def endpoints(addon: Path) -> list[str]:
    """The endpoints that the add-on's restmap.conf declares."""
    stanzas = read_conf(addon / "default/restmap.conf")
    members = [stanza["members"] for name, stanza in stanzas.items() if name.startswith("admin:")]
    return [member.strip() for text in members for member in text.split(",")]


def statuses(client: Client, names: list[str]) -> dict[str, int]:
    """Every method of everything at and below the endpoints, with what is answered."""
    return {
        f"{method} {name}{below}{cred}": client.call(method, f"{name}{below}", name="lab", **query).status
        for name in names
        for below in BELOW
        for method in METHODS
        for cred, query in (("", {}), ("?--cred--", {"--cred--": "1"}))
    }


def test_without_the_capability_every_method_of_every_endpoint_is_forbidden(splunkd: Splunkd) -> None:
    names = endpoints(ADDON)
    assert len(names) == 5
    found = statuses(Client(splunkd, "viewer"), names)
    assert len(found) == 5 * 8 * 4 * 2
    assert set(found.values()) == {403}


@pytest.mark.parametrize("method", METHODS)
def test_an_endpoint_without_a_capability_is_caught(method: str, tmp_path: Path) -> None:
    careless = tmp_path / APP
    shutil.copytree(ADDON, careless, ignore=shutil.ignore_patterns("appserver"))
    restmap = careless / "default/restmap.conf"
    restmap.write_text(restmap.read_text("utf-8").replace(f"capability.{method.lower()} =", "# ="), "utf-8")
    with Splunkd(tmp_path / "splunk") as splunkd:
        splunkd.install(careless)
        viewer = Client(splunkd, "viewer")
        open_to_all = [m for m in METHODS if viewer.call(m, "ta_illumio_pce_account", name="lab").status != 403]
    assert open_to_all == [method]


def test_splunk_web_exposes_no_unprotected_endpoint() -> None:
    exposed = [stanza["pattern"] for stanza in read_conf(ADDON / "default/web.conf").values()]
    ours = {pattern for name in endpoints(ADDON) for pattern in (name, f"{name}/*")}
    # The names of the indexes, which splunkd gives to those who may see them.
    assert set(exposed) == {*ours, "data/indexes"}


@pytest.mark.parametrize("conf", sorted(path.stem for path in (ADDON / "default").glob("*.conf")))
def test_without_it_no_conf_of_the_app_can_be_written_either(splunkd: Splunkd, conf: str) -> None:
    viewer = Client(splunkd, "viewer")
    stanza = next(iter(read_conf(ADDON / "default" / f"{conf}.conf")))
    path = f"configs/conf-{conf}/{quote(stanza, safe='')}"
    assert viewer.post(f"configs/conf-{conf}", name="x").status == 403
    assert viewer.post(path, disabled="1").status == 403
    assert viewer.delete(path).status == 403


def test_an_analyst_reads_what_searches_need_and_nothing_of_accounts_secrets_or_state() -> None:
    meta = read_conf(ADDON / "metadata/default.meta")
    shared = {*KNOWLEDGE, *(f"collections/{name}" for name in (*EDITED, *SHOWN, *KEPT))}
    assert {kind for kind in meta if meta[kind].get("export") == "system"} == shared
    for kind in (*KNOWLEDGE, *WITHIN_THE_APP):
        assert roles_with(ADDON, kind, "any", "read") == ["*"]
    for kind, name in (*((kind, "any") for kind in CLOSED), ("collections", "ta_illumio_pce_checkpoints")):
        assert roles_with(ADDON, kind, name, "read") == ["admin", "sc_admin"]
    for names, readers in ((EDITED, ["*"]), (SHOWN, ["*"]), (KEPT, ["admin", "power", "sc_admin"])):
        for name in names:
            assert roles_with(ADDON, "collections", name, "read") == readers
            assert roles_with(ADDON, "collections", name, "write") == ["admin", "sc_admin"]
    for kind in (*KNOWLEDGE, *WITHIN_THE_APP, *CLOSED, "collections", "inputs", "restmap", "web"):
        assert roles_with(ADDON, kind, "ta_illumio_pce_checkpoints", "write") == ["admin", "sc_admin"]


def test_accounts_settings_and_secrets_are_not_read_around_the_endpoints(splunkd: Splunkd, saved_account: str) -> None:
    viewer = Client(splunkd, "viewer")
    paths = [f"configs/conf-{conf}{below}" for conf in CLOSED[:2] for below in ("", f"/{saved_account}")]
    assert {viewer.get(path).status for path in [*paths, "storage/passwords", "storage/passwords/x"]} == {403}
    assert {
        viewer.post(path, name="x", password="y").status for path in ("storage/passwords", "storage/passwords/x")
    } == {403}
    assert viewer.delete("storage/passwords/x").status == 403


def test_nobody_but_administrators_and_the_collector_touches_the_checkpoints(splunkd: Splunkd) -> None:
    admin, viewer = Client(splunkd), Client(splunkd, "viewer")
    admin.insert(CHECKPOINTS, {"_key": "audit", "input": "audit"})
    for method in METHODS[:2] + METHODS[3:]:
        for below in ("", "/audit", "/batch_save"):
            if (method, below) not in (("GET", "/batch_save"), ("DELETE", "/batch_save")):
                assert viewer.call(method, f"{CHECKPOINTS}{below}").status == 403, (method, below)
    assert [document["_key"] for document in admin.fetch(CHECKPOINTS)] == ["audit"]
    Client(splunkd, SYSTEM_USER).insert(CHECKPOINTS, {"_key": "other", "input": "other"})


#: A value that the server refuses, and the field it is refused in.
REFUSED = (
    ("org_id", "one"),
    ("api_key_id", "api 1"),
    ("ca_certificate", "no certificate"),
    ("pce_url", "http://pce.example.com"),
    ("pce_url", "https://pce.example.com/login"),
    ("proxy_port", "65536"),
    ("proxy_url", "http://proxy"),
    ("proxy_url", "fe80::1%eth0"),
    ("proxy_url", "proxy.example.com:3128"),
    ("proxy_url", "[proxy.example.com]"),
    ("interval", "29"),
    ("start_time", "2026-01-31"),
    ("start_time", "24h"),
    ("event_types", "a;b"),
    ("late_arrival_window", "59"),
)
#: A value that the server takes.
TAKEN = (
    ("pce_url", "https://pce.example.com:8443/"),
    ("pce_url", "https://[2001:db8::1]:8443"),
    ("org_id", "4294967295"),
    ("api_key_id", "api_1f2e3d"),
    ("ca_certificate", ""),
    ("proxy_url", "proxy-1.example.com"),
    ("proxy_url", "10.0.0.1"),
    ("proxy_url", "::1"),
    ("proxy_url", " [2001:db8::1] "),
    ("proxy_url", "::ffff:192.0.2.1"),
    ("ca_certificate", "\ufeff# caf\u00e9\nBEGIN\u00a0TRUSTED CERTIFICATE-----"),
    ("proxy_port", "65535"),
    ("interval", "30"),
    ("start_time", "-7d"),
    ("start_time", "2026-01-31T08:00:00.123+02:00"),
    ("event_types", "user.*, agent.tampering"),
    ("late_arrival_window", "86400"),
)


def complaints_about(value: str, validators: list[Validator]) -> list[str]:
    """What the browser says of a value, by the checks that globalConfig.json gives it."""

    def check(validator: Validator) -> bool:
        if validator["type"] == "regex":
            return re.search(validator["pattern"], value) is not None
        if validator["type"] == "number":
            low, high = validator["range"]
            return value.strip().isdigit() and len(value) < 20 and low <= int(value) <= high
        return bool(validator["minLength"] <= len(value) <= validator["maxLength"])

    return [str(validator["errorMsg"]) for validator in validators if not check(validator)]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_the_browser_rejects_what_the_server_rejects(
    validators: dict[str, list[Validator]], field: str, value: str
) -> None:
    assert complaints_about(value, validators[field]) != []


@pytest.mark.parametrize(("field", "value"), TAKEN)
def test_the_browser_accepts_what_the_server_accepts(
    validators: dict[str, list[Validator]], field: str, value: str
) -> None:
    assert complaints_about(value, validators[field]) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("org_id", "one"),
        ("api_key_id", "api 1"),
        ("ca_certificate", "no certificate"),
    ],
)
def test_browser_and_server_say_the_same(
    client: Client, account: dict[str, str], validators: dict[str, list[Validator]], field: str, value: str
) -> None:
    answer = client.post("ta_illumio_pce_account", name="lab", **{**account, field: value})
    assert answer.shown == validators[field][0]["errorMsg"]
