"""Setting up without the pages: the very calls and files of docs/install.md, against the stand-in for splunkd."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.lab import PceLab
from tests.e2e.test_collection import event
from tests.lacking import needs
from workbench.lab import APP, CHECKPOINTS
from workbench.pce.proxy import Proxy

PAGE = (REPOSITORY / "docs/install.md").read_text("utf-8")
(SECTION,) = re.findall(r"^## Setting up without the pages\n(.*?)^## ", PAGE, re.DOTALL | re.MULTILINE)
MAKE, CHANGE, DELETE, SECRET_ALONE = re.findall(r"```bash\n(.*?)```", SECTION, re.DOTALL)
FILES = re.findall(r"```ini\n(.*?)```", SECTION, re.DOTALL)[0]
#: The first lines of the first block, which the others go on from.
BEGINNING = MAKE[: MAKE.index("\n\n") + 1]
ACCOUNT, INPUT = "ta_illumio_pce_account", "ta_illumio_pce_illumio_pce_events"

pytestmark = needs("" if shutil.which("curl") else "there is no curl")


def _own(text: str, lab: PceLab, proxy: Proxy | None = None) -> str:
    """What the page says, with this lab's addresses and key in place of the examples."""
    host, port = ("127.0.0.1", proxy.port) if proxy else ("proxy.example.com", 3128)
    own = {
        "https://forwarder.example.com:8089": lab.splunkd.uri,
        "https://pce.example.com:8443": lab.server.url,
        "api_1f2e3d4c5b6a": lab.key.key_id,
        "proxy.example.com": host,
        "3128": str(port),
    }
    for example, value in own.items():
        text = text.replace(example, value)
    return text


def _run(lab: PceLab, commands: str, *, secret: str = "", user: str = "admin") -> subprocess.CompletedProcess[str]:
    home = lab.splunkd.home
    (home / "pce-ca.pem").write_text(lab.server.ca_pem, encoding="ascii")
    return subprocess.run(
        ["bash", "-c", commands],
        cwd=home,
        input=f"{lab.splunkd.session_key(user)}\n{secret or lab.key.secret}\n",
        env={"PATH": "/usr/bin:/bin", "CURL_CA_BUNDLE": str(home / "etc/auth/cacert.pem")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _names(lab: PceLab, endpoint: str) -> list[str]:
    return [entry["name"] for entry in lab.rest("GET", endpoint)["entry"]]


def test_the_calls_make_a_proxy_a_level_an_account_and_an_input_that_collects(empty_lab: PceLab) -> None:
    lab = empty_lab
    lab.splunkd.more_indexes.append("illumio_pce")
    with Proxy("http") as proxy:
        done = _run(lab, _own(MAKE, lab, proxy).replace("loglevel=INFO", "loglevel=DEBUG"))
        assert done.returncode == 0, done.stdout + done.stderr
        assert lab.key.secret not in done.stdout + done.stderr
        lab.pce.record(event(1, age=60))
        assert lab.run().exit_code == 0
        assert len(proxy.targets) > 1
    (collected,) = lab.events()
    assert collected.index == "illumio_pce"
    (logging,) = lab.rest("GET", "ta_illumio_pce_settings/logging")["entry"]
    assert logging["content"]["loglevel"] == "DEBUG"


def test_an_account_that_the_pce_refuses_ends_the_calls_and_says_why(empty_lab: PceLab) -> None:
    without_proxy = re.sub(r"splunk_rest \S+/proxy\"(.|\n)*?&&\n", "", _own(MAKE, empty_lab))
    done = _run(empty_lab, without_proxy, secret="wrong")
    assert done.returncode != 0
    assert "refuses the API key" in done.stdout
    assert _names(empty_lab, ACCOUNT) == _names(empty_lab, INPUT) == []


def test_whoever_may_not_makes_nothing(empty_lab: PceLab) -> None:
    assert _run(empty_lab, _own(MAKE, empty_lab), user="viewer").returncode != 0
    assert _names(empty_lab, ACCOUNT) == _names(empty_lab, INPUT) == []


@pytest.fixture
def made(empty_lab: PceLab) -> PceLab:
    empty_lab.add_account("pce")
    empty_lab.add_input("audit", account="pce")
    return empty_lab


def test_a_new_key_is_taken_and_the_input_is_switched_off(made: PceLab) -> None:
    key = made.pce.add_key()
    commands = _own(BEGINNING + CHANGE, made).replace("api_6a5b4c3d2e1f", key.key_id)
    done = _run(made, commands, secret=key.secret)
    assert done.returncode == 0, done.stdout + done.stderr
    (account,) = made.rest("GET", ACCOUNT)["entry"]
    assert account["content"]["api_key_id"] == key.key_id
    assert account["content"]["pce_url"] == made.server.url
    assert "illumio_pce_events://audit" not in made.splunkd.inputs.enabled()


def test_what_is_deleted_leaves_neither_state_nor_secret(made: PceLab) -> None:
    made.pce.record(event(1, age=60))
    made.run()
    done = _run(made, _own(BEGINNING + DELETE, made))
    assert done.returncode == 0, done.stdout + done.stderr
    assert _names(made, ACCOUNT) == _names(made, INPUT) == []
    assert made.rest("GET", CHECKPOINTS) == []
    assert made.splunkd.passwords.all(APP) == []


def test_the_files_and_then_the_secret_make_an_input_that_collects(empty_lab: PceLab) -> None:
    lab = empty_lab
    lab.splunkd.more_indexes.append("illumio_pce")
    local = lab.splunkd.home / "etc/apps" / APP / "local"
    certificate = lab.server.ca_pem.strip().replace("\n", "\\n")
    files = re.sub("(ca_certificate = ).*", lambda found: found[1] + certificate, _own(FILES, lab))
    _write_files(files, local)
    lab.splunkd.restart()
    lab.pce.record(event(1, age=60))

    assert lab.run().exit_code != 0
    assert lab.records()[-1]["error_category"] == "account"
    assert lab.server.requests == []

    done = _run(lab, _own(BEGINNING + SECRET_ALONE, lab))
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.run().exit_code == 0
    (collected,) = lab.events()
    assert collected.index == "illumio_pce"


def test_a_secret_in_a_file_is_not_looked_at(empty_lab: PceLab) -> None:
    lab = empty_lab
    local = lab.splunkd.home / "etc/apps" / APP / "local"
    with_secret = _own(FILES, lab).replace("org_id = 1\n", f"org_id = 1\napi_secret = {lab.key.secret}\n")
    _write_files(with_secret, local)
    assert lab.run().exit_code != 0
    assert lab.records()[-1]["error_category"] == "account"
    assert lab.server.requests == []


def _write_files(text: str, local: Path) -> None:
    """Each part of the page's block into the file that its first line names."""
    local.mkdir(exist_ok=True)
    parts = re.split(r"^# (\w+\.conf).*\n", text, flags=re.MULTILINE)[1:]
    assert parts[::2] == ["ta_illumio_pce_account.conf", "inputs.conf", "ta_illumio_pce_settings.conf"]
    for name, content in zip(parts[::2], parts[1::2]):
        (local / name).write_text(content, encoding="utf-8")
