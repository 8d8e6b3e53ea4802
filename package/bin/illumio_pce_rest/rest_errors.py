"""How a check says no: with an answer that the form shows, whose text the check made for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from illumio_pce.errors import CollectorError
from splunklib.binding import HTTPError
from splunktaucclib.rest_handler.error import RestError


@contextmanager
def as_rest_error() -> Iterator[None]:
    """Turn what the checks of `illumio_pce` and splunkd raise into a RestError with a sentence."""
    try:
        yield
    except (ValueError, CollectorError) as error:
        raise RestError(400, str(error)) from None
    except HTTPError as error:
        raise RestError(error.status, f"splunkd refused what this needs (HTTP {error.status}).") from None
    except OSError as error:
        raise RestError(503, f"splunkd cannot be reached ({type(error).__name__}).") from None
