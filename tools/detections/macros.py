"""Search macros: those written by hand in content/macros.yml, and the stanzas of macros.conf."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

from tools.detections.lines import setting

SOURCE = Path(__file__).resolve().parents[2] / "content" / "macros.yml"


@dataclass(frozen=True)
class Macro:
    """A search macro; the names are those of Splunk's security_content. Its definition names an argument as $name$.

    `condition`: the same as an expression of eval, for a macro that stands in a detection's `events`.
    """

    name: str
    definition: str
    description: str
    arguments: list[str] = field(default_factory=list)
    condition: str = ""

    def stanza(self) -> str:
        """The text for macros.conf. Raises ValueError where a line cannot be made short."""
        count = f"({len(self.arguments)})" if self.arguments else ""
        args = setting("args", ", ".join(self.arguments)) if self.arguments else ""
        return (
            f"[{self.name}{count}]\n{args}"
            + setting("definition", self.definition)
            + setting("description", self.description)
        )


@lru_cache(maxsize=1)
def written_by_hand() -> list[Macro]:
    """The macros of content/macros.yml."""
    return [Macro(**one) for one in yaml.safe_load(SOURCE.read_text(encoding="utf-8"))]
