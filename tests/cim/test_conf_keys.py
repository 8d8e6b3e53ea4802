"""Every key of our conf files is one that Splunk publishes: the *.conf.spec files are read from beside the repository."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from tests.cim import splunk

SPECS = splunk.ROOT.parent / "shared" / "reference" / "specs"
#: Confs whose specs name their keys; a tag's name is free.
CONFS = sorted(path.stem for path in (splunk.PACKAGE / "default").glob("*.conf") if path.stem != "tags")


def published(conf: str) -> re.Pattern[str]:
    """The keys that a spec names at a line's beginning; what stands in angle brackets is free."""
    spec: Path = SPECS / f"{conf}.conf.spec"
    if not spec.is_file():
        pytest.skip(f"{spec.name} is not beside the repository")
    names = re.findall(r"(?m)^([\w.<>:-]+)\s*=", spec.read_text(encoding="utf-8", errors="replace"))
    assert names
    parts = (re.split(r"<[^>]*>", name) for name in names)
    return re.compile("|".join(r"[\w.:-]+".join(map(re.escape, part)) for part in parts))


def keys(conf: str) -> set[str]:
    """All keys of one of our conf files."""
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    text = (splunk.PACKAGE / "default" / f"{conf}.conf").read_text(encoding="utf-8")
    parser.read_string(text.replace("\\\n", " "))  # a backslash continues a line
    return {key for stanza in parser.sections() for key in parser[stanza]}


@pytest.mark.parametrize("conf", CONFS)
def test_keys_are_published(conf: str) -> None:
    known = published(conf)
    assert keys(conf)
    assert sorted(key for key in keys(conf) if not known.fullmatch(key)) == []


def test_a_key_that_is_not_published_is_found() -> None:
    assert not published("props").fullmatch("EVALS-user")
    assert published("props").fullmatch("EVAL-user")
