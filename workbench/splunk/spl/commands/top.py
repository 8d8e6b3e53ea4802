"""top and rare: the most and least frequent values."""

from __future__ import annotations

from collections import Counter

from workbench.splunk.spl.arguments import Arguments, Options
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.measures import group_keys
from workbench.splunk.spl.runtime import Runner
from workbench.splunk.spl.values import Event

_OPTIONS = ("limit", "countfield", "percentfield", "showcount", "showperc", "useother", "otherstr")
_DEFAULT_LIMIT = 10


@command("top rare")
def parse_top(arguments: Arguments) -> Runner:
    """`top [N] [options] field-list [BY field-list]`."""
    options = arguments.options(*_OPTIONS)
    bare = arguments.match(r"(\d+)(?=\s)")
    limit = options.count("limit", int(bare.group(1)) if bare else _DEFAULT_LIMIT)
    fields = arguments.names(stops=("by",))
    groups = arguments.names() if arguments.keyword("by") else []
    arguments.finish()
    if not fields:
        raise arguments.refuse("a field is expected")
    ranking = _Ranking(fields, groups, limit, options, most=arguments.command == "top")
    return lambda rows, _runtime: ranking.run(rows)


class _Ranking:
    def __init__(self, fields: list[str], groups: list[str], limit: int, options: Options, *, most: bool) -> None:
        self.fields, self.groups, self.limit, self.most = fields, groups, limit, most
        self.count_field = options.text("countfield", "count") if options.flag("showcount", default=True) else ""
        self.percent_field = options.text("percentfield", "percent") if options.flag("showperc", default=True) else ""
        self.other = options.text("otherstr", "OTHER") if options.flag("useother", default=False) else ""

    def run(self, rows: list[Event]) -> list[Event]:
        counts: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {}
        for row in rows:
            for group in group_keys(row, self.groups):
                for key in group_keys(row, self.fields):
                    counts.setdefault(group, Counter())[key] += 1
        return [row for group in sorted(counts) for row in self._rank(group, counts[group])]

    def _rank(self, group: tuple[str, ...], counts: Counter[tuple[str, ...]]) -> list[Event]:
        # With a tie, the last in text order comes first (top, limit=1 with a tie).
        ordered = sorted(counts, reverse=self.most)
        ordered.sort(key=counts.__getitem__, reverse=self.most)
        total = sum(counts.values())
        kept = ordered[: self.limit] if self.limit else ordered
        rows = [self._row(group, key, counts[key], total) for key in kept]
        rest = total - sum(counts[key] for key in kept)
        if rest and self.other:
            rows.append(self._row(group, (self.other,) * len(self.fields), rest, total))
        return rows

    def _row(self, group: tuple[str, ...], key: tuple[str, ...], count: int, total: int) -> Event:
        row: Event = {**dict(zip(self.groups, group)), **dict(zip(self.fields, key))}
        if self.count_field:
            row[self.count_field] = str(count)
        if self.percent_field:
            row[self.percent_field] = f"{100 * count / total:.6f}"
        return row
