"""Field names that extractions make.

Source: transforms.conf.spec 9.2, CLEAN_KEYS.
"""

from __future__ import annotations

import re
from functools import lru_cache

from workbench.splunk.spl.values import Event


@lru_cache(maxsize=4096)
def cleaned(name: str) -> str:
    """The name with `_` for all but letters and digits, and without leading `_` and digits."""
    return re.sub("[^A-Za-z0-9]", "_", name).lstrip("_0123456789")


def add_value(event: Event, name: str, value: str, *, several: bool) -> None:
    """Store an extracted value; where the field exists it is added (`several`) or discarded."""
    present = event.get(name)
    if not name:
        return
    if present is None:
        event[name] = value
    elif several:
        event[name] = [*present, value] if isinstance(present, list) else [present, value]
