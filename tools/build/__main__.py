"""`python -m tools.build [--output DIR] [--dist DIR]`: build the add-on and say what came out."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tools.lint.__main__ import findings

from .archive import write_archive
from .bom import write_bom
from .finish import (
    assets_for_enterprise_security,
    catalogues_follow_the_version,
    pin_build_time,
    plain_modes,
    prune,
    shorten_metadata,
    start_directly,
)
from .registry import unreachable
from .stage import Identity, identify, stage

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = (
    "package",
    "app.manifest",
    "globalConfig.json",
    "LICENSE",
    "tools/build",
    "tools/lint",
    "requirements/dev.txt",
)
#: Without dependencies, since lib/requirements.txt names everything; `--platform any` takes pure Python builds.
PIP_OPTIONS = "--no-compile --no-deps --require-hashes --no-build-isolation --platform any --ignore-installed"


def fingerprint() -> str:
    """A digest of everything that the built add-on follows from."""
    digest = hashlib.sha256()
    for source in SOURCES:
        root = REPOSITORY / source
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(REPOSITORY)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def run_ucc_gen(package: Path, output: Path, identity: Identity, log: Path) -> None:
    """Run ucc-gen with pip 25.1.1, the last one that it was tried with; its talk goes to `log`."""
    command = [sys.executable, "-m", "splunk_add_on_ucc_framework.main", "build", f"--source={package}"]
    command += [f"--ta-version={identity.version}", f"--output={output}", f"--python-binary-name={sys.executable}"]
    command += ["--pip-version=25.1.1", f"--pip-custom-flag={PIP_OPTIONS}", "--overwrite"]
    with log.open("w", encoding="utf-8") as stream:
        code = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False).returncode
    # ucc-gen ends with 0 after an exception that it caught, so its last file is looked for as well
    if code or not (output / identity.app / "appserver/static/openapi.json").is_file():
        said = log.read_text("utf-8")
        raise SystemExit(f"ucc-gen failed ({log}):\n" + (unreachable(said) or "\n".join(said.splitlines()[-25:])))


def build(work: Path, identity: Identity) -> Path:
    """Build the add-on under `work`; the path of its folder."""
    package = stage(REPOSITORY, work / "stage")
    run_ucc_gen(package, work / "raw", identity, work / "ucc-gen.log")
    app = work / "raw" / identity.app
    prune(app)
    shorten_metadata(app)
    pin_build_time(app, identity)
    start_directly(app)
    assets_for_enterprise_security(app)
    catalogues_follow_the_version(app)
    plain_modes(app)
    return app


def main() -> None:
    """Build into `output/` and `dist/`, unless what lies there is the same already."""
    parser = argparse.ArgumentParser(prog="python -m tools.build", description=__doc__)
    parser.add_argument("--output", type=Path, default=REPOSITORY / "output")
    parser.add_argument("--dist", type=Path, default=REPOSITORY / "dist")
    parser.add_argument("--work", type=Path, default=REPOSITORY / ".build" / "addon")
    options = parser.parse_args()
    identity = identify(REPOSITORY)
    folder = options.output / identity.app
    archive = options.dist / f"{identity.app}-{identity.version}.tar.gz"
    bom = options.dist / f"{identity.app}-{identity.version}.cdx.json"
    stamp = options.work / "fingerprint"
    current = fingerprint()
    made = folder.is_dir() and archive.is_file() and bom.is_file()
    if not (made and stamp.is_file() and stamp.read_text("utf-8") == current):
        options.work.mkdir(parents=True, exist_ok=True)
        app = build(options.work, identity)
        broken = findings(app)
        if broken:
            raise SystemExit("The add-on breaks rules of tools/lint and is not built:\n" + "\n".join(broken))
        write_archive(app, archive)
        write_bom(app, archive, identity, bom)
        options.output.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        app.replace(folder)
        stamp.write_text(current, encoding="utf-8")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}  {size / 1e6:.1f} MB, version {identity.version}")
    print(f"{archive}  {archive.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        raise SystemExit(f"The add-on cannot be built: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
