"""What a handler of an `admin_external` endpoint builds upon; see `splunk`.

The handler's process stays, and takes one request a line from standard input: JSON, where real splunkd uses XML
of its own. What the handler prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from types import SimpleNamespace
from typing import Any

import __main__

ACTION_CREATE = 1
ACTION_LIST = 2
ACTION_EDIT = 4
ACTION_REMOVE = 8

CONTEXT_NONE = 1
CONTEXT_APP_ONLY = 2
CONTEXT_APP_AND_USER = 3

EAI_ENTRY_ACL = "eai:acl"

_ACTIONS = {"create": ACTION_CREATE, "list": ACTION_LIST, "edit": ACTION_EDIT, "remove": ACTION_REMOVE}
_HANDLING = {"create": "handleCreate", "list": "handleList", "edit": "handleEdit", "remove": "handleRemove"}


class ArgValidationException(Exception):
    """Arguments that the handler does not want: HTTP 400."""


class ConfigItem(dict):  # type: ignore[type-arg]
    """One entity of an answer: its members, and what it says about itself."""

    def __init__(self) -> None:
        super().__init__()
        self.metadata: dict[str, Any] = {}

    def setMetadata(self, key: str, value: Any) -> None:  # noqa: N802
        """Set a member such as `eai:acl`."""
        self.metadata[key] = value

    def append(self, key: str, value: Any) -> None:
        """Add to a member that is a list."""
        self.setdefault(key, []).append(value)


class ConfigInfo(dict):  # type: ignore[type-arg]
    """The entities of an answer by name, made when first touched."""

    def __missing__(self, name: str) -> ConfigItem:
        self[name] = ConfigItem()
        return self[name]  # type: ignore[no-any-return]


class _SupportedArgs:
    def __init__(self) -> None:
        self.required: list[str] = []
        self.optional: list[str] = []

    def addReqArg(self, name: str) -> None:  # noqa: N802
        self.required.append(name)

    def addOptArg(self, name: str) -> None:  # noqa: N802
        self.optional.append(name)


class MConfigHandler:
    """The base class of handlers: one object for each request."""

    def __init__(self, scriptMode: int | None = None, ctxInfo: int | None = None, request: Any = None) -> None:  # noqa: N803
        self.requestedAction = _ACTIONS[request["action"]]
        self.callerArgs = SimpleNamespace(
            id=request["id"],
            data={name: [value or None for value in values] for name, values in request["arguments"].items()},
        )
        self.supportedArgs = _SupportedArgs()
        self.context = ctxInfo
        self.userName = request["user"]
        self.appName = request["app"]
        self._sessionKey = request["session_key"]
        # Where libraries look for it (solnlib.splunkenv); written so that Python does not mangle the name.
        setattr(__main__, "___sessionKey", self._sessionKey)

    def getSessionKey(self) -> str:  # noqa: N802
        """The session of the one who asks."""
        return str(self._sessionKey)

    def setup(self) -> None:
        """Name the arguments in `supportedArgs`."""


def init(handler: type[MConfigHandler], ctxInfo: int) -> None:  # noqa: N803
    """Answer requests until splunkd closes the pipe."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    for line in sys.stdin:
        answers.write(json.dumps(_answer(handler, ctxInfo, json.loads(line))) + "\n")
        answers.flush()


def _answer(handler: type[MConfigHandler], context: int, request: Any) -> dict[str, Any]:
    try:
        asked = handler(None, context, request)
        asked.setup()
        _check(asked)
        found = ConfigInfo()
        acting = handler(None, context, request)
        getattr(acting, _HANDLING[request["action"]])(found)
    except ArgValidationException as error:
        return {"status": 400, "text": str(error)}
    except Exception as error:
        traceback.print_exc()
        text = f'Unexpected error "{type(error)}" from python handler: "{error}". See splunkd.log for more details.'
        return {"status": 500, "text": text}
    return {
        "status": 200,
        "entries": [{"name": name, "content": dict(item), "about": item.metadata} for name, item in found.items()],
    }


def _check(handler: MConfigHandler) -> None:
    given, supported = handler.callerArgs.data, handler.supportedArgs
    missing = [name for name in supported.required if name not in given]
    if missing:
        raise ArgValidationException(f"The following required arguments are missing: {', '.join(missing)}.")
    for name in given:
        if name not in supported.required and name not in supported.optional:
            raise ArgValidationException(f'Argument "{name}" is not supported by this handler.')
