"""The confs of search time are short enough to read, and what they say of types is what the catalogue says."""

from __future__ import annotations

import re

import pytest

from tests.catalogue import entries
from tests.cim import formats, splunk
from tests.cim.test_every_type import bare_event

DEFAULT = splunk.PACKAGE / "default"
AUDIT = ("events", "cef", "leef")
#: Bytes that a file may have, and characters that a line may have.
SIZES = {"props": 36_000, "eventtypes": 6_000}
LONGEST_LINE = 700
TERM = re.compile(r"TERM\(([^)]+)\)")


def text(conf: str) -> str:
    return (DEFAULT / f"{conf}.conf").read_text(encoding="utf-8")


def stanza(conf: str, name: str) -> str:
    return text(conf).partition(f"[{name}]\n")[2].partition("\n[")[0]


def pattern(name: str) -> re.Pattern[str]:
    (found,) = re.findall(r"(?m)^REGEX = (.*)$", stanza("transforms", name))
    return re.compile(found.replace("(?<", "(?P<"))


def fields(sourcetype: str) -> list[str]:
    """The calculated fields and lookups of an audit format, as they are written."""
    return re.findall(r"(?m)^(?:EVAL|LOOKUP)-.*$", stanza("props", f"illumio:pce:{sourcetype}"))


@pytest.mark.parametrize("conf", sorted(SIZES))
def test_file_is_short(conf: str) -> None:
    assert len(text(conf).encode()) < SIZES[conf]


@pytest.mark.parametrize("conf", ["props", "transforms", "eventtypes", "tags"])
def test_no_line_is_long(conf: str) -> None:
    assert [line[:60] for line in text(conf).splitlines() if len(line) > LONGEST_LINE] == []


def test_formats_share_their_fields_word_for_word() -> None:
    shared = fields("events")
    assert fields("cef") == fields("leef") == shared
    assert len("\n".join(shared)) <= 8_000
    assert len(re.findall(r"\bjson_\w+\(", "\n".join(shared))) <= 40


def test_formats_share_the_transforms_behind_the_first() -> None:
    listed = {
        one: re.findall(r"(?m)^REPORT-illumio_pce_[235-9].*$", stanza("props", f"illumio:pce:{one}")) for one in AUDIT
    }
    assert len(listed["events"]) >= 5
    assert listed["cef"] == listed["leef"] == listed["events"]


def test_sign_ins_are_those_of_the_catalogue() -> None:
    found = {
        row["event_type"] for row in entries.event_types() if pattern("illumio_pce_sign_in").search(row["event_type"])
    }
    assert found == set(entries.names(entries.event_types("Authentication")))


def test_account_changes_are_those_of_the_catalogue() -> None:
    is_one = pattern("illumio_pce_account_change")
    found = {row["event_type"] for row in entries.event_types() if is_one.search(row["event_type"])}
    assert found == set(entries.names(entries.event_types("Change.Account_Management")))


def test_alerting_notifications_are_those_of_the_catalogue() -> None:
    is_one = re.compile(pattern("illumio_pce_alerting_notification").pattern.replace("*+", "*"))
    types = [row["notification_type"] for row in entries.rows("notification_types")]
    found = [name for name in types if is_one.search(f'"notification_type":"{name}"')]
    assert found == entries.alert_notifications()


@pytest.mark.parametrize(
    ("event_type", "dataset"),
    [
        ("illumio_pce_authentication", "Authentication"),
        ("illumio_pce_change_account", "Change.Account_Management"),
        ("illumio_pce_change_audit", "Change.Auditing_Changes"),
        ("illumio_pce_alert", "Alerts"),
    ],
)
def test_words_of_an_event_type_cover_its_dataset(event_type: str, dataset: str) -> None:
    """As they stand in an event: CEF and LEEF put the status behind a type, not behind a notification."""
    terms = TERM.findall(stanza("eventtypes", event_type))
    words = re.compile("|".join(re.escape(word).replace(r"\*", ".*") for word in terms))
    names = entries.names(entries.event_types(dataset))
    written = [name + status for name in names for status in ("", ".success", ".failure")]
    written += entries.alert_notifications() if dataset == "Alerts" else []
    assert [name for name in written if not words.fullmatch(name)] == []


def test_a_table_of_ones_own_decides_what_a_type_is() -> None:
    """As docs/fields.md says: the definitions point at a copy, and the event types know the word."""
    event = formats.as_json(bare_event("agent.goodbye"))
    assert splunk.datasets(splunk.read(event)) == ["Event_Signatures"]
    own = (splunk.PACKAGE / "lookups" / "illumio_pce_event_types.csv").read_text(encoding="utf-8")
    (row,) = [line for line in own.splitlines() if line.startswith("agent.goodbye,")]
    changed = row.replace(",VEN,Event_Signatures,event,,,", ",Ours,Change.Endpoint_Changes,alert,stopped,agent,")
    assert changed != row
    lookups = {"our_event_types.csv": own.replace(row, changed)}
    names = ("illumio_pce_event_types", "illumio_pce_changes", "illumio_pce_alerts")
    local = "".join(f"[{name}]\nfilename = our_event_types.csv\n" for name in names)
    alerts = stanza("eventtypes", "illumio_pce_alert").strip().replace("(TERM(", "(TERM(agent.goodbye*) OR TERM(", 1)
    more = {"transforms.conf": local, "eventtypes.conf": f"[illumio_pce_alert]\n{alerts}\n"}
    found = splunk.read(event, more=more, lookups=lookups)
    assert splunk.datasets(found) == ["Alerts", "Change", "Change.endpoint"]
    expected = {"event_category": "Ours", "action": "stopped", "change_type": "agent", "type": "alert"}
    assert {name: found[name] for name in expected} == expected


def test_index_macro_of_ones_own_with_or_means_the_same() -> None:
    own = {"macros.conf": "[illumio_pce_index]\ndefinition = index=elsewhere OR index=main\n"}
    for row in entries.event_types()[::40]:
        event = formats.as_json(bare_event(row["event_type"]))
        assert splunk.datasets(splunk.read(event, more=own)) == splunk.datasets(splunk.read(event))
    none = {"macros.conf": "[illumio_pce_index]\ndefinition = index=elsewhere OR index=nowhere\n"}
    assert splunk.datasets(splunk.read(formats.as_json(bare_event("label.create")), more=none)) == []
