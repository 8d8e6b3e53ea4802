"""Endpoints about splunkd itself: sign-in, what it is, its messages, and what the pages ask of it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from ..atom import Entry
from ..http_server import Response
from .call import JSON, XML, Call, RestFault, Route

_INDEXES = ("main", "summary", "_internal", "_audit")
_INDEX_NAME = re.compile(r"(?!-)(?!kvstore$)[a-z0-9][a-z0-9_-]{0,2047}")


def login(call: Call) -> Response:
    """A session key for a user and a password."""
    form = call.request.form
    key = call.splunkd.sessions.login(form.get("username", ""), form.get("password", ""))
    if key is None:
        raise RestFault(401, "Login failed")
    if call.json_wanted:
        return Response(200, json.dumps({"sessionKey": key, "message": "", "code": ""}).encode(), JSON)
    return Response(200, f"<response><sessionKey>{key}</sessionKey></response>".encode(), XML)


def server_info(call: Call) -> Response:
    """What splunkd is, and since when it runs."""
    splunkd = call.splunkd
    content: dict[str, Any] = {
        "build": "workbench",
        "version": splunkd.version,
        "serverName": splunkd.server_name,
        "host": splunkd.server_name,
        "guid": splunkd.guid,
        "isFree": False,
        "isTrial": False,
        "kvStoreStatus": "ready" if splunkd.kv.ready else "starting",
        "licenseState": "OK",
        "mode": "normal",
        "os_name": "Linux",
        "product_type": "enterprise",
        "server_roles": list(splunkd.server_roles),
        "startup_time": splunkd.startup_time,
    }
    if splunkd.instance_type:
        content["instance_type"] = splunkd.instance_type
    return call.entries([Entry("server-info", "server/info", "system", content)])


def current_context(call: Call) -> Response:
    """Who asks."""
    content = {
        "username": call.user.name,
        "roles": [call.user.role],
        "capabilities": call.user.capabilities,
        "defaultApp": "launcher",
        "tz": "",
    }
    return call.entries([Entry("context", "authentication/current-context", "system", content)])


def apps(call: Call) -> Response:
    """The installed apps, or one of them."""
    wanted = call.parts[0]
    names = [name for name in call.splunkd.confs.apps() if wanted in ("", name)]
    if wanted and not names:
        raise RestFault(404, f"Could not find object id={wanted}")
    return call.entries([_app(call, name) for name in names])


def _app(call: Call, name: str) -> Entry:
    conf = call.splunkd.confs.stanzas(name, "app")
    content: dict[str, Any] = {"disabled": False}
    for stanza, keys in (("launcher", ("version", "description")), ("ui", ("label",)), ("install", ("build",))):
        settings = conf[stanza].settings if stanza in conf else {}
        content.update({key: settings[key] for key in keys if key in settings})
    return Entry(name, "apps/local", "system", content, removable=False)


def indexes(call: Call) -> Response:
    """The indexes of a new Splunk, the internal ones among them, and those that a test added."""
    names = [*_INDEXES, *call.splunkd.more_indexes]
    content = {"disabled": False, "datatype": "event"}
    return call.entries([Entry(n, "data/indexes", "search", {**content, "isInternal": n[0] == "_"}) for n in names])


def validate_index_name(call: Call) -> Response:
    """Whether a name may be an index's."""
    name = call.request.form.get("index_name", "")
    valid = name in _INDEXES or bool(_INDEX_NAME.fullmatch(name))
    content = {"is_valid": "true" if valid else "false", "reason": "" if valid else f"Invalid index name: '{name}'."}
    return call.entries([Entry("_validateName", "data/indexes", "search", content)])


def times(call: Call) -> Response:
    """The time picker's presets: two of many."""
    presets = {"Last 24 hours": ("-24h@h", "now"), "All time": ("0", "")}
    return call.entries(
        [
            Entry(label, "data/ui/times", "search", {"label": label, "earliest_time": earliest, "latest_time": latest})
            for label, (earliest, latest) in presets.items()
        ]
    )


def list_messages(call: Call) -> Response:
    """The bulletin board, or one message of it."""
    wanted = call.parts[0]
    board = call.splunkd.messages
    if wanted and wanted not in board:
        raise RestFault(404, f"Could not find object id={wanted}")
    return call.entries([_message(name, board[name]) for name in board if wanted in ("", name)])


def post_message(call: Call) -> Response:
    """Put a message on the bulletin board, over one of the same name."""
    call.need("edit_messages")
    form = call.request.form
    if not form.get("name") or not form.get("value"):
        raise RestFault(400, "The following required arguments are missing: name, value.")
    if form.get("severity", "info") not in ("info", "warn", "error"):
        raise RestFault(400, f"Invalid severity: {form['severity']}")
    message = {"severity": form.get("severity", "info"), "message": form["value"]}
    call.splunkd.messages[form["name"]] = message
    return call.entries([_message(form["name"], message)], 201)


def delete_message(call: Call) -> Response:
    """Take a message off the bulletin board."""
    call.need("edit_messages")
    if call.splunkd.messages.pop(call.parts[0], None) is None:
        raise RestFault(404, f"Could not find object id={call.parts[0]}")
    return call.entries([])


def _message(name: str, message: dict[str, str]) -> Entry:
    return Entry(name, "messages", "system", {name: message["message"], **message})


def properties(call: Call) -> Response:
    """The names of a conf's stanzas; splunklib asks it whether there is such a file."""
    conf = call.parts[0]
    if not call.splunkd.confs.exists(call.own_app, conf):
        raise RestFault(404, f"{quote(conf)} does not exist")
    stanzas = call.splunkd.confs.stanzas(call.app, conf)
    return call.entries([Entry(name, f"properties/{conf}", call.app, {}) for name in stanzas])


ROUTES = [
    Route("auth/login", {"POST": login}, open=True),
    Route("server/info(?:/server-info)?", {"GET": server_info}),
    Route("authentication/current-context(?:/context)?", {"GET": current_context}),
    Route("apps/local(?:/([^/]+))?", {"GET": apps}),
    Route("data/indexes", {"GET": indexes}),
    Route("data/indexes/_validateName", {"GET": validate_index_name, "POST": validate_index_name}),
    Route("data/ui/times", {"GET": times}),
    Route("messages(?:/(.+))?", {"GET": list_messages, "POST": post_message, "DELETE": delete_message}),
    Route("properties/([^/]+)", {"GET": properties}),
]
