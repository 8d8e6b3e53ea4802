"""Files that hold PCE events in a wrapping that is not read here, told apart so that it can be said what to do."""

from __future__ import annotations

import json
from typing import Any

_SPLUNK = "this is Splunk's export as {}; export it as Raw Events instead{}"
_RESULTS = ", or extract the events (jq -r {} FILE)"


def explain(document: dict[str, Any]) -> str:
    """What a JSON object is that is no event, and what to do; empty where it is not known."""
    if isinstance(document.get("result"), dict) and "event_type" not in document:
        return _SPLUNK.format("JSON", _RESULTS.format(".result._raw"))
    for name, value in document.items():
        if "event_type" in document or not (isinstance(value, list) and value and isinstance(value[0], dict)):
            continue
        if "_raw" in value[0]:
            return _SPLUNK.format("JSON", _RESULTS.format(f"'.{name}[]._raw'"))
        if "event_type" in value[0]:
            return (
                f"it contains something other than events: its events are inside {json.dumps(name)}; "
                f"extract them (jq .{name} FILE)"
            )
    return ""


def explain_line(line: str) -> str:
    """What a file is whose first line this is, and what to do; empty where it is not known."""
    if line.lstrip().startswith("{"):
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            return ""
        return explain(document)
    header = [cell.strip().strip('"') for cell in line[:10_000].split(",")]
    return _SPLUNK.format("CSV", "") if "_raw" in header and len(header) > 1 else ""
