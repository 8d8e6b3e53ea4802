"""The pages of the detections: docs/detections.md with the table, and one page each."""

from __future__ import annotations

import textwrap

from tools.detections.confs import NOTICE
from tools.detections.model import Detection
from tools.detections.search import compose

_START = """\
# Detections

<!-- {notice} -->

Saved searches that watch the PCE's audit trail, its VENs and the collection itself. All are shipped off, since one
package goes to forwarders and search heads alike.

## Turn the recommended set on

Do it where people search: on a search head, never on a forwarder. One of these three, whichever your Splunk allows:

**By REST**, Splunk Enterprise and Cloud: nothing on the server, no restart; of a search head cluster ask one member. In
Splunk Cloud an administrator first opens port 8089 to your address (Admin Config Service, IP allow list `search-api`).
The token (Settings → Tokens) has to be of somebody with the role `admin` or `sc_admin`. If nobody that your machine
trusts signed splunkd's certificate, name the file of its authority in `CURL_CA_BUNDLE`. It may be run again.

```bash
SPLUNK=https://search-head.example.com:8089
read -rsp 'Token: ' TOKEN
for id in {names}
do
  curl -sf -o /dev/null -H @<(printf 'Authorization: Bearer %s' "$TOKEN") -d disabled=0 \\
    "$SPLUNK/servicesNS/nobody/TA_illumio_pce/saved/searches/$id" && echo "$id is on" || echo "$id is still off"
done
```

**In Splunk Web**, where the port stays closed: Settings → Searches, reports, and alerts; the app *Illumio PCE Add-on
for Splunk*, owner *Nobody*; then Edit → Enable for each that is recommended below.

**By a file**, Splunk Enterprise: put this into `etc/apps/TA_illumio_pce/local/savedsearches.conf` and restart Splunk;
for a search head cluster into `etc/shcluster/apps/TA_illumio_pce/local/` on the deployer, and apply the bundle.

```
{switch}
```

Actions such as mail or a ticket are added to each search in Splunk Web: Edit → Edit Alert.

With Splunk Enterprise Security set `action.notable = 1` or `action.risk = 1` beside it: labels, annotations, risk
objects and drilldowns are filled already. Without it these settings do nothing.

## How they work

- They read by index time, in windows that meet, one minute behind: an event that comes hours late still alerts, up to
  30 days after its own time. Schedules are continuous, so a search head that was down catches up (24 hours, as shipped
  by Splunk).
- Event types stand in them twice, as a field and as words: by the words the index finds the few events that a search
  reads (how many: `docs/benchmarks.md`).
- Of an event that comes several times the last line counts; it alerts once. Copies are known for a day: one that comes
  later may alert again. `ingest_failing` and `pce_health` judge each line by itself.
- `alert_key` is what throttling goes by: the events, or a user, a host and the like together with the severity, so that
  what is worse than before alerts though the milder is throttled.
- Results are rows by cause, not by event, since Splunk takes at most 500 alerts of a run. More than 50 users
  or addresses of one run go into one row (`who`). `count`, `first_time`, `last_time`, `user`, `src`, `dest`, `href` (of
  all events), `severity` and `reason` are in every row where they exist. The search `illumio_pce_index` (a macro) with
  `href="…"` shows an event itself; in Enterprise Security the drilldown shows those of the alert.
- Every threshold is a macro, and every detection ends in a filter macro: change them in `local/macros.conf`.
- Workloads and labels of high value stand in two lookups, empty as shipped: `illumio_pce_high_value_workloads`
  (`workload`: host name, `*` allowed) and `illumio_pce_high_value_labels` (`label`: a label's href or value).

Try them without Splunk: `./build.sh detect FILE…` replays all over files of events.

### Run them less often

Splunk Cloud can forbid to run searches as often as every five minutes, and says so when one is edited. To run them
every 15 minutes, say, change all that run `*/5` together: `cron_schedule` to `*/15 * * * *`, and the macro
`illumio_pce_new_within` to 960, which is the period and a minute in seconds. `ingest_failing` and `pce_health` have
`dispatch.index_earliest` instead (Edit → Advanced Edit): `-16m@m`.

## All detections

| id | title | severity | runs | recommended |
| --- | --- | --- | --- | --- |
{table}

## What Illumio recommends to monitor

The rows of "Recommended Events to Monitor" in Illumio's guide to events (23.5), and the first of its "Monitoring
Operational Practices". For the others: each page says how to respond, and the events have CIM fields, by which they
stand beside those of other systems.

| to monitor | detection |
| --- | --- |
{illumio}
"""


def index(detections: list[Detection]) -> str:
    """docs/detections.md."""
    recommended = [one.id for one in detections if one.recommended]
    names = textwrap.fill(" ".join(recommended), 110, subsequent_indent="  ", break_on_hyphens=False)
    switch = "\n".join(f"[{name}]\ndisabled = 0" for name in recommended)
    table = "\n".join(
        f"| {_link(one)} | {one.title} | {one.severity} | `{one.runs.cron}` | {'yes' if one.recommended else 'no'} |"
        for one in detections
    )
    parts = {
        "notice": NOTICE,
        "names": names.replace("\n", " \\\n"),
        "switch": switch,
        "table": table,
        "illumio": _recommended_by_illumio(detections),
    }
    return _START.format(**parts)


def _recommended_by_illumio(detections: list[Detection]) -> str:
    answers: dict[str, list[str]] = {}
    for one in detections:
        rows = ", ".join(row if " " in row else f"`{row}`" for row in one.illumio)
        answers.setdefault(rows, []).append(_link(one))
    return "\n".join(f"| {rows} | {', '.join(links)} |" for rows, links in sorted(answers.items()) if rows)


def _link(one: Detection) -> str:
    return f"[`{one.id}`](detections/{one.id}.md)"


def page(one: Detection) -> str:
    """docs/detections/<id>.md."""
    steps = "\n".join(f"{number}. {text}" for number, text in enumerate(one.respond, start=1))
    known = "\n".join(f"- {text}" for text in one.false_positives)
    macros = [
        f"| `illumio_pce_{one.id}_{name}` | `{threshold.value}` | {threshold.meaning} |"
        for name, threshold in one.thresholds.items()
    ]
    macros.append(f"| `illumio_pce_{one.id}_filter` | `search *` | what to leave out |")
    techniques = ", ".join(one.attack) or "none"
    parts = [
        f"# {one.title}",
        f"<!-- {NOTICE} -->",
        f"`{one.id}` · severity {one.severity} · MITRE ATT&CK: {techniques} · throttled {one.quiet_for}"
        f" by {'event' if one.once_by == 'alert_event' else one.once_by}",
        one.description.strip(),
        f"## Why it matters\n\n{one.why.strip()}",
        f"## How to respond\n\n{steps}",
        f"## Known false positives\n\n{known}",
        "## Settings\n\n| macro | as shipped | what |\n| --- | --- | --- |\n" + "\n".join(macros),
        f"## Search\n\n```\n{compose(one)}\n```",
    ]
    return "\n\n".join(parts) + "\n"
