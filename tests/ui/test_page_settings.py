"""The tabs Proxy and Logging, the dashboard, and the dark theme."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.lab import PceLab
from tests.ui.pages import Pages
from workbench.lab import APP, RestFailure

SETTINGS = "ta_illumio_pce_settings"
PROXY = {
    "proxy_url": "proxy.example.com",
    "proxy_port": "8080",
    "proxy_username": "splunk",
    "proxy_password": "w0rd for/the proxy",
}


def stored(lab: PceLab, tab: str) -> dict[str, str]:
    (entry,) = lab.rest("GET", f"{SETTINGS}/{tab}")["entry"]
    content: dict[str, str] = entry["content"]
    return content


def test_a_proxy_is_kept_off_and_on(empty_lab: PceLab, pages: Pages) -> None:
    form = pages.open_tab("Proxy")
    form.fill(**PROXY).choose("proxy_type", "socks5").tick("proxy_rdns")
    form.submit("Save")
    for on in (False, True):
        form = pages.open_tab("Proxy")
        assert form.ticked("proxy_enabled") is on
        shown = {field: form.text(field).input_value() for field in PROXY if field != "proxy_password"}
        assert shown == {field: text for field, text in PROXY.items() if field != "proxy_password"}
        expect(form.group("proxy_type")).to_contain_text("socks5")
        assert form.ticked("proxy_rdns")
        assert PROXY["proxy_password"] not in pages.page.content()
        if not on:
            form.tick("proxy_enabled")
            form.submit("Save")
    assert form.overflowing() == []
    saved = stored(empty_lab, "proxy")
    assert (saved["proxy_enabled"], saved["proxy_password"]) == ("1", "******")
    (secret, *_) = [password.clear or "" for password in empty_lab.splunkd.passwords.all(APP)]
    assert json.loads(secret) == {"proxy_password": PROXY["proxy_password"]}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        (
            "proxy_url",
            "http://proxy.example.com",
            "Enter the proxy host as a host name or IP address, without http:// in front of it.",
        ),
        ("proxy_port", "65536", "The proxy port must be a number from 1 to 65535."),
    ],
)
def test_a_mistake_is_seen_in_the_form_at_once_and_on_the_server_again(
    empty_lab: PceLab, pages: Pages, field: str, value: str, sentence: str
) -> None:
    form = pages.open_tab("Proxy").tick("proxy_enabled").fill(**{**PROXY, field: value})
    assert form.complain("Save") == sentence
    with pytest.raises(RestFailure, match=re.escape(sentence)):
        empty_lab.rest("POST", f"{SETTINGS}/proxy", **{**PROXY, "proxy_enabled": "1", field: value})
    assert not stored(empty_lab, "proxy").get("proxy_url")


def test_a_proxy_that_is_on_needs_a_host(empty_lab: PceLab, pages: Pages) -> None:
    form = pages.open_tab("Proxy").tick("proxy_enabled")
    assert form.refuse("Save") == "Enter the proxy host as a host name or IP address, without http:// in front of it."
    assert stored(empty_lab, "proxy").get("proxy_enabled") in (None, "", "0")


def test_a_log_level_is_kept(empty_lab: PceLab, pages: Pages) -> None:
    form = pages.open_tab("Logging")
    expect(form.group("loglevel").get_by_role("combobox")).to_have_text("INFO")
    form.choose("loglevel", "DEBUG")
    form.submit("Save")
    form = pages.open_tab("Logging")
    expect(form.group("loglevel").get_by_role("combobox")).to_have_text("DEBUG")
    assert form.overflowing() == []
    assert stored(empty_lab, "logging")["loglevel"] == "DEBUG"


def test_the_dashboard_shows_what_its_searches_found(lab: PceLab, pages: Pages) -> None:
    pages.open("dashboard")
    expect(pages.page.get_by_role("heading", name="Monitoring dashboard")).to_be_visible()
    # UCC opens the tab whose definition arrives first.
    pages.page.get_by_role("tab", name="Data ingestion").click()
    for panel in ("Data ingestion", "Errors", "Data volume", "Number of events"):
        expect(pages.page.get_by_text(panel, exact=True).first).to_be_visible()
    # The overview and the tab below it each show their time; a chart's place holder goes once the chart is drawn.
    expect(pages.page.get_by_text("2 Mar 2026 08:00AM").filter(visible=True)).to_have_count(2)
    expect(pages.page.get_by_text("illumio:pce:events").filter(visible=True).first).to_be_visible()
    for kind in ("Line", "Column", "Single Value"):
        expect(pages.page.get_by_role("img", name=kind, exact=True).filter(visible=True)).to_have_count(0)


def luminance(colour: str) -> float:
    """Relative luminance of rgb(r, g, b), as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("view", ["configuration", "inputs", "dashboard"])
def test_both_themes_can_be_read(lab: PceLab, pages: Pages, view: str) -> None:
    look = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(arguments).color]"
    grounds = {}
    for theme in ("light", "dark"):
        pages.open(view, theme)
        text = pages.page.get_by_text("Add-on Version")
        ground, ink = (luminance(c) for c in text.evaluate(f"arguments => {look}"))
        assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) >= 4.5
        grounds[theme] = ground
    assert grounds["dark"] < 0.1 < 0.8 < grounds["light"]
    if view == "inputs":
        expect(pages.row("audit")).to_be_visible()
