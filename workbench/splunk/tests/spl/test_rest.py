"""rest: what is documented of it works, and anything else is refused."""

from __future__ import annotations

import pytest

from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.search import run

KNOWLEDGE = Knowledge(Confs.load({}), 0.0)
KNOWLEDGE.endpoints = {"/saved/searches": [{"title": "A", "disabled": "1"}, {"title": "B", "disabled": "0"}]}


@pytest.mark.parametrize("path", ["/services/saved/searches", "/servicesNS/-/an_app/saved/searches"])
def test_each_entry_is_a_row_whatever_the_namespace(path: str) -> None:
    rows = run(
        f"| rest {path} splunk_server=local count=0 | search disabled=0 | table title", [], knowledge=KNOWLEDGE, now=0
    )
    assert rows == [{"title": "B"}]


@pytest.mark.parametrize("text", [
    "/services/saved/searches", "/services/saved/searches splunk_server=local", "/services/saved/searches count=0",
    "/services/saved/searches splunk_server=* count=0", "/services/saved/searches splunk_server=local count=5",
    "/services/server/info splunk_server=local count=0", "saved/searches splunk_server=local count=0",
    "/services/saved/searches splunk_server=local count=0 timeout=5",
])  # fmt: skip
def test_what_is_not_emulated_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        run(f"| rest {text}", [], knowledge=KNOWLEDGE, now=0)


def test_without_confs_there_is_nobody_to_ask() -> None:
    with pytest.raises(Refused, match="no splunkd"):
        run("| rest /services/saved/searches splunk_server=local count=0", [], now=0)
