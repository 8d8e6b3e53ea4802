"""The lookup in which the dashboards find what a detection is called, how bad it is, and what to do first."""

from __future__ import annotations

import csv
import io

from tools.detections.model import SEVERITIES, Detection

COLUMNS = ("detection", "title", "urgency", "urgency_rank", "first_step", "user_score", "address_score")
#: The fields of a row that name who acted.
_USERS = ("actor", "user", "src_user")


def causes(detections: list[Detection]) -> str:
    """The text of illumio_pce_detections.csv; `urgency_rank` is 1 (informational) to 5 (critical)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in detections:
        rank = SEVERITIES.index(one.severity) + 1
        step = " ".join(one.respond[0].replace("`", "").split())
        writer.writerow([one.id, one.name, one.severity, rank, step, *_scores(one)])
    return text.getvalue()


def _scores(one: Detection) -> tuple[int, int]:
    """What its risk-based alerting adds to a user, and to an address: where that is only a threat object, the same."""
    user = max((each.score for each in one.rba.risk_objects if each.field in _USERS), default=0)
    address = max((each.score for each in one.rba.risk_objects if each.field == "src"), default=0)
    threat = any(each.field == "src" for each in one.rba.threat_objects)
    return user, address or (user if threat else 0)
