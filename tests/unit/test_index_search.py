"""What the add-on takes from a search of the index, and when it does not trust it."""

from __future__ import annotations

import json
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from illumio_pce.errors import SplunkdError
from illumio_pce.splunkd import Splunkd


def test_version_2_of_the_endpoint_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    splunkd = Splunkd("https://127.0.0.1:1", "key")

    def post(path: str, **_form: object) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(body=BytesIO())

    monkeypatch.setattr(splunkd._context, "post", post)
    assert splunkd.search("search index=*", "0", "1") == []
    assert asked == ["search/v2/jobs/export"]


def searched(monkeypatch: pytest.MonkeyPatch, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    splunkd = Splunkd("https://127.0.0.1:1", "key")
    body = BytesIO("\n".join(map(json.dumps, lines)).encode())
    monkeypatch.setattr(splunkd._context, "post", lambda *_path, **_form: SimpleNamespace(body=body))
    return splunkd.search("search index=* | stats count by href", "0", "1")


def test_only_final_rows_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, Any]] = [
        {"preview": True, "result": {"href": "/a"}},
        {"preview": False, "result": {"href": "/b"}, "messages": [{"type": "INFO", "text": "Your peer is fine."}]},
        {"messages": [{"type": "WARN", "text": "A lookup table is large."}]},
    ]
    assert searched(monkeypatch, *lines) == [{"href": "/b"}]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("ERROR", "Error in a command"),
        ("FATAL", "The disk is full"),
        ("WARN", "Unable to distribute to peer named idx2, since it is down."),
        ("WARN", "Search results may be incomplete."),
    ],
)
def test_incomplete_results_are_rejected(monkeypatch: pytest.MonkeyPatch, kind: str, text: str) -> None:
    with pytest.raises(SplunkdError, match="lacked a part"):
        searched(monkeypatch, {"preview": False, "result": {"href": "/b"}, "messages": [{"type": kind, "text": text}]})
