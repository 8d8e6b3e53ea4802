"""What holds for every handler, and the tabs Proxy and Logging, which UCC gives no handler class of their own."""

from __future__ import annotations

from typing import Any

from illumio_pce.config import Proxy, parse_boolean
from illumio_pce.log import parse_level
from illumio_pce.splunkd import SETTINGS_CONF, read_secret
from splunktaucclib.rest_handler.base_hook_mixin import BaseHookMixin
from splunktaucclib.rest_handler.credentials import RestCredentials
from splunktaucclib.rest_handler.endpoint import MultipleModel
from splunktaucclib.rest_handler.error import RestError

from . import credentials
from .rest_errors import as_rest_error
from .session import connect

credentials.use()


class SettingsHooks(BaseHookMixin):  # type: ignore[misc]
    """Mixed into every handler of the add-on; only what belongs to the settings is looked at."""

    handler: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Adapt splunktaucclib's handler, and the endpoint of each that is generated."""
        super().__init_subclass__(**kwargs)
        if "handleList" in cls.__dict__:
            _hide_secrets(cls)
        if "_convert_payload" in cls.__dict__:
            _check_requests(cls)
        if cls.__dict__.get("endpoint") is not None:
            _drop_generated_checks(cls.__dict__["endpoint"])

    def edit_hook(self, session_key: str, config_name: str, stanza_id: str, payload: dict[str, str]) -> None:
        """Refuse settings that no run could use. For settings, `config_name` is the tab's name."""
        with as_rest_error():
            if config_name == "proxy":
                payload.update(_proxy(session_key, next(iter(self.handler.get(stanza_id))).content, payload))
            if config_name == "logging":
                payload["loglevel"] = parse_level(payload.get("loglevel"))


def _proxy(session_key: str, stored: dict[str, Any], payload: dict[str, str]) -> dict[str, str]:
    """What is stored of the fields that were posted, once they are checked together with those that were not."""
    conf = {**stored, **payload}
    if Proxy.parse(conf) is not None and conf.get("proxy_username"):
        entered = payload.get("proxy_password", RestCredentials.PASSWORD)
        kept = RestCredentials.is_placeholder(entered)
        Proxy.parse(
            conf, read_secret(connect(session_key), SETTINGS_CONF, "proxy", "proxy_password") if kept else entered
        )
    booleans = {"proxy_enabled": "Enable proxy", "proxy_rdns": "Resolve DNS through the proxy"}
    tidy = {name: value.strip() for name, value in payload.items() if name != "proxy_password"}
    return {**tidy, **{name: str(int(parse_boolean(tidy[name], booleans[name]))) for name in tidy if name in booleans}}


def _hide_secrets(cls: Any) -> None:
    """Have no answer hold a secret: splunktaucclib would give them in clear to whoever adds `--cred--=1`."""
    listed = cls.handleList

    def handle_list(self: Any, conf_info: Any) -> None:
        self.callerArgs.data[self.ACTION_CRED] = ["0"]
        listed(self, conf_info)

    cls.handleList = handle_list


def _check_requests(cls: Any) -> None:
    """Refuse settings that there are not, and a field that is given twice: only its first value would be taken."""
    converted = cls._convert_payload

    def convert_payload(self: Any) -> Any:
        if isinstance(self.endpoint, MultipleModel) and self.callerArgs.id not in self.endpoint.models:
            raise RestError(404, f"There are no such settings. Choose from {', '.join(self.endpoint.models)}.")
        payload = converted(self)
        for name, values in self.callerArgs.data.items() if payload is not None else ():
            if len(values) > 1:
                raise RestError(400, f"The field {name} is given more than once.")
        return payload

    cls._convert_payload = convert_payload


def _drop_generated_checks(endpoint: Any) -> None:
    """Leave all checks to ours, which runs make too: the generated ones answer with their pattern, not a sentence.

    Those of index names stay, since a newer Splunk may know more of them.
    """
    models = endpoint.models.values() if isinstance(endpoint, MultipleModel) else [endpoint.model(None)]
    for model in models:
        for field in [*model.fields, *model.special_fields]:
            if field.name != "index":
                field.validator = None
