"""A dashboard in Chromium: opened, waited for, looked at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, Request, sync_playwright

NO_CHROMIUM = "there is no Chromium here: no page is opened"
_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
_LOOK = Path(__file__).parent / "look.js"
#: How long a page may take until nothing on it changes any more (ms), how often it is asked, and how often it is equal.
_PATIENCE, _PERIOD, _EQUAL = 180_000, 200, 4
#: What the framework says to the console although nothing is wrong: before it knows its width, and on its own schema.
_HARMLESS = ("Failed to calculate layout scale", "strict mode: ")


def chromium_path() -> str | None:
    """Where Chromium is; None where it is not."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without a window. Raises FileNotFoundError where there is none."""
    path = chromium_path()
    if path is None:
        raise FileNotFoundError(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_SWITCHES)
        yield browser
        browser.close()


class Panel(NamedTuple):
    """A panel's id, title and visible texts in their order, the title among them; whether it is marked as failed."""

    name: str
    title: str
    texts: list[str]
    failed: bool


class Dashboard:
    """A page with a dashboard on it; `errors` is what it told the console, unless it begins with one of `expected`."""

    def __init__(self, page: Page, now: float, expected: tuple[str, ...] = ()) -> None:
        self.page = page
        self._expected = expected
        self.errors: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._waiting: set[Request] = set()
        page.on("request", self._asked)
        page.on("requestfinished", self._answered)
        page.on("requestfailed", self._answered)
        # it goes on from there: much in the framework waits for time to pass
        page.clock.install(time=now)

    def open(self, uri: str) -> None:
        """Open a view and wait until it is drawn."""
        self.page.goto(uri)
        self.page.add_script_tag(path=_LOOK)
        self.page.locator("[data-test=viz-item]").first.wait_for(timeout=_PATIENCE)
        self.settle()

    def settle(self) -> None:
        """Wait until all searches are answered and nothing changes any more."""
        seen: list[object] = []
        for _ in range(_PATIENCE // _PERIOD):
            seen.append(object() if self._waiting else self.look("state"))
            if len(seen) >= _EQUAL and len(set(seen[-_EQUAL:])) == 1:
                return
            self.page.wait_for_timeout(_PERIOD)
        raise TimeoutError("the page goes on changing")

    def show(self, theme: str, width: int, height: int) -> None:
        """Change theme (`light`, `dark`) and size of the page that is open."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate("theme => window.dispatchEvent(new CustomEvent('theme', { detail: theme }))", theme)
        self.settle()

    def panels(self) -> list[Panel]:
        """All panels in the order of the page."""
        return [Panel(*found) for found in self.look("panels")]

    def look(self, what: str) -> Any:
        """One of the functions of look.js. `clipped`, `broken`, `wide`, `overlapping`, `outside`, `faint` complain."""
        return self.page.evaluate(f"window.look.{what}()")

    def picture(self, path: Path) -> None:
        """Keep the whole dashboard as a PNG file."""
        height = self.page.evaluate("document.documentElement.scrollHeight")
        width = self.page.evaluate("window.innerWidth")
        self.page.set_viewport_size({"width": width, "height": height})
        self.settle()
        self.page.locator("#dashboard").screenshot(path=path, animations="disabled", caret="hide")

    def _asked(self, request: Request) -> None:
        if "/splunkd/__raw/" in request.url and not request.url.endswith("/control"):
            self._waiting.add(request)

    def _answered(self, request: Request) -> None:
        self._waiting.discard(request)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith((*_HARMLESS, *self._expected)):
            self.errors.append(message.text)
