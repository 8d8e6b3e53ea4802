"""A search that is read once finds what one finds that is read anew, its subsearches too."""

from __future__ import annotations

import pytest

from workbench.splunk.spl.knowledge import NoKnowledge
from workbench.splunk.spl.search import Prepared, run
from workbench.splunk.spl.store import EventStore, Range

EVENTS = [
    {"_time": str(1000 * n), "_indextime": str(1000 * n + 5), "_raw": f"user-{n % 3} x", "user": f"user-{n % 3}"}
    for n in range(1, 10)
]
SEARCHES = {
    "a subsearch": "index=* [search index=* _index_earliest=8500 | fields user] | table _time user",
    "one that finds nothing": "index=* [search index=* none | fields user] | table _time user",
    "behind OR": "index=* user-1 OR [search index=* _index_earliest=8500 | fields user] | table _time user",
    "behind NOT": "index=* NOT [search index=* _index_earliest=8500 | fields user] | table _time user",
    "behind NOT, among others": "index=* NOT (user-1 [search index=* _index_earliest=8500 | fields user]) | table _time",
    "behind what is one of several": "index=* (user-1 OR user-2) [search index=* 9000 OR user-2 | fields user] | table _time user",
    "behind the base search": "index=* | search [search index=* _index_earliest=8500 | fields user] | table _time user",
    "in an eval": "index=* user-2 | eval n=[search index=* | stats count | return $count] | table _time n",
    "a template": "index=* user-2 | foreach user [eval copy='<<FIELD>>'] | table _time copy",
    "appended": "index=* user-2 | append [search index=* user-1] | table _time user",
    "one inside another": "index=* [search index=* [search index=* 9000 OR user-0 | head 1 | fields user] | fields user]",
}


@pytest.mark.parametrize("text", SEARCHES.values(), ids=SEARCHES)
@pytest.mark.parametrize("now", [20_000.0, 30_000.0])
def test_it_finds_the_same(text: str, now: float) -> None:
    store = EventStore(EVENTS, NoKnowledge())

    prepared = Prepared(text, store, NoKnowledge())

    assert prepared.run(now, "0", "", Range()) == run(text, store, now=now, earliest="0")


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ('search index=main sourcetype="a" | outputlookup append=true t', True),
        ('search index=main sourcetype="b" | outputlookup append=true t', False),
        ('search sourcetype="b" [search index=main | return 1 x=host] | where x=1 | outputlookup append=true t', False),
        # It may find something all the same, or writes even where it finds nothing.
        ('search sourcetype="b" OR sourcetype="a" | outputlookup append=true t', True),
        ('search NOT sourcetype="b" | outputlookup append=true t', True),
        ('search sourcetype="b" OR host=h | outputlookup append=true t', True),
    ],
)
def test_a_search_that_adds_to_a_lookup_is_left_out_where_no_event_has_its_source_type(text: str, reads: bool) -> None:
    store = EventStore([{"_time": "1", "_raw": "x", "index": "main", "sourcetype": "a", "host": "h"}], NoKnowledge())
    prepared = Prepared(text, store, NoKnowledge(), implied_search=False)

    assert prepared.reads(Range()) is reads
