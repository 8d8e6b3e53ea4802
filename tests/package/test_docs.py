"""What the documents point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.test_faults import TABLE
from tools import audit

DOCUMENTS = ("README.md", "CONTRIBUTING.md", *(f"docs/{name}.md" for name in ("delivery", "install", "security")))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_is_there(repository: Path, document: str) -> None:
    text = (repository / document).read_text("utf-8")
    named = re.findall(r"`((?:tests|tools|workbench|requirements|package|docs)/[\w./-]*)`", text)
    linked = [(Path(document).parent / link).as_posix() for link in re.findall(r"\]\(([\w./-]+)\)", text)]
    assert [name for name in [*named, *linked] if not (repository / name).exists()] == []


def test_the_security_page_counts_right(repository: Path) -> None:
    text = (repository / "docs/security.md").read_text("utf-8")
    assert f"| {len(TABLE)} faults of servers" in text
    assert len(audit.exceptions()) == 6
    assert "Six advisories are excepted" in text
