"""The add-on's pages as a user's hands and eyes find them: by labels, rows and buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from workbench.lab import APP


def posted(request: Request) -> bool:
    """Whether a request asks the add-on's own endpoints to change something."""
    return request.method in ("POST", "DELETE") and f"/{APP}/ta_illumio_pce_" in request.url


class Pages:
    """A browser's page, and what was sent from it to be saved (`sent`)."""

    def __init__(self, page: Page, root: str) -> None:
        self.page = page
        self._root = root
        self.sent: list[Request] = []
        page.on("request", lambda request: self.sent.append(request) if posted(request) else None)

    def open(self, view: str, theme: str = "light") -> None:
        """Open `configuration`, `inputs` or `dashboard`, afresh."""
        self.page.goto(f"{self._root}/app/{APP}/{view}?theme={theme}")
        expect(self.page.get_by_text("Add-on Version")).to_be_visible()

    def open_tab(self, title: str) -> Form:
        """Open the page Configuration at one of its tabs that are a form themselves."""
        self.open("configuration")
        self.page.get_by_role("tab", name=title).click()
        form = Form(self, self.page.locator("main"))
        form.button("Save").wait_for()
        return form

    def new_account(self) -> Form:
        """The form behind the button Add."""
        self.open("configuration")
        self.page.get_by_role("button", name="Add", exact=True).click()
        return self.dialog()

    def new_input(self, kind: str = "PCE events") -> Form:
        """The form of a kind behind the button Create New Input, once it knows inputs, accounts and indexes."""
        self.open("inputs")
        self.page.wait_for_load_state("networkidle")  # each kind of input is listed by a request of its own
        self.page.get_by_role("button", name="Create New Input").click()
        self.page.get_by_role("menuitem", name=kind).click()
        return self.dialog()

    def act(self, name: str, action: str) -> Form:
        """Press a row's button, and take the dialog that it opens."""
        self.row(name).get_by_role("button", name=action).click()
        return self.dialog()

    def dialog(self) -> Form:
        """The dialog that is open, once nothing in it is loading."""
        box = self.page.locator("[data-test=modal]")
        box.wait_for()
        expect(box.get_by_role("img", name="Waiting")).to_have_count(0)
        return Form(self, box)

    def row(self, name: str) -> Locator:
        """A table's row."""
        return self.page.get_by_role("row", name=f"row-{name}", exact=True)

    def rows(self) -> list[str]:
        """The names in a table, once it is there."""
        expect(self.page.get_by_role("table")).to_be_visible()
        names: list[str] = self.page.locator("tbody tr[aria-label^=row-]").evaluate_all(
            "rows => rows.map(row => row.ariaLabel.slice(4))"
        )
        return names

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Wait for the server's answer to what is done within."""
        with self.page.expect_response(lambda answer: posted(answer.request)):
            yield


class Form:
    """A dialog, or a tab that is one; fields by their names in the add-on's .conf files."""

    def __init__(self, pages: Pages, box: Locator) -> None:
        self._pages = pages
        self.box = box

    def group(self, field: str) -> Locator:
        """A field with its label and help."""
        return self.box.locator(f"[data-test=control-group][data-name={field}]")

    def text(self, field: str) -> Locator:
        """A field's text box, of one line or several."""
        return self.group(field).locator("[data-test=textbox]").first

    def button(self, name: str) -> Locator:
        """One of the form's own buttons."""
        return self.box.get_by_role("button", name=name, exact=True)

    def fill(self, **fields: str) -> Form:
        """Enter texts."""
        for field, text in fields.items():
            self.text(field).fill(text)
        return self

    def choose(self, field: str, *options: str) -> Form:
        """Choose in a list: one, or several of a list that takes several."""
        list_box = self.group(field).get_by_role("combobox")
        for option in options:
            list_box.click()
            self._pages.page.get_by_role("option", name=option, exact=True).click()
        if len(options) > 1:
            self._pages.page.keyboard.press("Escape")
        return self

    def chosen(self, field: str) -> list[str]:
        """What a list that takes several shows as chosen."""
        values = self.group(field).locator("[data-test=multiselect]").get_attribute("data-test-values")
        chosen: list[str] = json.loads(values or "[]")
        return chosen

    def choose_index(self, name: str) -> Form:
        """Choose an index: what stands in the box filters the list, so it is emptied first."""
        self.group("index").get_by_role("button", name="Clear Index text field").click()
        return self.choose("index", name)

    def tick(self, field: str) -> Form:
        """Turn a check box round."""
        self.group(field).get_by_role("checkbox").click()
        return self

    def ticked(self, field: str) -> bool:
        """Whether a check box is on."""
        return self.group(field).get_by_role("checkbox").get_attribute("aria-checked") == "true"

    def save(self, button: str) -> None:
        """Press the button, have it saved, and see the dialog close."""
        self.submit(button)
        expect(self._pages.page.locator("[data-test=modal]")).to_have_count(0)

    def submit(self, button: str) -> None:
        """Press the button, and wait for the server's answer."""
        with self._pages.saving():
            self.button(button).click()

    def complain(self, button: str) -> str:
        """Press the button, and read what the form says about it without asking the server."""
        before = len(self._pages.sent)
        self.button(button).click()
        text = self.complaint()
        assert len(self._pages.sent) == before, "the browser let it through"
        return text

    def refuse(self, button: str) -> str:
        """Press the button, and read what the form shows of the server's refusal."""
        self.submit(button)
        return self.complaint()

    def complaint(self) -> str:
        """The sentence that the form shows at its top."""
        message = self.box.locator("[data-test=message]").first
        message.scroll_into_view_if_needed()
        return message.inner_text().removeprefix("Alert").strip()

    def overflowing(self) -> list[Any]:
        """Labels and help texts that do not fit where they stand."""
        found: list[Any] = self.box.locator("[data-test=label], [data-test=help]").evaluate_all(
            "texts => texts.filter(text => text.scrollWidth > text.clientWidth + 1).map(text => text.textContent)"
        )
        return found
