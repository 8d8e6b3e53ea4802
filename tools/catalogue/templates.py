"""Fills the templates in `catalogue/conf`.

`[[name]]` stands for a piece: one of snippets.conf, or one that follows from the catalogue. `{{member}}` stands for a
member of an audit event, as one of the formats carries it (members.csv). `[[audit_fields:cef]]`, alone on a line,
stands for the fields of audit events in one format.
"""

from __future__ import annotations

import csv
import re

from tools.catalogue.entries import CATALOGUE
from tools.catalogue.expressions import pieces

CONF = CATALOGUE / "conf"
HEADING = "# Written by `python -m tools.catalogue` from catalogue/; change it there.\n"

_PIECE = re.compile(r"\[\[([\w.:]+)\]\]")
_MEMBER = re.compile(r"\{\{([\w.]+)\}\}")
_DEPTH = 12


def fill(name: str) -> str:
    """The text of one conf file. Raises KeyError where a template names what does not exist."""
    text = _text(name)
    found = _snippets()
    for format_ in ("json", "leef", "cef"):
        text = text.replace(f"[[audit_fields:{format_}]]", _audit_fields(format_, found))
    text = text.replace("[[flow_fields]]", _text("flow_fields.conf").rstrip())
    return HEADING + _with_pieces(text, found)


def _text(name: str) -> str:
    return (CONF / name).read_text(encoding="utf-8")


def _snippets() -> dict[str, str]:
    found = pieces()
    for line in _text("snippets.conf").splitlines():
        if line and not line.startswith("#"):
            name, _, text = line.partition(" = ")
            found[name] = text
    return found


def _audit_fields(format_: str, found: dict[str, str]) -> str:
    with (CONF / "members.csv").open(newline="", encoding="utf-8") as file:
        members = {row["member"]: row[format_] for row in csv.DictReader(file)}
    text = _with_pieces(_text("audit_fields.conf").rstrip(), found)
    return _with_pieces(_MEMBER.sub(lambda match: members[match.group(1)], text), found)


def _with_pieces(text: str, found: dict[str, str]) -> str:
    for _ in range(_DEPTH):
        if not _PIECE.search(text):
            return text
        text = _PIECE.sub(lambda match: found[match.group(1)], text)
    raise ValueError("a piece stands in itself")
