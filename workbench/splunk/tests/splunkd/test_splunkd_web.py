"""The stand-in for Splunk Web: pages, what web.conf exposes, and the check against forged requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.splunkd import Splunkd
from workbench.splunk.splunkd.engine import NothingFound, Report, Results
from workbench.splunk.splunkd.web import Web
from workbench.splunk.tests.splunkd.sample_addon import APP


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

    def location(self, path: str) -> str | None:
        connection = HTTPConnection("127.0.0.1", self._web.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().headers.get("Location")
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


class Answers(NothingFound):
    """Tells what it was asked; a chain finds how many rows its base has."""

    def search(self, spl: str, earliest: str, latest: str) -> Results:
        if spl == "nonsense":
            raise Refused("unknown command nonsense", 0)
        return Results.of([{"spl": spl, "_time": "1772445600.5"}, {"range": f"{earliest} {latest}", "spl": "second"}])

    def post_process(self, base: Results, spl: str, earliest: str, latest: str) -> Results:
        return Results.of([{"chain": spl, "rows": len(base.rows)}] * 3)

    def report(self, name: str) -> Report | None:
        reports = {
            "due": Report(
                "index=main", "-1h", "now", scheduled=True, next_run=1772449200, last=Results.of([{"n": "1"}])
            ),
            "waiting": Report("index=main", "-1h", "now", scheduled=True, next_run=1772449200),
            "by hand": Report("index=main", "-2h", "-1h"),
        }
        return reports.get(name)


@pytest.fixture
def asking(splunkd: Splunkd) -> Iterator[Browser]:
    web = Web(splunkd, engine=Answers())
    browser = Browser(web)
    browser.open_page()
    yield browser
    web.close()


JOBS = "splunkd/__raw/services/search/jobs"


def started(browser: Browser, form: str) -> str:
    status, body = browser("POST", JOBS, form)
    assert status == 201
    return str(json.loads(body)["sid"])


def results(browser: Browser, sid: str, query: str, chain: str = "") -> dict[str, Any]:
    path = f"splunkd/__raw/services/search/v2/jobs/{sid}/results_preview"
    answer = browser("POST", path, f"search={chain}&{query}") if chain else browser("GET", f"{path}?{query}")
    found: dict[str, Any] = json.loads(answer[1])
    return found


def test_a_search_is_a_job_that_is_done(asking: Browser) -> None:
    sid = started(asking, "search=index%3Dmain&earliest_time=-1h&latest_time=now")
    (job,) = json.loads(asking("GET", f"{JOBS}?id={sid}")[1])["entry"]
    assert (job["content"]["dispatchState"], job["content"]["resultCount"]) == ("DONE", 2)
    assert asking("GET", f"{JOBS}/unknown")[0] == 404


def test_results_come_as_columns_with_times_in_iso(asking: Browser) -> None:
    found = results(
        asking, started(asking, "search=index%3Dmain&earliest_time=-1h&latest_time=now"), "output_mode=json_cols"
    )
    columns = dict(zip((field["name"] for field in found["fields"]), found["columns"]))
    assert columns == {
        "spl": ["index=main", "second"],
        "range": [None, "-1h now"],
        "_time": ["2026-03-02T10:00:00.500+00:00", None],
    }


def test_a_chain_goes_over_the_rows_of_its_base_a_page_at_a_time(asking: Browser) -> None:
    sid = started(asking, "search=index%3Dmain")
    found = results(asking, sid, "output_mode=json_rows&offset=1&count=1", chain="%7C%20head%201")
    assert (found["rows"], found["post_process_count"]) == ([["| head 1", 2]], 3)


def test_a_refused_search_is_a_fatal_message_with_its_place(asking: Browser) -> None:
    status, body = asking("POST", JOBS, "search=nonsense")
    assert status == 400
    message = {"type": "FATAL", "text": "unknown command nonsense (at character 1)"}
    assert json.loads(body)["messages"] == [message]


def test_the_build_of_an_app_is_found_without_the_engine(asking: Browser) -> None:
    build = f"search=%7C+rest+services%2Fapps%2Flocal%2F{APP}+splunk_server%3Dlocal+%7C+fields+build"
    assert results(asking, started(asking, build), "output_mode=json")["results"] == [{"build": "7"}]


SAVED = f"splunkd/__raw/servicesNS/-/{APP}/saved/searches"


def test_a_scheduled_report_hands_out_its_last_run(asking: Browser) -> None:
    (report,) = json.loads(asking("GET", f"{SAVED}/due?output_mode=json")[1])["entry"]
    assert report["content"] == {
        "search": "index=main",
        "is_scheduled": True,
        "next_scheduled_time": "2026-03-02 11:00:00 UTC",
    }
    (run,) = json.loads(asking("GET", f"{SAVED}/due/history?count=1")[1])["entry"]
    assert results(asking, run["name"], "output_mode=json")["results"] == [{"n": "1"}]
    assert json.loads(asking("GET", f"{SAVED}/waiting/history")[1])["entry"] == []


def test_a_report_without_a_schedule_is_dispatched_over_its_own_range(asking: Browser) -> None:
    sid = json.loads(asking("POST", f"{SAVED}/by%20hand/dispatch", "output_mode=json")[1])["sid"]
    assert results(asking, sid, "output_mode=json")["results"][1]["range"] == "-2h -1h"
    assert asking("GET", f"{SAVED}/unknown")[0] == 404


def test_the_time_picker_learns_what_relative_times_mean(asking: Browser, splunkd: Splunkd) -> None:
    splunkd.clock = lambda: 1772446230.0
    found = json.loads(asking("GET", "splunkd/__raw/services/search/timeparser?time=-1h%40h&time=now")[1])
    assert found == {"-1h@h": "2026-03-02T09:00:00.000+00:00", "now": "2026-03-02T10:10:30.000+00:00"}


def test_an_address_without_a_language_leads_to_the_one_with_it(browser: Browser) -> None:
    assert browser.location("/app/other/view?form.x=1") == "/en-US/app/other/view?form.x=1"
