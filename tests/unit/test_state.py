"""State that is old, newer, half written, changed, gone or removed: each told apart, and never a reason to miss an event."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from illumio_pce.breadcrumb import BreadcrumbFile, Point
from illumio_pce.checkpoint import VERSION, Progress
from illumio_pce.state import created_document
from illumio_pce.store import Unreadable

from tests.simulation import START, World, status

VERSIONS = Path(__file__).parents[1] / "state_versions"
BREADCRUMBS = VERSIONS / "breadcrumb"


def world_that_has_run() -> World:
    """An hour ago an event was delivered; since then a run each minute found nothing.

    So reading begins at that event, and repeats it where its href is lost.
    """
    world = World()
    world.settings["start_time"] = "-30d"
    world.pce.record(age_ms=20 * 86_400_000)
    world.pce.record()
    for _ in range(60):
        assert world.run() == "ok"
        world.clock.now += 60
    return world


def records(world: World) -> list[dict[str, object]]:
    return [json.loads(event.text) for event in world.indexed if event.sourcetype == "illumio:pce:ingest"]


# --- versions ----------------------------------------------------------------------------------------


def world_of_version(version: str, recent: int) -> tuple[World, list[str]]:
    """The world in which that version's state was stored, and what was not delivered by then."""
    world = World(max_results=10_000)
    world.settings["start_time"] = "-3d"
    for i in range(40):
        world.pce.record(age_ms=100_000_000 + i * 9000)
    for i in range(recent):
        world.pce.record(age_ms=1000 + i * 7)
    world.clock.now += 300
    for i in range(6):
        world.pce.record(age_ms=4000 + i * 60_000)
    world.clock.now += 7200
    undelivered = [world.pce.record(age_ms=6_900_000), world.pce.record()]
    stored = json.loads((VERSIONS / version / "pending.json").read_text(encoding="utf-8"))
    world.documents = {document["_key"]: document for document in stored}
    return world, undelivered


def test_a_state_of_version_1_is_continued() -> None:
    """`1/pending.json` was stored by 0.1.0: a run that was killed with two hours of backlog before it."""
    world, undelivered = world_of_version("1", 4100)
    assert world.run() == "ok"
    # The event that was delivered last may have been lost since: version 1 does not tell under which splunkd.
    assert sorted(world.delivered()) == sorted(undelivered)
    assert world.last.record.resent == 1
    assert json.loads(str(world.documents["audit"]["content"]))["version"] == VERSION == 2
    world.clock.now += 60
    assert world.run() == "ok"
    assert len(world.delivered()) == 2


def world_of_version_2() -> tuple[World, list[str]]:
    """`2/pending.json` was stored before saves were counted: a run that was killed with two hours of backlog before it.

    Beside it lies the breadcrumb of then, of the first version; what was not delivered yet.
    """
    world, undelivered = world_of_version("2", 4101)
    world.breadcrumb = (VERSIONS / "2/breadcrumb.json").read_text(encoding="utf-8")
    return world, undelivered


def test_a_state_without_a_save_count_is_continued() -> None:
    world, wanted = world_of_version_2()
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(wanted)
    assert (world.last.record.notes, world.last.record.resent) == ([], 0)
    checkpoint = world.last.checkpoint
    assert checkpoint.creation != ""
    assert checkpoint.saves > 0
    point = world.read()
    assert point is not None
    assert (point.creation, point.saves) == (checkpoint.creation, checkpoint.saves)
    world.clock.now += 60
    assert world.run() == "ok"
    assert len(world.delivered()) == 2


def test_a_state_without_a_save_count_is_older_than_one_with() -> None:
    """A backup from before the update, restored after it: what was delivered since does not come again."""
    world, wanted = world_of_version_2()
    backup = dict(world.documents)
    assert world.run() == "ok"
    for _ in range(20):
        world.clock.now += 60
        wanted.append(world.pce.record())
        assert world.run() == "ok"
    world.documents = backup
    assert world.run() == "ok"
    assert "holds an older state" in world.last.record.notes[0]
    # The last ten minutes come twice.
    assert sorted(world.delivered()) == sorted([*wanted, *wanted[-11:]])


def test_what_an_older_version_collected_in_between_does_not_come_again() -> None:
    """0.1.0 was installed for two hours, with a state of its own, and knew nothing of the breadcrumb."""
    world, _ = world_of_version("1", 4100)
    by_0_1_0 = dict(world.documents)
    a_day_ago = START - 86_400
    reached = {"events": Progress(int(a_day_ago) * 1000, 0)}
    point = Point("pce.example.com:8443/orgs/1", reached, a_day_ago, "a", 9)
    world.breadcrumb = point.to_text()
    assert world.run() == "ok"
    assert len(world.delivered()) == 2
    assert not any("holds an older state" in note for note in world.last.record.notes)
    checkpoint, told = world.last.checkpoint, world.read()
    assert told is not None
    assert (told.creation, told.saves) == (checkpoint.creation, checkpoint.saves)
    world.clock.now += 60
    assert world.run() == "ok"
    assert len(world.delivered()) == 2
    # the same state from before the breadcrumb is a backup
    world.documents, world.breadcrumb = by_0_1_0, replace(point, at=world.clock.now).to_text()
    assert world.run() == "ok"
    assert "holds an older state" in world.last.record.notes[0]


def test_a_lost_state_without_a_save_count_resumes_from_its_breadcrumb() -> None:
    world, _ = world_of_version_2()
    world.documents.clear()
    assert world.run() == "ok"
    # From ten minutes before the backlog on: all but the forty of the day before.
    recorded = [str(event.href) for event in world.pce.collections["events"]]
    assert sorted(world.delivered()) == sorted(recorded[40:])
    assert "gone from the KV store" in world.last.record.notes[0]


def test_every_version_has_its_file() -> None:
    assert {path.name for path in VERSIONS.iterdir() if path.name.isdigit()} == {str(v) for v in range(1, VERSION + 1)}


# --- the state is gone from the store, and the breadcrumb is not ---------------------------------------


def test_lost_state_is_not_a_first_run() -> None:
    world = world_that_has_run()
    world.documents.clear()
    late = world.pce.record(age_ms=500_000)
    world.indexed.clear()
    assert world.run() == "ok"
    assert world.delivered() == [late]
    (record,) = records(world)
    assert (record["kind"], record["outcome"], record["error_category"]) == ("state", "failed", "state_lost")
    assert "gone from the KV store" in str(record["error"])
    assert any("reading goes on from" in note for note in world.last.record.notes)
    world.clock.now += 60
    assert world.run() == "ok"
    assert len(world.delivered()) == 1


def test_state_lost_during_a_backlog_resumes_at_its_oldest_part() -> None:
    world = World()
    world.settings["start_time"] = "-30d"
    for i in range(100):
        world.pce.record(age_ms=20 * 86_400_000 - i * 3_600_000)
    world.crash_at = 200
    assert world.run() == "killed"
    before = len(world.delivered())
    assert 10 < before < 90
    world.documents.clear()
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert len(world.delivered()) <= 100 + 10


def test_with_both_generations_damaged_reading_resumes_from_the_breadcrumb() -> None:
    world = world_that_has_run()
    for key, document in world.documents.items():
        world.documents[key] = {**document, "content": str(document["content"])[:-9]}
    world.indexed.clear()
    fresh = world.pce.record()
    assert world.run() == "ok"
    assert world.delivered() == [fresh]
    assert "checksum" in str(records(world)[0]["error"])


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("newer", "version 3"),
        ("half", "half written"),
        ("changed", "checksum"),
        ("other", "something else"),
        ("empty", "half written"),
    ],
)
def test_an_unreadable_breadcrumb_is_not_a_first_run(name: str, part: str) -> None:
    world = world_that_has_run()
    world.documents.clear()
    world.breadcrumb = (BREADCRUMBS / f"{name}.json").read_text(encoding="utf-8")
    world.settings["start_time"] = "-1h"
    assert world.run() == "ok"
    # Everything that the PCE has is sent again, whatever start_time says.
    assert set(Counter(world.delivered()).values()) == {2}
    assert part in str(records(world)[0]["error"])


def test_a_breadcrumb_of_the_first_version_is_read() -> None:
    point = Point.from_text((BREADCRUMBS / "1.json").read_text(encoding="utf-8"))
    # It told only up to where everything was read.
    progress = Progress(1_759_998_800_000, 0, [], 1_759_998_800_000)
    assert point == Point("pce.example.com:8443/orgs/1", {"events": progress}, 1_759_998_800.0, "", 0)


def test_lost_state_resumes_from_a_breadcrumb_of_the_first_version() -> None:
    """It was written 20 minutes before START, and reading goes on a late-arrival window before that."""
    world = World()
    world.breadcrumb = (BREADCRUMBS / "1.json").read_text(encoding="utf-8")
    world.pce.record(age_ms=1_801_000)
    wanted = [world.pce.record(age_ms=1_800_000), world.pce.record()]
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(wanted)
    assert "gone from the KV store" in world.last.record.notes[0]


def test_a_breadcrumb_of_the_first_version_takes_nothing_back() -> None:
    """It does not tell how often the state was saved: no checkpoint is older than it."""
    world = world_that_has_run()
    world.breadcrumb = (BREADCRUMBS / "1.json").read_text(encoding="utf-8")
    assert world.run() == "ok"
    assert len(world.delivered()) == 2
    assert world.last.record.notes == []
    point = world.read()
    assert point is not None
    assert point.saves > 0


def test_a_breadcrumb_of_another_source_is_ignored() -> None:
    world = world_that_has_run()
    world.documents.clear()
    world.breadcrumb = Point("other.example.com/orgs/7", {"events": Progress(1, 0)}, 1.0, "a", 9).to_text()
    world.settings["start_time"] = "-2h"
    world.indexed.clear()
    assert world.run() == "ok"
    assert len(world.delivered()) == 1


def test_a_recreated_input_does_not_continue_its_predecessor() -> None:
    world = world_that_has_run()
    world.documents = {"audit": dict(created_document("audit", world.clock.now))}
    world.indexed.clear()
    assert world.run() == "ok"
    assert len(world.delivered()) == 2
    assert world.last.record.notes == []


def test_a_first_run_is_told_from_a_lost_state() -> None:
    world = World()
    world.pce.record()
    world.crash_at = 5
    assert world.run() == "killed"
    assert world.documents["audit"]["kind"] == "created"
    assert world.run() == "ok"
    assert world.last.record.notes == []


# --- the file ------------------------------------------------------------------------------------------


def point(watermark: int, source: str = "a/orgs/1", saves: int = 1) -> Point:
    progress = {"events": Progress(watermark, 500, [(700, 800)], watermark - 1, 0.25)}
    return Point(source, progress, 0.5, "0123456789abcdef", saves)


def test_the_file_is_written_each_time_and_read_back(tmp_path: Path) -> None:
    def crumb() -> BreadcrumbFile:
        return BreadcrumbFile(tmp_path, "an/input: with blanks")

    assert crumb().read() is None
    # However little is new, and also where reading went back.
    for told in (point(1000), point(1001, saves=2), point(900, saves=3), point(900, "b/orgs/1", saves=4)):
        crumb().drop(told)
        assert crumb().read() == told
    assert len(list(tmp_path.iterdir())) == 1
    crumb().forget()
    assert crumb().read() is None


def test_it_is_written_after_every_save() -> None:
    world = World(max_results=5, settings={"start_time": "-3h"})
    for i in range(12):
        world.pce.record(age_ms=9_000_000 - i * 60_000)
    assert world.run() == "ok"
    saves = [after for before, after in zip(world.trace, world.trace[1:]) if before == "save ends"]
    assert len(saves) > 5
    # Before the first save of all, the input was noted as new; there is nothing else to tell then.
    assert saves[1:] == ["breadcrumb"] * (len(saves) - 1)
    told = world.read()
    assert told is not None
    stored = json.loads(str(world.documents["audit"]["content"]))
    assert (told.saves, told.creation, told.at) == (stored["saves"], stored["creation"], stored["saved_at"])
    assert told.collections == world.last.checkpoint.collections


def test_the_old_breadcrumb_stays_until_the_new_one_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crumb = BreadcrumbFile(tmp_path, "audit")
    first, second = point(1000), point(1001, saves=2)
    crumb.drop(first)
    at_sync: list[tuple[Point | None, str]] = []

    def synced(_descriptor: int) -> None:
        at_sync.append((crumb.read(), (tmp_path / "input_audit.new").read_text(encoding="utf-8")))

    monkeypatch.setattr("os.fsync", synced)
    crumb.drop(second)
    assert at_sync == [(first, second.to_text())]
    assert crumb.read() == second


def test_a_failed_replacement_leaves_the_old_breadcrumb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crumb = BreadcrumbFile(tmp_path, "audit")
    crumb.drop(point(1000))

    def refused(self: Path, target: Path) -> Path:
        raise PermissionError(target)

    monkeypatch.setattr(Path, "replace", refused)
    crumb.drop(point(2000, saves=2))
    assert crumb.read() == point(1000)


def test_a_damaged_breadcrumb_is_replaced_and_a_missing_one_can_be_forgotten(tmp_path: Path) -> None:
    crumb = BreadcrumbFile(tmp_path, "audit")
    crumb.forget()
    (tmp_path / "input_audit.json").write_text("{", encoding="utf-8")
    crumb.drop(point(1000))
    assert crumb.read() == point(1000)


def test_a_file_that_cannot_be_written_or_opened(tmp_path: Path) -> None:
    crumb = BreadcrumbFile(tmp_path / "missing", "audit")
    crumb.drop(Point("a/orgs/1", {}, 0.0))
    assert crumb.read() is None
    (tmp_path / "input_audit.json").mkdir()
    with pytest.raises(Unreadable, match="cannot be opened"):
        BreadcrumbFile(tmp_path, "audit").read()
    (tmp_path / "input_two.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unreadable, match="something else"):
        BreadcrumbFile(tmp_path, "two").read()


# --- removed, and not written again ----------------------------------------------------------------------


@pytest.mark.parametrize("effect", range(2, 40))
def test_an_input_that_is_deleted_while_it_runs_writes_no_state_any_more(effect: int) -> None:
    world = World(max_results=5)
    world.run()
    world.clock.now += 7200
    for i in range(12):
        world.pce.record(age_ms=3_000_000 + i * 60_000)
    world.delete_at = effect
    world.run()
    left = [key for key, document in world.documents.items() if document["kind"] != "created"]
    assert left == [] or world.effects < effect


def test_a_removed_state_ends_the_run_with_a_clear_error() -> None:
    world = World()
    world.run()
    world.pce.record()
    world.delete_at = 2
    assert world.run() == "state"
    assert world.documents == {}


# --- restarts of splunkd -----------------------------------------------------------------------------------


@pytest.mark.parametrize("down", [0, 119, 121, 5000, 400_000])
@pytest.mark.parametrize("in_memory", [1, 60, 119])
def test_what_splunkd_lost_is_resent_however_long_it_stays_down(down: int, in_memory: int) -> None:
    world = World()
    early = world.pce.record()
    assert world.run() == "ok"
    for _ in range(5):
        world.clock.now += 60
        world.pce.record()
        assert world.run() == "ok"
    world.crash_splunkd(in_memory, down)
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert world.delivered().count(early) == 1
    assert world.last.record.resent >= 1


def test_what_was_resent_is_not_sent_a_third_time() -> None:
    world = World()
    world.pce.record()
    world.run()
    world.clock.now += 1
    world.crash_splunkd(0, 500)
    for _ in range(4):
        assert world.run() == "ok"
        world.clock.now += 60
    assert world.delivered() == [next(iter(world.recorded()))] * 2


def test_without_a_restart_of_splunkd_nothing_is_resent() -> None:
    world = World()
    world.pce.record()
    for _ in range(5):
        assert world.run() == "ok"
        world.clock.now += 10
    assert len(world.delivered()) == 1


# --- a first run that fails ----------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [401, 503])
def test_a_start_that_counts_from_now_counts_from_when_the_input_was_made(failure: int) -> None:
    """For a week nothing can be read; then everything since an hour before the input was made comes."""
    world = World(max_results=50)
    older = world.pce.record(age_ms=3_605_000)
    wanted = [world.pce.record(age_ms=3_595_000), world.pce.record()]
    for _ in range(7):
        world.faults = [status(failure)] * 50
        assert world.run() != "ok"
        wanted.append(world.pce.record())
        world.clock.now += 86_400
    world.faults = []
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(wanted)
    assert older not in world.delivered()


@pytest.mark.parametrize(
    ("made_at", "delivered"),
    [
        ({"made_at": START - 7200}, 2),
        ({"made_at": START}, 1),
        ({}, 1),
        ({"made_at": "?"}, 1),
        ({"made_at": START + 9}, 1),
    ],
)
def test_an_input_with_an_impossible_creation_time_counts_from_now(made_at: dict[str, object], delivered: int) -> None:
    world = World()
    world.pce.record(age_ms=9_000_000)
    world.pce.record(age_ms=1_800_000)
    world.documents = {"audit": {"_key": "audit", "input": "audit", "kind": "created", **made_at}}
    assert world.run() == "ok"
    assert len(world.delivered()) == delivered


def test_a_pce_whose_clock_is_off_changes_nothing_about_when_an_input_was_made() -> None:
    world = World()
    world.pce.skew = -500.0
    wanted = world.pce.record(age_ms=3_590_000)
    world.pce.record(age_ms=3_610_000)
    world.faults = [status(401)]
    assert world.run() == "refused_key"
    world.clock.now += 3600
    assert world.run() == "ok"
    assert world.delivered() == [wanted]
