"""`python -m tools.icons`: draws the add-on's icons into `package/static/`.

Nine workloads on a grid, three of them joined by an allowed path: what a PCE is for, at 36 pixels.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "package" / "static"
#: File name: its size in pixels, and whether it stands on a dark ground of its own.
ICONS = {
    "appIcon.png": (36, True),
    "appIcon_2x.png": (72, True),
    "appIconAlt.png": (36, False),
    "appIconAlt_2x.png": (72, False),
}

Colour = tuple[int, int, int, int]
CLEAR: Colour = (0, 0, 0, 0)
GROUND: Colour = (27, 38, 59, 255)
QUIET: Colour = (126, 142, 168, 255)
BRIGHT: Colour = (255, 138, 61, 255)

GRID = (0.24, 0.5, 0.76)
PATH = ((GRID[0], GRID[2]), (GRID[1], GRID[1]), (GRID[2], GRID[1]))
DOT, LINE, CORNER = 0.095, 0.035, 0.18
SAMPLES = 4


def _near_path(x: float, y: float) -> bool:
    for (x1, y1), (x2, y2) in zip(PATH, PATH[1:]):
        dx, dy = x2 - x1, y2 - y1
        along = max(0.0, min(1.0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)))
        if (x - x1 - along * dx) ** 2 + (y - y1 - along * dy) ** 2 <= LINE**2:
            return True
    return False


def colour_at(x: float, y: float, on_ground: bool) -> Colour:
    """The colour of a point of the unit square."""
    for column in GRID:
        for row in GRID:
            if (x - column) ** 2 + (y - row) ** 2 <= DOT**2:
                return BRIGHT if (column, row) in PATH else QUIET
    if _near_path(x, y):
        return BRIGHT
    beyond_x, beyond_y = (max(CORNER - at, at - 1 + CORNER, 0.0) for at in (x, y))
    return GROUND if on_ground and beyond_x**2 + beyond_y**2 <= CORNER**2 else CLEAR


def _pixel(column: int, row: int, size: int, on_ground: bool) -> bytes:
    steps = [(i + 0.5) / SAMPLES for i in range(SAMPLES)]
    samples = [colour_at((column + dx) / size, (row + dy) / size, on_ground) for dx in steps for dy in steps]
    opacity = sum(sample[3] for sample in samples)
    mixed = [sum(sample[i] * sample[3] for sample in samples) // max(opacity, 1) for i in range(3)]
    return bytes((*mixed, opacity // len(samples)))


def pixels(size: int, on_ground: bool) -> bytes:
    """Every row of the picture as PNG wants it: a filter byte 0, then red, green, blue, opacity of each pixel."""
    return b"".join(b"\0" + b"".join(_pixel(x, y, size, on_ground) for x in range(size)) for y in range(size))


def _chunks(size: int, on_ground: bool) -> Iterator[tuple[bytes, bytes]]:
    yield b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    yield b"IDAT", zlib.compress(pixels(size, on_ground), 9)
    yield b"IEND", b""


def draw(size: int, on_ground: bool) -> bytes:
    """The picture as a PNG file (RFC 2083)."""
    png = b"\x89PNG\r\n\x1a\n"
    for kind, data in _chunks(size, on_ground):
        png += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return png


def main() -> None:
    """Write every icon."""
    STATIC.mkdir(parents=True, exist_ok=True)
    for name, (size, on_ground) in ICONS.items():
        (STATIC / name).write_bytes(draw(size, on_ground))


if __name__ == "__main__":
    main()
