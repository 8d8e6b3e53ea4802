"""The register of shapes: each is a function that makes one event in a given world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from .parts import Json
from .world import World

Make = Callable[[World], Json]


@dataclass(frozen=True)
class Shape:
    """One way in which an event looks.

    `share`: how often it turns up among routine events, beside the others' shares; 0 is only in the catalogue.
    `office_hours`: people cause it, mostly by day.
    """

    name: str
    make: Make
    share: float
    office_hours: bool


SHAPES: dict[str, Shape] = {}


def shape(share: float = 0.0, *, office_hours: bool = True) -> Callable[[Make], Make]:
    """Register a function as a shape, under its own name."""

    def register(make: Make) -> Make:
        add(make.__name__, make, share, office_hours=office_hours)
        return make

    return register


def add(name: str, make: Make, share: float = 0.0, *, office_hours: bool = True) -> None:
    """Register a shape."""
    if name in SHAPES:
        raise ValueError(f"there are two shapes named {name}")
    SHAPES[name] = Shape(name, make, share, office_hours)
