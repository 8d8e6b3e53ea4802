"""Large events under Splunk's default limits: 5,000 bytes, 100 fields, 100,000 steps of a pattern."""

from __future__ import annotations

import json
import re
from typing import Any

import pcre2
import pytest

from tests.cim import formats, splunk

EVENT = splunk.sample("workloads_enforcement")["event"]


def record(number: int) -> dict[str, Any]:
    """A change of one workload with a name that has JSON's own signs in it."""
    workload: dict[str, Any] = {
        "href": f"/orgs/7/workloads/{number}",
        "name": None,
        "hostname": f'berth "{number}" ]}}',
        "labels": [],
    }
    changes = {"enforcement_mode": {"before": "full", "after": "idle"}}
    return {"uuid": str(number), "resource": {"workload": workload}, "changes": changes, "change_type": "update"}


def large(count: int) -> formats.Event:
    return {**EVENT, "status": None, "resource_changes": [record(number) for number in range(count)]}


@pytest.mark.parametrize("count", [30, 5000])
@pytest.mark.parametrize(
    "write",
    [formats.as_json, formats.spaced_json, formats.as_leef, formats.as_cef],
    ids=["json", "sorted", "leef", "cef"],
)
def test_a_large_event_is_read_completely(count: int, write: formats.Writer) -> None:
    line = write(large(count))
    assert len(line) > (5_000 if count == 30 else 1_000_000)
    found = splunk.read(line)
    assert len(found["object"]) == len(found["dest"]) == len(found["changed"]) == count
    assert (found["user"], found["status"], found["action"]) == ("marit@harbour.example", "success", "modified")
    assert found["object_id"][-1] == f"/orgs/7/workloads/{count - 1}"
    assert splunk.datasets(found) == ["Change", "Change.endpoint"]


@pytest.mark.parametrize(("run", "times"), [(" ", 400_000), ("#012", 10_000), (" #015", 10_000)])
def test_removing_relay_leftovers_takes_linear_time(run: str, times: int) -> None:
    """Looked at from each of its places, it would take hours."""
    event = {"event_type": "user.sign_in", "href": "/orgs/1/events/1", "note": run * times + "x"}
    line = json.dumps(event)
    found = splunk.read(f"<14>1 header {line}{run * 3}")
    assert (found["sourcetype"], found["_raw"]) == ("illumio:pce:events", line)


def test_more_than_a_hundred_fields_do_not_affect_ours() -> None:
    changes = {f"attribute_{number}": {"before": None, "after": number} for number in range(150)}
    event = {**EVENT, "resource_changes": [{**record(1), "changes": changes}]}
    found = splunk.read(formats.spaced_json(event))
    assert len(found["object_attrs"]) == 150
    assert (found["event_type"], found["src"], found["status"]) == ("workloads.update", "198.51.100.24", "success")


@pytest.mark.parametrize("name", splunk.sample_names())
def test_fields_do_not_depend_on_splunks_own_json(name: str) -> None:
    """How Splunk shows a JSON null or an empty list is documented nowhere: without its extraction all is the same."""
    line = formats.as_json(splunk.sample(name)["event"])
    without = splunk.read(line, more={"props.conf": "[illumio:pce:events]\nKV_MODE = none\n"})
    with_it = splunk.read(line)
    assert {f: without.get(f) for f in splunk.audit_fields()} == {f: with_it.get(f) for f in splunk.audit_fields()}
    assert without.get("eventtype") == with_it.get("eventtype")


#: Defaults of transforms.conf.spec (DEPTH_LIMIT) and limits.conf.spec ([rex] match_limit, depth_limit).
DEPTH, EVAL_LIMIT = 1000, 100_000


@pytest.mark.parametrize(
    ("names", "source", "write"),
    [
        (["illumio_pce_json"], "_raw", formats.as_json),
        (["illumio_pce_json"], "_raw", formats.spaced_json),
        (["illumio_pce_cef_name", "illumio_pce_cef_tail"], "cef_keys", formats.as_cef),
        (["illumio_pce_leef_name", "illumio_pce_leef_tail"], "leef_keys", formats.as_leef),
    ],
)
def test_pattern_keeps_to_the_depth_that_splunk_allows(names: list[str], source: str, write: formats.Writer) -> None:
    """PCRE as it runs without a just-in-time compiler, which knows no depth."""
    text = splunk.read(write(large(5000)))[source]
    for name in names:
        found = as_splunk_runs(name).search(text)
        assert found
        assert found.end() > len(text) - 10
        text = found.group(source.replace("keys", "tail")) if name.endswith("_name") else found.group("changes_json")
    assert text.count('"uuid"') == 5000


def test_depth_is_set_wherever_a_pattern_recurses() -> None:
    stanzas = splunk.knowledge(())[0].stanzas("transforms").values()
    recursing = [one for one in stanzas if re.search(r"\(\?[1-9]\)", one.text("REGEX"))]
    assert len(recursing) > 10
    assert [one.name for one in recursing if "DEPTH_LIMIT" not in one] == []


def test_a_change_as_large_as_an_event_keeps_to_that_depth_too() -> None:
    change = {**record(1), "changes": {f"attribute_{n}": {"before": [n], "after": {"n": "]}"}} for n in range(20_000)}}
    text = json.dumps([change, record(2)])
    assert len(text) > 1_000_000
    first, second = as_splunk_runs("illumio_pce_changed").finditer(text)
    assert json.loads(first.group("audit_changes")) == change["changes"]
    assert (second.group("audit_how"), second.end()) == ("update", len(text) - 1)


def as_splunk_runs(name: str) -> Any:
    """The stanza's pattern, under Splunk's limits of steps and depth."""
    settings = splunk.knowledge(())[0].stanzas("transforms")[name]
    limits = f"(*LIMIT_MATCH={settings.text('MATCH_LIMIT', str(EVAL_LIMIT))})(*LIMIT_DEPTH={DEPTH})"
    return pcre2.compile(limits + settings.text("REGEX"), pcre2.ASCII, jit=False)


@pytest.mark.parametrize("write", [formats.as_json, formats.as_cef, formats.as_leef], ids=["json", "cef", "leef"])
def test_patterns_of_index_time_keep_to_the_limits_of_evals(write: formats.Writer) -> None:
    """None gives up on a line as long as a PCE writes it: CEF that is cut in two ends below 12,000 characters."""
    stanzas = splunk.knowledge(())[0].stanzas("transforms").values()
    text = "\n".join(stanza.text("INGEST_EVAL") for stanza in stanzas if "INGEST_EVAL" in stanza)
    patterns = set(re.findall(r'(?:match|replace)\([\w()]+,\s*"((?:[^"\\]|\\.)+)"', text))
    assert len(patterns) >= 10
    for pattern in patterns:
        limited = f"(*LIMIT_MATCH={EVAL_LIMIT})(*LIMIT_DEPTH={DEPTH}){pattern}"
        code = pcre2.compile(limited.replace('\\"', '"'), pcre2.ASCII, jit=False)
        code.search(write(large(40 if "cs3" in pattern else 5000)))
