"""Write how the detections do into content/detections/figures.json: `python -m tests.detections.figures`.

`python -m tools.detections` puts it into docs/detections.md. It takes half an hour, and needs the given attacks.
"""

from __future__ import annotations

import json
import sys

from tests.detections.attacks import scenarios
from tests.detections.week import MORNING, alerts_of_the_week, counted
from tools.detections.page import FIGURES


def main() -> int:
    """Measure and write; the exit code."""
    given = scenarios()
    noticed = sum(any(map(one.is_answered_by, one.notices())) for one in given)
    told = {
        "attacks": {"given": len(given), "noticed": noticed},
        "not_measured": [],
        "week": counted(alerts_of_the_week()),
        "morning": counted(alerts_of_the_week(hours=MORNING)),
    }
    FIGURES.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
