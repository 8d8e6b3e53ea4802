"""Turning the recommended set on, as docs/detections.md says, and running it less often."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.lacking import needs
from tools.detections import keepers
from tools.detections.model import read_all
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs
from workbench.splunk.schedule.savedsearches_conf import Stanzas
from workbench.splunk.schedule.savedsearches_conf import all_searches as stanzas
from workbench.splunk.schedule.scheduler import read_searches
from workbench.splunk.splunkd import Splunkd
from workbench.splunk.tests.splunkd.conftest import Client

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "detections.md").read_text(encoding="utf-8")
RECOMMENDED = {one.stanza for one in read_all() if one.recommended} | {one.stanza for one in keepers.read_all()}
BLOCKS = {
    "enable": r"```bash\n(SPLUNK=.*?)```", "rename": r"```bash\n(while .*?)```", "delete": r"```bash\n(curl .*?)```",
    "file": r"```\n(\[.*?)```",
}  # fmt: skip
#: What somebody changed when saved searches were named by their ids, in Splunk Web.
BEFORE = """[access_burst]
disabled = 0
alert.suppress.period = 4h
action.email = 1

[ven_missed_heartbeats]
disabled = 0

[access_burst of mine]
search = index=main
"""
META_BEFORE = "[savedsearches/access_burst]\nowner = nobody\n\n[savedsearches/access_burst/disabled]\nversion = 9\n"


def _block(kind: str) -> str:
    (text,) = re.findall(BLOCKS[kind], PAGE, re.DOTALL)
    return str(text)


def _on(folder: Path) -> set[str]:
    """The searches that have a schedule and are on."""
    return {search.name for search in read_searches(stanzas([folder])) if search.cron}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The add-on's confs, as installed."""
    folder = tmp_path / "TA_illumio_pce"
    for part in ("default", "metadata"):
        shutil.copytree(ROOT / "package" / part, folder / part)
    return folder


def _by_rest(splunkd: Splunkd, user: str, *more: str) -> str:
    """What the page's command prints when it, and `more` behind it, is run against the stand-in."""
    command = "\n".join([re.sub(r"SPLUNK=\S+", f"SPLUNK={splunkd.uri}", _block("enable")), *more])
    environment = {"PATH": "/usr/bin:/bin", "CURL_CA_BUNDLE": str(splunkd.home / "etc/auth/cacert.pem")}
    done = subprocess.run(
        ["bash", "-c", command],
        input=f"{splunkd.session_key(user)}\n",
        env=environment, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout


def test_the_file_turns_exactly_the_recommended_set_on(app: Path) -> None:
    assert _on(app) == set()
    (app / "local").mkdir()
    (app / "local" / "savedsearches.conf").write_text(_block("file"), encoding="utf-8")

    assert _on(app) == RECOMMENDED


@needs("" if shutil.which("curl") else "there is no curl")
def test_the_command_turns_exactly_the_recommended_set_on_and_says_so(app: Path, tmp_path: Path) -> None:
    with Splunkd(tmp_path / "splunk") as splunkd:
        splunkd.install(app)
        installed = splunkd.home / "etc/apps/TA_illumio_pce"

        assert set(_by_rest(splunkd, "viewer").splitlines()) == {f"{name} is still off" for name in RECOMMENDED}
        assert _on(installed) == set()
        assert set(_by_rest(splunkd, "admin").splitlines()) == {f"{name} is on" for name in RECOMMENDED}
        assert _on(installed) == RECOMMENDED
        assert splunkd.refused == []


@needs("" if shutil.which("sed") else "there is no sed")
def test_what_was_changed_under_the_ids_is_carried_over_to_the_new_names(app: Path) -> None:
    kept = {"local/savedsearches.conf": BEFORE, "metadata/local.meta": META_BEFORE}
    (app / "local").mkdir()
    for name, text in kept.items():
        (app / name).write_text(text, encoding="utf-8")

    for _ in range(2):  # once more does no harm
        subprocess.run(["bash", "-ec", _block("rename")], cwd=app, check=True, timeout=120)

    burst = "Illumio PCE - Repeated failed sign-ins by one user - Rule"
    found = stanzas([app])
    assert _on(app) == {burst, "Illumio PCE - VENs missed heartbeats - Rule"}
    assert {key: found[burst][key] for key in ("alert.suppress.period", "action.email")} == {
        "alert.suppress.period": "4h", "action.email": "1",
    }  # fmt: skip
    assert [name for name, stanza in found.items() if "search" not in stanza] == []
    assert found["access_burst of mine"] == {"search": "index=main"}
    quoted = "[savedsearches/Illumio%20PCE%20-%20Repeated%20failed%20sign-ins%20by%20one%20user%20-%20Rule"
    assert (app / "metadata/local.meta").read_text("utf-8") == META_BEFORE.replace(
        "[savedsearches/access_burst", quoted
    )
    assert {name: (app / f"{name}.before").read_text("utf-8") for name in kept} == kept
    assert [path.name for folder in ("local", "metadata") for path in (app / folder).glob("*.sed")] == []


@needs("" if shutil.which("curl") else "there is no curl")
def test_what_is_left_under_an_id_is_deleted_by_the_command_and_what_ships_is_not(app: Path, tmp_path: Path) -> None:
    (app / "local").mkdir()
    (app / "local" / "savedsearches.conf").write_text(BEFORE, encoding="utf-8")
    with Splunkd(tmp_path / "splunk") as splunkd:
        splunkd.install(app)
        shipped = _block("delete").replace("access_burst", next(iter(RECOMMENDED)).replace(" ", "%20"))

        assert _by_rest(splunkd, "admin", _block("delete")).splitlines()[-1] == "deleted"
        assert "access_burst" not in stanzas([splunkd.home / "etc/apps/TA_illumio_pce"])
        with pytest.raises(subprocess.CalledProcessError):
            _by_rest(splunkd, "admin", shipped)


def _every_quarter(name: str) -> tuple[Confs, Stanzas]:
    """The settings for every 15 minutes that the page gives."""
    (seconds,) = re.findall(r"`illumio_pce_new_within` to (\d+)", PAGE)
    ((slow, often),) = re.findall(r"example `2-59(/\d+) \* \* \* \*` instead\s+of `2-59(/\d+) ", PAGE)
    (lines_since,) = re.findall(r"`dispatch.index_earliest` to `([^`]+)`", PAGE)
    macro = f"[illumio_pce_new_within]\ndefinition = {seconds}\n"
    stanza = saved_searches([ROOT / "package"])[name]
    stanza["cron_schedule"] = stanza["cron_schedule"].replace(f"{often} ", f"{slow} ")
    if "since_last_run" not in stanza["search"]:
        stanza["dispatch.index_earliest"] = lines_since
    return Confs.load(ROOT / "package", {"local/macros.conf": macro}), {name: stanza}


@pytest.mark.parametrize("name", ["ven_suspended", "pce_health"])
def test_run_every_quarter_of_an_hour_each_event_alerts_once_whenever_it_is_indexed(name: str) -> None:
    confs, stanzas = _every_quarter(name)
    (*_, event) = Reader(confs, 0.0).read([ROOT / "content" / "detections" / name / "fires.jsonl"])
    quarter = 1_930_500_000

    for minute in (0, 1, 4, 6, 11, 13.9, 14, 14.1):
        at = [{**event, "_indextime": f"{quarter + 60 * minute:.0f}"}]
        found = list(alerts(stanzas, confs, at, quarter - 900, quarter + 7200))
        assert len(found) == 1, minute


def test_the_stand_in_turns_searches_on_or_off_and_refuses_the_rest(app: Path, tmp_path: Path) -> None:
    with Splunkd(tmp_path / "splunk", tls=False) as splunkd:
        splunkd.install(app)
        admin, path = Client(splunkd), "/servicesNS/nobody/TA_illumio_pce/saved/searches"
        name = "Illumio PCE - VEN suspended - Rule"
        suspended = f"{path}/{quote(name)}"

        assert admin("POST", suspended, {"cron_schedule": "* * * * *"}).status == 400
        assert admin("POST", suspended, {"disabled": "perhaps"}).status == 400
        assert admin("POST", f"{path}/ven_suspended", {"disabled": "0"}).status == 404
        assert admin("POST", suspended, {"disabled": "0"}).status == 200
        assert admin("GET", suspended).entries[name]["disabled"] is False
        assert admin("DELETE", suspended).status == 400
        assert _on(splunkd.home / "etc/apps/TA_illumio_pce") == {name}
