"""What an endpoint is given, how it refuses, and how a route is declared."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from ..access import User, roles_with
from ..atom import Entry, as_atom, as_json
from ..http_server import Request, Response
from ..instance import Instance

JSON = "application/json; charset=utf-8"
XML = "text/xml; charset=utf-8"
#: Parameters of lists and of the browser's cache that say nothing about an entity.
PRESENTATION = frozenset({"output_mode", "count", "offset", "_", "search", "sort_key", "sort_dir", "f"})
NOT_PERMITTED = "You (user={user}) do not have permission to perform this operation (requires capability: {what})."


class RestFault(Exception):
    """An answer that is a refusal, as splunkd words it."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


@dataclass(frozen=True)
class Call:
    """A request to an endpoint: its namespace, its user, and what the path holds."""

    splunkd: Instance
    request: Request
    user: User
    owner: str
    app: str
    parts: tuple[str, ...] = ()
    session_key: str = ""

    @property
    def json_wanted(self) -> bool:
        """Whether `output_mode=json` was asked for."""
        return self.request.form.get("output_mode") == "json"

    @property
    def settings(self) -> dict[str, str]:
        """The parameters that are an entity's members."""
        return {name: value for name, value in self.request.form.items() if name not in PRESENTATION}

    @property
    def own_app(self) -> str:
        """The app of the namespace. Raises RestFault where it is none, or not installed."""
        if self.app != "system" and self.app not in self.splunkd.confs.apps():
            raise RestFault(404, f"Application does not exist: {self.app}")
        return self.app

    def need(self, capability: str) -> None:
        """Raises RestFault 403 unless the user holds the capability."""
        if not self.user.has(capability):
            raise RestFault(403, NOT_PERMITTED.format(user=self.user.name, what=capability))

    def need_access(self, kind: str, name: str, access: str) -> None:
        """Raises RestFault 403 unless the app's default.meta lets the user's role `read` or `write` the object."""
        roles = roles_with(self.splunkd.confs.folder(self.app), kind, name, access)
        if not self.user.is_admin and "*" not in roles and self.user.role not in roles:
            raise RestFault(403, NOT_PERMITTED.format(user=self.user.name, what=f"{access} {kind}/{name}"))

    def entries(self, entries: Sequence[Entry], status: int = 200) -> Response:
        """The entities in the form that was asked for, cut by `count` and `offset`."""
        form = self.request.form
        count, offset = int(form.get("count") or 30), int(form.get("offset") or 0)
        if count < 0 and self.splunkd.quirks.negative_count == "refused":
            raise RestFault(400, "Invalid value for count.")
        if count < 0 and self.splunkd.quirks.negative_count == "default":
            count = 30
        shown = entries[offset:] if count < 1 else entries[offset : offset + count]
        title = self.request.path
        body, kind = (as_json(shown, title), JSON) if self.json_wanted else (as_atom(shown, title), XML)
        return Response(status, body, kind)


Endpoint = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """A pattern of paths below the namespace, still quoted, and its methods."""

    pattern: str
    methods: Mapping[str, Endpoint]
    open: bool = False

    def match(self, path: str) -> tuple[str, ...] | None:
        """The unquoted groups, or None."""
        match = re.fullmatch(self.pattern, path)
        return tuple(unquote(group or "") for group in match.groups()) if match else None
