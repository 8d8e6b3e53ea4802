"""The app's navigation. ucc-gen leaves one that exists alone, so its own pages are named here."""

from __future__ import annotations

from tools.dashboards.model import Dashboard

_NAV = """\
<!-- {notice} -->
<nav search_view="search">
{views}
    <collection label="Searches">
        <view name="search" />
        <view name="reports" />
        <view name="alerts" />
        <saved source="unclassified" />
    </collection>
    <collection label="Set up">
        <view name="inputs" />
        <view name="configuration" />
        <view name="dashboard" />
    </collection>
</nav>
"""


def nav(dashboards: list[Dashboard], notice: str) -> str:
    """The text of default.xml: the dashboards first, the first of them where the app opens."""
    views = (
        f'    <view name="{one.name}"{" default=" + chr(34) + "true" + chr(34) if number == 0 else ""} />'
        for number, one in enumerate(dashboards)
    )
    return _NAV.format(notice=notice, views="\n".join(views))
