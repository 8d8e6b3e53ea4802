"""`search/jobs` and `saved/searches` for the pages: jobs that are done as soon as they are asked for."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.relative_time import resolve
from workbench.splunk.spl.values import is_number_text

from .engine import Engine, Report, Results, Row
from .http_server import Request, Response
from .server import Splunkd

_APP_BUILD = re.compile(r"\| rest services/apps/local/(?P<app>\S+) splunk_server=local \| fields build")
_JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """A search that a page started; `label` names the dashboard's data source, if it is one's."""

    spl: str
    earliest: str
    latest: str
    label: str = ""


@dataclass(frozen=True)
class _Job:
    asked: Asked
    results: Results
    chained: dict[str, Results] = field(default_factory=dict)


class Searches:
    """The jobs. `asked` lists the searches that the pages started, `chained` what they chained on, by data source."""

    def __init__(self, splunkd: Splunkd, engine: Engine) -> None:
        self._splunkd = splunkd
        self.engine = engine
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self.asked: list[Asked] = []
        self.chained: list[tuple[str, str]] = []

    def answer(self, path: str, request: Request) -> Response | None:
        """The answer to a request below `search/` or `saved/searches/`; None for any other."""
        try:
            if path == "search/timeparser":
                return self._times(request)
            saved = re.fullmatch(r"saved/searches/([^/]+)(?:/(\w+))?", path)
            if saved:
                return self._report(unquote(saved[1]), saved[2] or "", request)
            jobs = re.fullmatch(r"search/(?:v2/)?jobs(?:/([^/]+)(?:/(\w+))?)?", path)
            return self._jobs_answer(unquote(jobs[1] or ""), jobs[2] or "", request) if jobs else None
        except Refused as refusal:
            return _json({"messages": [{"type": "FATAL", "text": f"{refusal}"}]}, 400)

    def _jobs_answer(self, sid: str, part: str, request: Request) -> Response:
        form = request.form
        if not sid and request.method == "POST":
            spl, earliest, latest = (form.get(name, "") for name in ("search", "earliest_time", "latest_time"))
            return _json({"sid": self._start(Asked(spl, earliest, latest, form.get("label", "")))}, 201)
        if not sid:
            sids = [sid for sid in request.parameters.get("id", []) if sid in self._jobs]
            return _json({"entry": [self._job(sid) for sid in sids]})
        if sid not in self._jobs:
            return _json({"messages": [{"type": "FATAL", "text": "Unknown sid."}]}, 404)
        if part in ("results", "results_preview"):
            chain = form.get("search", "").strip()
            results = self._chained(self._jobs[sid], chain) if chain else self._jobs[sid].results
            return _json(_shown(results, form, chained=bool(chain)))
        if part == "control" or request.method == "DELETE":
            return _json({"messages": []})
        return _json({"entry": [self._job(sid)]})

    def _start(self, asked: Asked) -> str:
        app = _APP_BUILD.search(asked.spl)
        with self._lock:
            self.asked.append(asked)
        if app:
            conf = self._splunkd.confs.stanzas(app["app"], "app")
            return self._keep(asked, Results.of([{"build": conf["install"].settings.get("build", "")}]))
        return self._keep(asked, self.engine.search(asked.spl, asked.earliest, asked.latest))

    def _keep(self, asked: Asked, results: Results) -> str:
        with self._lock:
            sid = f"workbench_{len(self._jobs) + 1}"
            self._jobs[sid] = _Job(asked, results)
        return sid

    def _chained(self, job: _Job, chain: str) -> Results:
        """What a panel's chain makes of the job's results: they are there, and are not searched for again."""
        with self._lock:
            self.chained.append((job.asked.label, chain))
            if chain not in job.chained:
                asked = job.asked
                job.chained[chain] = self.engine.post_process(job.results, chain, asked.earliest, asked.latest)
            return job.chained[chain]

    def _report(self, name: str, part: str, request: Request) -> Response:
        report = self.engine.report(name)
        if report is None:
            return _json({"messages": [{"type": "ERROR", "text": f"There is no saved search {name}."}]}, 404)
        if part == "dispatch" and request.method == "POST":
            form = request.form
            earliest = form.get("dispatch.earliest_time", report.earliest)
            latest = form.get("dispatch.latest_time", report.latest)
            return _json({"sid": self._start(Asked(report.search, earliest, latest, name))}, 201)
        if part == "history":
            last = [] if report.last is None else [self._keep(_asked(name, report), report.last)]
            return _json({"entry": [self._job(sid) for sid in last]})
        if part:
            raise Refused(f"saved/searches has no {part} here")
        next_run = f"{_iso(report.next_run)[:19].replace('T', ' ')} UTC" if report.scheduled else ""
        content = {"search": report.search, "is_scheduled": report.scheduled, "next_scheduled_time": next_run}
        return _json({"entry": [{"name": name, "acl": {}, "content": content}]})

    def _times(self, request: Request) -> Response:
        """Each of the relative times as ISO 8601, UTC; the time picker asks."""
        now = self._splunkd.clock()
        texts = request.parameters.get("time", [])
        return _json({text: _iso(resolve(text, now)) if text else "" for text in texts})

    def _job(self, sid: str) -> dict[str, Any]:
        count = len(self._jobs[sid].results.rows)
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
            "ttl": 600,
            "messages": [],
        }
        return {"name": sid, "published": _iso(self._splunkd.clock()), "acl": {}, "content": content}


def _asked(name: str, report: Report) -> Asked:
    return Asked(report.search, report.earliest, report.latest, name)


def _shown(results: Results, form: Mapping[str, str], *, chained: bool) -> dict[str, Any]:
    """A page of results in the form that is asked for; a chain's own number of rows is told beside it."""
    rows, names = results.rows, results.columns
    offset, count = int(form.get("offset") or 0), int(form.get("count") or 100)
    shown = rows[offset:] if count < 1 else rows[offset : offset + count]
    about: dict[str, Any] = {"preview": False, "init_offset": offset, "messages": []}
    if chained:
        about["post_process_count"] = len(rows)
    fields = [{"name": name} for name in names]
    if form.get("output_mode") == "json_cols":
        return {**about, "fields": fields, "columns": [[_cell(row, name) for row in shown] for name in names]}
    if form.get("output_mode") == "json_rows":
        return {**about, "fields": names, "rows": [[_cell(row, name) for name in names] for row in shown]}
    return {**about, "fields": fields, "results": [{name: _cell(row, name) for name in row} for row in shown]}


def _cell(row: Row, name: str) -> Any:
    """A value as splunkd's REST API shows it: `_time` in ISO 8601, UTC."""
    value = row.get(name)
    return _iso(float(value)) if name == "_time" and isinstance(value, str) and is_number_text(value) else value


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds")


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode(), _JSON)
