"""`storage/passwords`: secrets, which only those with the capability see."""

from __future__ import annotations

from ..atom import Entry
from ..http_server import Response
from ..passwords import Password
from .call import Call, RestFault, Route


def show(call: Call) -> Response:
    """The secrets of the app, those of one realm (`search=realm=…`), or one."""
    _need(call, "list_storage_passwords", "read")
    if call.parts[0]:
        return call.entries([_entry(call, _found(call))])
    found = call.splunkd.passwords.all(call.own_app)
    search = call.request.form.get("search", "")
    if search:
        key, _, realm = search.partition("=")
        if key != "realm":
            raise RestFault(400, f"The workbench searches secrets by realm only, not by {search!r}.")
        found = [password for password in found if password.realm == realm]
    return call.entries([_entry(call, password) for password in found])


def create(call: Call) -> Response:
    """A new secret: 201, as splunklib demands."""
    _need(call, "edit_storage_passwords", "write")
    form = call.request.form
    name, realm, clear = form.get("name", ""), form.get("realm", ""), form.get("password", "")
    if not name or not clear:
        raise RestFault(400, "The following required arguments are missing: name, password.")
    passwords = call.splunkd.passwords
    if any((password.realm, password.username) == (realm, name) for password in passwords.all(call.own_app)):
        raise RestFault(409, f"An object with name={realm}:{name}: already exists")
    return call.entries([_entry(call, passwords.set(call.app, realm, name, clear))], 201)


def edit(call: Call) -> Response:
    """Another value for a secret."""
    _need(call, "edit_storage_passwords", "write")
    found = _found(call)
    clear = call.request.form.get("password", "")
    if not clear:
        raise RestFault(400, "The following required arguments are missing: password.")
    return call.entries([_entry(call, call.splunkd.passwords.set(call.app, found.realm, found.username, clear))])


def delete(call: Call) -> Response:
    """Remove a secret."""
    _need(call, "edit_storage_passwords", "write")
    call.splunkd.passwords.delete(call.app, _found(call))
    return call.entries([])


def _need(call: Call, capability: str, access: str) -> None:
    """Both are asked for: the capability, and the app's access list for `passwords`."""
    call.need(capability)
    call.need_access("passwords", "", access)


def _found(call: Call) -> Password:
    found = call.splunkd.passwords.find(call.own_app, call.parts[0])
    if found is None:
        raise RestFault(404, f"Could not find object id={call.parts[0]}")
    return found


def _entry(call: Call, password: Password) -> Entry:
    content = {
        **({} if password.clear is None else {"clear_password": password.clear}),
        "encr_password": password.scrambled,
        "password": "********",
        "realm": password.realm,
        "username": password.username,
    }
    return Entry(password.name, "storage/passwords", call.app, content)


ROUTES = [
    Route("storage/passwords()/?", {"GET": show, "POST": create}),
    # The realm of UCC's secrets holds a slash, which stands unquoted in the path.
    Route("storage/passwords/(.+)", {"GET": show, "POST": edit, "DELETE": delete}),
]
