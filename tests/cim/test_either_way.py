"""Where Splunk's pages say nothing, the confs are run both ways: what they give is the same.

The questions are those of the reference notes on search and of workbench/splunk/engine.md, "Assumed"; a rewritten
source type's own rules, and KV_MODE's reading of a null, are asked in test_routing.py and test_large.py too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cim import flows, formats, splunk
from workbench.splunk.conf import lookups
from workbench.splunk.conf.lookup_table import LookupTable
from workbench.splunk.spl import field_tests, json_fields, operators, search_language
from workbench.splunk.spl.functions import json_functions
from workbench.splunk.spl.values import Event, Value, text_of

LINES = [
    write(splunk.sample(name)["event"])
    for name in splunk.sample_names()
    for write in (formats.as_json, formats.as_cef, formats.as_leef)
]
LINES += [write("blocked") for write in (flows.as_json, flows.as_cef, flows.as_leef)]
LINES += ["nothing that is known", '{"event_type": null}', '{"src_ip":"10.0.0.1","dst_ip":"10.0.0.2"}']
#: Stands for an empty text, which a field of the engine cannot hold.
EMPTY = "(empty)"
#: Where a field has one value: in expressions, and in rows of our lookups.
ALLOWED = ("eval ", "where ", "inputlookup ")
QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
#: What KV_MODE finds under names of its own is for analysts; only these have to stay.
OURS = {*splunk.audit_fields(), "sourcetype", "_time", "_raw", "eventtype", "tag", "signature", "bytes", "transport"}
OURS |= {"description", "event_category", "canonical_event_type", "cim_dataset", "change_type"}


@pytest.fixture(scope="module")
def as_assumed() -> list[splunk.Fields]:
    return [ours(line) for line in LINES]


def ours(line: str) -> splunk.Fields:
    return {name: value for name, value in splunk.read(line).items() if name in OURS}


def test_dot_with_a_null(as_assumed: list[splunk.Fields], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumed: null. Here: what is null adds nothing."""

    def joined(left: Value, right: Value) -> Value:
        return "".join(text_of(value) for value in (left, right) if value is not None)

    monkeypatch.setattr(operators, "concatenate", joined)
    assert [ours(line) for line in LINES] == as_assumed


@pytest.mark.parametrize("shown", ["", "(null)"])
def test_how_a_json_null_is_shown(as_assumed: list[splunk.Fields], monkeypatch: pytest.MonkeyPatch, shown: str) -> None:
    """Assumed: the text `null`. Here: no field, or another text."""
    read = json_fields._Reader.read

    def without_null(reader: json_fields._Reader, name: str, start: int) -> Iterator[json_fields.Pair]:
        for pair in read(reader, name, start):
            yield pair._replace(value=shown) if pair.value == "null" else pair

    monkeypatch.setattr(json_fields._Reader, "read", without_null)
    assert [ours(line) for line in LINES] == as_assumed


def test_search_on_several_values(as_assumed: list[splunk.Fields], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumed: one that fits suffices. Here: all have to fit."""
    any_value = field_tests._any_value

    def all_values(name: str, test: field_tests.ValueTest) -> field_tests.Test:
        one = any_value(name, test)
        return lambda event: name in event and all(one({name: value}) for value in splunk.values(event[name]))

    with monkeypatch.context() as patch:
        patch.setattr(field_tests, "_any_value", all_values)
        forget_parsed()
        otherwise = [ours(line) for line in LINES]
    forget_parsed()
    assert otherwise == as_assumed


def forget_parsed() -> None:
    """Have event types parsed anew."""
    search_language.parse_expanded.cache_clear()
    splunk.knowledge.cache_clear()


def test_json_extract_of_other_text(as_assumed: list[splunk.Fields], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumed: null. Here: an empty text."""
    monkeypatch.setattr(json_functions, "NOT_JSON", "")
    assert [ours(line) for line in LINES] == as_assumed


def test_outputnew_without_a_match(as_assumed: list[splunk.Fields], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumed: nothing happens. Here: the fields are cleared, as the spec says of OUTPUT."""
    apply = lookups._apply

    def clearing(use: lookups._Use, before: Event, event: Event) -> None:
        wanted = {column: before.get(field) for column, field in use.inputs}
        apply(use, before, event)
        if None not in wanted.values() and not use.table.find({k: str(v) for k, v in wanted.items()}):
            for _, field in use.outputs:
                event.pop(field, None)

    monkeypatch.setattr(lookups, "_apply", clearing)
    assert [ours(line) for line in LINES] == as_assumed


def test_empty_cell_of_a_lookup(as_assumed: list[splunk.Fields], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumed: no value. Here: an empty text."""
    find = LookupTable.find

    def with_empty(table: LookupTable, *given: Any, **named: Any) -> list[dict[str, str]]:
        return [{column: cell or EMPTY for column, cell in row.items()} for row in find(table, *given, **named)]

    monkeypatch.setattr(LookupTable, "find", with_empty)
    assert [ours(line) for line in LINES] == as_assumed


def test_undocumented_behaviour_is_not_used() -> None:
    """Order of SEDCMD and transforms, aliases of one name, EXTRACT's empty groups, KV_MODE auto, `%z` on a `Z`."""
    props = (splunk.PACKAGE / "default" / "props.conf").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^(?:SEDCMD|FIELDALIAS|EXTRACT)-|^KV_MODE = auto", props) == []
    # Our own log has the machine's clock, and its zone.
    of_events = props.partition("\n[illumio:pce:log]")[0]
    formats_of_time = re.findall(r"(?m)^TIME_FORMAT = (.*)$", of_events)
    assert formats_of_time
    assert all(text.endswith("Z") and "%z" not in text.lower() for text in formats_of_time)
    for stanza in of_events.split("\n[")[1:]:
        # That of the source has no time.
        assert stanza.startswith("source::illumio") or "\nTZ = UTC" in stanza or "\nDATETIME_CONFIG = CURRENT" in stanza


def test_no_shipped_search_uses_not_equal_on_multivalue_fields() -> None:
    """`!=` of the search language on a field of several values is documented nowhere; in an eval it compares single ones."""
    searches = splunk.knowledge(())[0]
    texts = [one.text("search") for one in searches.stanzas("eventtypes").values()]
    texts += [one.text("definition") for one in searches.stanzas("macros").values()]
    stages = [stage.strip() for text in texts for stage in QUOTED.sub('""', text).split("|")]
    assert [stage for stage in stages if "!=" in stage and not stage.startswith(ALLOWED)] == []
