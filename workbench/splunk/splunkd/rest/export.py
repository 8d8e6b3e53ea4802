"""`search/v2/jobs/export`: a search whose results are the answer. What searches is handed in, as `Splunkd.search`."""

from __future__ import annotations

import json

from ..http_server import Response
from .call import JSON, Call, RestFault, Route

_PARAMETERS = frozenset({"search", "earliest_time", "latest_time", "output_mode", "preview"})


def export(call: Call) -> Response:
    """The rows of a search, one JSON object a line."""
    form = call.request.form
    unknown = set(form) - _PARAMETERS
    if unknown or form.get("output_mode") != "json":
        raise RestFault(400, f"The workbench answers in JSON, and knows {', '.join(sorted(_PARAMETERS))} alone.")
    spl = form.get("search", "")
    if not spl.startswith(("search ", "|")):
        raise RestFault(400, "A search has to begin with a command.")
    rows = call.splunkd.search(spl, form.get("earliest_time", ""), form.get("latest_time", ""))
    lines = [{"preview": False, "offset": number, "result": dict(row)} for number, row in enumerate(rows)]
    body = "\n".join(json.dumps(line) for line in lines or [{"preview": False, "lastrow": True}])
    return Response(200, body.encode(), JSON)


def export_v1(call: Call) -> Response:
    """The same under its former address, which new releases refuse: see `Splunkd.search_v1`."""
    if call.splunkd.search_v1:
        return export(call)
    call.splunkd.refused.append(f"{call.request.method} {call.request.path}: version 1 of the search endpoints")
    raise RestFault(404, "The endpoint search/jobs/export is deprecated and disabled. Use search/v2/jobs/export.")


ROUTES = [Route("search/v2/jobs/export", {"POST": export}), Route("search/jobs/export", {"POST": export_v1})]
