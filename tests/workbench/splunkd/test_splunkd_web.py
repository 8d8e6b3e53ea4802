"""The stand-in for Splunk Web: pages, what web.conf exposes, and the check against forged requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any

import pytest

from tests.workbench.splunkd.sample_addon import APP
from workbench.splunkd import Splunkd
from workbench.splunkd.web import Web


@pytest.fixture
def web(splunkd: Splunkd) -> Iterator[Web]:
    served = Web(splunkd)
    yield served
    served.close()


class Browser:
    """Keeps cookies, as a browser does; `form_key` is what its pages send."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self.cookies: SimpleCookie = SimpleCookie()
        self.form_key = ""

    def __call__(self, method: str, path: str, body: str = "") -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self._web.port, timeout=30)
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
        try:
            connection.request(method, f"/en-US/{path}", body, {"Cookie": cookie, "X-Splunk-Form-Key": self.form_key})
            answer = connection.getresponse()
            for value in answer.headers.get_all("Set-Cookie") or ():
                self.cookies.load(value)
            return answer.status, answer.read()
        finally:
            connection.close()

    def open_page(self) -> None:
        assert self("GET", f"app/{APP}/configuration")[0] == 200
        self.form_key = self.cookies[f"splunkweb_csrf_token_{self._web.port}"].value


@pytest.fixture
def browser(web: Web) -> Browser:
    return Browser(web)


ACCOUNT = f"splunkd/__raw/servicesNS/nobody/{APP}/sample_account"


def test_a_view_is_the_template_that_its_xml_names(web: Web, browser: Browser) -> None:
    assert browser("GET", f"app/{APP}/configuration") == (200, b"<html><title>sample</title></html>")
    assert browser("GET", f"app/{APP}/other")[0] == 404
    assert browser("GET", "app/other/configuration")[0] == 404
    assert len(web.refused) == 2


def test_scripts_and_static_files_are_served_from_where_they_belong(browser: Browser) -> None:
    assert browser("GET", f"static/@7/app/{APP}/page.js") == (200, b"page();")
    assert b"gettext" in browser("GET", "static/@7/js/i18n.js")[1]
    assert b"__splunk_layout__" in browser("GET", "static/@7/build/api/layout.js")[1]
    assert b"__get_theme__" in browser("GET", "static/@7/build/api/get_theme.js")[1]
    assert browser("GET", "i18ncatalog?autoload=1")[0] == 200
    assert browser("GET", f"static/@7/app/{APP}/../templates/base.html")[0] == 404
    assert browser("GET", "static/@7/../web.py")[0] == 404


def test_the_configuration_tells_the_pages_where_they_are(web: Web, browser: Browser) -> None:
    text = browser("GET", "config?autoload=1")[1].decode()
    config = json.loads(text[len("window.$C = ") : -1])
    assert config["MRSPARKLE_PORT_NUMBER"] == web.port
    assert config["SERVER_ZONEINFO"].startswith("### SERIALIZED TIMEZONE FORMAT 1.0;")


def test_splunkd_is_reached_only_with_a_session(browser: Browser) -> None:
    assert browser("GET", ACCOUNT)[0] == 401
    browser.open_page()
    assert browser("GET", f"{ACCOUNT}?output_mode=json")[0] == 200


def test_a_post_needs_the_form_key(browser: Browser) -> None:
    browser.open_page()
    key, browser.form_key = browser.form_key, ""
    assert browser("POST", ACCOUNT, "name=a&colour=red")[0] == 401
    browser.form_key = "forged"
    assert browser("POST", ACCOUNT, "name=a&colour=red")[0] == 401
    browser.form_key = key
    assert browser("POST", ACCOUNT, "name=a&colour=red")[0] == 201


def test_only_what_web_conf_exposes_is_reached(web: Web, browser: Browser) -> None:
    browser.open_page()
    assert browser("GET", f"{ACCOUNT}/one?output_mode=json")[0] == 200
    assert browser("POST", f"{ACCOUNT}/one", "colour=red")[0] == 404
    assert browser("GET", f"splunkd/__raw/servicesNS/nobody/{APP}/storage/passwords")[0] == 404
    assert browser("GET", f"{ACCOUNT}/one/two")[0] == 404
    assert len(web.refused) == 3


def test_a_viewer_meets_restmaps_capabilities_on_the_page_too(splunkd: Splunkd) -> None:
    web = Web(splunkd, user="viewer")
    try:
        browser = Browser(web)
        browser.open_page()
        assert browser("POST", ACCOUNT, "name=a&colour=red")[0] == 403
    finally:
        web.close()


def test_searches_are_answered_by_the_function_handed_in(splunkd: Splunkd) -> None:
    def search(spl: str, earliest: str, latest: str) -> Sequence[dict[str, Any]]:
        return [{"spl": spl, "range": f"{earliest} {latest}"}, {"spl": "second"}]

    web = Web(splunkd, search=search)
    try:
        browser = Browser(web)
        browser.open_page()
        jobs = "splunkd/__raw/services/search/jobs"
        status, body = browser("POST", jobs, "search=index%3Dmain&earliest_time=-1h&latest_time=now")
        assert status == 201
        sid = json.loads(body)["sid"]
        (job,) = json.loads(browser("GET", f"{jobs}?id={sid}")[1])["entry"]
        assert (job["content"]["dispatchState"], job["content"]["resultCount"]) == ("DONE", 2)
        results = f"splunkd/__raw/services/search/v2/jobs/{sid}/results"
        columns = json.loads(browser("GET", f"{results}?output_mode=json_cols")[1])
        assert columns["columns"] == [["index=main", "second"], ["-1h now", None]]
        chained = json.loads(browser("POST", results, "search=%7C%20head%201&output_mode=json_rows&count=1")[1])
        assert (chained["fields"], chained["rows"]) == (["spl", "range"], [["index=main | head 1", "-1h now"]])
        assert browser("GET", f"{jobs}/unknown")[0] == 404
        build = f"search=%7C+rest+services%2Fapps%2Flocal%2F{APP}+splunk_server%3Dlocal+%7C+fields+build"
        sid = json.loads(browser("POST", jobs, build)[1])["sid"]
        assert json.loads(browser("GET", f"{jobs}/{sid}/results?output_mode=json")[1])["results"] == [{"build": "7"}]
    finally:
        web.close()
