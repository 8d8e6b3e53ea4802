"""EVAL-<field>: calculated fields, all from the values before any of them.

Source: props.conf.spec 9.2, EVAL; Knowledge Manager Manual, About calculated fields (null removes the field).
"""

from __future__ import annotations

from dataclasses import replace

from workbench.splunk.conf.settings import Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval import Context, Expression, parse_expression, set_field
from workbench.splunk.spl.values import Event


class CalculatedFields:
    """All EVAL settings of one combination of stanzas."""

    def __init__(self, settings: Settings) -> None:
        self._fields: list[tuple[str, Expression, str]] = []
        for field, setting in settings.classes("EVAL-"):
            try:
                self._fields.append((field, parse_expression(setting.value), setting.place))
            except Refused as refusal:
                raise Refused(str(refusal), setting.place) from None

    def __len__(self) -> int:
        return len(self._fields)

    def apply(self, event: Event, context: Context) -> None:
        """Write all calculated fields into the event."""
        before, once = dict(event), replace(context, memo={})
        for field, expression, place in self._fields:
            try:
                value = expression.evaluate(before, once)
            except Refused as refusal:
                raise Refused(str(refusal), place) from None
            set_field(event, field, value)
