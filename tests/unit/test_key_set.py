"""The set of keys: small, and right where keys meet in one place of it."""

from __future__ import annotations

import pytest
from illumio_pce.key_set import KeySet

#: The slots of a small table: keys that differ by a multiple of this want the same one.
SLOTS = 32_768


@pytest.mark.parametrize("first", [5, SLOTS - 1], ids=["in the middle", "around the end"])
def test_colliding_keys_are_told_apart(first: int) -> None:
    keys = [first + number * SLOTS for number in range(6)]
    found = KeySet()
    assert found.add_each(keys[:3]) == [True] * 3
    assert found.add_each([*keys[2:4], keys[3]]) == [False, True, False]
    assert [key in found for key in keys] == [True] * 4 + [False] * 2
    # the slot that another key wants is taken by one of these
    assert first + 1 not in found
    assert found.add(first + 1)
    assert all(key in found for key in [*keys[:4], first + 1])
    assert len(found) == 5
    assert len(found._slots) == SLOTS


def test_added_one_by_one_or_together_is_the_same() -> None:
    one, many = KeySet(), KeySet()
    keys = [number * 7919 for number in range(1, 5000)]
    assert many.add_each(keys) == [one.add(key) for key in keys] == [True] * 4999
    assert many.add_each(keys) == [False] * 4999
    assert len(one) == len(many) == 4999
    assert all(key in one and key in many for key in keys)
    assert 3 not in one


@pytest.mark.parametrize(
    ("count", "slots"), [(1, 32_768), (24_576, 32_768), (24_577, 65_536), (49_152, 65_536), (49_153, 131_072)]
)
def test_the_table_is_at_most_three_quarters_full(count: int, slots: int) -> None:
    together, one_by_one = KeySet(), KeySet()
    together.add_each(range(1, count + 1))
    for key in range(1, count + 1):
        one_by_one.add(key)
    assert len(together._slots) == len(one_by_one._slots) == slots


def test_the_largest_and_the_smallest_key() -> None:
    found = KeySet()
    assert found.add_each([1, 2**64 - 1]) == [True, True]
    assert 1 in found
    assert 2**64 - 1 in found


def test_a_table_that_grows_keeps_the_largest_key() -> None:
    found = KeySet()
    found.add(2**64 - 1)
    found.add_each(range(1, 24_577))
    assert len(found._slots) == 65_536
    assert 2**64 - 1 in found
