"""`python -m tools.audit`: pip-audit over the libraries that ship, held against the reviewed exceptions.

It says what was not audited, since pip-audit itself reports "no known vulnerabilities" where nobody answered.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
_PINS = REPOSITORY / "package/lib/requirements.txt"
_REVIEWED = REPOSITORY / "tools/audit.yml"


@dataclass(frozen=True)
class Exempt:
    """A vulnerability that may stay: of which package, why, and until which day."""

    package: str
    why: str
    until: date


def exceptions() -> dict[str, Exempt]:
    """What was reviewed, by its CVE number."""
    reviewed: dict[str, dict[str, Any]] = yaml.safe_load(_REVIEWED.read_text(encoding="utf-8"))
    return {name: Exempt(**entry) for name, entry in reviewed.items()}


def findings(report: Mapping[str, Any], reviewed: Mapping[str, Exempt], today: date) -> Iterator[str]:
    """What is wrong: a vulnerability nobody reviewed, a review that is past its day, one without its vulnerability."""
    known: set[str] = set()
    for library in report["dependencies"]:
        for found in library.get("vulns", ()):
            names = {found["id"], *found["aliases"]}
            known |= names
            if not names & reviewed.keys():
                fixed = ", ".join(found["fix_versions"]) or "none yet"
                yield f"{library['name']} {library['version']}: {found['id']}, fixed in: {fixed}"
    audited = {library["name"] for library in report["dependencies"] if "vulns" in library}
    for name, exempt in reviewed.items():
        if today > exempt.until:
            yield f"{name} of {exempt.package} was to be reviewed again by {exempt.until}"
        if exempt.package in audited and name not in known:
            yield f"{name} is no longer reported for {exempt.package}: take it out of {_REVIEWED.name}"


def not_audited(report: Mapping[str, Any]) -> list[str]:
    """The libraries that the vulnerability service said nothing about."""
    return [library["name"] for library in report["dependencies"] if "vulns" not in library]


def ask() -> dict[str, Any]:
    """pip-audit's report; one without any library audited where the service cannot be reached."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(_PINS), "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(run.stdout)
    except ValueError:
        print((run.stderr.strip().splitlines() or ["pip-audit said nothing."])[-1])
        lines = (line.partition("==") for line in _PINS.read_text(encoding="utf-8").splitlines())
        report = {"dependencies": [{"name": name} for name, pin, _ in lines if pin and not name.startswith("#")]}
    return report


def main() -> None:
    """Print what is wrong and what is not known; the exit status says whether anything is wrong."""
    report = ask()
    silent = not_audited(report)
    asked = len(report["dependencies"]) - len(silent)
    print(f"pip-audit: {asked} of {len(report['dependencies'])} shipped libraries audited.")
    if silent:
        print(f"SKIPPED, the vulnerability service had no answer, which says nothing about them: {', '.join(silent)}")
    wrong = list(findings(report, exceptions(), datetime.now(timezone.utc).date()))
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
