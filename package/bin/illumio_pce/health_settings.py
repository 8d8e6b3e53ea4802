"""What an administrator configured for a health input, checked by the form and by every run alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .config import check_name, parse_account_name, parse_index, parse_interval, without_notes
from .names import HEALTH_SCHEME


@dataclass(frozen=True)
class HealthSettings:
    """One stanza `illumio_pce_health://<name>` of inputs.conf. All checks raise ValueError with what to enter.

    `notes`: faults that the form refuses and a run only notes, such as an invalid interval.
    """

    name: str
    account: str
    index: str
    notes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, name: str, conf: Mapping[str, str | None]) -> HealthSettings:
        """Read the stanza's parameters; absent and empty ones take the defaults."""
        check_name(name)
        account, index = parse_account_name(conf.get("account")), parse_index(conf.get("index"))
        try:
            parse_interval(conf.get("interval"))
        except ValueError as error:
            return cls(name, account, index, (str(error),))
        return cls(name, account, index)

    @classmethod
    def parse_form(cls, name: str, conf: Mapping[str, str | None]) -> HealthSettings:
        """The same for what is to be saved: what a run would only note is refused."""
        return without_notes(cls.parse(name, conf))

    @property
    def source(self) -> str:
        """The source of every event of this input."""
        return f"{HEALTH_SCHEME}://{self.name}"
