"""Turning the recommended set on, as docs/detections.md says, and running it less often."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lacking import needs
from tools.detections.model import read_all
from workbench.detect import alerts
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs
from workbench.splunk.schedule.savedsearches_conf import Stanzas, saved_searches
from workbench.splunk.schedule.scheduler import read_searches
from workbench.splunk.splunkd import Splunkd
from workbench.splunk.tests.splunkd.conftest import Client

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "detections.md").read_text(encoding="utf-8")
RECOMMENDED = {one.id for one in read_all() if one.recommended}
FORMER = {"bash": r"```bash\n(.*?)```", "file": r"```\n(\[.*?)```"}


def _block(kind: str) -> str:
    (text,) = re.findall(FORMER[kind], PAGE, re.DOTALL)
    return str(text)


def _on(folder: Path) -> set[str]:
    """The searches that have a schedule and are on."""
    return {search.name for search in read_searches(saved_searches([folder])) if search.cron}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The add-on's confs, as installed."""
    folder = tmp_path / "TA_illumio_pce"
    for part in ("default", "metadata"):
        shutil.copytree(ROOT / "package" / part, folder / part)
    return folder


def _by_rest(splunkd: Splunkd, user: str) -> str:
    """What the page's command prints when it is run against the stand-in."""
    command = re.sub(r"SPLUNK=\S+", f"SPLUNK={splunkd.uri}", _block("bash"))
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


def _every_quarter(name: str) -> tuple[Confs, Stanzas]:
    """The settings for every 15 minutes that the page gives."""
    (seconds,) = re.findall(r"`illumio_pce_new_within` to (\d+)", PAGE)
    (cron,) = re.findall(r"`cron_schedule` to `([^`]+)`", PAGE)
    (lines_since,) = re.findall(r"`dispatch.index_earliest` to `([^`]+)`", PAGE)
    macro = f"[illumio_pce_new_within]\ndefinition = {seconds}\n"
    stanza = {**saved_searches([ROOT / "package"])[name], "cron_schedule": cron}
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

        assert admin("POST", f"{path}/ven_lost", {"cron_schedule": "* * * * *"}).status == 400
        assert admin("POST", f"{path}/ven_lost", {"disabled": "perhaps"}).status == 400
        assert admin("POST", f"{path}/ven_found", {"disabled": "0"}).status == 404
        assert admin("POST", f"{path}/ven_lost", {"disabled": "0"}).status == 200
        assert admin("GET", f"{path}/ven_lost").entries["ven_lost"]["disabled"] is False
        assert _on(splunkd.home / "etc/apps/TA_illumio_pce") == {"ven_lost"}
