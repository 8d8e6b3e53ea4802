"""Keys of CEF and LEEF that are new, missing or in another place cost nothing but themselves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cim import flows, formats, splunk

EVENT = splunk.sample("workloads_enforcement")["event"]
AUDIT = sorted(splunk.audit_fields() | {"eventtype", "sourcetype", "host", "_time", "changed", "notified"})
FLOW = sorted({*flows.FIELDS, "user", "process_name", "action", "vendor_action", "pce_fqdn", "sourcetype", "_time"})
CEF = [
    r"rt",
    r"dvchost",
    r"duid",
    r"duser",
    r"dst",
    r"outcome",
    r"cat",
    r"request",
    r"requestMethod",
    r"reason",
    r"cs2",
    r"cs2Label",
    r"cs4",
    r"cs4Label",
    r"cn2",
    r"cn2Label",
    r"cs1Label",
    r"cs1",
]
LEEF = [
    "src",
    "cat",
    "devTime",
    "devTimeFormat",
    "sev",
    "usrName",
    "url",
    "version",
    "pce_fqdn",
    "created_by",
    "action",
    "resource_changes",
    "notifications",
    "event_href",
]
CEF_FLOW = [
    "act",
    "cat",
    "deviceDirection",
    "dpt",
    "src",
    "dst",
    "proto",
    "cnt",
    "in",
    "out",
    "rt",
    "duser",
    "dproc",
    "cn1",
    "cn1Label",
    "cn2",
    "cn2Label",
    "cn3",
    "cn3Label",
    "cs2",
    "cs2Label",
    "shost",
    "cs5",
    "cs5Label",
    "cs3",
    "cs3Label",
    "dhost",
    "cs6",
    "cs6Label",
    "cs4",
    "cs4Label",
    "dvchost",
    "msg",
]
LEEF_FLOW = [
    "cat",
    "devTime",
    "devTimeFormat",
    "proto",
    "sev",
    "src",
    "dst",
    "dstPort",
    "count",
    "dir",
    "intervalSec",
    "state",
    "srcHostname",
    "srcHref",
    "srcLabels",
    "dstHostname",
    "dstHref",
    "dstLabels",
    "dbi",
    "dbo",
]
#: Format → the line, its keys in their order, and what is to stay as it is.
FORMATS = {
    "cef": (formats.as_cef(EVENT), CEF, AUDIT),
    "leef": (formats.as_leef(EVENT), LEEF, AUDIT),
    "cef flow": (flows.as_cef("blocked"), CEF_FLOW, FLOW),
    "leef flow": (flows.as_leef("blocked"), LEEF_FLOW, FLOW),
}
#: Behind a free text, which ends where one of the PCE's own keys begins, a new key is a part of it.
BEHIND_A_NAME = {("cef", "dst"), ("leef", "url"), ("cef flow", "dproc"), ("cef flow", "cn1")}
PLACES = [(name, key) for name, (_, keys, _) in FORMATS.items() for key in keys if (name, key) not in BEHIND_A_NAME]
#: What each key alone says, so that it goes with it.
GONE = {
    ("cef", "rt"): {"_time"},
    ("cef", "dvchost"): {"pce_fqdn", "dvc", "host", "dest"},
    ("cef", "duid"): {"user_id", "user_type", "app"},
    ("cef", "duser"): {"user"},
    ("cef", "dst"): {"src"},
    ("cef", "outcome"): set(),
    ("cef", "request"): {"api_endpoint", "command", "event_complete"},
    ("cef", "requestMethod"): {"api_method", "command"},
    ("cef", "reason"): {"http_status_code", "result_id"},
    ("cef", "cs1"): {"href", "id", "org_id", "vendor_account"},
}


def values(name: str, line: str) -> dict[str, Any]:
    (found,) = splunk.read_all(line)
    return {field: found.get(field) for field in FORMATS[name][2]}


def split(name: str) -> tuple[str, list[str]]:
    """The line's head, and its keys with their values."""
    line, keys, _ = FORMATS[name]
    places = []
    at = line.rindex("|", 0, re.search(rf"[|\s]{keys[0]}=", line).end()) + 1  # type: ignore[union-attr]
    start = at
    for key in keys:
        found = re.compile(rf"(?:^|(?<=[|\s])){key}=").search(line, at)
        assert found, key
        places.append(found.start())
        at = found.end()
    ends = [*places[1:], len(line) + 1]
    return line[:start], [line[begin:end].rstrip("\t ") for begin, end in zip(places, ends)]


@pytest.mark.parametrize(("name", "key"), PLACES)
@pytest.mark.parametrize("new", ["novelty=17", "novelty=/orgs/7/sec_rules/5", 'novelty=[{"a":"x=y"}]'])
def test_new_key_of_one_word_is_a_field_and_costs_no_other(name: str, key: str, new: str) -> None:
    head, parts = split(name)
    at = FORMATS[name][1].index(key)
    line = head + " ".join([*parts[:at], new, *parts[at:]])
    assert values(name, line) == values(name, FORMATS[name][0])
    assert splunk.read(line)["novelty"] == new.partition("=")[2]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_new_key_at_the_end_is_a_field(name: str) -> None:
    line = FORMATS[name][0] + " novelty=17 later=x"
    assert values(name, line) == values(name, FORMATS[name][0])
    assert (splunk.read(line)["novelty"], splunk.read(line)["later"]) == ("17", "x")


@pytest.mark.parametrize(("name", "key"), PLACES)
def test_new_key_of_several_words_costs_no_field(name: str, key: str) -> None:
    head, parts = split(name)
    at = FORMATS[name][1].index(key)
    line = head + " ".join([*parts[:at], "novelty=of several words", *parts[at:]])
    assert values(name, line) == values(name, FORMATS[name][0])


@pytest.mark.parametrize(("name", "key"), sorted(GONE))
def test_missing_key_costs_only_its_own_value(name: str, key: str) -> None:
    head, parts = split(name)
    at = FORMATS[name][1].index(key)
    found, plain = values(name, head + " ".join(parts[:at] + parts[at + 1 :])), values(name, FORMATS[name][0])
    assert {field for field in plain if found[field] != plain[field]} <= GONE[name, key]


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("shift", [1, 3, 5, 8, 11, 13])
def test_key_order_does_not_matter(name: str, shift: int) -> None:
    head, parts = split(name)
    for ordered in (parts[shift:] + parts[:shift], parts[::-1][shift:] + parts[::-1][:shift]):
        assert values(name, head + " ".join(ordered)) == values(name, FORMATS[name][0])


def test_key_named_like_a_splunk_field_does_not_replace_it() -> None:
    line = formats.as_cef(EVENT).replace(" cat=", " eventtype=x tag=y index=z source=a user=b action=c _time=1 cat=")
    assert values("cef", line) == values("cef", FORMATS["cef"][0])
