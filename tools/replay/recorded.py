"""What the Splunk answered, written as conformance cases and captures (workbench/splunk/engine.md has their form)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tools.replay.cases import SENT_AS, Case
from tools.replay.questions import LATEST, Question

_APP = "TA_illumio_pce"
#: What Splunk makes of every event, or names the instance by.
_LEFT_OUT = re.compile(r"_.*|index|source|punct|linecount|date_.*|timestartpos|timeendpos|splunk_server.*|unix_.*")


class Recorder:
    """Writes into a folder. `version` is the Splunk's; the time is that of the recording."""

    def __init__(self, folder: Path, version: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._version = folder, version
        self._at = datetime.now(timezone.utc).replace(microsecond=0)

    def answers(self, answered: Iterable[tuple[Question, list[dict[str, Any]]]]) -> None:
        """The answers to the questions: `answers.jsonl`."""
        lines = [json.dumps(self._answer(question, rows)) for question, rows in answered]
        (self._folder / "answers.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")

    def _answer(self, question: Question, rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": question.id,
            "area": "spl",
            "basis": "recorded",
            "source": f"a Splunk {self._version}, recorded {self._at.isoformat()}",
            "note": question.about,
            "now": self._at.timestamp(),
            "earliest": 0,
            "latest": LATEST,
            "spl": question.spl,
            "expect": rows,
            "ordered": True,
        }

    def event(self, case: Case, source: str, row: Mapping[str, Any]) -> None:
        """One event as it was found: `FORMAT-NAME.json`."""
        fields = {name: value for name, value in row.items() if not _LEFT_OUT.fullmatch(name) and value not in ("", [])}
        moment = datetime.fromisoformat(str(row["_time"]).replace("Z", "+00:00"))
        capture = {
            "id": f"{case.format}-{case.name}",
            "splunk": {"version": self._version},
            "capturedAt": self._at.isoformat(),
            "directives": [case.about],
            "phase": "search-time",
            "app": _APP,
            "sourcetype": SENT_AS,
            "ingestHost": "replay",
            "ingestSource": source,
            "input": case.line,
            "events": [{"_raw": row["_raw"], "_time": round(moment.timestamp() * 1000), "fields": fields}],
        }
        text = json.dumps(capture, indent=2, ensure_ascii=False)
        (self._folder / f"{capture['id']}.json").write_text(f"{text}\n", encoding="utf-8")
