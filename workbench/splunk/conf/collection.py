"""Collections of the KV store as lookups: documents with the rules of their stanza in transforms.conf.

Source: transforms.conf.spec 9.2, Lookup tables; collections.conf.spec 9.2; Search Reference, outputlookup and
inputlookup. A document lacks a field rather than hold an empty text (assumed). A field without a declared type takes
several values as an array ("inferred from the provided JSON data type"); a text takes one value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.splunk.conf.lookup_table import BETWEEN, LookupTable, Row, csv_rows
from workbench.splunk.conf.settings import Settings, names_list
from workbench.splunk.refusal import Refused

_KEY = "_key"
_TYPE = "field."


class Collection(LookupTable):
    """A collection that a lookup shows; `declared` is its stanza in collections.conf, `text` its documents as CSV."""

    local_only = True

    def __init__(self, settings: Settings, declared: Settings, text: str) -> None:
        self._columns = names_list(settings.entries["fields_list"]) if "fields_list" in settings else []
        self._check(settings, declared)
        self._made = 0
        super().__init__(settings, "")
        columns, rows = csv_rows(text)
        if set(columns) - set(self._columns):
            raise Refused(f"a document has a field that fields_list lacks: {columns}", settings.place("fields_list"))
        self.write(rows, append=False, key_field=_KEY)

    def _check(self, settings: Settings, declared: Settings) -> None:
        settings.limit(["filter", "default_match", "min_matches"], "of a collection this is not emulated")
        declared.flag("enforceTypes", False)
        if declared.flag("replicate", False):
            raise Refused("collections on indexers are not emulated", declared.place("replicate"))
        for key in declared:
            if key.startswith(_TYPE) and declared.text(key) != "string":
                raise Refused("only fields of type string are emulated", declared.place(key))
        if not self._columns:
            raise Refused("a collection needs a list of its fields", settings.place("fields_list"))
        self._untyped = {name for name in self._columns if name != _KEY and _TYPE + name not in declared}

    def write(self, rows: Sequence[Row], *, append: bool, key_field: str = "") -> None:
        """Replace all documents; with `append` only those under the same key, which `key_field` holds; without it each
        document gets a new one. Raises Refused for a key given twice.
        """
        new: dict[str, Row] = {}
        for row in rows:
            key = row.get(key_field, "") or self._new_key()
            if key in new:
                raise Refused(f"which of two rows under the key {key!r} is kept is documented nowhere")
            new[key] = {**{name: self._kept(name, row.get(name, "")) for name in self._columns}, _KEY: key}
        old = {row[_KEY]: row for row in self.rows} if append else {}
        self.replace(self._columns, list({**old, **new}.values()))

    def _kept(self, name: str, cell: str) -> str:
        if BETWEEN in cell and name not in self._untyped:
            raise Refused(f"{name} is declared a text, and is given several values")
        return cell

    def _new_key(self) -> str:
        self._made += 1
        return f"{self._made:024x}"

    def replace(self, fields: Sequence[str], rows: Sequence[Row]) -> None:
        """Put other documents in place of the collection's."""
        super().replace(fields, rows)
        # "Honored only when the data in the KV Store lookup table is entirely in lower case" (transforms.conf.spec).
        texts = (text for row in rows for name, text in row.items() if name != _KEY)
        folds = not self._settings.flag("case_sensitive_match", True) and not any(
            text != text.lower() for text in texts
        )
        self._sensitive = not folds

    def find(self, wanted: Mapping[str, str]) -> Sequence[Row]:
        """The documents that match all fields; one that lacks a field never does."""
        if self._untyped.intersection(wanted):
            raise Refused(f"a lookup by a field that may be an array is not emulated: {sorted(self._untyped)}")
        return [row for row in super().find(wanted) if all(row[name] for name in wanted)]

    def _first(self, found: Sequence[Row]) -> list[Row]:
        if len(found) > self._most:
            raise Refused(
                f"which of {len(found)} documents count, max_matches being {self._most}, is documented nowhere"
            )
        return list(found)
