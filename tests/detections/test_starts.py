"""When searches start: spread over their periods, each at an offset of its own, and no index time left out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tools.detections.model import SCHEDULES, Detection, read_all
from workbench.splunk.schedule.cron import parse_cron
from workbench.splunk.schedule.savedsearches_conf import all_searches
from workbench.splunk.spl.relative_time import resolve

ROOT = Path(__file__).resolve().parents[2]
SEARCHES = all_searches([ROOT / "package"])
HOUR, DAY = 3600, 86_400
#: What docs/detections.md promises.
MOST = 15


def _starts(name: str, until: int = DAY) -> list[int]:
    return list(parse_cron(SEARCHES[name]["cron_schedule"]).times(0, until))


def test_no_minute_has_many_starts() -> None:
    scheduled = [name for name, stanza in SEARCHES.items() if "cron_schedule" in stanza]
    starts = Counter(start for name in scheduled for start in _starts(name, HOUR))

    assert starts.keys() == set(range(0, HOUR, 60))
    assert max(starts.values()) <= MOST
    assert f"at most\n  {MOST} start in the same minute" in (ROOT / "docs" / "detections.md").read_text(
        encoding="utf-8"
    )


def test_an_offset_follows_from_the_id_alone() -> None:
    """Written down once: a search that moves loses its throttling, and may miss a run."""
    crons = {one.id: one.cron for one in read_all()}

    assert crons["ven_suspended"] == "1-59/5 * * * *"
    assert crons["events_silent"] == "5-59/15 * * * *"
    assert crons["volume_changed"] == "22 * * * *"
    assert SCHEDULES["every 5 minutes"].cron("a_new_one") == "1-59/5 * * * *"


@pytest.mark.parametrize("one", read_all(), ids=lambda one: one.id)
def test_index_times_of_successive_runs_meet(one: Detection) -> None:
    """Each run reads, or takes for new, what was indexed since the run before it: no gap, no overlap."""
    settings, starts, period = SEARCHES[one.stanza], _starts(one.stanza), 60 * one.runs.period
    assert len(starts) == DAY // period
    for before, start in zip(starts, starts[1:]):
        assert start - before == period
        # Searches that read each line once have a window of that length; to the others a macro says what is new.
        begin = resolve(settings["dispatch.index_earliest"], start) if one.runs.lookback == 6 else start - period - 60
        assert begin == resolve(settings["dispatch.index_latest"], before)
    assert settings.get("allow_skew", "0") == "0"
