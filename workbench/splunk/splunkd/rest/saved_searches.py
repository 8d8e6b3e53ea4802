"""`saved/searches/<name>`: a saved search is looked at, turned on or off, or deleted."""

from __future__ import annotations

from dataclasses import replace

from workbench.splunk.refusal import Refused

from ..http_server import Response
from . import confs
from .call import Call, Route


def show(call: Call) -> Response:
    """The settings of a saved search."""
    return confs.show(_of_conf(call))


def edit(call: Call) -> Response:
    """Turn it on or off. Other settings are refused: splunkd names and checks them in ways of its own."""
    unknown = sorted(set(call.settings) - {"disabled"})
    if unknown or call.settings.get("disabled") not in ("0", "1"):
        raise Refused(f"saved/searches takes disabled = 0 or 1 only, here {', '.join(unknown) or 'another value'}")
    return confs.edit(_of_conf(call))


def delete(call: Call) -> Response:
    """Delete one that does not ship."""
    return confs.delete(_of_conf(call))


def _of_conf(call: Call) -> Call:
    return replace(call, parts=("savedsearches", *call.parts))


ROUTES = [Route("saved/searches/([^/]+)", {"GET": show, "POST": edit, "DELETE": delete})]
