"""What the environment must not decide: neither where the add-on's requests go, nor whom they trust."""

from __future__ import annotations

import os

_IGNORED = (
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "requests_ca_bundle",
    "curl_ca_bundle",
    "ssl_cert_file",
    "ssl_cert_dir",
    "sslkeylogfile",
    "netrc",
)


def ignore_environment() -> None:
    """Remove what libraries would follow without being asked: proxies (splunkd's too), CA lists, key logs."""
    for name in list(os.environ):
        if name.lower() in _IGNORED:
            del os.environ[name]
