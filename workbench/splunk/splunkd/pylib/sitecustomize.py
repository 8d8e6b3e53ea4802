"""Sets a script's wall clock apart from the machine's, by the seconds in `WORKBENCH_CLOCK_AHEAD` (off by default).

A host's clock may be wrong or be set at any time; Splunk's installation manual asks for NTP, and nothing enforces it.
Python imports this module by itself, before the script (documentation of `site`). Steady time stays as it is.
"""

from __future__ import annotations

import os
import time

_ahead = float(os.environ.get("WORKBENCH_CLOCK_AHEAD", "0"))
if _ahead:
    _right = time.time

    def _time() -> float:
        """Epoch seconds of a clock that is off."""
        return _right() + _ahead

    time.time = _time
