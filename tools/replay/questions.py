"""What no source settles and much depends on, as searches that a real Splunk answers by itself.

docs/assumptions.md begins with the same list. What each question expects is what our searches were written for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: The end of the time range in which they are asked; a detection searches until then too.
LATEST = "+24h"


@dataclass(frozen=True)
class Question:
    """A search, the rows that we expect, and what depends on them."""

    id: str
    about: str
    spl: str
    expected: list[dict[str, Any]]


QUESTIONS = (
    Question(
        "streamstats-looks-back-on-all-rows",
        "nothing: the pages number events by accum",
        "| makeresults count=10002 | streamstats count AS n | stats max(n) AS most",
        [{"most": "10002"}],
    ),
    Question(
        "accum-numbers-all-rows",
        "the pages that name detections would leave events out",
        "| makeresults count=10002 | eval n=1 | accum n | stats dc(n) AS numbers",
        [{"numbers": "10002"}],
    ),
    Question(
        "time-window-goes-by-group",
        "detections with a window would count too much or too little",
        '| makeresults count=4 | streamstats count AS i | eval _time=1900000000+10*i, who=if(i%2=0,"a","b")'
        " | streamstats time_window=25s count AS n BY who | table i who n",
        [
            {"i": "1", "who": "b", "n": "1"},
            {"i": "2", "who": "a", "n": "1"},
            {"i": "3", "who": "b", "n": "2"},
            {"i": "4", "who": "a", "n": "2"},
        ],
    ),
    Question(
        "time-window-holds-all-rows",
        "detections with a window would miss events where more than 10,000 lie in it",
        '| makeresults count=10002 | eval n=1 | accum n | eval _time=1900000000, who=if(n=1 OR n=10002,"a",n)'
        " | streamstats time_window=60s count AS found BY who | stats max(found) AS most",
        [{"most": "2"}],
    ),
    Question(
        "eventstats-keeps-50000-groups",
        "detections would miss alerts",
        "| makeresults count=50000 | eval n=1 | accum n | eventstats count AS found BY n | stats count(found) AS known",
        [{"known": "50000"}],
    ),
    Question(
        "addinfo-tells-a-time-that-is-ahead",
        "nothing: the time of a run is read either way",
        '| makeresults | addinfo | eval ahead=if(info_max_time>info_search_time,"yes","no") | table ahead',
        [{"ahead": "yes"}],
    ),
)
