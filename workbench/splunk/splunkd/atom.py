"""How splunkd writes entities: as an Atom feed, or as JSON where `output_mode=json` asks for it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
)
_UPDATED = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Entry:
    """One entity: `path` is that of its collection (`configs/conf-x`), `content` its members."""

    name: str
    path: str
    app: str
    content: dict[str, Any]
    removable: bool = True
    fields: dict[str, Any] | None = field(default=None)
    acl: dict[str, Any] | None = field(default=None)

    @property
    def link(self) -> str:
        """Where the entity is found."""
        return f"/servicesNS/nobody/{self.app}/{self.path}/{quote(self.name, safe='')}"

    @property
    def access(self) -> dict[str, Any]:
        """The access list, as the content's `eai:acl`."""
        return self.acl or {
            "app": self.app,
            "can_list": True,
            "can_write": True,
            "modifiable": True,
            "owner": "nobody",
            "perms": {"read": ["*"], "write": ["admin"]},
            "removable": self.removable,
            "sharing": "app",
        }


def as_json(entries: Sequence[Entry], title: str) -> bytes:
    """The entries as `{"entry": […]}`."""
    return json.dumps(
        {
            "links": {},
            "origin": title,
            "updated": _UPDATED,
            "generator": {"build": "workbench", "version": "0"},
            "entry": [_json_entry(entry) for entry in entries],
            "paging": {"total": len(entries), "perPage": max(len(entries), 30), "offset": 0},
            "messages": [],
        }
    ).encode()


def _json_entry(entry: Entry) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": entry.name,
        "id": entry.link,
        "updated": _UPDATED,
        "links": {"alternate": entry.link, "list": entry.link, "edit": entry.link, "remove": entry.link},
        "author": "nobody",
        "acl": entry.access,
        "content": {"eai:acl": None, "eai:appName": entry.app, "eai:userName": "nobody", **entry.content},
    }
    return {**shown, "fields": entry.fields} if entry.fields else shown


def as_atom(entries: Sequence[Entry], title: str) -> bytes:
    """The entries as an Atom feed."""
    body = "".join(_atom_entry(entry) for entry in entries)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{_ATOM}<title>{_text(title)}</title><id>{_text(title)}</id>'
        f"<updated>{_UPDATED}</updated><opensearch:totalResults>{len(entries)}</opensearch:totalResults>"
        f"{body}</feed>"
    ).encode()


def _atom_entry(entry: Entry) -> str:
    content = {
        "eai:acl": entry.access,
        "eai:appName": entry.app,
        "eai:userName": "nobody",
        **({"eai:attributes": entry.fields} if entry.fields else {}),
        **entry.content,
    }
    return (
        f"<entry><title>{_text(entry.name)}</title><id>{_text(entry.link)}</id><updated>{_UPDATED}</updated>"
        f'<link href={quoteattr(entry.link)} rel="alternate"/><author><name>nobody</name></author>'
        f'<content type="text/xml">{_value(content)}</content></entry>'
    )


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, dict):
        keys = "".join(f"<s:key name={quoteattr(str(key))}>{_value(item)}</s:key>" for key, item in value.items())
        return f"<s:dict>{keys}</s:dict>"
    if isinstance(value, (list, tuple)):
        return "<s:list>" + "".join(f"<s:item>{_value(item)}</s:item>" for item in value) + "</s:list>"
    return _text(str(value))


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def messages(text: str, kind: str = "ERROR", *, json_wanted: bool) -> tuple[bytes, str]:
    """A message for a failed request, and its content type."""
    if json_wanted:
        return json.dumps({"messages": [{"type": kind, "text": text}]}).encode(), "application/json; charset=utf-8"
    body = f'<response><messages><msg type="{kind}">{_text(text)}</msg></messages></response>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode(), "text/xml; charset=utf-8"
