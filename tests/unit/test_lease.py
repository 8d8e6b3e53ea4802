"""Who may run an input: one member of a cluster, one process of a host; the others wait, and nothing is missed."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from illumio_pce.errors import CollectorError
from illumio_pce.lease import LEASE_SECONDS, ClusterLease, FileLock, is_shared

from tests.conftest import ADDON
from tests.simulation import SimulatedClock, World
from workbench.splunk.splunkd import roles


def lease(world: World, holder: str, clock: SimulatedClock | None = None, interval: float = 60.0) -> ClusterLease:
    return ClusterLease(world, "audit", holder, clock or world.clock, interval)


@pytest.mark.parametrize(
    ("info", "shared"),
    [
        ({"server_roles": list(roles.CAPTAIN)}, True),
        ({"server_roles": list(roles.MEMBER)}, True),
        ({"server_roles": list(roles.MEMBER_AND_CAPTAIN)}, True),
        ({"server_roles": list(roles.STANDALONE)}, False),
        ({"server_roles": list(roles.ALL_IN_ONE)}, False),
        ({"server_roles": []}, False),
        ({"server_roles": list(roles.STANDALONE), "instance_type": "cloud"}, True),
        ({}, True),
        ({"server_roles": None}, True),
    ],
)
def test_a_lease_decides_wherever_a_kv_store_may_be_shared(info: dict[str, Any], shared: bool) -> None:
    assert is_shared(info) is shared


def test_a_member_that_runs_each_hour_keeps_the_input_from_one_that_runs_between() -> None:
    world = World()
    for _ in range(3):
        first, second = lease(world, "one", interval=3600), lease(world, "two", interval=3600)
        assert first.acquire() is None
        first.keep()
        world.clock.now += 1800
        assert second.acquire() == "one"
        world.clock.now += 1800


def test_a_member_that_disappears_is_succeeded_after_its_interval() -> None:
    world = World()
    first = lease(world, "one", interval=3600)
    assert first.acquire() is None
    first.keep()
    world.clock.now += 3659
    assert lease(world, "two", interval=3600).acquire() == "one"
    world.clock.now += 1
    assert lease(world, "two", interval=3600).acquire() is None


def test_a_run_that_took_long_keeps_the_input_for_the_time_until_its_next() -> None:
    world = World()
    first = lease(world, "one")
    assert first.acquire() is None
    world.clock.now += 59
    taken = world.documents["audit.lease"]
    first.keep()
    assert world.documents["audit.lease"] == taken
    world.clock.now += 2
    first.keep()
    assert world.documents["audit.lease"]["until"] == world.clock.now + LEASE_SECONDS


def test_a_lost_lease_is_not_kept() -> None:
    world = World()
    first, second = lease(world, "one"), lease(world, "two")
    first.acquire()
    world.clock.now += 2 * LEASE_SECONDS
    assert second.acquire() is None
    first.keep()
    second.check()


def test_one_member_gets_the_lease_and_the_other_learns_who() -> None:
    world = World()
    first, second = lease(world, "one"), lease(world, "two")
    assert first.acquire() is None
    assert second.acquire() == "one"
    first.check()
    with pytest.raises(CollectorError, match="taken over"):
        second.check()


def test_it_is_free_again_when_the_run_ends() -> None:
    world = World()
    first, second = lease(world, "one"), lease(world, "two")
    first.acquire()
    first.release()
    assert second.acquire() is None
    first.release()
    second.check()


def test_a_member_takes_up_its_own_lease_at_once_since_its_file_lock_shows_that_run_over() -> None:
    world = World()
    lease(world, "one").acquire()
    again = lease(world, "one")
    assert again.acquire() is None
    again.check()


@pytest.mark.parametrize(("passed", "free"), [(359.9, False), (360.0, True)])
def test_it_runs_out_after_five_minutes_and_one_more_for_clocks_that_differ(passed: float, free: bool) -> None:
    world = World()
    lease(world, "one").acquire()
    world.clock.now += passed
    assert (lease(world, "two").acquire() is None) is free


def test_it_is_renewed_while_commits_are_made() -> None:
    world = World()
    first, second = lease(world, "one"), lease(world, "two")
    first.acquire()
    for _ in range(20):
        world.clock.now += LEASE_SECONDS * 0.6
        first.check()
        assert second.acquire() == "one"


def test_a_free_lease_costs_one_request() -> None:
    world = World()
    assert lease(world, "one").acquire() is None
    assert world.trace == ["save begins", "save ends"]


def test_the_store_is_not_written_for_each_commit() -> None:
    """Half of its time has to be over before it is renewed."""
    world = World()
    first = lease(world, "one")
    first.acquire()
    taken = world.documents["audit.lease"]
    world.clock.now += LEASE_SECONDS / 2
    first.check()
    assert world.documents["audit.lease"] == taken
    world.clock.now += 1
    first.check()
    assert world.documents["audit.lease"]["until"] == world.clock.now + LEASE_SECONDS


def test_a_member_without_the_lease_commits_nothing() -> None:
    world = World()
    assert lease(world, "one").acquire() is None
    second = lease(world, "two")
    second.release()
    with pytest.raises(CollectorError, match="taken over"):
        second.check()
    assert lease(world, "three").acquire() == "one"


def test_an_expired_lease_that_nobody_took_is_renewed() -> None:
    world = World()
    first = lease(world, "one")
    first.acquire()
    world.clock.now += 10 * LEASE_SECONDS
    first.check()
    assert lease(world, "two").acquire() == "one"


def test_an_expired_lease_that_was_taken_ends_the_run() -> None:
    world = World()
    first, second = lease(world, "one"), lease(world, "two")
    first.acquire()
    world.clock.now += 2 * LEASE_SECONDS
    assert second.acquire() is None
    with pytest.raises(CollectorError, match="taken over"):
        first.check()
    second.check()
    first.release()
    second.check()


def test_of_two_takeovers_one_wins() -> None:
    world = World()
    lease(world, "gone").acquire()
    world.clock.now += 2 * LEASE_SECONDS
    second, third = lease(world, "two"), lease(world, "three")
    delete = world.delete

    def third_is_faster(query: object) -> None:
        world.delete = delete  # type: ignore[method-assign]
        assert third.acquire() is None

    world.delete = third_is_faster  # type: ignore[method-assign]
    assert second.acquire() is not None
    third.check()


def test_one_that_is_released_just_as_another_looks_at_it_is_taken() -> None:
    world = World()
    first, second = lease(world, "one"), lease(world, "two")
    assert first.acquire() is None
    get = world.get

    def after_its_end(key: str) -> Any:
        world.get = get  # type: ignore[method-assign]
        first.release()
        return get(key)

    world.get = after_its_end  # type: ignore[method-assign]
    assert second.acquire() is None
    second.check()


def test_a_renewal_that_loses_the_race_ends_the_run() -> None:
    world = World()
    first, second = lease(world, "one"), lease(world, "two")
    first.acquire()
    world.clock.now += 2 * LEASE_SECONDS
    delete = world.delete

    def second_is_faster(query: object) -> None:
        world.delete = delete  # type: ignore[method-assign]
        assert second.acquire() is None

    world.delete = second_is_faster  # type: ignore[method-assign]
    with pytest.raises(CollectorError, match="taken over"):
        first.check()
    second.check()


@pytest.mark.parametrize("until", [None, "soon"])
def test_a_lease_that_cannot_be_read_keeps_nobody_out(until: object) -> None:
    world = World()
    lease(world, "one").acquire()
    world.documents["audit.lease"] = {**world.documents["audit.lease"], "until": until}
    second = lease(world, "two")
    assert second.acquire() is None
    second.check()


@pytest.mark.parametrize("ahead", [-60.0, 60.0])
def test_clocks_of_members_may_differ_by_a_minute(ahead: float) -> None:
    world, clock = World(), SimulatedClock()
    clock.now = world.clock.now + ahead
    lease(world, "one").acquire()
    assert lease(world, "two", clock).acquire() == "one"


def test_a_lease_from_a_clock_far_ahead_expires() -> None:
    world, clock = World(), SimulatedClock()
    clock.now = world.clock.now + 86_400
    lease(world, "one", clock).acquire()
    assert lease(world, "two").acquire() is None


def test_an_insert_that_was_repeated_meets_its_own_document() -> None:
    world = World()
    first = lease(world, "one")
    insert = world.insert

    def twice(document: Mapping[str, Any]) -> bool:
        insert(document)
        return insert(document)

    world.insert = twice  # type: ignore[method-assign]
    assert first.acquire() is None
    first.check()


def test_a_run_that_hangs_while_another_takes_over_commits_nothing_and_nothing_is_missed() -> None:
    world = World()
    other = world.other_member()
    world.lease, other.lease = lease(world, "one"), lease(other, "two")
    for age in range(12):
        world.pce.record(age_ms=age * 1000)
    asked = 0

    def hang_once() -> None:
        nonlocal asked
        asked += 1
        if asked == 4:
            world.clock.now += 2 * LEASE_SECONDS
            assert other.lease.acquire() is None  # type: ignore[attr-defined]
            assert other.run() == "ok"

    world.on_request = hang_once
    assert world.lease.acquire() is None
    assert world.run() == "overlap"
    assert set(world.delivered()) == world.recorded()
    assert sum(Counter(world.delivered()).values()) <= 12 + 2 * world.max_results
    state = world.documents["audit"]
    other.clock.now += 60
    assert other.run() == "ok"
    assert world.documents["audit"] != state
    assert set(world.delivered()) == world.recorded()


@pytest.mark.parametrize("effect", range(1, 60))
def test_failover_at_any_effect_loses_nothing(effect: int) -> None:
    """The member that collects dies at that effect, with what its splunkd had in memory; another member goes on once the lease is over."""
    world = World()
    other = world.other_member()
    world.lease, other.lease = lease(world, "one"), lease(other, "two")
    assert world.lease.acquire() is None
    for age in range(12):
        world.pce.record(age_ms=age * 1000)
    world.crash_at = effect
    world.run()
    world.crash_splunkd(100)
    other.indexed, other.indexed_at = world.indexed, world.indexed_at
    while other.lease.acquire() is not None:
        other.clock.now += 60
    assert other.clock.now - world.splunkd_start < 500
    assert other.run() == "ok"
    assert set(other.delivered()) == world.recorded()


HOLDER = """
import sys, time
sys.path[:0] = [{bin!r}, {lib!r}]
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from illumio_pce.lease import FileLock
lock = FileLock(Path({path!r}))
print(lock.acquire(), flush=True)
time.sleep(60)
"""


def test_the_lock_of_a_host_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "input_audit.lock"
    program = HOLDER.format(bin=str(ADDON / "bin"), lib=str(ADDON / "lib"), path=str(path))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "True\n"
        assert not FileLock(path).acquire()
        holder.kill()
        holder.wait()
    lock = FileLock(path)
    assert lock.acquire()
    assert not FileLock(path).acquire()


def test_where_no_lock_can_be_made_nobody_is_kept_away(tmp_path: Path) -> None:
    assert FileLock(tmp_path / "missing" / "x.lock").acquire()


@pytest.mark.parametrize(("error", "taken"), [(None, True), (PermissionError(13, "denied"), False)])
def test_on_windows_the_first_byte_is_locked_without_waiting(
    error: OSError | None, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def locking(descriptor: int, mode: int, count: int) -> None:
        asked.append((mode, count))
        if error is not None:
            raise error

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking))
    assert FileLock(tmp_path / "input_audit.lock").acquire() is taken
    assert asked == [(2, 1)]


def test_a_file_system_without_locks_keeps_nobody_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setitem(sys.modules, "fcntl", SimpleNamespace(LOCK_EX=2, LOCK_NB=4, flock=refuse))
    assert FileLock(tmp_path / "input_audit.lock").acquire()
