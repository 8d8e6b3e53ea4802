"""Stored secrets that this instance cannot decrypt: splunktaucclib would answer with a traceback, or overwrite them."""

from __future__ import annotations

from typing import Any

from solnlib.credentials import CredentialNotExistException
from splunktaucclib.rest_handler import handler
from splunktaucclib.rest_handler.credentials import RestCredentials
from splunktaucclib.rest_handler.error import RestError


class Credentials(RestCredentials):  # type: ignore[misc]
    """Reads no secret that nobody asked for, and replaces none but by a new one."""

    def decrypt_for_get(self, name: str, data: dict[str, Any]) -> dict[str, str]:
        """Encrypt what a hand-edited conf file holds in clear; the fields to be masked there."""
        return super().decrypt_for_get(name, data) or {} if self._entered(name, data) else {}

    def decrypt_all(self, data: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same for all stanzas; those that hold something in clear."""
        in_clear = [entry for entry in data if self._entered(entry["name"], entry["content"])]
        for entry in in_clear:
            self.decrypt_for_get(entry["name"], dict(entry["content"]))
        return in_clear

    def encrypt_for_update(self, name: str, data: dict[str, Any]) -> None:
        """Store what was entered. What cannot be decrypted here stays as it is, unless something is entered for it."""
        if self._entered(name, data) or self._readable(name):
            super().encrypt_for_update(name, data)

    def _entered(self, name: str, data: dict[str, Any]) -> list[str]:
        fields = self.get_encrypted_field_names(name)
        return [field for field in fields if data.get(field) and not self.is_placeholder(data[field])]

    def _readable(self, name: str) -> bool:
        try:
            super()._get(name)
        except CredentialNotExistException:
            return True
        except (TypeError, RestError):
            return False
        return True

    def _get(self, name: str) -> Any:
        """What is stored; as if there were nothing where it cannot be decrypted."""
        if not self._readable(name):
            raise CredentialNotExistException("It cannot be decrypted.")
        return super()._get(name)


def use() -> None:
    """Have splunktaucclib's handlers use it: they name the class themselves, and take no other."""
    handler.RestCredentials = Credentials
