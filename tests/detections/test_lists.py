"""The lists that administrators edit: what docs/lookups.md says works, and nothing that ships is meant to be edited."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lacking import needs
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import all_searches
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.search import run
from workbench.splunk.splunkd import Splunkd
from workbench.splunk.tests.splunkd.conftest import Client

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "package"
PAGE = (ROOT / "docs" / "lookups.md").read_text(encoding="utf-8")
SEARCHES = re.findall(r"```spl\n(.*?)```", PAGE, re.DOTALL)
LISTS = {
    "illumio_pce_high_value_workloads": ["workload", "importance"],
    "illumio_pce_high_value_labels": ["label", "importance"],
    "illumio_pce_expected_automation": ["account", "address", "expected", "until", "note"],
}
FILES = {
    "our_expected_automation.csv": "account,address,expected,until,note\n",
    "our_workloads.csv": "workload,importance\nQUAY-1,crane\n",
    "our_high_value_workloads.csv": "workload,importance\nQUAY-2,crane\n",
    "our_high_value_labels.csv": "label,importance\nPROD,production\n",
    "illumio_pce_high_value_workloads.csv": "workload,importance\nQUAY-2,crane\n",
    "illumio_pce_high_value_labels.csv": "label,importance\nPROD,production\n",
}


def _confs() -> Confs:
    return Confs.load(PACKAGE, lookups=FILES)


def _written(spl: str, knowledge: Knowledge) -> dict[str, list[dict[str, str]]]:
    """What the lists hold after a search was run twice, without the keys."""
    for _ in range(2):
        run(spl, [], knowledge=knowledge, now=1_930_000_000)
    return {
        name: [{n: v for n, v in row.items() if n != "_key" and v} for row in knowledge.lookup_definition(name).rows]
        for name in LISTS
    }


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('workload=lower("booking-*")', {"workload": "booking-*", "importance": "payment"}),
        ('label=lower("/orgs/1/labels/4")', {"label": "/orgs/1/labels/4", "importance": "customs office"}),
        (
            'account=lower("cmdb-sync")',
            {"account": "cmdb-sync", "address": "*", "expected": "labels_removed", "note": "nightly feed"},
        ),
        ("inputlookup our_workloads.csv", {"workload": "quay-1", "importance": "crane"}),
        ("inputlookup our_high_value_workloads.csv", {"workload": "quay-2", "importance": "crane"}),
        ("inputlookup our_high_value_labels.csv", {"label": "prod", "importance": "production"}),
    ],
)
def test_a_search_of_the_page_adds_its_row_once(written: str, wanted: dict[str, str]) -> None:
    (spl,) = [one for one in SEARCHES if written in one]

    found = _written(spl, Knowledge(_confs(), 0.0))

    assert [row for rows in found.values() for row in rows] == [wanted]


def test_a_search_of_the_page_removes_a_row_and_leaves_the_others_with_their_keys() -> None:
    seed = {"illumio_pce_high_value_workloads": "_key,workload,importance\n7,booking-*,payment\n8,quay-1,crane\n"}
    knowledge = Knowledge(Confs.load(PACKAGE, lookups=seed), 0.0)
    (spl,) = [one for one in SEARCHES if "where workload!=" in one]

    _written(spl, knowledge)

    (row,) = knowledge.lookup_definition("illumio_pce_high_value_workloads").rows
    assert (row["_key"], row["workload"]) == ("8", "quay-1")


def test_after_the_searches_of_the_page_in_any_order_a_row_is_there_once() -> None:
    knowledge = Knowledge(Confs.load(PACKAGE, lookups=FILES), 0.0)

    def search(words: str, *puts: tuple[str, str]) -> None:
        (spl,) = [one for one in SEARCHES if words in one]
        for old, new in puts:
            spl = spl.replace(old, new)
        run(spl, [], knowledge=knowledge, now=1_930_000_000)

    def ends() -> list[tuple[object, object]]:
        rows = run("| inputlookup illumio_pce_expected_automation", [], knowledge=knowledge, now=0)
        return [(row["account"], row.get("until")) for row in rows]

    search("cmdb-sync")
    search("cmdb-sync", ("cmdb-sync", "other"))
    search(
        'where workload!="booking-*"',
        ("high_value_workloads", "expected_automation"),
        ('workload!="booking-*"', 'account!="other"'),
    )
    search("cmdb-sync", ('until=""', 'until="2031-03-31"'))
    assert ends() == [("cmdb-sync", "2031-03-31")]

    search("outputlookup our_expected_automation.csv")
    search("cmdb-sync", ("cmdb-sync", "added-since"))
    search("inputlookup our_expected_automation.csv")
    assert ends() == [("cmdb-sync", "2031-03-31")]
    search("cmdb-sync", ('until=""', 'until="2031-04-30"'))
    assert ends() == [("cmdb-sync", "2031-04-30")]


def test_the_page_saves_what_was_filled_in_before_the_upgrade() -> None:
    knowledge = Knowledge(Confs.load(lookups=FILES), 0.0)
    copies = [one for one in SEARCHES if re.search(r"outputlookup our_high_value_\w+\.csv", one)]
    assert len(copies) == 2
    for spl in copies:
        run(spl, [], knowledge=knowledge, now=0)
    assert knowledge.lookup_definition("our_high_value_labels.csv").rows == [
        {"label": "PROD", "importance": "production"}
    ]


@needs("" if shutil.which("curl") else "there is no curl")
def test_the_page_edits_a_list_by_rest_and_who_may_not_write_is_refused(tmp_path: Path) -> None:
    app = tmp_path / "TA_illumio_pce"
    for part in ("default", "metadata"):
        shutil.copytree(PACKAGE / part, app / part)
    (block,) = re.findall(r"```bash\n(LIST=.*?)```", PAGE, re.DOTALL)
    with Splunkd(tmp_path / "splunk") as splunkd:
        splunkd.install(app)

        def edited(user: str) -> subprocess.CompletedProcess[str]:
            command = f"SPLUNK={splunkd.uri}\nTOKEN={splunkd.session_key(user)}\n{block}"
            environment = {"PATH": "/usr/bin:/bin", "CURL_CA_BUNDLE": str(splunkd.home / "etc/auth/cacert.pem")}
            return subprocess.run(
                ["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=120, check=False
            )

        assert edited("viewer").returncode != 0
        done = edited("admin")
        assert done.returncode == 0
        assert '"workload": "booking-*"' in done.stdout


@pytest.mark.parametrize("name", LISTS)
def test_a_value_that_is_no_string_is_refused_and_anybody_may_read(name: str, tmp_path: Path) -> None:
    app = tmp_path / "TA_illumio_pce"
    for part in ("default", "metadata"):
        shutil.copytree(PACKAGE / part, app / part)
    with Splunkd(tmp_path / "splunk", tls=False) as splunkd:
        splunkd.install(app)
        path = f"/servicesNS/nobody/TA_illumio_pce/storage/collections/data/{name}"
        admin, viewer = Client(splunkd), Client(splunkd, "viewer")
        field = LISTS[name][0]

        assert admin("POST", path, value={field: 4}).status == 400
        assert admin("POST", path, value={field: "4"}).status == 201
        assert viewer("GET", path).status == 200
        assert viewer("POST", path, value={field: "5"}).status == 403


def test_no_file_that_ships_is_meant_to_be_edited() -> None:
    names = {path.name for path in (PACKAGE / "lookups").iterdir()}

    # A keeper fills the assets.
    empty = {path.name for path in (PACKAGE / "lookups").iterdir() if len(path.read_text("utf-8").splitlines()) < 2}
    assert empty == {"illumio_pce_assets.csv"}
    assert {f"{name}.csv" for name in LISTS}.isdisjoint(names)
    assert {name: PAGE.count(f"| `{name}` |") for name in LISTS} == dict.fromkeys(LISTS, 1)


def test_lookups_in_the_kv_store_are_asked_on_the_search_head_and_never_by_themselves() -> None:
    confs = Confs.load(PACKAGE)
    macros = {name: one.texts() for name, one in confs.stanzas("macros").items()}
    kept = {name for name, one in confs.stanzas("transforms").items() if one.text("external_type") == "kvstore"}
    assert LISTS.keys() < kept

    searches = {name: one["search"] for name, one in all_searches([PACKAGE]).items()}
    searches |= {name: one["definition"] for name, one in macros.items()}
    searches |= {path.name: path.read_text("utf-8") for path in (PACKAGE / "default/data/ui/views").glob("*.xml")}
    asked = 0
    for name, text in searches.items():
        spl = text if name in macros or name.endswith(".xml") else expand(text, macros)
        for options, table in re.findall(r"\blookup\s+((?:\w+=\w+\s+)*)(\w+)", spl):
            asked += table in kept
            assert table not in kept or "local=true" in options, name
    assert asked > 10

    automatic = {
        setting.value.split()[0] for one in confs.stanzas("props").values() for _, setting in one.classes("LOOKUP-")
    }
    assert automatic and automatic.isdisjoint(kept)


def test_keys_are_asked_for_in_lower_case() -> None:
    """What stands right before a lookup by a list turns the fields that it goes by into lower case."""
    confs = Confs.load(PACKAGE)
    macros = {name: one.texts() for name, one in confs.stanzas("macros").items()}
    for name, stanza in saved_searches([PACKAGE]).items():
        spl = expand(stanza["search"], macros)
        for found in re.finditer(
            r"\blookup\s+local=true\s+(illumio_pce_(?:high_value|expected)\w+)\s+(.*?)\s+OUTPUT", spl
        ):
            for column in re.split(r"\s*,\s*", found[2]):
                field = column.split(" AS ")[-1].strip()
                # An id of a detection is in lower case already.
                assert field == "automation" or re.search(rf"\b{field}\s*=\s*lower\(", spl[: found.start()]), (
                    name,
                    field,
                )
