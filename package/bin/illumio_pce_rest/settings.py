"""What holds for every handler, and the tabs Proxy and Logging, which UCC gives no handler class of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from illumio_pce.config import Proxy
from splunktaucclib.rest_handler.base_hook_mixin import BaseHookMixin

from .refusal import as_refusal


class SettingsHooks(BaseHookMixin):  # type: ignore[misc]
    """Mixed into every handler of the add-on; only what belongs to the settings is looked at."""

    handler: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Have no answer hold a secret: splunktaucclib would give them in clear to whoever adds `--cred--=1`."""
        super().__init_subclass__(**kwargs)
        listed = cls.__dict__.get("handleList")
        if listed is None:
            return

        def handle_list(self: Any, conf_info: Any) -> None:
            self.callerArgs.data[self.ACTION_CRED] = ["0"]
            listed(self, conf_info)

        cls.handleList = handle_list

    def edit_hook(
        self,
        session_key: str,
        config_name: str,
        stanza_id: str,
        payload: Mapping[str, str | None],
    ) -> None:
        """Refuse proxy settings that no run could use. For settings, `config_name` is the tab's name."""
        if config_name == "proxy":
            stored = next(iter(self.handler.get(stanza_id))).content
            with as_refusal():
                Proxy.parse({**stored, **payload})
