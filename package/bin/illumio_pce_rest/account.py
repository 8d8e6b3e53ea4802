"""Accounts: saved only when the PCE answers, and deleted only when no input uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from illumio_pce.config import Account, parse_pce_url
from illumio_pce.splunkd import read_proxy, read_settings
from splunktaucclib.rest_handler.admin_external import AdminExternalHandler
from splunktaucclib.rest_handler.credentials import RestCredentials
from splunktaucclib.rest_handler.error import RestError

from .refusal import as_refusal
from .session import INPUTS, connect, stanzas

Conf = Mapping[str, Optional[str]]


class WrittenOutLines:
    r"""Keeps a text of several lines in one line of a .conf file, each line break written out as \n."""

    @staticmethod
    def encode(value: str, _data: Conf) -> str:
        """What is stored."""
        return value.replace("\r\n", "\n").strip().replace("\n", "\\n")

    @staticmethod
    def decode(value: str, _data: Conf) -> str:
        """What the form shows."""
        return value.replace("\\n", "\n")


def leads_elsewhere(account: Account, stored: Conf) -> bool:
    """Whether the secret would be sent to another host or port than the one that it was entered for."""
    try:
        return parse_pce_url(stored.get("pce_url") or "") != (account.host, account.port)
    except ValueError:
        return True


class AccountHandler(AdminExternalHandler):  # type: ignore[misc]
    """The endpoint `ta_illumio_pce_account`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for field in self.endpoint.model(None).fields:
            if field.name == "ca_certificate":
                field.converter = WrittenOutLines
        super().__init__(*args, **kwargs)

    def handleCreate(self, conf_info: Any) -> None:  # noqa: N802
        """Save a new account once the PCE has answered."""
        self._try(self._parse(self.payload, self.payload.get("api_secret") or ""))
        super().handleCreate(conf_info)

    def handleEdit(self, conf_info: Any) -> None:  # noqa: N802
        """Save a changed account once the PCE has answered; a secret that is not posted stays as it is."""
        stored = next(iter(self.handler.get(self.callerArgs.id, decrypt=True))).content
        entered = self.payload.get("api_secret", RestCredentials.PASSWORD)
        kept = RestCredentials.is_placeholder(entered)
        account = self._parse({**stored, **self.payload}, stored.get("api_secret") if kept else entered)
        if kept and leads_elsewhere(account, stored):
            raise RestError(
                400,
                "The PCE URL leads to another host or port. Enter the API secret again, so that it is "
                "never sent where you did not mean it to go.",
            )
        self._try(account)
        super().handleEdit(conf_info)

    def handleRemove(self, conf_info: Any) -> None:  # noqa: N802
        """Delete an account that no input uses."""
        name = self.callerArgs.id
        users = self._users()
        if users:
            raise RestError(
                400,
                f"The account {name} is used by {', '.join(users)}. Before you delete it, delete these inputs "
                "or give them another account.",
            )
        super().handleRemove(conf_info)

    def _users(self) -> list[str]:
        """The inputs that use this account."""
        inputs = stanzas(connect(self.getSessionKey()), INPUTS)
        return sorted(name for name, stanza in inputs.items() if stanza.get("account") == self.callerArgs.id)

    def _parse(self, conf: Conf, secret: str | None) -> Account:
        with as_refusal():
            return Account.parse(self.callerArgs.id, conf, secret or "")

    def _try(self, account: Account) -> None:
        """Ask the PCE, through the saved proxy. An error names the cause, and never what was answered."""
        from illumio_pce.connection import check  # noqa: PLC0415 (slow to import, and needed only here)

        with as_refusal():
            splunkd = connect(self.getSessionKey())
            check(account, read_proxy(splunkd, read_settings(splunkd)))
