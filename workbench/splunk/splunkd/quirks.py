"""Ways in which splunkd's REST API could differ from what is documented or was seen. All off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class Quirks:
    """What a test makes different; each member names its sources.

    negative_count: what `count=-1` lists: everything, as Splunk's own code takes it to; nothing but a refusal (400);
        or the 30 entries of the default. The REST API reference says that 0 lists everything, and nothing of -1.
    keeps_startup_time: `server/info` tells the first start for ever. The reference lists `startup_time` without saying
        of what; Splunk's own apps take it for the start of the process.
    """

    negative_count: Literal["everything", "refused", "default"] = "everything"
    keeps_startup_time: bool = False
