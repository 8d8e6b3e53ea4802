"""What ships is what was pinned, is named in the bill of materials, and its known vulnerabilities were reviewed."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools import audit
from tools.audit import Exempt

PIN = re.compile(r"(?m)^([\w.-]+)==(\S+)((?: ;[^\\\n]*)?)((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$")
LOCKS = ("package/lib/requirements.txt", *(f"requirements/{name}.txt" for name in ("contentctl", "dev", "tests")))
TODAY = date(2026, 11, 25)


def pins(path: Path) -> dict[str, str]:
    return {name.lower(): version for name, version, _, _ in PIN.findall(path.read_text("utf-8"))}


@pytest.fixture(scope="module")
def bom(archive: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        archive.with_name(archive.name.replace(".tar.gz", ".cdx.json")).read_text("utf-8")
    )
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_with_hashes(repository: Path, lock: str) -> None:
    text = (repository / lock).read_text("utf-8")
    found = PIN.findall(text)
    assert found
    assert [name for name, _, _, hashes in found if not hashes] == []
    rest = PIN.sub("", text)
    assert [line for line in rest.splitlines() if line.strip() and not line.startswith("#")] == []


def test_no_lock_is_left_out_and_all_are_installed_by_their_hashes(repository: Path) -> None:
    assert {f"requirements/{path.name}" for path in (repository / "requirements").glob("*.txt")} == set(LOCKS[1:])
    for file in ("tools/build/environment.sh", "tools/build/__main__.py", "tools/audit.py"):
        assert "--require-hashes" in (repository / file).read_text("utf-8")


def test_shipped_libraries_are_the_pinned_ones(repository: Path, addon: Path) -> None:
    metadata = [path.read_text("utf-8") for path in (addon / "lib").glob("*.dist-info/METADATA")]
    named = (re.findall(r"(?m)^(?:Name|Version): (.*)$", text)[:2] for text in metadata)
    assert {name.lower(): version for name, version in named} == pins(repository / LOCKS[0])


def test_the_bill_of_materials_is_valid_and_names_everything(
    repository: Path, addon: Path, archive: Path, bom: dict[str, Any]
) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bom)) is None
    named = {component["purl"] for component in bom["components"]}
    assert {f"pkg:pypi/{name}@{version}" for name, version in pins(repository / LOCKS[0]).items()} <= named
    assert "pkg:npm/react@18.3.1" in named
    pages = (addon / "appserver/static/js/build/licenses.txt").read_text("utf-8")
    assert len(named) == 13 + len(set(re.findall(r"(?m)^Name: (.+)\nVersion: (.+)\n", pages)))
    (digest,) = bom["metadata"]["component"]["hashes"]
    assert digest["content"] == hashlib.sha256(archive.read_bytes()).hexdigest()


def test_the_validator_rejects_an_invalid_bill_of_materials(bom: dict[str, Any]) -> None:
    broken = {**bom, "components": [{**bom["components"][0], "type": "thing"}]}
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(broken)) is not None


def test_no_source_map_ships(addon: Path) -> None:
    assert list(addon.rglob("*.map")) == []
    pages = addon / "appserver"
    names = re.compile(rb"//[#@] ?sourceMappingURL=(?!data:)\S+\s*$")
    assert [path.name for path in pages.rglob("*.js") if names.search(path.read_bytes()[-300:])] == []


def report(*vulnerabilities: dict[str, Any]) -> dict[str, Any]:
    return {
        "dependencies": [
            {"name": "urllib3", "version": "1.26.20", "vulns": list(vulnerabilities)},
            {"name": "idna", "skip_reason": "Dependency not found on PyPI and could not be audited: idna (3.20)"},
        ]
    }


def vulnerability(name: str, *aliases: str) -> dict[str, Any]:
    return {"id": name, "aliases": list(aliases), "fix_versions": ["9.9"], "description": "…"}


REVIEWED = {"CVE-1": Exempt("urllib3", "not reached", date(2027, 1, 1)), "CVE-2": Exempt("idna", "…", date(2027, 1, 1))}


def test_a_vulnerability_is_reviewed_under_any_of_its_names() -> None:
    assert list(audit.findings(report(vulnerability("PYSEC-1", "GHSA-1", "CVE-1")), REVIEWED, TODAY)) == []


def test_an_unreviewed_vulnerability_is_found() -> None:
    found = audit.findings(report(vulnerability("CVE-1"), vulnerability("PYSEC-3", "CVE-3")), REVIEWED, TODAY)
    assert list(found) == ["urllib3 1.26.20: PYSEC-3, fixed in: 9.9"]


def test_a_review_expires_and_ends_with_its_vulnerability() -> None:
    late = list(audit.findings(report(vulnerability("CVE-1")), REVIEWED, date(2027, 1, 2)))
    assert len(late) == 2
    assert "CVE-1 of urllib3 was to be reviewed again by 2027-01-01" in late
    (gone,) = audit.findings(report(), REVIEWED, TODAY)
    assert gone.startswith("CVE-1 is no longer reported for urllib3")


def test_unaudited_libraries_are_listed_and_not_reported_as_safe() -> None:
    assert audit.not_audited(report()) == ["idna"]


def test_every_exception_names_a_library_that_ships_its_reason_and_a_day(repository: Path) -> None:
    shipped = pins(repository / LOCKS[0])
    for name, exempt in audit.exceptions().items():
        assert re.fullmatch(r"CVE-\d{4}-\d+", name)
        assert exempt.package in shipped
        assert len(exempt.why) > 40
        assert date(2026, 1, 1) < exempt.until < date(2028, 1, 1)
