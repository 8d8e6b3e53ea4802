"""A stand-in for Splunk Web: the pages of an add-on's UI, and what their scripts ask for.

A user who opens a page without a session is signed in as `user` (a real Splunk Web asks for a password).
Nothing of Splunk's own pages is here: the frame, the theme and the translations are small scripts of ours.
"""

from __future__ import annotations

import json
import mimetypes
import re
import secrets
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from workbench.splunk.dashboards.page import dashboard_html, script
from workbench.splunk.dashboards.search_page import search_html
from workbench.splunk.dashboards.view import VIEWS, read_view, read_views

from .atom import messages
from .engine import Engine, NothingFound
from .http_server import HttpServer, Request, Response
from .searches import Searches
from .server import Splunkd

_SCRIPTS = Path(__file__).parent / "web_scripts"
_LOCALE = "/en-US"
_SESSION_COOKIE = "splunkd_session"
_ZONE = "### SERIALIZED TIMEZONE FORMAT 1.0;Y0 N 55 54 43;@-9223372036854775808 0;"
#: What Splunk's own web.conf is taken to expose, of that which the pages ask for.
_EXPOSED = {
    "server/info": "GET",
    "apps/local/*": "GET",
    "authentication/current-context": "GET",
    "messages": "GET",
    "search/jobs": "GET, POST",
    "search/jobs/*": "GET, POST, DELETE",
    "search/jobs/*/control": "POST",
    "search/v2/jobs/*/*": "GET, POST",
    "search/jobs/*/*": "GET, POST",
    "search/timeparser": "GET",
    "saved/searches/*": "GET",
    "saved/searches/*/history": "GET",
    "saved/searches/*/dispatch": "POST",
    "data/ui/times": "GET",
}
_SHARED_SCRIPTS = {
    "js/i18n.js": "i18n.js",
    "build/api/layout.js": "layout.js",
    "build/api/layout-dark.js": "layout.js",
    "build/api/get_theme.js": "get_theme.js",
}


class Web:
    """Serves the installed apps' pages until `close`. `refused` lists what was asked and is not here."""

    def __init__(self, splunkd: Splunkd, port: int = 0, user: str = "admin", engine: Engine | None = None) -> None:
        self._splunkd = splunkd
        self._user = user
        self._csrf: dict[str, str] = {}
        self.searches = Searches(splunkd, engine or NothingFound())
        self.refused: list[str] = []
        self._server = HttpServer(self._answer, port)
        self.port = self._server.port

    @property
    def uri(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}{_LOCALE}"

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/app/"):
            query = f"?{request.query}" if request.query else ""
            return Response(303, headers=(("Location", f"{_LOCALE}{request.path}{query}"),))
        path = request.path.partition(f"{_LOCALE}/")[2] or request.path.strip("/")
        for pattern, serve in self._pages.items():
            match = re.fullmatch(pattern, path)
            if match:
                return serve(self, request, *map(unquote, match.groups()))
        return self._refuse(request)

    def _view(self, request: Request, app: str, view: str) -> Response:
        """A view of an app, with the cookies of a session."""
        html = self._html(request, app, view)
        if html is None:
            return self._refuse(request)
        session, token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._csrf[session] = token
        cookies = (
            ("Set-Cookie", f"{_SESSION_COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict"),
            ("Set-Cookie", f"{self._csrf_cookie}={token}; Path=/; SameSite=Strict"),
        )
        return Response(200, html, "text/html; charset=utf-8", () if self._session(request) else cookies)

    def _html(self, request: Request, app: str, view: str) -> bytes | None:
        """A dashboard, the search page, or the HTML template that the view's XML names."""
        folder = self._splunkd.confs.folder(app)
        form = request.form
        if view == "search" and folder.is_dir():
            asked = (form.get("q", ""), form.get("earliest", ""), form.get("latest", ""))
            return search_html(self.searches.engine, *asked, app, read_views(folder)).encode()
        xml = folder / VIEWS / f"{Path(view).name}.xml"
        if not xml.is_file():
            return None
        dashboard = read_view(xml)
        if dashboard:
            return dashboard_html(dashboard, form.get("theme", ""), app, read_views(folder)).encode()
        template = ET.parse(xml).getroot().get("template", "")  # noqa: S314 - our own
        if not template.startswith(f"{app}:/templates/"):
            return None
        return (folder / "appserver/templates" / Path(template).name).read_bytes()

    def _config(self, request: Request) -> Response:
        config = {
            "SPLUNKD_PATH": f"{_LOCALE}/splunkd/__raw",
            "MRSPARKLE_PORT_NUMBER": self.port,
            "MRSPARKLE_ROOT_PATH": "",
            "LOCALE": _LOCALE.strip("/"),
            "BUILD_NUMBER": "1",
            "BUILD_PUSH_VERSION": 1,
            "USERNAME": self._user,
            "VERSION_LABEL": self._splunkd.version,
            "SERVER_ZONEINFO": _ZONE,
            "DISPATCH_TIME_FORMAT": "%s.%Q",
        }
        return Response(200, f"window.$C = {json.dumps(config)};".encode(), "text/javascript; charset=utf-8")

    def _script(self, request: Request, name: str = "i18ncatalog.js") -> Response:
        name = _SHARED_SCRIPTS.get(name, name)
        file = _SCRIPTS / name
        return self._file(file) if file.parent == _SCRIPTS and file.is_file() else self._refuse(request)

    def _static(self, request: Request, app: str, name: str) -> Response:
        root = self._splunkd.confs.folder(app) / "appserver" / "static"
        file = (root / name).resolve()
        inside = root.is_dir() and root.resolve() in file.parents
        return self._file(file) if inside and file.is_file() else self._refuse(request)

    def _bundle(self, request: Request, name: str) -> Response:
        """What draws the dashboards."""
        file = script(name)
        return self._file(file) if file else self._refuse(request)

    def _icon(self, request: Request, app: str, name: str) -> Response:
        file = self._splunkd.confs.folder(app) / "static" / Path(name).name
        return self._file(file) if file.is_file() else self._refuse(request)

    def _file(self, file: Path) -> Response:
        kind = "text/javascript" if file.suffix == ".js" else mimetypes.guess_type(file.name)[0]
        return Response(200, file.read_bytes(), kind or "application/octet-stream")

    def _splunkd_raw(self, request: Request, path: str) -> Response:
        """splunkd's REST API as web.conf exposes it, for a page that holds the token against forged requests."""
        session = self._session(request)
        if session is None:
            return _refusal(401, "Splunk Web: not signed in")
        form_key = request.headers.get("x-splunk-form-key", "")
        if request.method != "GET" and not secrets.compare_digest(form_key.encode(), self._csrf[session].encode()):
            return _refusal(401, "Splunk Web: the form key does not match (CSRF)")
        raw = request.path.partition("splunkd/__raw")[2]
        below = re.sub(r"^/services(NS/[^/]+/[^/]+)?/", "", raw)
        if not self._exposed(below, request.method):
            self.refused.append(f"{request.method} {raw} (not exposed)")
            return _refusal(404, "Splunk Web: not exposed by web.conf")
        found = self.searches.answer(below, request)
        if found:
            return found
        headers = {**request.headers, "authorization": f"Splunk {self._splunkd.session_key(self._user)}"}
        return self._splunkd.rest.answer(Request(request.method, raw, request.query, headers, request.body))

    def _exposed(self, path: str, method: str) -> bool:
        patterns = list(_EXPOSED.items())
        for app in self._splunkd.confs.apps():
            stanzas = self._splunkd.confs.stanzas(app, "web").values()
            exposes = [stanza.settings for stanza in stanzas if stanza.name.startswith("expose:")]
            patterns += [(settings["pattern"], settings.get("methods", "GET")) for settings in exposes]
        return any(
            method in [name.strip() for name in methods.split(",")]
            and re.fullmatch("[^/]+".join(re.escape(part) for part in pattern.split("*")), path)
            for pattern, methods in patterns
        )

    @property
    def _csrf_cookie(self) -> str:
        return f"splunkweb_csrf_token_{self.port}"

    def _session(self, request: Request) -> str | None:
        cookie = SimpleCookie(request.headers.get("cookie", "")).get(_SESSION_COOKIE)
        return cookie.value if cookie and cookie.value in self._csrf else None

    def _refuse(self, request: Request) -> Response:
        self.refused.append(f"{request.method} {request.path}")
        return Response(404, b"The workbench has no such page.")

    def _no_icon(self, request: Request) -> Response:
        return Response(204)

    _pages: ClassVar[dict[str, Callable[..., Response]]] = {
        r"app/([^/]+)/([^/]+)": _view,
        r"config": _config,
        r"i18ncatalog": _script,
        r"favicon\.ico": _no_icon,
        r"static/@[^/]+/app/([^/]+)/(.+)": _static,
        r"static/@[^/]+/dashboards/([^/]+)": _bundle,
        r"static/app/([^/]+)/([^/]+\.png)": _icon,
        r"static/@[^/]+/(.+)": _script,
        r"splunkd/__raw/(.+)": _splunkd_raw,
    }


def _refusal(status: int, text: str) -> Response:
    body, kind = messages(text, json_wanted=True)
    return Response(status, body, kind)
