"""The catalogue holds every name that is published, spelt as it is, and no other."""

from __future__ import annotations

from tests.catalogue import entries, vendor_text


def differences(listed: set[str], published: set[str]) -> list[str]:
    """What is missing and what is too much, in words."""
    return [f"missing: {name}" for name in sorted(published - listed)] + [
        f"not published: {name}" for name in sorted(listed - published)
    ]


def published_events() -> set[str]:
    return (
        vendor_text.event_types()
        | vendor_text.common_criteria()
        | vendor_text.ven_events()
        | set(vendor_text.newer("event"))
    )


def test_text_is_read_whole() -> None:
    assert len(vendor_text.event_types()) == 272
    assert len(vendor_text.common_criteria()) == 6
    assert len(vendor_text.ven_events()) == 27
    assert len(vendor_text.notifications()) == 53


def test_catalogue_has_every_event_type() -> None:
    assert differences(set(entries.names(entries.event_types())), published_events()) == []


def test_misspelt_or_missing_event_type_is_found() -> None:
    listed = set(entries.names(entries.event_types())) - {"label.create", "slb.create"} | {"labell.create"}
    assert differences(listed, published_events()) == [
        "missing: label.create",
        "missing: slb.create",
        "not published: labell.create",
    ]


def test_catalogue_has_every_notification_type() -> None:
    listed = {row["notification_type"] for row in entries.rows("notification_types")}
    published = vendor_text.notifications() | set(vendor_text.newer("notification"))
    assert differences(listed, published) == []


def test_recommended_events_are_marked() -> None:
    marked = {row["event_type"] for row in entries.event_types() if row["recommended"] == "1"}
    assert differences(marked, vendor_text.recommended()) == []


def test_types_of_one_tools_word_are_doubtful() -> None:
    doubtful = {name for name, since in vendor_text.newer("event").items() if "low trust" in since}
    marked = {row["event_type"] for row in entries.event_types() if row["certainty"] == "doubtful"}
    assert doubtful <= marked


def test_descriptions_are_our_own() -> None:
    published = {line.rstrip(".").lower() for line in vendor_text.lines() if line}
    descriptions = [row["description"] for name in ("event_types", "notification_types") for row in entries.rows(name)]
    assert [text for text in descriptions if text.rstrip(".").lower() in published] == []
