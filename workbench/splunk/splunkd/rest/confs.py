"""`configs/conf-<name>`: the stanzas of conf files."""

from __future__ import annotations

from ..atom import Entry
from ..confs import Stanza, is_true
from ..http_server import Response
from .call import Call, RestFault, Route


def show(call: Call) -> Response:
    """All stanzas, or one."""
    conf, name = call.parts
    if call.app != "-":
        call.need_access(conf, name, "read")
    if "search" in call.request.form:
        raise RestFault(400, "The workbench does not search in configs/conf-*.")
    stanzas = call.splunkd.confs.stanzas(call.app if call.app == "-" else call.own_app, conf)
    if name:
        return call.entries([_entry(conf, _found(stanzas, conf, name))])
    return call.entries([_entry(conf, stanza) for stanza in stanzas.values()])


def create(call: Call) -> Response:
    """A new stanza, named by `name`."""
    conf = call.parts[0]
    settings = call.settings
    name = settings.pop("name", "")
    if not name:
        raise RestFault(400, "The following required arguments are missing: name.")
    call.need_access(conf, name, "write")
    if name in call.splunkd.confs.stanzas(call.own_app, conf):
        raise RestFault(409, f"An object with name={name} already exists")
    return _written(call, conf, name, settings, 201)


def edit(call: Call) -> Response:
    """Other settings for a stanza."""
    conf, name = call.parts
    call.need_access(conf, name, "write")
    _found(call.splunkd.confs.stanzas(call.own_app, conf), conf, name)
    return _written(call, conf, name, call.settings, 200)


def delete(call: Call) -> Response:
    """Remove a stanza that only `local/` has."""
    conf, name = call.parts
    call.need_access(conf, name, "write")
    stanza = _found(call.splunkd.confs.stanzas(call.own_app, conf), conf, name)
    if not stanza.removable:
        raise RestFault(400, f"Object id={name} cannot be deleted in config={conf}.")
    call.splunkd.confs.delete(call.app, conf, name)
    return call.entries([])


def reload(call: Call) -> Response:
    """Read the files again, which the workbench does at every request."""
    return call.entries([])


def _written(call: Call, conf: str, name: str, settings: dict[str, str], status: int) -> Response:
    call.splunkd.confs.write(call.app, conf, name, settings)
    return call.entries([_entry(conf, call.splunkd.confs.stanzas(call.app, conf)[name])], status)


def _found(stanzas: dict[str, Stanza], conf: str, name: str) -> Stanza:
    if name not in stanzas:
        raise RestFault(404, f"{name} does not exist in {conf}.conf")
    return stanzas[name]


def _entry(conf: str, stanza: Stanza) -> Entry:
    content = {**stanza.settings, "disabled": is_true(stanza.settings.get("disabled", "0"))}
    return Entry(stanza.name, f"configs/conf-{conf}", stanza.app, content, stanza.removable)


ROUTES = [
    Route("configs/conf-([^/]+)/_reload", {"GET": reload, "POST": reload}),
    Route("configs/conf-([^/]+)()/?", {"GET": show, "POST": create}),
    Route("configs/conf-([^/]+)/([^/]+)", {"GET": show, "POST": edit, "DELETE": delete}),
]
