"""What a real Splunk was recorded to do, as conformance cases: engine.md, Captures, has the form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.splunk.refusal import Refused

_SOURCETYPE = "captured"
_NEEDED = ("id", "splunk", "capturedAt", "phase", "input", "events")


def read_capture(path: Path) -> dict[str, Any]:
    """The capture as a case: its events in order, each with exactly the fields that were recorded.

    Raises Refused with the file's name where it holds no capture.
    """
    try:
        capture = json.loads(path.read_text(encoding="utf-8-sig"))
        return _case(capture)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"no capture: it needs {', '.join(_NEEDED)} ({error})", str(path)) from None


def _case(capture: Mapping[str, Any]) -> dict[str, Any]:
    splunk, sourcetype = capture["splunk"], capture.get("sourcetype", _SOURCETYPE)
    return {
        "id": capture["id"],
        "area": capture["phase"],
        "basis": capture.get("basis", "recorded"),
        "source": capture.get("source", f"a Splunk {splunk['version']}, recorded {capture['capturedAt']}"),
        "note": ", ".join(capture.get("directives", [])),
        "confs": _confs(capture, sourcetype),
        "app": capture.get("app"),
        "now": datetime.fromisoformat(capture["capturedAt"].replace("Z", "+00:00")).timestamp(),
        "input": {
            "sourcetype": sourcetype,
            "source": capture.get("ingestSource", "capture"),
            "host": capture.get("ingestHost", "capture"),
            "text": capture["input"],
        },
        "expect": [_event(event) for event in capture["events"]],
        "ordered": True,
        "exact": True,
    }


def _confs(capture: Mapping[str, Any], sourcetype: str) -> dict[str, str]:
    if capture.get("app"):
        return {}
    stanzas = [(sourcetype, capture["props"])]
    stanzas += [(extra["stanza"], extra["body"]) for extra in capture.get("extraProps", [])]
    props = "\n".join(f"[{stanza}]\n{body}" for stanza, body in stanzas)
    return {"props.conf": props, "transforms.conf": capture.get("transforms", "")}


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {**event["fields"], "_raw": event["_raw"], "_time": event["_time"] / 1000}
