"""`data/inputs/<scheme>`: the stanzas of modular inputs, which a script validates before they are saved."""

from __future__ import annotations

from ..atom import Entry
from ..confs import Stanza, is_true
from ..http_server import Response
from ..modinput import COMMON_SETTINGS, ArgumentsRefused, Scheme
from .call import Call, RestFault, Route


def show(call: Call) -> Response:
    """All inputs of a scheme, or one."""
    call.need("list_inputs")
    scheme, name = _scheme(call), call.parts[1]
    stanzas = call.splunkd.inputs.stanzas(scheme.name)
    if name:
        return call.entries([_entry(scheme, name, _found(call, scheme))])
    return call.entries([_entry(scheme, name, stanza) for name, stanza in stanzas.items()])


def create(call: Call) -> Response:
    """A new input, named by `name`; it runs from now on."""
    call.need("admin_all_objects")
    scheme, settings = _scheme(call), call.settings
    name = settings.pop("name", "")
    missing = sorted((scheme.required - {"name"}) - set(settings))
    if not name or missing:
        raise RestFault(400, f"The following required arguments are missing: {', '.join(missing) or 'name'}.")
    if name in call.splunkd.inputs.stanzas(scheme.name):
        raise RestFault(409, f"An object with name={name} already exists")
    return _saved(call, scheme, name, settings, 201)


def edit(call: Call) -> Response:
    """Other settings for an input, whose run, if there is one, ends."""
    call.need("admin_all_objects")
    scheme = _scheme(call)
    _found(call, scheme)
    return _saved(call, scheme, call.parts[1], call.settings, 200)


def switch(call: Call) -> Response:
    """Enable or disable an input."""
    call.need("admin_all_objects")
    scheme = _scheme(call)
    _found(call, scheme)
    return _write(call, scheme, call.parts[1], {"disabled": "1" if call.parts[2] == "disable" else "0"}, 200)


def delete(call: Call) -> Response:
    """Remove an input that only `local/` has."""
    call.need("admin_all_objects")
    scheme = _scheme(call)
    stanza = _found(call, scheme)
    if not stanza.removable:
        raise RestFault(400, f"Object id={call.parts[1]} cannot be deleted in config=inputs.")
    call.splunkd.confs.delete(stanza.app, "inputs", stanza.name)
    call.splunkd.end_run(stanza.name)
    return call.entries([])


def reload(call: Call) -> Response:
    """Read inputs.conf again, which the workbench does at every request."""
    _scheme(call)
    return call.entries([])


def _saved(call: Call, scheme: Scheme, name: str, settings: dict[str, str], status: int) -> Response:
    unknown = set(settings) - scheme.arguments - COMMON_SETTINGS
    if unknown:
        raise RestFault(400, f'Argument "{min(unknown)}" is not supported by this handler.')
    before = call.splunkd.inputs.stanzas(scheme.name).get(name)
    try:
        shown = {**(before.settings if before else {}), **settings}
        call.splunkd.inputs.validate(scheme, name, shown, call.splunkd.host(call.session_key, scheme.name))
    except ArgumentsRefused as error:
        raise RestFault(400, f"Argument validation for scheme={scheme.name}: {error}") from None
    return _write(call, scheme, name, settings, status)


def _write(call: Call, scheme: Scheme, name: str, settings: dict[str, str], status: int) -> Response:
    stanza = f"{scheme.name}://{name}"
    call.splunkd.confs.write(call.own_app, "inputs", stanza, settings)
    call.splunkd.end_run(stanza)
    return call.entries([_entry(scheme, name, call.splunkd.inputs.stanzas(scheme.name)[name])], status)


def _scheme(call: Call) -> Scheme:
    if call.splunkd.inputs.owner(call.parts[0]) is None:
        raise RestFault(404, f"There is no modular input {call.parts[0]!r}.")
    return call.splunkd.inputs.scheme(call.parts[0])


def _found(call: Call, scheme: Scheme) -> Stanza:
    stanzas = call.splunkd.inputs.stanzas(scheme.name)
    if call.parts[1] not in stanzas:
        raise RestFault(404, f"Could not find object id={call.parts[1]}")
    return stanzas[call.parts[1]]


def _entry(scheme: Scheme, name: str, stanza: Stanza) -> Entry:
    content = {**stanza.settings, "disabled": is_true(stanza.settings.get("disabled", "0"))}
    return Entry(name, f"data/inputs/{scheme.name}", stanza.app, content, stanza.removable)


_SCHEME = "data/inputs/([^/]+)"
ROUTES = [
    Route(f"{_SCHEME}/_reload", {"GET": reload, "POST": reload}),
    Route(f"{_SCHEME}()/?", {"GET": show, "POST": create}),
    Route(f"{_SCHEME}/([^/]+)", {"GET": show, "POST": edit, "DELETE": delete}),
    Route(f"{_SCHEME}/([^/]+)/(enable|disable)", {"POST": switch}),
]
