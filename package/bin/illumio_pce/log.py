"""The add-on's log: where Splunk add-ons log, in the form that the add-on's monitoring page reads.

One line an entry, whatever the text holds, and no secret: both are the formatter's duty, so that no call
has to think of it. The form is that of solnlib's log module, which UCC's dashboards search.
"""

from __future__ import annotations

import base64
import json
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
#: What breaks a line, moves a cursor, hides itself or turns the direction of writing, and what UTF-8 cannot carry.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_MAX_BYTES = 25_000_000
_BACKUPS = 5
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

logger = logging.getLogger("illumio_pce")
logger.propagate = False
# splunk-sdk logs the bodies of its requests at DEBUG, new secrets among them, wherever the root logger writes.
logging.getLogger("splunklib").setLevel(logging.INFO)


class OneLineFormatter(logging.Formatter):
    """Keeps an entry on one line, and secrets out of it."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)
        self._secrets: list[str] = []

    def hide(self, secret: str) -> None:
        """Never write this text, nor its usual encodings: in a URL, in JSON, in Base64 behind any other text."""
        if len(secret) >= 4:
            self._secrets += [secret, quote(secret, safe=""), json.dumps(secret)[1:-1]]
            self._secrets += [piece for piece in _base64(secret.encode()) if len(piece) >= 6]

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "******")
        return _INVISIBLE.sub(_written_out, text)


def _base64(secret: bytes) -> list[str]:
    """The part of a Base64 text that this secret alone decides, for each place that it may begin at."""
    return [
        base64.b64encode(bytes(before) + secret)[(before * 8 + 5) // 6 : (before + len(secret)) * 8 // 6].decode()
        for before in range(3)
    ]


def _written_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def quoted(text: object) -> str:
    """A text as the value of `key="…"`: a quotation mark in it must not end it and begin another pair."""
    return '"' + str(text).replace('"', "'") + '"'


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
    set_level(level)


def parse_level(text: str | None) -> str:
    """Read a log level, in upper or lower case; empty is INFO. Raises ValueError with the levels to choose from."""
    level = ((text or "").strip() or "INFO").upper()
    if level not in LEVELS:
        raise ValueError(f"The log level must be one of {', '.join(LEVELS)}.")
    return level


def set_level(text: str | None) -> None:
    """Log from that level on; for a level that there is not, from INFO on, with a warning. Never raises."""
    try:
        logger.setLevel(parse_level(text))
    except ValueError as error:
        logger.setLevel("INFO")
        logger.warning("%s It is %s, so INFO is used.", error, quoted(str(text)[:40]))
