"""The bill of materials of a release (CycloneDX 1.6, JSON), from what ships; equal byte for byte for equal content."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .stage import Identity

#: Where UCC's pages name the packages in their bundles.
_BUNDLED = "appserver/static/js/build/licenses.txt"
_PACKAGE = re.compile(r"(?m)^Name: (?P<name>.+)\nVersion: (?P<version>.+)\n(?:License: (?P<license>.+)\n)?")


def write_bom(app: Path, archive: Path, identity: Identity, target: Path) -> None:
    """Write the bill of materials of a built add-on and its archive."""
    name = f"{identity.app}@{identity.version}"
    components = sorted([*_libraries(app), *_bundles(app)], key=lambda component: str(component["bom-ref"]))
    own = {
        "type": "application",
        "bom-ref": name,
        "name": identity.app,
        "version": identity.version,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(archive.read_bytes()).hexdigest()}],
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}",
        "version": 1,
        "metadata": {"timestamp": f"{identity.released}T00:00:00Z", "component": own},
        "components": components,
        "dependencies": [{"ref": name, "dependsOn": [component["bom-ref"] for component in components]}],
    }
    target.write_text(json.dumps(bom, indent=2) + "\n", encoding="utf-8")


def _libraries(app: Path) -> Iterator[dict[str, Any]]:
    """The Python libraries in `lib/`, as their own METADATA names them."""
    for path in (app / "lib").glob("*.dist-info/METADATA"):
        about = Parser().parsestr(path.read_text(encoding="utf-8"))
        license_ = about["License-Expression"] or about["License"]
        yield _component("pypi", re.sub(r"[-_.]+", "-", about["Name"]).lower(), about["Version"], license_)


def _bundles(app: Path) -> Iterator[dict[str, Any]]:
    """The JavaScript packages within UCC's pages, each version once."""
    text = (app / _BUNDLED).read_text(encoding="utf-8")
    found = {(one["name"], one["version"]): one["license"] for one in _PACKAGE.finditer(text)}
    for (name, version), license_ in found.items():
        yield _component("npm", name, version, license_)


def _component(kind: str, name: str, version: str, license_: str | None) -> dict[str, Any]:
    """`purl` names a package whatever its registry (purl specification)."""
    purl = f"pkg:{kind}/{quote(name, safe='/')}@{quote(version)}"
    component: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if license_ and license_ != "null":
        component["licenses"] = [{"license": {"name": license_}}]
    return component
