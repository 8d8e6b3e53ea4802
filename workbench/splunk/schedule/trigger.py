"""When a run of a saved search triggers. Source: savedsearches.conf.spec 9.2, counttype, relation, quantity."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Event, values_in

_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "greater than": operator.gt,
    "less than": operator.lt,
    "equal to": operator.eq,
    "not equal to": operator.ne,
}
_COUNTED = {"number of events": "", "number of hosts": "host", "number of sources": "source"}


@dataclass(frozen=True)
class Trigger:
    """A condition on the results of a run. `counttype` is `always`, `custom` or what is counted."""

    counttype: str
    relation: str = ""
    quantity: float = 0.0
    percent: bool = False
    condition: str = ""

    def count(self, rows: list[Event]) -> int:
        """What is compared: the rows, or the different hosts or sources among them."""
        field = _COUNTED.get(self.counttype, "")
        return len({value for row in rows for value in values_in(row, field)}) if field else len(rows)

    def fires(self, rows: list[Event], previous: int | None, search: Callable[[str, list[Event]], list[Event]]) -> bool:
        """Whether these results trigger. `previous` is the count of the run before; `search` runs a condition."""
        if self.counttype == "always":
            if not rows:
                raise Refused("what counttype = always does without results is documented nowhere")
            return True
        if self.counttype == "custom":
            return bool(search(self.condition, [dict(row) for row in rows]))
        count = self.count(rows)
        if self.relation in _RELATIONS:
            return _RELATIONS[self.relation](count, self.quantity)
        return previous is not None and self._changed(previous, count)

    def _changed(self, previous: int, count: int) -> bool:
        """`drops by`, `rises by`: at least by the quantity, or by that percentage of the run before."""
        change = count - previous if self.relation == "rises by" else previous - count
        threshold = previous * self.quantity / 100 if self.percent else self.quantity
        return change > 0 and change >= threshold


def parse_trigger(counttype: str, relation: str, quantity: str, condition: str) -> Trigger:
    """Read the four keys. Raises Refused where they do not make a condition."""
    if condition and not (counttype or relation or quantity):
        counttype = "custom"
    if condition and counttype != "custom":
        raise Refused("beside alert_condition is against the spec")
    counttype = counttype or "always"
    if counttype == "always":
        if relation or quantity:
            raise Refused("= always excludes relation and quantity")
        return Trigger(counttype)
    if counttype == "custom":
        if not condition:
            raise Refused("= custom needs alert_condition")
        return Trigger(counttype, condition=condition)
    if counttype not in _COUNTED or relation not in (*_RELATIONS, "drops by", "rises by"):
        raise Refused(f"= {counttype!r} with relation = {relation!r} is not known")
    number = re.fullmatch(r"(\d+)(%?)", quantity)
    if number is None or (number.group(2) and relation in _RELATIONS):
        raise Refused(f"with quantity = {quantity!r} is not a number")
    return Trigger(counttype, relation, float(number.group(1)), bool(number.group(2)))
