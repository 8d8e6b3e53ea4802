"""How splunkd starts Python: the environment of its scripts."""

from __future__ import annotations

import os
from pathlib import Path

_PYLIB = Path(__file__).parent / "pylib"
#: Bytecode is code, so it does not stand where other users may write.
_PYCACHE = Path(__file__).resolve().parents[3] / ".build/pycache"
#: What a process needs from the machine; nothing else is handed on.
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOME", "SYSTEMROOT", "LD_LIBRARY_PATH")


def script_environment(home: Path, extra: dict[str, str]) -> dict[str, str]:
    """The variables that splunkd sets and the add-on's libraries read; `extra` is a test's."""
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        "SPLUNK_HOME": str(home),
        "SPLUNK_ETC": str(home / "etc"),
        "SPLUNK_DB": str(home / "var" / "lib" / "splunk"),
        "SPLUNK_SERVER_NAME": "Splunkd",
        "SPLUNK_WEB_NAME": "splunkweb",
        "PYTHONPATH": str(_PYLIB),
        # Not splunkd's: the built add-on is linked, not copied, and stays as it was built.
        "PYTHONPYCACHEPREFIX": str(_PYCACHE),
        **extra,
    }
