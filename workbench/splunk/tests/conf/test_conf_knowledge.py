"""Reading events at search time: what the conformance cases do not reach."""

from __future__ import annotations

import pytest

from workbench.splunk.conf.index_time import Receiver, receive
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Event


def test_enrich_leaves_the_given_event_as_it_is() -> None:
    event: Event = {"_raw": "a=1", "sourcetype": "st"}
    knowledge = Knowledge(Confs.load({"props.conf": "[st]\nEVAL-b = a+1\n"}), now=0)
    assert knowledge.enrich(event) == {"_raw": "a=1", "sourcetype": "st", "a": "1", "b": "2"}
    assert event == {"_raw": "a=1", "sourcetype": "st"}


def test_now_in_a_calculated_field_is_the_search_clock() -> None:
    knowledge = Knowledge(Confs.load({"props.conf": "[st]\nEVAL-age = now()-10\n"}), now=1783000000)
    assert knowledge.enrich({"_raw": "x", "sourcetype": "st"})["age"] == "1782999990"


@pytest.mark.parametrize("breaker", [r"([\r\n]+)", r"((?:[\r\n])+)"], ids=["the usual one", "one of the same meaning"])
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\r\n\n", []),
        ("a", ["a"]),
        ("\na\r\n\rb\n", ["a", "b"]),
        ("é\u2028x\x0by\x85\n😀 z", ["é\u2028x\x0by\x85", "😀 z"]),
    ],
)
def test_lines_end_at_line_feeds_and_carriage_returns_alone(breaker: str, text: str, lines: list[str]) -> None:
    props = f"[st]\nSHOULD_LINEMERGE = false\nDATETIME_CONFIG = CURRENT\nLINE_BREAKER = {breaker}\n"
    assert [event["_raw"] for event in receive(Confs.load({"props.conf": props}), text, "st", clock=5)] == lines


def test_lookup_is_found_by_definition_and_by_file_name() -> None:
    confs = Confs.load({"transforms.conf": "[types]\nfilename = t.csv\n"}, lookups={"t.csv": "\ufeffk,v\n1,one\n"})
    knowledge = Knowledge(confs, now=0)
    for name in ("types", "t.csv"):
        assert list(knowledge.lookup_definition(name).find({"k": "1"})) == [{"k": "1", "v": "one"}]


def test_replaced_lookup_gives_its_new_rows() -> None:
    table = Knowledge(Confs.load(lookups={"t.csv": "k,v\n1,one\n"}), now=0).lookup_definition("t.csv")
    assert table.find({"k": "1"})
    table.replace(["k", "v"], [{"k": "2", "v": "two"}])
    assert list(table.find({"k": "1"})) == []
    assert list(table.find({"k": "2"})) == [{"k": "2", "v": "two"}]


def test_bytes_outside_the_encoding_are_written_as_hex() -> None:
    events = receive(Confs.load({"props.conf": "[st]\nDATETIME_CONFIG = NONE\n"}), b"caf\xe9", "st", clock=5)
    assert [(event["_raw"], event["_time"], event["_indextime"]) for event in events] == [("caf\\xE9", "5", "5")]


def test_streams_of_one_receiver_do_not_share_their_last_time() -> None:
    props = "[st]\nSHOULD_LINEMERGE = false\nTIME_PREFIX = @\nTIME_FORMAT = %s\n"
    receiver = Receiver(Confs.load({"props.conf": props}), clock=1783000100)
    first = receiver.receive("@1783000000 x\ny", "st", "one", "h")
    second = receiver.receive("z", "st", "two", "h")
    assert [event["_time"] for event in first + second] == ["1783000000", "1783000000", "1783000100"]


def test_duplicate_json_member_makes_both_values() -> None:
    knowledge = Knowledge(Confs.load({"props.conf": "[st]\nKV_MODE = json\n"}), now=0)
    assert knowledge.enrich({"_raw": '{"a":1,"a":2}', "sourcetype": "st"})["a"] == ["1", "2"]


def test_nonexistent_date_is_not_a_timestamp() -> None:
    confs = Confs.load({"props.conf": "[st]\nTIME_FORMAT = %Y-%m-%d\nTZ = UTC\n"})
    assert [event["_time"] for event in receive(confs, "2026-02-31 x", "st", clock=1783000000)] == ["1783000000"]


def test_json_nested_beyond_what_can_be_read_is_refused() -> None:
    knowledge = Knowledge(Confs.load({"props.conf": "[st]\nKV_MODE = json\n"}), now=0)
    with pytest.raises(Refused, match="nested too deeply"):
        knowledge.enrich({"_raw": "[" * 4000 + "]" * 4000, "sourcetype": "st"})


def test_tag_of_a_field_with_several_values() -> None:
    confs = Confs.load({"tags.conf": "[zone=dmz]\nexposed = enabled\n"})
    event = Knowledge(confs, now=0).enrich({"_raw": "", "zone": ["lan", "dmz"]})
    assert (event["tag"], event["tag::zone"]) == ("exposed", "exposed")
