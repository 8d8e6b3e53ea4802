"""What a response means that is no list of events: by its HTTP status, or by how its body begins.

Source of the statuses: Illumio Core REST API, "API Response Codes and Types", and RFC 9110, section 15; the others are
those of proxies and load balancers. Nothing of a response is repeated but its status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from .array_reader import NotAnArray
from .errors import PceError
from .timestamps import SECOND, parse_http_date
from .transport import Response

#: A longer `Retry-After` (seconds) is not believed.
_LONGEST_RETRY_AFTER = 99_999
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|\0|[^\0]\0", re.DOTALL)


_GATEWAY = (
    "The PCE may be busy, restarting or failing over. If it goes on, look at the PCE's health and at the load balancer "
    "in front of it."
)
_WEB_PAGE = (
    "Check the PCE URL and its port. A sign-in page, the PCE's console, and the error page of a proxy or load "
    "balancer look alike here; open the PCE URL in a browser on this machine to see which it is."
)

_SWITCH_OFF = (
    "Give the key's owner a role that may read the PCE's own events, or switch off 'Include system events' in the "
    "input."
)


class _Cause(NamedTuple):
    category: str
    text: str
    remedy: str | None = None


_STATUS = {
    203: _Cause(
        "broken_answer",
        "A proxy changed the PCE's response (203).",
        "Have the proxy leave the PCE's responses as they are.",
    ),
    206: _Cause("broken_answer", "Only part of the response was sent (206)."),
    400: _Cause("bad_request", "The PCE does not understand the request (400)."),
    401: _Cause("refused_key", "The PCE refuses the API key: wrong ID or secret, or the key has expired (401)."),
    403: _Cause("forbidden", "The API key may not read the events of this organisation (403)."),
    404: _Cause("not_found", "The PCE does not know this organisation, or not for this key (404)."),
    406: _Cause("bad_request", "The PCE does not accept a parameter of the request (406)."),
    407: _Cause("proxy", "The proxy wants a user name and password, or refuses those it was given (407)."),
    408: _Cause("timeout", "The PCE, or a load balancer in front of it, waited too long for the request (408)."),
    414: _Cause("bad_request", "The PCE, or a load balancer in front of it, refuses the length of the URL (414)."),
    429: _Cause("rate_limited", "The PCE has had too many requests with this key (429)."),
    431: _Cause("bad_request", "The PCE, or a load balancer in front of it, refuses the length of the header (431)."),
    500: _Cause(
        "server_error",
        "The PCE reports an internal error (500).",
        "If it goes on, look at the PCE's health and its log: the error is there.",
    ),
    502: _Cause(
        "server_error",
        "A gateway in front of the PCE got no valid response from it (502).",
        _GATEWAY,
    ),
    503: _Cause("server_error", "The PCE, or a load balancer in front of it, is not available (503)."),
    504: _Cause(
        "server_error",
        "A gateway in front of the PCE got no response from it in time (504).",
        _GATEWAY,
    ),
    511: _Cause(
        "proxy",
        "The network wants a sign-in before it lets anything through (511).",
        "Have the network let this Splunk instance through to the PCE without a sign-in page.",
    ),
}

#: What the same mean in response to a request for `/system_events`.
_SYSTEM_EVENTS = {
    403: _Cause("forbidden", "The API key may not read /system_events (403).", _SWITCH_OFF),
    404: _Cause("not_found", "The PCE does not know /system_events, or not for this key (404).", _SWITCH_OFF),
    406: _Cause("bad_request", "The PCE does not accept a parameter of the request for /system_events (406)."),
}


def status_error(response: Response, now: float, *, of_system_events: bool = False) -> PceError:
    """The error that an HTTP status other than 200 and 202 means. `now`: epoch seconds of this machine.

    `of_system_events`: the request was for `/system_events`.
    """
    status = response.status
    if status >= 500:
        other = _Cause("server_error", f"The PCE is not able to answer ({status}).")
    else:
        other = _Cause("not_a_pce", f"Unexpected HTTP status {status}; this may not be a PCE.")
    cause = _STATUS.get(status, other)
    if of_system_events:
        cause = _SYSTEM_EVENTS.get(status, cause)
    pause = retry_after(response.headers, now)
    return PceError(cause.category, cause.text, remedy=cause.remedy, retry_after=pause, status=status)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that `Retry-After` names, as a number or as a date (RFC 9110, section 10.2.3); None for others.

    A date counts from the response's own `Date`, else from `now`, epoch seconds of this machine.
    """
    text = headers.get("retry-after", "")
    if re.fullmatch("[0-9]{1,5}", text):
        return float(text)
    until = parse_http_date(text)
    if until is None:
        return None
    sent = parse_http_date(headers.get("date"))
    seconds = max(0.0, until / SECOND - (now if sent is None else sent / SECOND))
    return seconds if seconds <= _LONGEST_RETRY_AFTER else None


def list_error(start: bytes, error: NotAnArray) -> PceError:
    """Why a body that begins so is not a whole list of events."""
    return _other_text(start) or PceError("broken_answer", f"The PCE's response is incomplete or malformed: {error}.")


def json_error(text: bytes) -> PceError:
    """Why a small body is not whole JSON."""
    return _other_text(text, expected=b"[{") or PceError(
        "broken_answer", "The PCE's response is incomplete or malformed."
    )


def _other_text(text: bytes, expected: bytes = b"[") -> PceError | None:
    """What a body is that does not begin as expected, or None."""
    if _UTF16.match(text):
        remedy = "Look for a proxy between Splunk and the PCE that converts texts: the PCE writes UTF-8."
        return PceError("broken_answer", "The response is in UTF-16 or UTF-32 in place of UTF-8.", remedy=remedy)
    first = text[len(_UTF8_MARK) :] if text.startswith(_UTF8_MARK) else text
    first = first.lstrip()[:1]
    if not first:
        return PceError("not_a_pce", "The response is empty: no JSON list came.")
    if first in expected:
        return None
    if first == b"<":
        return PceError("not_a_pce", "The response is a web page, not a JSON list.", remedy=_WEB_PAGE)
    return PceError("not_a_pce", "The response is not a JSON list; this may not be the PCE's API.")
