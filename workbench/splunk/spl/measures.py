"""The list of statistics that stats and its relatives compute: `count, dc(user) AS users, count(eval(x>1)) AS n`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.aggregates import Aggregate, maker
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.eval import Context, Expression, parse_expression
from workbench.splunk.spl.values import Event, number_of, texts_of, values_in
from workbench.splunk.spl.wildcards import fill_stars, name_pattern

_FUNCTION = r"([A-Za-z]\w*(?:\.\d+)?)"


@dataclass(frozen=True)
class Measure:
    """One statistic: how it is made, what it reads, and the field that it writes."""

    make: Callable[[], Aggregate]
    function: str
    source: str | None
    expression: Expression | None
    output: str

    def values(self, row: Event, context: Context) -> list[str]:
        """What this statistic takes in of a row."""
        if self.expression is not None:
            value = self.expression.evaluate(row, context)
            if isinstance(value, bool):
                return ["1"] if value else []
            return texts_of(value)
        return ["1"] if self.source is None else values_in(row, self.source)

    def empty(self) -> str | None:
        """Its result over nothing."""
        return self.make().empty


def parse_measures(arguments: Arguments, stops: Iterable[str] = ("by", "over")) -> list[Measure]:
    """Statistics up to one of the words. Raises Refused for unknown ones and for two into one field."""
    measures: list[Measure] = []
    stop = "|".join(stops)
    while not arguments.finished:
        if re.compile(rf"\s*(?:{stop})\s", re.IGNORECASE).match(arguments.text, arguments.index):
            break
        measures.append(_measure(arguments))
        arguments.match(",")
    if not measures:
        raise arguments.refuse("a statistical function is expected")
    _refuse_doubles(arguments, measures)
    return measures


def plain_measures(arguments: Arguments, stops: Iterable[str] = ("by", "over")) -> list[Measure]:
    """Statistics without wildcards, for commands that do not take them."""
    measures = parse_measures(arguments, stops)
    if any(measure.source and "*" in measure.source for measure in measures):
        raise arguments.refuse("a wildcard in a statistical function is not supported here")
    return measures


def _refuse_doubles(arguments: Arguments, measures: list[Measure]) -> None:
    outputs = [measure.output for measure in measures]
    sources = [(measure.function, measure.source) for measure in measures if measure.expression is None]
    if len(set(outputs)) < len(outputs) or len(set(sources)) < len(sources):
        raise arguments.refuse("the same statistic, or the same field to write, stands twice")


def _measure(arguments: Arguments) -> Measure:
    found = arguments.match(_FUNCTION)
    if found is None:
        raise arguments.refuse("a statistical function is expected")
    try:
        function, make = maker(found.group(1))
    except Refused as refusal:
        raise Refused(f"{arguments.command}: {refusal.message}", arguments.position + found.start(1)) from None
    inside: str | None = None
    if arguments.text[arguments.index : arguments.index + 1] == "(":
        inside, start = arguments.enclosed()
    name = found.group(1) if inside is None else f"{found.group(1)}({inside.strip()})"
    source, expression = _source(arguments, inside, start) if inside is not None else (None, None)
    if source is None and expression is None and function != "count":
        raise arguments.refuse(f"{function} needs a field")
    if arguments.keyword("as"):
        name = arguments.name()
        if name.count("*") not in {0, (source or "").count("*")} or (source and "*" in source and "*" not in name):
            raise arguments.refuse("both names need the same number of wildcards")
    elif expression is not None:
        raise arguments.refuse("an eval expression needs AS")
    return Measure(make, function, source, expression, name)


def _source(arguments: Arguments, inside: str, start: int) -> tuple[str | None, Expression | None]:
    evaluated = re.fullmatch(r"\s*eval\s*\((.*)\)\s*", inside, re.DOTALL | re.IGNORECASE)
    if evaluated:
        return None, parse_expression(evaluated.group(1), start + evaluated.start(1))
    name = inside.strip()
    if not name:
        return None, None
    if "(" in name or (" " in name and name[0] not in "\"'"):
        raise arguments.refuse(f"{name!r} inside a statistical function is not supported")
    return name.strip("\"'"), None


def for_rows(measures: list[Measure], rows: list[Event], groups: list[str]) -> list[Measure]:
    """The statistics with each wildcard, `avg(*delay)`, replaced by one for each field that it means."""
    if not any(measure.source and "*" in measure.source for measure in measures):
        return measures
    names = sorted({name for row in rows for name in row if name[:1] != "_"} - set(groups))
    return [each for measure in measures for each in _for_names(measure, names)]


def _for_names(measure: Measure, names: list[str]) -> list[Measure]:
    if not measure.source or "*" not in measure.source:
        return [measure]
    pattern = name_pattern(measure.source)
    found = [(name, pattern.fullmatch(name)) for name in names]
    return [
        replace(measure, source=name, output=fill_stars(measure.output, match.groups()))
        for name, match in found
        if match
    ]


class Group:
    """The statistics of one group of rows."""

    def __init__(self, measures: list[Measure]) -> None:
        self.measures = measures
        self.aggregates = [measure.make() for measure in measures]

    def add(self, row: Event, context: Context) -> None:
        """Take in a row."""
        moment = number_of(row["_time"]) if isinstance(row.get("_time"), str) else None
        for measure, aggregate in zip(self.measures, self.aggregates):
            aggregate.add(measure.values(row, context), moment)

    def results(self) -> Event:
        """The fields that the statistics write."""
        found = ((measure.output, each.result()) for measure, each in zip(self.measures, self.aggregates))
        return {name: value for name, value in found if value is not None}


def group_keys(row: Event, fields: list[str], *, unique: bool = False) -> Iterator[tuple[str, ...]]:
    """The groups that a row belongs to: one for each value of a field, none where a field is missing.

    A value that stands twice in one field counts twice, unless `unique` (dedup_splitvals).
    """
    choices = [values_in(row, field) for field in fields]
    if unique:
        choices = [list(dict.fromkeys(choice)) for choice in choices]
    return itertools.product(*choices)
