"""What happens to ucc-gen's output: only what is used stays, and two builds are equal byte for byte."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from .stage import Identity

#: What the libraries bring and the add-on never imports, and what only package managers read.
UNUSED = (
    "lib/requirements.txt",
    "lib/bin",
    "lib/**/py.typed",
    "lib/**/tests",
    *(f"lib/*.dist-info/{name}" for name in ("INSTALLER", "RECORD", "REQUESTED", "WHEEL", "*.txt")),
    "lib/defusedxml/lxml.py",
    "lib/solnlib/_observability_flush.py",
    "lib/solnlib/observability.py",
    "lib/solnlib/alerts_rest_client.py",
    "lib/solnlib/concurrent",
    "lib/solnlib/modular_input",
    "lib/solnlib/rest.py",
    "lib/solnlib/schedule",
    "lib/splunktaucclib/alert_actions_base.py",
    "lib/splunktaucclib/cim_actions.py",
    "lib/splunktaucclib/config.py",
    "lib/splunktaucclib/global_config",
    "lib/splunktaucclib/legacy",
    "lib/splunktaucclib/modinput_wrapper",
    "lib/splunktaucclib/splunk_aoblib",
)

#: Where ucc-gen writes the time of the build: file, and the text around it.
BUILD_TIMES = (
    ("default/app.conf", re.compile(r"(?m)^(build = )\d+()$")),
    ("appserver/templates/base.html", re.compile(r"(\D)\d{10}(\D)")),
)


def prune(app: Path) -> None:
    """Remove what is not used; a pattern without effect is an error, since it hides what it was written for."""
    for pattern in UNUSED:
        found = list(app.glob(pattern))
        if not found:
            raise SystemExit(f"Nothing in the built add-on matches {pattern!r}: correct tools/build/finish.py.")
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def shorten_metadata(app: Path) -> None:
    """Keep of each library's METADATA what scanners for known vulnerabilities read, and not its manual."""
    for path in app.glob("lib/*.dist-info/METADATA"):
        path.write_text(path.read_text(encoding="utf-8").split("\n\n", 1)[0] + "\n", encoding="utf-8")


def pin_build_time(app: Path, identity: Identity) -> None:
    """Put the release's time where ucc-gen wrote the present time."""
    for name, pattern in BUILD_TIMES:
        path = app / name
        text, changes = pattern.subn(rf"\g<1>{identity.build_time}\g<2>", path.read_text(encoding="utf-8"))
        if not changes:
            raise SystemExit(f"No build time in {name}: correct tools/build/finish.py.")
        path.write_text(text, encoding="utf-8")


def start_directly(app: Path) -> None:
    """Have splunkd start each input without a shell between, so that its SIGTERM reaches Python (inputs.conf.spec)."""
    conf, spec = app / "default/inputs.conf", app / "README/inputs.conf.spec"
    for path, heading, line in (
        (conf, r"(?m)^(\[\w+\])$", "start_by_shell = false"),
        (spec, r"(?m)^(\[\w+://<name>\])$", "start_by_shell = Whether a shell starts the script. (Default: false)"),
    ):
        text, changes = re.subn(heading, rf"\g<1>\n{line}", path.read_text(encoding="utf-8"))
        if not changes:
            raise SystemExit(f"No input in {path.name}: correct tools/build/finish.py.")
        path.write_text(text, encoding="utf-8")


def catalogues_follow_the_version(app: Path) -> None:
    """Have a deployer replace lookup files that a new version changes (app.conf.spec; the default keeps old ones).

    No lookup file is meant to be edited: what administrators edit is in the KV store. The one of assets, which a keeper
    writes, is replaced too, by the one without rows that ships, until the keeper's next run. It ships since inputlookup
    and Enterprise Security fail where the file of a definition is missing, and the keeper reads before it writes.
    """
    with (app / "default/app.conf").open("a", encoding="utf-8") as conf:
        conf.write("\n[shclustering]\ndeployer_lookups_push_mode = overwrite_on_change\n")


def assets_for_enterprise_security(app: Path) -> None:
    """Name the lookup of assets to Enterprise Security, disabled (SA-IdentityManagement, inputs.conf.spec).

    Where Enterprise Security is not installed, splunkd knows no input of that kind, and starts none.
    """
    with (app / "default/inputs.conf").open("a", encoding="utf-8") as conf:
        conf.write(
            "\n[identity_manager://illumio_pce_assets]\n"
            "disabled = 1\n"
            "target = asset\n"
            "category = illumio_pce\n"
            "description = Workloads of the Illumio PCE, as its inventory has them.\n"
            "denylist = true\n"
            "url = lookup://illumio_pce_assets\n"
        )


def plain_modes(app: Path) -> None:
    """Folders 755, files 644, as Splunk wants them, whatever the builder's umask."""
    for path in (app, *app.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
