"""Calls of splunkd's REST API; see `splunk`."""

from __future__ import annotations

import configparser
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

from splunk import RESTException


def simpleRequest(  # noqa: N802 - the name is Splunk's
    path: str,
    sessionKey: str | None = None,  # noqa: N803
    getargs: Mapping[str, str] | None = None,
    postargs: Mapping[str, str] | None = None,
    method: str = "GET",
    raiseAllErrors: bool = False,  # noqa: N803
) -> tuple[SimpleNamespace, bytes]:
    """Ask splunkd; the response with its `status`, and the body. Raises RESTException from status 400 on."""
    url = f"{_splunkd()}{path}"
    if getargs:
        url += "?" + urllib.parse.urlencode(getargs)
    data = urllib.parse.urlencode(postargs).encode() if postargs else None
    request = urllib.request.Request(url, data, method="POST" if data and method == "GET" else method)  # noqa: S310
    request.add_header("Authorization", f"Splunk {sessionKey}")
    # splunkd's certificate is its own, on this machine.
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl._create_unverified_context())]  # noqa: S323
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=60) as answer:
            return SimpleNamespace(status=answer.status), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise RESTException(error.code, error.read().decode("utf-8", "replace")) from None


def _splunkd() -> str:
    settings = configparser.ConfigParser(interpolation=None)
    local = Path(os.environ["SPLUNK_HOME"], "etc", "system", "local")
    settings.read([local / "web.conf", local / "server.conf"])
    secure = settings["sslConfig"]["enableSplunkdSSL"] == "true"
    return f"{'https' if secure else 'http'}://{settings['settings']['mgmtHostPort']}"
