"""All shapes, registered."""

from __future__ import annotations

from collections.abc import Iterator

from . import access, oddities, platform, policy, settings, vens  # noqa: F401 - they register their shapes
from .catalogue import SHAPES, Shape
from .parts import Json
from .world import World

__all__ = ["SHAPES", "Shape", "examples"]


def examples(world: World) -> Iterator[tuple[Shape, Json]]:
    """One event of each shape, a second apart."""
    for shape in SHAPES.values():
        world.ms += 1000
        yield shape, shape.make(world)
