"""A stand-in for the `splunk` package that Splunk's own Python has; only for processes that the workbench starts."""

from __future__ import annotations


class RESTException(Exception):
    """A failed call of splunkd."""

    def __init__(self, statusCode: int, msg: str = "") -> None:  # noqa: N803
        super().__init__(msg)
        self.statusCode = statusCode


def getSessionKey() -> str | None:  # noqa: N802
    """No session of the process itself: handlers are given one with each request."""
    return None
