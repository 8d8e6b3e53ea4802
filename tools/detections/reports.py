"""Reports: saved searches without a schedule, which people open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.detections.lines import setting

CONTENT = Path(__file__).resolve().parents[2] / "content" / "reports"


@dataclass(frozen=True)
class Report:
    """A report as its file in content/reports/ describes it. `earliest`: where its time range begins; it ends now."""

    name: str
    description: str
    search: str
    earliest: str

    def stanza(self) -> str:
        """The text for savedsearches.conf. Raises ValueError where a line cannot be made short."""
        settings = {
            "description": self.description,
            "search": self.search,
            "enableSched": "0",
            "dispatch.earliest_time": self.earliest,
            "dispatch.latest_time": "now",
            "display.general.type": "statistics",
            "request.ui_dispatch_app": "TA_illumio_pce",
        }
        return f"[{self.name}]\n" + "".join(setting(key, value) for key, value in settings.items())


def read_all() -> list[Report]:
    """All reports, in the order of their files."""
    return [Report(**yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(CONTENT.glob("*.yml"))]
