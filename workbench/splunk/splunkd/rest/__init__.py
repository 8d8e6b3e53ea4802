"""splunkd's REST API: finds the endpoint of a request, and records what the workbench does not have."""

from __future__ import annotations

import re
from collections.abc import Callable

from workbench.splunk.refusal import Refused

from ..access import User
from ..atom import messages
from ..http_server import Request, Response
from ..instance import Instance
from ..kvstore import KvError
from . import admin, confs, export, general, inputs, kv, passwords, saved_searches
from .call import Call, RestFault, Route

_NAMESPACE = re.compile(r"/services(?:NS/(?P<owner>[^/]+)/(?P<app>[^/]+))?/(?P<path>.+?)/?")
_ROUTES: list[Route] = [
    *general.ROUTES,
    *confs.ROUTES,
    *passwords.ROUTES,
    *kv.ROUTES,
    *inputs.ROUTES,
    *export.ROUTES,
    *saved_searches.ROUTES,
]


class Rest:
    """Answers requests; `asked` lists all of them, `refused` those that no endpoint here is for."""

    def __init__(self, splunkd: Instance) -> None:
        self._splunkd = splunkd
        self.refused: list[str] = []
        self.asked: list[str] = []

    def answer(self, request: Request) -> Response:
        """The answer to a request of whoever its `Authorization` names."""
        self.asked.append(f"{request.method} {request.path}")
        authorization = request.headers.get("authorization", "")
        user = self._splunkd.sessions.who(authorization)
        try:
            return self._dispatch(request, user, authorization)
        except (RestFault, KvError) as error:
            return _message(request, error.status, str(error))
        except Refused as error:
            self.refused.append(f"{request.method} {request.path}: {error}")
            return _message(request, 400, f"The workbench refuses: {error}")

    def _dispatch(self, request: Request, user: User | None, authorization: str) -> Response:
        match = _NAMESPACE.fullmatch(request.path)
        route, parts = _route(match["path"]) if match else (None, ())
        if user is None and not (route and route.open):
            raise RestFault(401, "call not properly authenticated")
        if match is None:
            return self._unknown(request, 404)
        key = self._session_key(user, authorization)
        anybody = user or User("", "")
        call = Call(self._splunkd, request, anybody, match["owner"] or "nobody", match["app"] or "search", parts, key)
        if route is None:
            found = admin.find(call, match["path"])
            return admin.answer(call, *found) if found else self._unknown(request, 404)
        endpoint: Callable[[Call], Response] | None = route.methods.get(request.method)
        return endpoint(call) if endpoint else self._unknown(request, 405)

    def _session_key(self, user: User | None, authorization: str) -> str:
        if authorization.startswith(("Splunk ", "Bearer ")):
            return authorization.partition(" ")[2].strip()
        return self._splunkd.sessions.open(user.name) if user else ""

    def _unknown(self, request: Request, status: int) -> Response:
        self.refused.append(f"{request.method} {request.path}")
        text = "Not Found" if status == 404 else "Method Not Allowed"
        return _message(request, status, text)


def _route(path: str) -> tuple[Route | None, tuple[str, ...]]:
    for route in _ROUTES:
        parts = route.match(path)
        if parts is not None:
            return route, parts
    return None, ()


def _message(request: Request, status: int, text: str) -> Response:
    body, kind = messages(text, json_wanted=request.form.get("output_mode") == "json")
    headers = (("WWW-Authenticate", 'Basic realm="/splunk"'),) if status == 401 else ()
    return Response(status, body, kind, headers)
