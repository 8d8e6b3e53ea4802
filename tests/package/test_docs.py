"""What the documents point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.test_faults import TABLE
from tools import audit

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md"))
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *PAGES)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_named_in_a_document_exists(repository: Path, document: str) -> None:
    text = (repository / document).read_text("utf-8")
    named = re.findall(r"`((?:tests|tools|workbench|requirements|package|docs)/[\w./-]*)`", text)
    linked = [(Path(document).parent / link).as_posix() for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", text)]
    assert [name for name in [*named, *linked] if not (repository / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_heading_linked_in_a_document_exists(repository: Path, document: str) -> None:
    text = (repository / document).read_text("utf-8")
    for page, heading in re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", text):
        target = (repository / document).parent / page if page else repository / document
        headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
        assert heading in [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings], page


def test_the_security_page_has_the_right_counts(repository: Path) -> None:
    text = (repository / "docs/security.md").read_text("utf-8")
    assert f"| {len(TABLE)} faults of servers" in text
    assert len(audit.exceptions()) == 6
    assert "Six advisories are excepted" in text


def test_every_category_of_failure_and_every_member_of_the_record_is_explained(repository: Path, addon: Path) -> None:
    errors = (addon / "bin/illumio_pce/errors.py").read_text("utf-8")
    categories = re.findall(r'^    "(\w+)": "', errors, re.MULTILINE)
    text = (repository / "docs/troubleshooting.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", text.partition("## By category")[2].partition("## Questions")[0]))
    assert len(categories) > 20
    assert named == {"error_category", "input", "internal", *categories}
    record = (addon / "bin/illumio_pce/record.py").read_text("utf-8").partition("def to_json")[2].partition("\ndef ")[0]
    members = re.findall(r'^ +"(\w+)": ', record, re.MULTILINE)
    assert len(members) > 20
    assert [member for member in members if f"`{member}`" not in text] == []


def test_every_assumption_has_a_source_an_outcome_and_an_existing_test(repository: Path) -> None:
    text = (repository / "docs/assumptions.md").read_text("utf-8")
    rows = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in text.splitlines() if line.startswith("| ")]
    facts = [row for row in rows if row[0] not in ("fact", "---")]
    assert len(facts) > 100
    assert [row for row in facts if len(row) != 4 or not all(row)] == []
    assert [
        row[0] for row in facts if row[3] != "none yet" and not re.fullmatch(r"`[^`]+`(?:, `[^`]+`)*", row[3])
    ] == []
    named = [test for row in facts for test in re.findall(r"`([^`]+)`", row[3])]
    missing = []
    for path, _, test in (name.partition("::") for name in named):
        file = repository / path
        if not file.exists() or (test and f"def {test}(" not in file.read_text("utf-8")):
            missing.append(f"{path}::{test}")
    assert missing == []
