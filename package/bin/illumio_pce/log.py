"""The add-on's log: where Splunk add-ons log, in the form that the add-on's monitoring page reads.

One line an entry, whatever the text holds, and no secret: both are the formatter's duty, so that no call
has to think of it. The form is that of solnlib's log module, which UCC's dashboards search.
"""

from __future__ import annotations

import base64
import logging
import os
import re
from logging.handlers import RotatingFileHandler
from pathlib import Path
from urllib.parse import quote

_FORMAT = (
    "%(asctime)s log_level=%(levelname)s pid=%(process)d tid=%(threadName)s "
    "file=%(filename)s:%(funcName)s:%(lineno)d | %(message)s"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MAX_BYTES = 25_000_000
_BACKUPS = 5
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

logger = logging.getLogger("illumio_pce")
logger.propagate = False


class OneLineFormatter(logging.Formatter):
    """Keeps an entry on one line, and secrets out of it."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)
        self._secrets: list[str] = []

    def hide(self, secret: str) -> None:
        """Never write this text, nor its usual encodings."""
        if len(secret) >= 4:
            encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
            self._secrets += [secret, quote(secret, safe=""), encoded]

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "******")
        return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


formatter = OneLineFormatter()


def open_log(name: str, level: str) -> None:
    """Log to `$SPLUNK_HOME/var/log/splunk/ta_illumio_pce_<name>.log`; to standard error where there is none."""
    handler: logging.Handler
    directory = Path(os.environ.get("SPLUNK_HOME", "")) / "var" / "log" / "splunk"
    try:
        path = directory / f"ta_illumio_pce_{name}.log"
        handler = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=_BACKUPS, encoding="utf-8", delay=False)
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logger.handlers[:] = [handler]
    logger.setLevel(level if level in _LEVELS else "INFO")
