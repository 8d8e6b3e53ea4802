"""Responses of odd forms, and files of what is known."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from illumio_pce import inventory_snapshot
from illumio_pce.errors import PceError
from illumio_pce.inventory_files import forget
from illumio_pce.inventory_kinds import Item
from illumio_pce.inventory_known import (
    Change,
    Known,
    KnownMetadata,
    KnownObject,
    KnownWriter,
    Pending,
    digest_of,
    key_of,
)
from illumio_pce.inventory_snapshot import Snapshot, judge
from illumio_pce.store import Unreadable

METADATA = KnownMetadata(
    "pce.example.com/orgs/1", "pce.example.com", "1760000000000", 1_760_000_000_000, Pending("ab", 5)
)


def zipped(folder: Path, text: str | bytes) -> Path:
    path = folder / "download"
    path.write_bytes(gzip.compress(text.encode() if isinstance(text, str) else text))
    return path


def read(folder: Path, text: str | bytes) -> tuple[list[Any], Snapshot]:
    snapshot = Snapshot()
    return list(snapshot.records(zipped(folder, text))), snapshot


def test_an_object_of_any_size_is_one_record(tmp_path: Path) -> None:
    rules = [{"href": f"/orgs/1/sec_policy/active/rule_sets/1/sec_rules/{number}"} for number in range(5000)]
    large = {"href": "/orgs/1/sec_policy/active/rule_sets/1", "rules": rules}
    records, snapshot = read(tmp_path, json.dumps([large, {"href": "/b"}]))
    assert records == [large, {"href": "/b"}]
    assert (snapshot.rows, snapshot.flawed) == (2, 0)


def test_what_is_no_object_with_an_href_is_counted(tmp_path: Path) -> None:
    records, snapshot = read(tmp_path, '[null, 1, "x", [], {}, {"href": null}, {"href": "/a"}]')
    assert records == [{"href": "/a"}]
    assert (snapshot.rows, snapshot.flawed) == (7, 6)


def test_a_deleted_object_that_is_listed_is_not_there(tmp_path: Path) -> None:
    records, snapshot = read(tmp_path, '[{"href": "/a", "deleted": true}, {"href": "/b", "deleted": false}]')
    assert [record["href"] for record in records] == ["/b"]
    assert (snapshot.rows, snapshot.flawed) == (2, 0)


@pytest.mark.parametrize("text", ["", "{}", "[", '[{"href": "/a"}', '[{"href": "/a"} {"href": "/b"}]', "[] []", "[1,]"])
def test_what_is_no_whole_array_is_an_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(PceError) as caught:
        read(tmp_path, text)
    assert caught.value.category == "broken_answer"


RULE_SET = "/orgs/1/sec_policy/active/rule_sets/7"


@pytest.mark.parametrize(
    ("beginning", "which"),
    [
        ({"href": RULE_SET, "name": "Shop"}, RULE_SET),
        ({"created_by": {"href": "/users/1"}, "href": RULE_SET}, "number 3 of the list"),
    ],
)
def test_an_object_that_is_too_large_is_named(
    beginning: dict[str, Any], which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory_snapshot, "_LARGEST", 1024**2)
    large = {**beginning, "rules": [{"href": f"{RULE_SET}/sec_rules/{number}"} for number in range(60_000)]}
    with pytest.raises(PceError) as caught:
        read(tmp_path, json.dumps([{"href": "/a"}, {"href": "/b"}, large]))
    assert (caught.value.category, caught.value.passing) == ("too_large", False)
    assert caught.value.args[0] == f"An object of the collection is larger than 1 MB and cannot be read: {which}."
    assert "a rule set into several" in caught.value.remedy


def item(number: int, name: str = "") -> Item:
    return Item(
        "workload", f"/orgs/1/workloads/{number}", name or f"host{number}", {"n": number}, last={"hostname": "h"}
    )


def write(path: Path, *items: Item, kept: tuple[bytes, ...] = (), metadata: KnownMetadata = METADATA) -> None:
    writer = KnownWriter(path)
    for one in items:
        writer.add(key_of(one.href), digest_of(one), one)
    writer.close()
    writer.finish(kept, metadata)


def met(known: Known, *items: Item) -> list[Change]:
    return [known.meet(key_of(one.href), digest_of(one)) for one in items]


def test_a_file_says_what_is_new_what_changed_and_what_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "known"
    write(path, *map(item, range(50)))
    known = Known.read(path)
    assert (len(known), known.metadata) == (50, METADATA)
    assert met(known, item(7), item(8, "renamed"), item(99)) == [Change.NONE, Change.CHANGED, Change.NEW]
    met(known, *map(item, range(10, 50)))
    gone = sorted(known.entry(at) for at in known.missing())
    assert gone[0] == KnownObject("workload", "/orgs/1/workloads/0", "host0", {"hostname": "h"})
    assert len(gone) == 8
    known.meet_none()
    assert len(known.missing()) == 50


def test_lines_can_be_kept_in_the_next_file(tmp_path: Path) -> None:
    path, other = tmp_path / "known", tmp_path / "new"
    write(path, *map(item, range(3)))
    known = Known.read(path)
    met(known, item(0), item(1))
    write(other, item(0), kept=tuple(map(known.line, known.missing())))
    again = Known.read(other)
    assert met(again, item(0), item(1), item(2)) == [Change.NONE, Change.NEW, Change.NONE]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[1:],
        lambda data: data.replace(b"host3", b"host4"),
        lambda data: data.split(b"\n", 1)[1],
        lambda data: data.replace(b'"version": 1', b'"version": 2'),
        lambda data: data.replace(b'"full_at": ', b'"full_at": 1e999, "x": '),
        lambda data: data.replace(b'["ab", 5]', b'["ab"]'),
        lambda data: data.replace(b'["ab", 5]', b'{"a": 1}'),
        lambda data: data.replace(b'"kept": 0', b'"kept": 10'),
        lambda _data: b"",
        lambda _data: b"{}\n",
    ],
)
def test_a_damaged_file_is_as_good_as_none(damage: Any, tmp_path: Path) -> None:
    path = tmp_path / "known"
    write(path, *map(item, range(9)))
    data = damage(path.read_bytes())
    path.write_bytes(data)
    if data.endswith(b"}"):  # the last line break alone is no loss
        assert len(Known.read(path)) == 9
        return
    with pytest.raises(Unreadable):
        Known.read(path)


def test_a_file_of_nothing_is_a_file(tmp_path: Path) -> None:
    write(tmp_path / "known")
    assert len(Known.read(tmp_path / "known")) == 0


@pytest.mark.parametrize(("exact", "gone"), [(True, 20), (False, 0)])
def test_only_the_very_number_that_the_pce_counts_confirms_a_large_drop(exact: bool, gone: int, tmp_path: Path) -> None:
    path, now = tmp_path / "known", 10**12
    write(path, *map(item, range(40)))
    known = Known.read(path)
    met(known, *map(item, range(20)))
    first = judge(known, 20, 0, complete=True, exact=True, now_ms=now, interval_ms=1000)
    assert (len(first.kept), first.gone) == (20, [])
    write(path, *map(item, range(40)), metadata=KnownMetadata("", "", "1", 0, first.pending, kept=20))
    known = Known.read(path)
    met(known, *map(item, range(20)))
    second = judge(known, 20, 0, complete=True, exact=exact, now_ms=now + 1000, interval_ms=1000)
    assert len(second.gone) == gone


def test_everything_of_an_input_is_forgotten(tmp_path: Path) -> None:
    for name in ("input_inv.labels.known", "input_inv.users.download", "input_inv2.labels.known"):
        (tmp_path / name).write_text("")
    forget(tmp_path, "inv")
    assert [path.name for path in tmp_path.iterdir()] == ["input_inv2.labels.known"]
