"""`search/jobs` for the pages: jobs that are done as soon as they are asked for.

Search itself is not done here: a function is handed in, and what it answers is shown.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from .http_server import Request, Response
from .server import Splunkd

Row = Mapping[str, Any]
#: SPL, earliest and latest as the page gave them; the rows found.
Search = Callable[[str, str, str], Sequence[Row]]

_APP_BUILD = re.compile(r"\| rest services/apps/local/(?P<app>\S+) splunk_server=local \| fields build")
_JSON = "application/json; charset=utf-8"


def nothing_found(spl: str, earliest: str, latest: str) -> Sequence[Row]:
    """The search that finds nothing."""
    return ()


@dataclass(frozen=True)
class _Job:
    spl: str
    earliest: str
    latest: str
    rows: Sequence[Row]


class Searches:
    """The jobs; `asked` lists the searches that the pages started."""

    def __init__(self, splunkd: Splunkd, search: Search) -> None:
        self._splunkd = splunkd
        self._search = search
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self.asked: list[str] = []

    def answer(self, path: str, request: Request) -> Response | None:
        """The answer to a request below `search/`; None for any other."""
        match = re.fullmatch(r"search/(?:v2/)?jobs(?:/([^/]+)(?:/(\w+))?)?", path)
        if not match:
            return None
        sid, part = unquote(match[1] or ""), match[2]
        form = request.form
        if not sid and request.method == "POST":
            return self._start(form.get("search", ""), form.get("earliest_time", ""), form.get("latest_time", ""))
        if not sid:
            sids = [sid for sid in request.parameters.get("id", []) if sid in self._jobs]
            return _json({"entry": [self._job(sid) for sid in sids]})
        if sid not in self._jobs:
            return _json({"messages": [{"type": "FATAL", "text": "Unknown sid."}]}, 404)
        if part in ("results", "results_preview"):
            return _json(_results(self._rows(self._jobs[sid], form.get("search", "")), form))
        if part == "control" or request.method == "DELETE":
            return _json({"messages": []})
        return _json({"entry": [self._job(sid)]})

    def _start(self, spl: str, earliest: str, latest: str) -> Response:
        app = _APP_BUILD.search(spl)
        if app:
            conf = self._splunkd.confs.stanzas(app["app"], "app")
            rows: Sequence[Row] = [{"build": conf["install"].settings.get("build", "")}]
        else:
            rows = self._search(spl, earliest, latest)
        with self._lock:
            self.asked.append(spl)
            sid = f"workbench_{len(self.asked)}"
            self._jobs[sid] = _Job(spl, earliest, latest, rows)
        return _json({"sid": sid}, 201)

    def _rows(self, job: _Job, chain: str) -> Sequence[Row]:
        """The job's rows, or those of its search with what a panel chains on."""
        if not chain.strip():
            return job.rows
        return self._search(f"{job.spl} | {chain.strip().lstrip('|').strip()}", job.earliest, job.latest)

    def _job(self, sid: str) -> dict[str, Any]:
        count = len(self._jobs[sid].rows)
        content = {
            "sid": sid,
            "isDone": True,
            "isFailed": False,
            "isRealTimeSearch": False,
            "dispatchState": "DONE",
            "doneProgress": 1,
            "resultCount": count,
            "resultPreviewCount": count,
            "eventCount": count,
            "runDuration": 0.01,
            "messages": [],
        }
        return {"name": sid, "published": "2026-01-01T00:00:00.000+00:00", "acl": {}, "content": content}


def _results(rows: Sequence[Row], form: Mapping[str, str]) -> dict[str, Any]:
    offset, count = int(form.get("offset") or 0), int(form.get("count") or 100)
    shown = rows[offset:] if count < 1 else rows[offset : offset + count]
    names = list(dict.fromkeys(name for row in shown for name in row))
    about = {"preview": False, "init_offset": offset, "post_process_count": 0, "messages": []}
    fields = [{"name": name} for name in names]
    if form.get("output_mode") == "json_cols":
        return {**about, "fields": fields, "columns": [[row.get(name) for row in shown] for name in names]}
    if form.get("output_mode") == "json_rows":
        return {**about, "fields": names, "rows": [[row.get(name) for name in names] for row in shown]}
    return {**about, "fields": fields, "results": [dict(row) for row in shown]}


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode(), _JSON)
