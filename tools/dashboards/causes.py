"""The lookup in which the dashboards find what a detection is called, how bad it is, and what to do first."""

from __future__ import annotations

import csv
import io

from tools.detections.model import SEVERITIES, Detection

COLUMNS = ("detection", "title", "urgency", "urgency_rank", "first_step", "user_score", "address_score")


def causes(detections: list[Detection]) -> str:
    """The text of illumio_pce_detections.csv; `urgency_rank` is 1 (informational) to 5 (critical)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in detections:
        rank = SEVERITIES.index(one.severity) + 1
        step = " ".join(one.respond[0].replace("`", "").split())
        writer.writerow([one.id, one.name, one.severity, rank, step, _score(one, "user"), _score(one, "src")])
    return text.getvalue()


def _score(one: Detection, field: str) -> int:
    """What Enterprise Security would add to the risk of a user (`user`) or an address (`src`); 0 where it is neither."""
    return max((each.score for each in one.rba.risk_objects if each.field == field), default=0)
