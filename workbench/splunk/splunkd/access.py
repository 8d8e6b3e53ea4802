"""Who may do what: two users, capabilities, and the access lists of `metadata/*.meta`.

`admin` holds every capability; `viewer` holds none that matter here. The real roles hold many more.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from workbench.splunk.refusal import Refused

from .confs import read_conf

#: The one who runs inputs, whom splunkd calls splunk-system-user.
SYSTEM_USER = "splunk-system-user"

_LISTS = re.compile(r"(read|write)\s*:\s*\[([^\]]*)\]")
_TERMS = re.compile(r"\s*(\(|\)|[A-Za-z_]\w*)")


@dataclass(frozen=True)
class User:
    """A user with a role of the same name, apart from `viewer`, whose role is `user`."""

    name: str
    role: str

    @property
    def is_admin(self) -> bool:
        """Whether this user may do everything."""
        return self.role == "admin"

    def has(self, capability: str) -> bool:
        """Whether a capability, or an expression with `and`, `or` and parentheses, holds (restmap.conf.spec)."""
        return _Expression(capability, self.is_admin).value() if capability else True

    @property
    def capabilities(self) -> list[str]:
        """Those that the pages ask about."""
        held = ["admin_all_objects", "edit_storage_passwords", "list_inputs", "list_storage_passwords"]
        return held if self.is_admin else []


USERS = {
    "admin": User("admin", "admin"),
    "viewer": User("viewer", "user"),
    SYSTEM_USER: User(SYSTEM_USER, "admin"),
}


class Sessions:
    """Session keys, which a restart forgets, and passwords, made anew by each Splunkd object."""

    def __init__(self) -> None:
        self._keys: dict[str, User] = {}
        self.passwords = {name: secrets.token_urlsafe(12) for name in ("admin", "viewer")}

    def open(self, user: str) -> str:
        """A new session key of a user."""
        key = secrets.token_urlsafe(32)
        self._keys[key] = USERS[user]
        return key

    def forget(self) -> None:
        """End all sessions."""
        self._keys.clear()

    def login(self, user: str, password: str) -> str | None:
        """A new session key, or None for a wrong password."""
        return self.open(user) if self._right(user, password) else None

    def who(self, authorization: str) -> User | None:
        """The user of an `Authorization` header: `Splunk <key>`, `Bearer <key>` or `Basic …`."""
        kind, _, value = authorization.partition(" ")
        if kind in ("Splunk", "Bearer"):
            return self._keys.get(value.strip())
        if kind != "Basic":
            return None
        try:
            name, _, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return USERS[name] if self._right(name, password) else None

    def _right(self, user: str, password: str) -> bool:
        return secrets.compare_digest(self.passwords.get(user, "").encode(), password.encode()) and bool(password)


class _Expression:
    def __init__(self, text: str, held: bool) -> None:
        self._text = text
        self._held = held
        self._terms = [match[1] for match in _TERMS.finditer(text)]

    def value(self) -> bool:
        value = self._either()
        if self._terms:
            raise Refused(f"cannot read the capability expression {self._text!r}")
        return value

    def _either(self) -> bool:
        value = self._both()
        while self._take("or"):
            value = self._both() or value
        return value

    def _both(self) -> bool:
        value = self._one()
        while self._take("and"):
            value = self._one() and value
        return value

    def _one(self) -> bool:
        if self._take("("):
            value = self._either()
            if not self._take(")"):
                raise Refused(f"cannot read the capability expression {self._text!r}")
            return value
        if not self._terms:
            raise Refused(f"cannot read the capability expression {self._text!r}")
        self._terms.pop(0)
        return self._held

    def _take(self, term: str) -> bool:
        if self._terms and self._terms[0] == term:
            self._terms.pop(0)
            return True
        return False


def roles_with(app_folder: Path, kind: str, name: str, access: str) -> list[str]:
    """The roles with `read` or `write` access to an object of an app, such as a conf or `collections`.

    The most specific of `[kind/name]`, `[kind]` and `[]` that says anything about access counts; without any,
    everybody reads and `admin` writes.
    """
    stanzas = read_conf(app_folder / "metadata" / "default.meta")
    for stanza in (f"{kind}/{name}", kind, ""):
        for which, roles in _LISTS.findall(stanzas.get(stanza, {}).get("access", "")):
            if which == access:
                return [role.strip() for role in roles.split(",") if role.strip()]
    return ["*"] if access == "read" else ["admin"]
