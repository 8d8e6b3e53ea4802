"""Rows of the daily summary as its keeper would have written them in the weeks before, without their events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

LOOKUP = "illumio_pce_daily_summary"
_WEEKS = 12
_PCES = (
    ("pce-north.kestrel-freight.example", "1", "north", 215),
    ("pce-south.kestrel-freight.example", "2", "south", 118),
)
#: Detection, the rank of its urgency, and how many days lie between two cases.
_CASES = (
    ("ven_tampering", 5, 41), ("enforcement_lowered", 4, 17), ("access_spray", 4, 31), ("credential_created", 3, 9),
    ("access_burst", 3, 13), ("policy_many_workloads", 3, 11), ("policy_broad_scope", 3, 23), ("ven_offline", 2, 6),
    ("event_type_unknown", 1, 29),
)  # fmt: skip
#: More lines than the index has of any day, so that no day is counted again.
_LINES = 1_000_000


def weeks_before(day: float) -> list[dict[str, str]]:
    """Rows of the days from twelve Mondays ago up to a day (midnight UTC, epoch seconds), without that day."""
    last = datetime.fromtimestamp(day, timezone.utc)
    first = last - timedelta(days=last.weekday(), weeks=_WEEKS)
    rows = [row for number in range((last - first).days) for row in _of(first + timedelta(days=number), number)]
    return [*rows, _row(last, "every", "every", "kept", name="UTC") | {"day": "", "week": ""}]


def _of(day: datetime, number: int) -> Iterator[dict[str, str]]:
    found = [row for place, pce in enumerate(_PCES) for row in _of_pce(day, number, 4 * place, *pce)]
    yield from found
    counted = sum(row["kind"] != "vens" for row in found) + 1
    yield _row(day, "every", "every", "day", total=_LINES, other=counted)


def _of_pce(
    day: datetime, number: int, shift: int, pce: str, org: str, name: str, vens: int
) -> Iterator[dict[str, str]]:
    for case, rank, days in _CASES:
        if (number + shift) % days == days // 2:
            yield _row(day, pce, org, "case", case, rank=rank, total=1 + number % 3)
    up = 21 if (number + shift) % 19 == 0 else 24
    yield _row(day, pce, org, "runs", name, total=24, good=up)
    lines = 8_000 + 37 * number
    yield _row(day, pce, org, "delay", total=lines, good=lines - (lines // 9 if up < 24 else lines // 200),
               other=10_900 if up < 24 else 1_250)  # fmt: skip
    if number > 27:
        seen = vens - 80 + number
        yield _row(day, pce, "every", "vens", total=seen, good=seen - max(2, 9 - number // 10), other=1)


def _row(day: datetime, pce: str, org: str, kind: str, name: str = "-", **figures: int) -> dict[str, str]:
    monday = day - timedelta(days=day.weekday())
    return {
        "day": f"{day:%Y-%m-%d}", "begins": str(int(day.timestamp())), "week": f"{monday:%Y-%m-%d}",
        "pce": pce, "org": org, "kind": kind, "name": name, **{name: str(figure) for name, figure in figures.items()},
    }  # fmt: skip
