"""Conf files: layers, syntax, and the refusal of what is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.splunk.conf.reader import Confs, parse_conf
from workbench.splunk.refusal import Refused


def app(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_local_wins_over_default_setting_by_setting(tmp_path: Path) -> None:
    confs = Confs.load(
        app(
            tmp_path,
            {
                "default/macros.conf": "[m]\ndefinition = a\ndescription = shipped\n",
                "local/macros.conf": "[m]\ndefinition = b\n",
                "lookups/t.csv": "k\n1\n",
            },
        )
    )
    assert confs.stanzas("macros")["m"].texts() == {"definition": "b", "description": "shipped"}
    assert confs.lookups == {"t.csv": "k\n1\n"}


def test_any_local_wins_over_a_later_default(tmp_path: Path) -> None:
    first = app(tmp_path / "one", {"local/macros.conf": "[m]\ndefinition = local\n"})
    confs = Confs.load(first, {"macros.conf": "[m]\ndefinition = default\n"})
    assert confs.stanzas("macros")["m"].text("definition") == "local"


def test_texts_may_be_named_local() -> None:
    confs = Confs.load({"local/macros.conf": "[m]\ndefinition = l\n", "macros.conf": "[m]\ndefinition = d\n"})
    assert confs.stanzas("macros")["m"].text("definition") == "l"


def test_default_stanza_lies_under_every_other() -> None:
    confs = Confs.load({"transforms.conf": "CLEAN_KEYS = false\n[default]\nMV_ADD = true\n[t]\nMV_ADD = false\n"})
    assert confs.stanzas("transforms")["t"].texts() == {"CLEAN_KEYS": "false", "MV_ADD": "false"}


def test_comments_blank_lines_and_continued_lines() -> None:
    stanzas = parse_conf("macros", "# note\n\n[m]\ndefinition = a \\\nb # not a comment\n# note\nargs = x\n")
    assert {key: setting.value for key, setting in stanzas["m"].items()} == {
        "definition": "a \nb # not a comment",
        "args": "x",
    }


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("props.conf", "[st]\nKV_MOD = json\n", "props.conf [st] KV_MOD"),
        ("props.conf", "[st]\nINDEXED_EXTRACTIONS = JSON\n", "props.conf [st] INDEXED_EXTRACTIONS"),
        ("props.conf", "[st]\nEXTRACT- = (?<a>.)\n", "props.conf [st] EXTRACT-"),
        ("transforms.conf", "[t]\nREGEXP = a\n", "transforms.conf [t] REGEXP"),
        ("tags.conf", "[a=1]\nlogin = 1\n", "tags.conf [a=1] login"),
        ("limits.conf", "[join]\nsubsearch_maxout = 5\n", "limits.conf [join] subsearch_maxout"),
        ("props.conf", "[st]\nTRUNCATE 5\n", "props.conf line 2"),
        ("segmenters.conf", "", "segmenters.conf"),
    ],
)
def test_unknown_settings_are_refused_with_their_position(file: str, text: str, place: str) -> None:
    with pytest.raises(Refused) as refused:
        Confs.load({file: text})
    assert refused.value.position == place
