from __future__ import annotations

from pathlib import Path

import pytest

from tests.inventory_world import InventoryWorld, workload


@pytest.fixture
def world(tmp_path: Path) -> InventoryWorld:
    """A PCE with 40 workloads that no inventory input has read yet."""
    world = InventoryWorld(tmp_path)
    world.set("workloads", *map(workload, range(40)))
    return world
