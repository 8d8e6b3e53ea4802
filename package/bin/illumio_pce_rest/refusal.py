"""How a check says no: with an answer that the form shows, whose text the check made for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from illumio_pce.errors import CollectorError
from splunktaucclib.rest_handler.error import RestError


@contextmanager
def as_refusal() -> Iterator[None]:
    """Turn what the checks of `illumio_pce` raise into a RestError 400."""
    try:
        yield
    except (ValueError, CollectorError) as error:
        raise RestError(400, str(error)) from None
