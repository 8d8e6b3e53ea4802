"""The names of new accounts and inputs."""

from __future__ import annotations

from collections.abc import Iterable

from illumio_pce.config import NAME, RESERVED_NAMES
from splunktaucclib.rest_handler.error import RestError


def check_new_name(name: str, taken: Iterable[str], kind: str, longest: int) -> None:
    """Refuse a name that is not valid, or that another account or input (`kind`) has, in upper or lower case."""
    if not NAME.fullmatch(name):
        raise RestError(
            400, f"The name of the {kind} must start with a letter and contain only letters, digits, _ and -."
        )
    if name.lower() in RESERVED_NAMES:
        raise RestError(400, f"The name of the {kind} must not be {name.lower()}, which Splunk uses itself.")
    if len(name) > longest:
        raise RestError(400, f"The name of the {kind} must not be longer than {longest} characters.")
    same = [other for other in taken if other.lower() == name.lower()]
    if same:
        raise RestError(409, f"There is already an {kind} with the name {same[0]}. Choose another name.")
