"""Settings that are known, with values that Splunk rejects or that no source explains: refused, with their place."""

from __future__ import annotations

import pytest

from workbench.splunk.conf.index_time import receive
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Event

EVENT: Event = {"_raw": "a=1", "_time": "1783000000", "sourcetype": "st", "source": "s", "host": "h"}


def enrich(props: str, event: Event = EVENT, **others: str) -> Event:
    confs = Confs.load({"props.conf": f"[st]\n{props}\n", **{f"{name}.conf": text for name, text in others.items()}})
    return Knowledge(confs, now=1783000000).enrich(event)


@pytest.mark.parametrize(
    ("props", "key"),
    [
        ("KV_MODE = xml", "KV_MODE"),
        ("KV_TRIM_SPACES = maybe", "KV_TRIM_SPACES"),
        ("EXTRACT-a = no groups", "EXTRACT-a"),
        ("EXTRACT-a = (?<b", "EXTRACT-a"),
        ("EXTRACT-a = (?<host>.)", "EXTRACT-a"),
        ("REPORT-a = missing", "REPORT-a"),
        ("FIELDALIAS-a = b", "FIELDALIAS-a"),
        ("FIELDALIAS-a = a AS b b AS c", "FIELDALIAS-a"),
        ("FIELDALIAS-a = a AS c b AS c", "FIELDALIAS-a"),
        ("EVAL-a = nosuch(1)", "EVAL-a"),
        ("LOOKUP-a = missing k OUTPUT v", "LOOKUP-a"),
    ],
)
def test_search_time_setting_is_refused_where_it_stands(props: str, key: str) -> None:
    with pytest.raises(Refused) as refused:
        enrich(props)
    assert refused.value.position == f"props.conf [st] {key}"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ("REGEX = (a", "REGEX"),
        ("REGEX = a", "REGEX"),
        ("REGEX = (a)\nFORMAT = x::$1.$1", "FORMAT"),
        ("REGEX = (?<a>a)\nFORMAT = x::$1", "FORMAT"),
        ("DELIMS = |", "DELIMS"),
        ('DELIMS = "|"\nREGEX = (a)', "REGEX"),
        ('DELIMS = "|"\nFIELDS = "a b"', "FIELDS"),
        ("REGEX = (?<a>.)\nDEST_KEY = _raw", "DEST_KEY"),
    ],
)
def test_search_time_transform_is_refused_where_it_stands(settings: str, key: str) -> None:
    with pytest.raises(Refused) as refused:
        enrich("REPORT-a = t", transforms=f"[t]\n{settings}\n")
    assert refused.value.position == f"transforms.conf [t] {key}"


def index(props: str, transforms: str = "", text: str | bytes = "x 1") -> list[Event]:
    confs = Confs.load({"props.conf": f"[st]\n{props}\n", "transforms.conf": transforms})
    return receive(confs, text, "st", "s", "h", clock=1783000000)


@pytest.mark.parametrize(
    ("props", "key"),
    [
        ("LINE_BREAKER = \\n", "LINE_BREAKER"),
        ("CHARSET = KLINGON", "CHARSET"),
        ("TZ = Mars/Olympus", "TZ"),
        ("DATETIME_CONFIG = /etc/own.xml", "DATETIME_CONFIG"),
        ("TRUNCATE = many", "TRUNCATE"),
        ("DATETIME_CONFIG = NONE\nTRANSFORMS-a = missing", "TRANSFORMS-a"),
        ("DATETIME_CONFIG = NONE\nSEDCMD-a = s/open", "SEDCMD-a"),
    ],
)
def test_index_time_setting_is_refused_where_it_stands(props: str, key: str) -> None:
    with pytest.raises(Refused) as refused:
        index(props, text=b"x 1")
    assert refused.value.position == f"props.conf [st] {key}"


@pytest.mark.parametrize(
    "format_",
    ["%H:%M:%S", "%b %d %H:%M:%S", "%Y-%m-%d %Q %!", "%Y-%Y-%m-%d"],
)
def test_time_format_that_leaves_open_what_is_meant_is_refused(format_: str) -> None:
    with pytest.raises(Refused) as refused:
        index(f"TIME_FORMAT = {format_}")
    assert refused.value.position == "props.conf [st] TIME_FORMAT"


def test_timestamp_recognition_without_a_format_is_refused() -> None:
    with pytest.raises(Refused, match="without TIME_FORMAT"):
        index("", text="2026-07-02 x")


def test_timestamp_that_stands_later_than_reading_begins_is_refused() -> None:
    with pytest.raises(Refused, match="does not stand where reading begins"):
        index("TIME_FORMAT = %Y-%m-%d", text="at 2026-07-02")


@pytest.mark.parametrize(
    ("transform", "says"),
    [
        ("REGEX = x\nFORMAT = a", "neither DEST_KEY nor WRITE_META"),
        ("DEST_KEY = _raw\nFORMAT = a", "REGEX is required"),
        ("REGEX = x\nDEST_KEY = metadata:host\nFORMAT = host::a", "metadata:host is not known"),
        ("REGEX = x\nDEST_KEY = MetaData:Host\nFORMAT = a", "begin with host::"),
        ("REGEX = x\nDEST_KEY = queue\nFORMAT = tcpQueue", "tcpQueue"),
        ("REGEX = (x 1)\nFORMAT = f::$1\nWRITE_META = true", "blanks"),
        ("INGEST_EVAL = a=true()", "Boolean"),
        ("INGEST_EVAL = _time:=null()", "a key takes one value"),
        ("INGEST_EVAL = _secret=1", "_secret"),
        ("INGEST_EVAL = a=linecount", "linecount"),
    ],
)
def test_index_time_transform_is_refused(transform: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        index("DATETIME_CONFIG = NONE\nTRANSFORMS-a = t", f"[t]\n{transform}\n")
    assert str(refused.value.position).startswith("transforms.conf [t]")


def test_different_value_of_one_name_from_two_stages_is_refused() -> None:
    with pytest.raises(Refused, match="which wins"):
        enrich("EXTRACT-a = b=(?<a>.)", {**EVENT, "_raw": "a=1 b=2"})
