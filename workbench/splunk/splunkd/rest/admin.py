"""The endpoints that an app's restmap.conf declares, answered by the app's own handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from workbench.splunk.refusal import Refused

from ..atom import Entry
from ..handlers import HandlerCall
from ..http_server import Response
from .call import Call, RestFault

_ABOUT = {"eai:acl", "eai:attributes", "eai:userName", "eai:appName"}


@dataclass(frozen=True)
class AdminEndpoint:
    """A member of an `[admin:…]` stanza with its `[admin_external:…]`."""

    name: str
    file: str
    actions: frozenset[str]
    capabilities: dict[str, str]


def find(call: Call, path: str) -> tuple[AdminEndpoint, list[str]] | None:
    """The endpoint of a path below the namespace, and the rest of the path; None where there is none."""
    name, *rest = (unquote(part) for part in path.split("/"))
    if call.app not in call.splunkd.confs.apps():
        return None
    stanzas = {n: s.settings for n, s in call.splunkd.confs.stanzas(call.app, "restmap").items()}
    for stanza, settings in stanzas.items():
        members = [member.strip() for member in settings.get("members", "").split(",")]
        if stanza.startswith("admin:") and name in members and f"admin_external:{name}" in stanzas:
            if settings.get("match") != "/":
                raise Refused("only endpoints at / are served", f"restmap.conf [{stanza}] match")
            return _endpoint(name, settings, stanzas[f"admin_external:{name}"]), rest
    return None


def _endpoint(name: str, admin: dict[str, str], external: dict[str, str]) -> AdminEndpoint:
    if external.get("handlertype") != "python" or external.get("handlerpersistentmode") != "true":
        raise Refused("only persistent handlers in Python are run", f"restmap.conf [admin_external:{name}]")
    return AdminEndpoint(
        name,
        external["handlerfile"],
        frozenset(action.strip() for action in external["handleractions"].split(",")),
        {key: value for key, value in admin.items() if key.partition(".")[0] == "capability"},
    )


def answer(call: Call, endpoint: AdminEndpoint, rest: list[str]) -> Response:
    """Have the handler answer. Raises RestFault for its refusals."""
    method = call.request.method
    for key in ("capability", f"capability.{method.lower()}"):
        call.need(endpoint.capabilities.get(key, ""))
    action, name, arguments = _asked(call, rest)
    if action not in endpoint.actions:
        raise RestFault(405, f"The handler of {endpoint.name} does not support {action}.")
    file = call.splunkd.confs.folder(call.app) / "bin" / endpoint.file
    found = call.splunkd.handlers.call(
        file, HandlerCall(action, name, arguments, call.session_key, call.user.name, call.app)
    )
    if found["status"] != 200:
        raise RestFault(found["status"], found["text"])
    entries = [_entry(call, endpoint, item) for item in found["entries"]]
    return call.entries(entries, 201 if action == "create" else 200)


def _asked(call: Call, rest: list[str]) -> tuple[str, str | None, dict[str, list[str]]]:
    """Action, entity and arguments."""
    given = {n: v for n, v in call.request.parameters.items() if n not in ("output_mode", "count", "offset", "_")}
    name, action = [*rest, "", ""][:2]
    if len(rest) > 2 or action not in ("", "enable", "disable") or name == "_reload":
        raise RestFault(404, "The workbench does not know this action of a handler.")
    method = call.request.method
    if action and method == "POST":
        return "edit", name, {"disabled": ["1" if action == "disable" else "0"]}
    if method == "GET":
        return "list", name or None, given
    if method == "DELETE" and name:
        return "remove", name, given
    if method == "POST" and name:
        return "edit", name, given
    if method == "POST":
        names = given.pop("name", [""])
        if not names[-1]:
            raise RestFault(400, "The following required arguments are missing: name.")
        return "create", names[-1], given
    raise RestFault(405, f"Method not allowed: {method}")


def _entry(call: Call, endpoint: AdminEndpoint, item: dict[str, Any]) -> Entry:
    about = item["about"]
    content = {key: value for key, value in item["content"].items() if key not in _ABOUT}
    return Entry(
        item["name"], endpoint.name, call.app, content, fields=about.get("eai:attributes"), acl=about.get("eai:acl")
    )
