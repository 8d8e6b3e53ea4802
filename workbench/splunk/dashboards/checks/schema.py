"""The Dashboard Framework's own schema, asked through Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence

from workbench.splunk.dashboards.checks.complaint import Complaint
from workbench.splunk.dashboards.page import BUNDLE, MISSING
from workbench.splunk.dashboards.view import View


def missing() -> str:
    """What lacks to ask the schema; empty if nothing does."""
    if not (BUNDLE / "schema.js").is_file():
        return MISSING
    return "" if _node() else "there is no Node.js"


def complaints(views: Sequence[View]) -> list[Complaint]:
    """What the schema says against the views. Raises OSError where `missing` names something."""
    definitions = json.dumps({view.name: view.definition for view in views})
    node = _node()
    if not node:
        raise FileNotFoundError("there is no Node.js")
    command = [node, "validate.mjs", "bundle/schema.js"]
    answer = subprocess.run(command, cwd=BUNDLE.parent, input=definitions, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise OSError(f"the schema could not be asked: {answer.stderr[-500:]}")
    found = json.loads(answer.stdout)
    return [
        Complaint(view.name, error.get("instancePath") or "the whole", _sentence(error))
        for view in views
        for error in found[view.name]
    ]


def _sentence(error: dict[str, object]) -> str:
    return f"{error.get('message')} {json.dumps(error.get('params') or {})}"


def _node() -> str:
    """The Node.js that tools/build/dashboards.sh installed since the system had none or an old one, or the system's."""
    own = BUNDLE.parents[1] / "node/bin/node"
    return str(own) if own.is_file() else shutil.which("node") or ""
