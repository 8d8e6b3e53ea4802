"""Names and numbers that have to agree from file to file, and with the contract."""

from __future__ import annotations

import json
import re
import struct
from configparser import RawConfigParser
from pathlib import Path


def conf(path: Path) -> dict[str, dict[str, str]]:
    """The stanzas of a .conf file without settings above the first of them."""
    parser = RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    text = path.read_text("utf-8").replace("\\\n", " ")  # a backslash continues a line
    parser.read_string("[everything]" + text[2:] if text.startswith("[]") else text)
    return {name: dict(parser[name]) for name in parser.sections()}


def test_only_the_manifest_has_a_hand_written_version(repository: Path, addon: Path, archive: Path) -> None:
    version = json.loads((repository / "app.manifest").read_text("utf-8"))["info"]["id"]["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert "version" not in json.loads((repository / "globalConfig.json").read_text("utf-8"))["meta"]
    assert archive.name == f"TA_illumio_pce-{version}.tar.gz"
    app = conf(addon / "default/app.conf")
    assert {app["launcher"]["version"], app["id"]["version"]} == {version}
    shown = json.loads((addon / "appserver/static/js/build/globalConfig.json").read_text("utf-8"))
    assert shown["meta"]["version"] == version


def test_the_changelog_has_this_version(repository: Path) -> None:
    version = json.loads((repository / "app.manifest").read_text("utf-8"))["info"]["id"]["version"]
    sections = re.findall(r"(?m)^## \[?(\d+\.\d+\.\d+)", (repository / "CHANGELOG.md").read_text("utf-8"))
    assert sections[0] == version


def test_the_app_has_the_identity_in_the_contract(addon: Path) -> None:
    app = conf(addon / "default/app.conf")
    assert app["package"] == {"id": "TA_illumio_pce", "check_for_updates": "false"}
    assert app["ui"]["label"] == "Illumio PCE Add-on for Splunk"


def test_a_deployer_brings_a_new_version_of_the_catalogues(addon: Path) -> None:
    app = conf(addon / "default/app.conf")
    assert app["shclustering"] == {"deployer_lookups_push_mode": "overwrite_on_change"}


def test_the_inputs_have_the_contracts_fields_and_defaults(addon: Path) -> None:
    inputs = conf(addon / "default/inputs.conf")
    assert {name: inputs[name] for name in inputs if not name.startswith("identity_manager://")} == {
        "illumio_pce_events": {
            "start_by_shell": "false",
            "python.version": "python3",
            "python.required": "3.9, 3.13",
            "index": "default",
            "interval": "60",
            "start_time": "-24h",
            "late_arrival_window": "600",
        },
        "illumio_pce_health": {
            "start_by_shell": "false",
            "python.version": "python3",
            "python.required": "3.9, 3.13",
            "index": "default",
            "interval": "60",
        },
        "illumio_pce_inventory": {
            "start_by_shell": "false",
            "python.version": "python3",
            "python.required": "3.9, 3.13",
            "index": "default",
            "interval": "14400",
            "collections": "workloads,vens,labels,label_groups,ip_lists,services,rule_sets",
            "full_every": "24",
        },
    }
    spec = (addon / "README/inputs.conf.spec").read_text("utf-8")
    of_events, _, rest = spec.partition("[illumio_pce_health://<name>]")
    of_health, _, of_inventory = rest.partition("[illumio_pce_inventory://<name>]")
    assert set(re.findall(r"(?m)^(\w+) = ", of_events)) == {
        "account", "index", "interval", "start_time", "event_types", "severities", "statuses",
        "include_system_events", "late_arrival_window", "start_by_shell",
    }  # fmt: skip
    assert set(re.findall(r"(?m)^(\w+) = ", of_health)) == {"account", "index", "interval", "start_by_shell"}
    assert set(re.findall(r"(?m)^(\w+) = ", of_inventory)) == {
        "account", "index", "interval", "collections", "full_every", "start_by_shell",
    }  # fmt: skip


def test_enterprise_security_is_told_of_the_assets_by_an_input_that_is_off(addon: Path) -> None:
    shipped = conf(addon / "default/inputs.conf")["identity_manager://illumio_pce_assets"]
    assert (shipped["disabled"], shipped["target"], shipped["url"]) == ("1", "asset", "lookup://illumio_pce_assets")
    # Enterprise Security then keeps the file out of what is sent to the indexers.
    assert shipped["denylist"] == "true"
    assert conf(addon / "default/transforms.conf")["illumio_pce_assets"] == {"filename": "illumio_pce_assets.csv"}
    # A spec would make it an input of this add-on, whose script splunkd would look for.
    assert "identity_manager" not in (addon / "README/inputs.conf.spec").read_text("utf-8")
    # inputlookup and Enterprise Security want a file, even without rows.
    assert len((addon / "lookups/illumio_pce_assets.csv").read_text("utf-8").splitlines()) == 1


def test_accounts_and_settings_have_the_contracts_fields(addon: Path) -> None:
    account = (addon / "README/ta_illumio_pce_account.conf.spec").read_text("utf-8")
    assert set(re.findall(r"(?m)^(\w+) = ", account)) == {
        "pce_url", "org_id", "api_key_id", "api_secret", "ca_certificate",
    }  # fmt: skip
    assert set(conf(addon / "default/ta_illumio_pce_settings.conf")) == {"proxy", "logging"}


def test_every_field_of_a_form_is_explained(repository: Path) -> None:
    pages = json.loads((repository / "globalConfig.json").read_text("utf-8"))["pages"]
    forms = [*pages["configuration"]["tabs"], *pages["inputs"]["services"]]
    fields = [field for form in forms for field in form.get("entity", [form])]
    assert len(fields) == 34
    assert [field.get("field") for field in fields if len(field.get("help", "")) < 20] == []


def test_only_the_secrets_are_encrypted_and_all_of_them(repository: Path) -> None:
    text = (repository / "globalConfig.json").read_text("utf-8")
    pages = json.loads(text)["pages"]
    fields = [field for tab in pages["configuration"]["tabs"] for field in tab.get("entity", [])]
    assert {field["field"] for field in fields if field.get("encrypted")} == {"api_secret", "proxy_password"}
    assert text.count('"encrypted"') == 2


def test_every_endpoint_and_method_requires_the_capability(addon: Path) -> None:
    restmap = conf(addon / "default/restmap.conf")
    public = {name: stanza for name, stanza in restmap.items() if name.startswith("admin:")}
    assert len(public) == 2
    for stanza in public.values():
        assert {stanza[f"capability.{method}"] for method in ("get", "post", "put", "delete")} == {
            "edit_storage_passwords",
        }
    members = {member.strip() for stanza in public.values() for member in stanza["members"].split(",")}
    handlers = {name.partition(":")[2] for name in restmap if name.startswith("admin_external:")}
    assert members == handlers
    assert {restmap[f"admin_external:{name}"]["python.required"] for name in handlers} == {"3.9, 3.13"}


def test_only_administrators_write_and_only_knowledge_is_shared(addon: Path) -> None:
    meta = conf(addon / "metadata/default.meta")
    assert meta["everything"] == {"access": "read : [ * ], write : [ admin, sc_admin ]", "export": "none"}
    shared = {name for name, stanza in meta.items() if stanza.get("export") == "system"}
    assert {name for name in shared if not name.startswith("collections/illumio_pce_")} == {
        "props", "transforms", "lookups", "macros", "eventtypes", "tags", "savedsearches", "workflow_actions",
    }  # fmt: skip
    for name, stanza in meta.items():
        assert "write : [ admin, sc_admin ]" in stanza.get("access", "write : [ admin, sc_admin ]"), name


def test_the_checkpoints_collection_is_the_contracts(addon: Path) -> None:
    ours = set(conf(addon / "default/collections.conf"))
    assert {name for name in ours if name.startswith("ta_")} == {"ta_illumio_pce_checkpoints"}


def test_the_index_macro_is_the_contracts(addon: Path) -> None:
    assert conf(addon / "default/macros.conf")["illumio_pce_index"]["definition"] == 'index IN ("main", "illumio*")'


def test_we_define_no_index_no_data_model_and_no_source_type_of_the_older_add_on(addon: Path) -> None:
    assert not (addon / "default/indexes.conf").exists()
    assert not (addon / "default/datamodels.conf").exists()
    taken = {"illumio:pce", "illumio:pce:collector", "illumio:pce:health"}
    assert taken.isdisjoint(conf(addon / "default/props.conf"))


def test_the_icons_have_the_sizes_that_splunk_web_shows(addon: Path) -> None:
    sizes = {"appIcon.png": 36, "appIconAlt.png": 36, "appIcon_2x.png": 72, "appIconAlt_2x.png": 72}
    heads = {path.name: path.read_bytes()[:24] for path in (addon / "static").iterdir()}
    assert heads == {
        name: b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", size, size) for name, size in sizes.items()
    }
