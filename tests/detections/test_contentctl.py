"""The export of the detections to contentctl: every one of them, the same searches, and what contentctl says of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.lacking import needs
from tools.contentctl.__main__ import main
from tools.contentctl.project import files, stem
from tools.contentctl.spl import Macros
from tools.detections.macros import Macro
from tools.detections.model import Detection, read_all
from tools.detections.released import uuid_of
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs
from workbench.splunk.spl.macros import expand

CONTENTCTL = REPOSITORY / ".build/contentctl/bin/contentctl"
MISSING = "" if CONTENTCTL.is_file() else "there is no contentctl: ./build.sh test installs it"
SHIPPED = {name: stanza.texts() for name, stanza in Confs.load(REPOSITORY / "package").stanzas("macros").items()}
DETECTIONS = read_all()
#: Nothing listens there: whatever asks the network fails.
CLOSED = "http://127.0.0.1:9"


@lru_cache(maxsize=1)
def _written() -> dict[str, Any]:
    return {path: yaml.safe_load(text) for path, text in files().items() if path.endswith(".yml")}


def _exported(one: Detection) -> dict[str, Any]:
    found: dict[str, Any] = _written()[f"detections/{stem(one)}.yml"]
    return found


def _macros() -> dict[str, dict[str, str]]:
    """The project's macros as stanzas of macros.conf."""
    found = {}
    for path, one in _written().items():
        if path.startswith("macros/"):
            arguments = one.get("arguments", [])
            count = f"({len(arguments)})" if arguments else ""
            found[f"{one['name']}{count}"] = {"definition": one["definition"], "args": ", ".join(arguments)}
    return found


def _bare(search: str) -> str:
    """Without blanks outside of quotes, where they mean nothing to a comparison of two searches."""
    parts = re.split(r'("(?:\\.|[^"\\])*")', search)
    return "".join(part if number % 2 else re.sub(r"\s+", "", part) for number, part in enumerate(parts))


@pytest.mark.parametrize("one", DETECTIONS, ids=lambda one: one.id)
def test_a_detection_is_exported_with_the_search_that_ships(one: Detection) -> None:
    exported, shipped = _exported(one), saved_searches([REPOSITORY / "package"])[one.id]
    own_filter = f"`illumio_pce_{one.id}_filter`"
    of_index = r"^(?:_index_earliest=(\S+) )?_index_latest=(\S+) "

    search = exported["search"].removesuffix(f"`{stem(one)}_filter`")
    times = re.match(of_index, search)
    assert search != exported["search"]
    assert _bare(expand(re.sub(of_index, "", search), _macros())) == _bare(
        expand(shipped["search"].removesuffix(own_filter), SHIPPED)
    )
    if not shipped["search"].startswith("|"):
        assert times
        assert times.groups() == (shipped.get("dispatch.index_earliest"), shipped["dispatch.index_latest"])


@pytest.mark.parametrize("one", DETECTIONS, ids=lambda one: one.id)
def test_a_detection_keeps_its_id_its_schedule_and_what_it_scores(one: Detection) -> None:
    exported, shipped = _exported(one), saved_searches([REPOSITORY / "package"])[one.id]
    scheduling = exported["deployment"]["scheduling"]

    assert exported["id"] == uuid_of(one.id)
    assert scheduling["cron_schedule"] == shipped["cron_schedule"]
    assert (scheduling["earliest_time"], scheduling["latest_time"]) == (
        shipped["dispatch.earliest_time"], shipped["dispatch.latest_time"],
    )  # fmt: skip
    assert exported["tags"]["throttling"]["fields"] == [shipped["alert.suppress.fields"]]
    for told in exported["rba"]["risk_objects"]:
        assert f'"risk_object_field": "{told["field"]}"' in " ".join(shipped["action.risk.param._risk"].split())
    title = exported["deployment"]["alert_action"]["notable"]["rule_title"]
    assert title == shipped["action.notable.param.rule_title"]


def test_of_macros_that_share_a_name_each_has_one_of_its_own() -> None:
    macros = Macros([Macro("m", "1", ""), Macro("m", "$a$", "", ["a"]), Macro("o", "`m(2)`+1", "", ["x", "y"])])

    assert macros.written('where a=`m` , b=`m(3)`."`m`, c"  | `o(f(1,2), 3)`s') == (
        'where a=`m` , b=`m_1(3)` ."`m`, c" | `o(f(1,2), 3)`s'
    )
    assert [macros.name(one) for one in macros.all_called(["`o(1,2)`"])] == ["m_1", "o"]


def test_the_folder_has_to_be_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "new")]) == 0
    assert f"Wrote {len(DETECTIONS)} detections" in capsys.readouterr().out
    assert main([str(tmp_path / "new")]) == 2
    assert "Name a new one" in capsys.readouterr().err


def _validate(folder: Path) -> subprocess.CompletedProcess[str]:
    offline = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), CLOSED)
    kept = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8", **offline}
    return subprocess.run(
        [CONTENTCTL, "validate"], cwd=folder, env=kept, capture_output=True, text=True, timeout=300, check=False
    )


@needs(MISSING)
def test_contentctl_accepts_every_detection_offline_and_sees_what_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    assert main([str(folder)]) == 0

    done = _validate(folder)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "macros/illumio_pce_identity.yml").unlink()
    one = broken / "detections" / f"{stem(DETECTIONS[0])}.yml"
    one.write_text(one.read_text(encoding="utf-8").replace("type: TTP", "type: Guess"), encoding="utf-8")
    done = _validate(broken)
    assert done.returncode != 0
    assert "illumio_pce_identity" in done.stdout + done.stderr
    assert one.name in done.stdout + done.stderr
