"""`storage/collections`: the KV store."""

from __future__ import annotations

import json
from typing import Any

from workbench.splunk.refusal import Refused

from ..atom import Entry
from ..http_server import Response
from ..kv_query import parse_query, pick_fields, sort_documents
from ..kvstore import MAX_RESULT, MAX_ROWS, KvError
from .call import JSON, Call, RestFault, Route

_QUERY_PARAMETERS = frozenset({"query", "sort", "limit", "skip", "fields", "output_mode"})


def collections(call: Call) -> Response:
    """The collections that the app's collections.conf declares, or one of them."""
    with call.splunkd.kv.request(write=False):
        stanzas = call.splunkd.confs.stanzas(call.own_app, "collections")
    wanted = call.parts[0]
    if wanted and wanted not in stanzas:
        raise RestFault(404, f"Could not find object id={wanted}")
    path = "storage/collections/config"
    return call.entries([Entry(n, path, call.app, s.settings) for n, s in stanzas.items() if wanted in ("", n)])


def find(call: Call) -> Response:
    """The documents that a query wants."""
    collection = _collection(call, "read")
    form = call.request.form
    unknown = set(form) - _QUERY_PARAMETERS
    if unknown:
        raise RestFault(400, f"The workbench does not know the parameter {min(unknown)!r}.")
    with call.splunkd.kv.request(write=False):
        documents = call.splunkd.kv.find(call.app, collection, parse_query(form.get("query", "")))
        documents = sort_documents(documents, form.get("sort", ""))
        limit = min(int(form.get("limit") or 0) or MAX_ROWS, MAX_ROWS)
        skip = int(form.get("skip") or 0)
        shown = [pick_fields(document, form.get("fields", "")) for document in documents[skip : skip + limit]]
        body = json.dumps(shown).encode()
        if len(body) > MAX_RESULT:
            raise KvError(400, "The result is larger than 50 MB.")
    return Response(200, body, JSON)


def get(call: Call) -> Response:
    """One document."""
    collection = _collection(call, "read")
    with call.splunkd.kv.request(write=False):
        return _answer(call.splunkd.kv.get(call.app, collection, call.parts[1]))


def insert(call: Call) -> Response:
    """A new document."""
    collection = _collection(call, "write")
    with call.splunkd.kv.request(write=True):
        return _answer(
            {"_key": call.splunkd.kv.insert(call.app, collection, _document(call, collection, _body(call)))}, 201
        )


def replace(call: Call) -> Response:
    """A document in place of another."""
    collection = _collection(call, "write")
    with call.splunkd.kv.request(write=True):
        document = _document(call, collection, _body(call))
        return _answer({"_key": call.splunkd.kv.replace(call.app, collection, call.parts[1], document)})


def batch_save(call: Call) -> Response:
    """Insert or replace many documents."""
    collection = _collection(call, "write")
    with call.splunkd.kv.request(write=True):
        body = _body(call)
        if not isinstance(body, list):
            raise KvError(400, "JSON in the request must be an array of documents.")
        return _answer(
            call.splunkd.kv.save_all(call.app, collection, [_document(call, collection, value) for value in body])
        )


def delete(call: Call) -> Response:
    """Delete what a query wants; without one, everything."""
    collection = _collection(call, "write")
    kv = call.splunkd.kv
    with kv.request(write=True):
        query = parse_query(call.request.form.get("query", ""))
        found = kv.find(call.app, collection, query, to_delete=True)
        kv.delete(call.app, collection, [document["_key"] for document in found])
    return _answer({})


def delete_one(call: Call) -> Response:
    """Delete one document."""
    collection = _collection(call, "write")
    with call.splunkd.kv.request(write=True):
        if not call.splunkd.kv.delete(call.app, collection, [call.parts[1]]):
            raise KvError(404, "Could not find object.")
    return _answer({})


def _collection(call: Call, access: str) -> str:
    name = call.parts[0]
    if call.owner not in ("nobody", "-"):
        raise Refused("only documents of `nobody` are kept", f"owner {call.owner}")
    if name not in call.splunkd.confs.stanzas(call.own_app, "collections"):
        raise RestFault(404, f"Collection {name} does not exist.")
    call.need_access("collections", name, access)
    return name


def _body(call: Call) -> Any:
    if not call.request.headers.get("content-type", "").startswith("application/json"):
        raise RestFault(415, "The body is not JSON (Content-Type).")
    try:
        return json.loads(call.request.body)
    except ValueError as error:
        raise RestFault(400, f"JSON is not valid: {error}") from None


def _document(call: Call, collection: str, value: Any) -> dict[str, Any]:
    """A document to be stored. Where types are enforced, a value of another one fails it (collections.conf.spec)."""
    if not isinstance(value, dict):
        raise KvError(400, "JSON in the request must be a document.")
    settings = call.splunkd.confs.stanzas(call.own_app, "collections")[collection].settings
    if settings.get("enforceTypes") in ("true", "1"):
        for name, one in value.items():
            if settings.get(f"field.{name}") == "string" and not isinstance(one, str):
                raise KvError(400, f"The field {name} is not a string.")
    return value


def _answer(value: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode(), JSON)


_DATA = "storage/collections/data/([^/]+)"
ROUTES = [
    Route("storage/collections/config(?:/([^/]+))?/?", {"GET": collections}),
    Route(f"{_DATA}/batch_save", {"POST": batch_save}),
    Route(f"{_DATA}/?", {"GET": find, "POST": insert, "DELETE": delete}),
    Route(f"{_DATA}/([^/]+)", {"GET": get, "POST": replace, "DELETE": delete_one}),
]
