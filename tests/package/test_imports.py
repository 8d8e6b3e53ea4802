"""Every module that ships can be imported on every Python that Splunk brings."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.package.pythons import label, pythons

#: Imports what is named on standard input; prints what failed. `splunk` is the workbench's stand-in.
PROGRAM = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
sys.modules["__main__"].__file__ = sys.argv[1]
failed = {}
for name in json.load(sys.stdin):
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {error}"
print(json.dumps(failed))
"""
#: For another platform, or for a program that we do not start.
NOT_HERE = {"urllib3.contrib.ntlmpool", "urllib3.contrib.pyopenssl", "urllib3.contrib.securetransport"}


def modules(folder: Path) -> list[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*.py"))
    names = (".".join(path.with_suffix("").parts) for path in paths if path.name != "__main__.py")
    return sorted(name.removesuffix(".__init__") for name in names if "-" not in name)


@pytest.mark.parametrize("python", pythons(), ids=label)
def test_every_shipped_module_can_be_imported(python: Path, addon: Path, repository: Path, tmp_path: Path) -> None:
    names = [*modules(addon / "bin"), *modules(addon / "lib")]
    wanted = [
        name for name in names if name not in NOT_HERE and not name.startswith("urllib3.contrib._securetransport")
    ]
    assert len(wanted) > 100
    stand_in = repository / "workbench/splunk/splunkd/pylib"
    path = os.pathsep.join(str(folder) for folder in (addon / "bin", addon / "lib", stand_in))
    script = tmp_path / "etc/apps/TA_illumio_pce/bin/any.py"
    (tmp_path / "var/log/splunk").mkdir(parents=True)
    environment = {
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "SPLUNK_HOME": str(tmp_path),
        "SPLUNKD_URI": "https://127.0.0.1:1",
    }
    run = subprocess.run(
        [str(python), "-c", PROGRAM, str(script)],
        input=json.dumps(wanted),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(run.stdout.splitlines()[-1]) == {}, run.stderr
