"""Accounts: saved only when the PCE answers, and deleted only when no input uses them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Optional

from illumio_pce.certificates import parse_certificates
from illumio_pce.config import Account
from illumio_pce.names import inputs_of
from illumio_pce.splunkd import ACCOUNT_CONF, read_proxy, read_secret, read_settings
from splunktaucclib.rest_handler.admin_external import AdminExternalHandler
from splunktaucclib.rest_handler.credentials import RestCredentials
from splunktaucclib.rest_handler.error import RestError

from .events import EventsHandler
from .input_handler import BaseInputHandler
from .kinds import KINDS
from .names import check_new_name
from .overlaps import account_of, overlapping_inputs, source_of
from .rest_errors import as_rest_error
from .session import ACCOUNTS, connect, stanzas, warn

Conf = Mapping[str, Optional[str]]
_LONGEST_NAME = 50


class CleanCertificates:
    r"""Keeps certificates alone, in one line of a .conf file, each line break written out as \n."""

    @staticmethod
    def encode(value: str, _data: Conf) -> str:
        """What is stored."""
        return parse_certificates(value).replace("\n", "\\n")

    @staticmethod
    def decode(value: str, _data: Conf) -> str:
        """What the form shows."""
        return value.replace("\\n", "\n")


def reads_otherwise(account: Account, stored: Conf, *, of_any_org: bool) -> bool:
    """Whether the account reads another PCE or organisation than the stored one; `of_any_org`: another PCE."""
    now = {"pce_url": account.url, "org_id": str(account.org_id)}
    return source_of(now, of_any_org=of_any_org) != source_of(stored, of_any_org=of_any_org)


class AccountHandler(AdminExternalHandler):  # type: ignore[misc]
    """The endpoint `ta_illumio_pce_account`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for field in self.endpoint.model(None).fields:
            if field.name == "ca_certificate":
                field.converter = CleanCertificates
        super().__init__(*args, **kwargs)
        self._splunkd = connect(self.getSessionKey())

    def handleCreate(self, conf_info: Any) -> None:  # noqa: N802
        """Save a new account once the PCE has answered."""
        name = self.callerArgs.id
        check_new_name(name, stanzas(self._splunkd, ACCOUNTS), "account", _LONGEST_NAME)
        with as_rest_error():
            account = Account.parse(name, self.payload, self.payload.get("api_secret") or "")
            self._try(account)
        self._tidy(account)
        super().handleCreate(conf_info)

    def handleEdit(self, conf_info: Any) -> None:  # noqa: N802
        """Save a changed account once the PCE has answered; a secret that is not posted stays as it is."""
        stored = self._stored()
        entered = self.payload.get("api_secret", RestCredentials.PASSWORD)
        kept = RestCredentials.is_placeholder(entered.strip())
        with as_rest_error():
            secret = read_secret(self._splunkd, ACCOUNT_CONF, self.callerArgs.id, "api_secret") if kept else entered
            account = Account.parse(self.callerArgs.id, {**stored, **self.payload}, secret)
        if kept and reads_otherwise(account, stored, of_any_org=True):
            raise RestError(
                400,
                "The PCE URL points to a different host or port. Enter the API secret again: "
                "it is only sent to the PCE that it was entered for.",
            )
        with as_rest_error():
            self._try(account)
        self._tidy(account)
        super().handleEdit(conf_info)
        with suppress(RestError):
            if reads_otherwise(account, stored, of_any_org=False):
                self._warn_of_start()
            for kind in KINDS:
                if reads_otherwise(account, stored, of_any_org=kind.OF_ANY_ORG):
                    self._warn_of_overlaps(kind)

    def handleRemove(self, conf_info: Any) -> None:  # noqa: N802
        """Delete an account that no input uses."""
        name = self.callerArgs.id
        users = [f"{user} ({kind.KIND})" for kind in KINDS for user in self._users(self._inputs(kind))]
        if users:
            raise RestError(
                400,
                f"The account {name} is used by {', '.join(users)}. Before you delete it, delete these inputs "
                "or choose another account for them.",
            )
        super().handleRemove(conf_info)

    def _stored(self) -> Conf:
        name = self.callerArgs.id
        if name not in stanzas(self._splunkd, ACCOUNTS):
            raise RestError(404, f"There is no account {name}.")
        content: Conf = next(iter(self.handler.get(name))).content
        return content

    def _tidy(self, account: Account) -> None:
        """Have each posted value stored in the one spelling that it is compared in."""
        tidy = {
            "pce_url": account.url,
            "org_id": str(account.org_id),
            "api_key_id": account.api_key_id,
            "ca_certificate": account.ca_certificate,
        }
        if not RestCredentials.is_placeholder(self.payload.get("api_secret", RestCredentials.PASSWORD).strip()):
            tidy["api_secret"] = account.api_secret
        self.payload.update({name: value for name, value in tidy.items() if name in self.payload})

    def _inputs(self, kind: type[BaseInputHandler]) -> dict[str, dict[str, str]]:
        return stanzas(self._splunkd, inputs_of(kind.SCHEME))

    def _users(self, inputs: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """The inputs that use this account."""
        return sorted(name for name, stanza in inputs.items() if account_of(stanza) == self.callerArgs.id)

    def _warn_of_start(self) -> None:
        """Inputs of events count another PCE URL, port or organisation as another source."""
        name, users = self.callerArgs.id, self._users(self._inputs(EventsHandler))
        if users:
            warn(
                self.getSessionKey(),
                f"source_{name}",
                f"The account {name} now reads another PCE or organisation, so that events inputs with this account "
                f"({', '.join(users)}) begin at their start time again. What they had not read from before it is not "
                "collected; what is newer is indexed twice if this is the same PCE under another name. To avoid that, "
                "disable them before their next run, set their start time to the window_to of their last record minus "
                "the late arrival window, and enable them.",
            )

    def _warn_of_overlaps(self, kind: type[BaseInputHandler]) -> None:
        """Once of all inputs of a kind that bring the same."""
        inputs, accounts = self._inputs(kind), stanzas(self._splunkd, ACCOUNTS)
        overlaps = [
            sorted([name, *overlapping_inputs(name, inputs, accounts, of_any_org=kind.OF_ANY_ORG)])
            for name in self._users(inputs)
        ]
        for name, *others in dict.fromkeys(map(tuple, overlaps)):
            if others:
                text = kind.overlap_text(name, ", ".join(others))
                warn(self.getSessionKey(), f"overlap_{kind.KIND}_{name}", text)

    def _try(self, account: Account) -> None:
        """Ask the PCE, through the saved proxy. An error names the cause, and never what was answered."""
        from illumio_pce.connection import check  # noqa: PLC0415 (slow to import, and needed only here)

        check(account, read_proxy(self._splunkd, read_settings(self._splunkd)))
