"""The folder that ucc-gen works on: a copy, since it rewrites `globalConfig.json` in place."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

JUNK = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


class Identity(NamedTuple):
    """Which add-on is built, as `app.manifest` says."""

    app: str
    version: str
    released: str

    @property
    def build_time(self) -> str:
        """Epoch seconds: midnight (UTC) of the release's day, and the version as hours, minutes and seconds.

        Splunk Web asks for new static files when it changes, and the pages show it as the time of the build.
        """
        hours, minutes, seconds = (int(part) for part in self.version.split("."))
        midnight = datetime.strptime(f"{self.released}+0000", "%Y-%m-%d%z")
        return str(int(midnight.timestamp()) + hours * 3600 + minutes * 60 + seconds)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))


def identify(repository: Path) -> Identity:
    """Read id, version and day of release, which stand nowhere else."""
    info = read_json(repository / "app.manifest")["info"]
    return Identity(info["id"]["name"], info["id"]["version"], info["releaseDate"])


def stage(repository: Path, folder: Path) -> Path:
    """Copy into `folder` what ucc-gen reads; the path of its `package` folder."""
    shutil.rmtree(folder, ignore_errors=True)
    package = folder / "package"
    shutil.copytree(repository / "package", package, ignore=JUNK)
    shutil.copy(repository / "app.manifest", package)
    (folder / "LICENSES").mkdir()
    shutil.copy(repository / "LICENSE", folder / "LICENSES")
    settings = read_json(repository / "globalConfig.json")
    settings["meta"]["version"] = identify(repository).version
    (folder / "globalConfig.json").write_text(json.dumps(settings, indent=4), encoding="utf-8")
    return package
