"""What the monitoring dashboard's searches would find on a Splunk that has collected for three hours.

Search is not what is tested here: each panel gets rows in the shape that its search ends in.
"""

from __future__ import annotations

from workbench.splunk.splunkd.engine import NothingFound, Results, Row

_HOURS = ("2026-03-02T08:00:00.000+00:00", "2026-03-02T09:00:00.000+00:00", "2026-03-02T10:00:00.000+00:00")
_VOLUME = ("40960", "61440", "51200")
_EVENTS = ("120", "180", "150")


class Panels(NothingFound):
    """Finds rows for the dashboard's searches; none for a search that is not known."""

    def search(self, spl: str, earliest: str, latest: str) -> Results:
        """The rows of a panel."""
        return Results.of(_rows(spl))

    def post_process(self, base: Results, spl: str, earliest: str, latest: str) -> Results:
        """The rows of a panel that goes on from the base of several."""
        return Results.of(_rows(spl))


def _rows(spl: str) -> list[Row]:
    if "table StartDate" in spl:
        return [{"StartDate": "2 Mar 2026 08:00AM"}]
    if "table EndDate" in spl:
        return [{"EndDate": "2 Mar 2026 11:00AM"}]
    if "sparkvolume" in spl:
        return [{"Source type": "illumio:pce:events", "Data volume": "150 KB", "Number of events": "450"}]
    columns = {'"Data volume"': _VOLUME, '"Number of events"': _EVENTS, "Errors": ("0", "1", "0")}
    shown = {name.strip('"'): values for name, values in columns.items() if name in spl}
    return [{"_time": hour, **{name: values[n] for name, values in shown.items()}} for n, hour in enumerate(_HOURS)]
