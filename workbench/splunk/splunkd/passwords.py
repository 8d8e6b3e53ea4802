"""`storage/passwords`: secrets by realm and user name, kept scrambled in the app's `local/passwords.conf`.

Not encryption (real splunkd's is AES): only nothing readable, raw or Base64, ever stands in a file. What was stored
under another `etc/auth/splunk.secret` cannot be read any more, as with splunkd.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from .confs import Confs

_MARK = "$workbench$"


@dataclass(frozen=True)
class Password:
    """One stored secret; `name` is how splunkd addresses it. `clear` is None where it cannot be decrypted."""

    realm: str
    username: str
    clear: str | None
    scrambled: str

    @property
    def name(self) -> str:
        """`realm:username:`, colons inside either of them escaped."""
        return password_name(self.realm, self.username)


def password_name(realm: str, username: str) -> str:
    """`realm:username:`, or `:username:` without a realm."""
    return ":".join(part.replace(":", "\\:") for part in (realm, username)) + ":"


class Passwords:
    """The stored secrets of all apps.

    `garbled` (off) has a secret that cannot be decrypted come out as something else. With Splunk's AES it is left
    out of the answer (splunk/addonfactory-solutions-library-python issue 311: `clear_password` is None); with the
    encryption before 7.2, of which `$1$` remains in conf files, it came out garbled
    (PaloAltoNetworks/Splunk-Apps issue 59).
    """

    garbled = False

    def __init__(self, confs: Confs, auth: Path) -> None:
        self._confs = confs
        secret = auth / "splunk.secret"
        if not secret.exists():
            auth.mkdir(parents=True, exist_ok=True)
            secret.write_bytes(secrets.token_bytes(32))
            secret.chmod(0o600)
        self._secret_file = secret

    def all(self, app: str) -> list[Password]:
        """Every secret of an app."""
        found = []
        for stanza in self._confs.stanzas(app, "passwords").values():
            scrambled = stanza.settings.get("password", "")
            if scrambled.startswith(_MARK):
                realm, username = stanza.settings["realm"], stanza.settings["username"]
                found.append(Password(realm, username, self._clear(scrambled[len(_MARK) :]), scrambled))
        return found

    def find(self, app: str, name: str) -> Password | None:
        """The secret of that name; the `:` before a user name without a realm, and the one after, may be missing."""
        wanted = name if name.endswith(":") else f"{name}:"
        return next((password for password in self.all(app) if wanted in (password.name, password.name[1:])), None)

    def set(self, app: str, realm: str, username: str, clear: str) -> Password:
        """Store a secret, or put it in the place of the one there."""
        nonce = secrets.token_hex(16)
        scrambled = f"{_MARK}{nonce}{self._proof(nonce)}{self._mix(clear.encode('utf-8'), nonce).hex()}"
        settings = {"password": scrambled, "realm": realm, "username": username}
        self._confs.write(app, "passwords", _stanza(realm, username), settings)
        return Password(realm, username, clear, scrambled)

    def delete(self, app: str, password: Password) -> None:
        """Remove a secret."""
        self._confs.delete(app, "passwords", _stanza(password.realm, password.username))

    def _clear(self, scrambled: str) -> str | None:
        nonce, proof, data = scrambled[:32], scrambled[32:48], bytes.fromhex(scrambled[48:])
        if proof == self._proof(nonce):
            return self._mix(data, nonce).decode("utf-8")
        return self._mix(data, nonce).decode("latin-1") if self.garbled else None

    def _proof(self, nonce: str) -> str:
        return hashlib.shake_256(b"proof" + self._secret_file.read_bytes() + nonce.encode()).hexdigest(8)

    def _mix(self, data: bytes, nonce: str) -> bytes:
        stream = hashlib.shake_256(self._secret_file.read_bytes() + nonce.encode()).digest(len(data))
        return bytes(left ^ right for left, right in zip(data, stream))


def _stanza(realm: str, username: str) -> str:
    return f"credential:{password_name(realm, username)}"
