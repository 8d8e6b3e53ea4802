"""The files of the project.

What contentctl has no key for is lost: next steps, severities by row, alerts by result. Times of the index stand in the
search, and each detection has a deployment of its own, with its schedule and its texts.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from tools.contentctl.spl import Macros
from tools.detections import keepers
from tools.detections.confs import own_macros, settings, versions
from tools.detections.macros import Macro
from tools.detections.model import ROOT, Detection, read_all
from tools.detections.released import Version, manifest, uuid_of
from tools.detections.search import compose
from workbench.splunk.conf.reader import Confs

#: Also the prefix of saved searches; the add-on's own begin with "Illumio PCE", and both may be installed.
LABEL = "PCE"
STORY = "Illumio PCE"
AUTHOR = "The TA_illumio_pce authors"
_PRODUCTS = ["Splunk Enterprise", "Splunk Enterprise Security", "Splunk Cloud"]
_ASSETS = {"access": "Account", "endpoint": "Endpoint", "identity": "Identity", "network": "Network"}
_LOOKUP = re.compile(r"\b(?:input|output)?lookup (?:\w+=\S+ )*(illumio_pce_\w+)")
# Folders that contentctl asks for.
_EMPTY = ("baselines", "dashboards", "data_sources", "deployments", "playbooks", "removed")
_TESTED = "Its samples are in the repository of the add-on, whose tests replay them."


def files() -> dict[str, str]:
    """Path in the project → text."""
    detections, released = read_all(), versions()
    macros = Macros([*keepers.all_macros(keepers.read_all()), *own_macros(detections)])
    found: dict[str, Any] = {"contentctl.yml": _configuration(), "stories/illumio_pce.yml": _story(detections)}
    texts = []
    for one in detections:
        written = _detection(one, released[one.id], macros)
        found[f"detections/{stem(one)}.yml"] = written
        texts += [_without_filter(one), *(drilldown["search"] for drilldown in one.drilldown_searches)]
    called = macros.all_called(texts)
    found |= {f"macros/{macros.name(one)}.yml": _macro(one, macros) for one in called}
    result = {path: yaml.safe_dump(text, sort_keys=False, width=120) for path, text in found.items()}
    empty = {f"{folder}/.gitkeep": "" for folder in _EMPTY}
    return result | empty | _lookups([*texts, *(one.definition for one in called)])


def name_of(detection: Detection) -> str:
    """Its name without commas, which would stand in the name of its filter macro."""
    return detection.name.replace(",", "")


def stem(detection: Detection) -> str:
    """The name of its file, as contentctl derives it from the name."""
    return re.sub(r"[-./ ]", "_", name_of(detection)).lower()


def _configuration() -> dict[str, Any]:
    version, _ = manifest()
    app = {
        "title": "Illumio PCE detections", "appid": "illumio_pce_detections", "prefix": "PCE", "label": LABEL,
        "version": version, "description": "The detections of the Illumio PCE Add-on for Splunk.",
        "author_name": AUTHOR, "author_email": "unknown@example.com", "author_company": AUTHOR,
    }  # fmt: skip
    return {"path": ".", "app": app}


def _story(detections: list[Detection]) -> dict[str, Any]:
    return {
        "name": STORY,
        **_about("story", 1),
        "description": "Detections on the audit trail, the VENs and the health of an Illumio PCE.",
        "narrative": "Whoever controls the PCE decides what workloads may talk to each other. These"
        f" {len(detections)} detections watch who signs in, what they change, and whether enforcement stops anywhere.",
        "references": [],
        "tags": {"category": ["Adversary Tactics"], "product": _PRODUCTS, "usecase": "Security Monitoring"},
    }


def _about(what: str, version: int, date: str = "") -> dict[str, Any]:
    day = date or manifest()[1]
    return {"id": uuid_of(what), "version": version, "date": day, "author": AUTHOR, "status": "production"}


def _detection(one: Detection, version: Version, macros: Macros) -> dict[str, Any]:
    drilldowns = [*one.drilldown_searches, {**one.drilldown_searches[0], "name": "The rows of the alert"}]
    drilldowns[-1]["search"] = "%original_detection_search%"
    return {
        "name": name_of(one),
        **_about(one.id, version.number, version.date),
        "type": "TTP",
        "description": one.description.strip(),
        "explanation": one.why.strip(),
        "data_source": [],
        "search": _search(one, macros),
        "how_to_implement": one.how_to_implement.strip(),
        "known_false_positives": one.known_false_positives.strip(),
        "references": [],
        "drilldown_searches": [{**each, "search": macros.written(each["search"])} for each in drilldowns],
        "rba": {
            "message": one.rba.message,
            "risk_objects": [{"field": it.copy, "type": it.type, "score": it.score} for it in one.rba.risk_objects],
            "threat_objects": [{"field": it.copy, "type": it.type} for it in one.rba.threat_objects],
        },
        "tags": {
            "analytic_story": [STORY],
            "asset_type": _ASSETS.get(one.domain, "Infrastructure"),
            "mitre_attack_id": _most_specific(one.attack),
            "product": _PRODUCTS,
            "security_domain": one.domain,
            "throttling": {"fields": ["alert_key"], "period": one.quiet_for},
            "manual_test": _TESTED,
        },
        "deployment": _deployment(settings(one, version)),
    }


def _without_filter(one: Detection) -> str:
    return compose(one).removesuffix(f"`illumio_pce_{one.id}_filter`")


def _search(one: Detection, macros: Macros) -> str:
    """The search between the index times that its conf has as dispatch times."""
    text = _without_filter(one)
    if not text.startswith("|"):
        begin = f"_index_earliest=-{one.runs.lookback}m@m " if one.runs.lookback else ""
        text = f"{begin}_index_latest=-1m@m {text}"
    return f"{macros.written(text)} `{stem(one)}_filter`"


def _most_specific(techniques: list[str]) -> list[str]:
    families = {technique.partition(".")[0] for technique in techniques if "." in technique}
    return [technique for technique in techniques if technique not in families]


def _deployment(conf: dict[str, str]) -> dict[str, Any]:
    return {
        "scheduling": {
            "cron_schedule": conf["cron_schedule"],
            "earliest_time": conf["dispatch.earliest_time"],
            "latest_time": conf["dispatch.latest_time"],
            "schedule_window": "0",
        },
        "alert_action": {
            "notable": {
                "rule_title": conf["action.notable.param.rule_title"],
                "rule_description": conf["action.notable.param.rule_description"],
                "nes_fields": conf["action.notable.param.nes_fields"].split(","),
            },
            "rba": {"enabled": "true"},
        },
    }


def _macro(one: Macro, macros: Macros) -> dict[str, Any]:
    arguments = {"arguments": one.arguments} if one.arguments else {}
    return {
        "name": macros.name(one),
        "definition": macros.written(one.definition),
        **arguments,
        "description": one.description,
    }


def _lookups(texts: list[str]) -> dict[str, str]:
    """The lookups that searches and macros name, with the files of those that are files."""
    transforms = Confs.load(ROOT / "package").stanzas("transforms")
    found: dict[str, str] = {}
    for name in sorted({name for text in texts for name in _LOOKUP.findall(text)}):
        conf = transforms[name].texts()
        about: dict[str, Any] = {
            "name": name,
            **_about(f"lookup {name}", 1),
            "description": "A lookup of the Illumio PCE Add-on for Splunk.",
            "case_sensitive_match": conf.get("case_sensitive_match") != "false",
            "match_type": [one.strip() for one in conf.get("match_type", "").split(",") if one.strip()],
            **({"default_match": conf["default_match"]} if "default_match" in conf else {}),
            **{key: int(conf[key]) for key in ("min_matches", "max_matches") if key in conf},
        }
        if "filename" in conf:
            about["lookup_type"] = "csv"
            found[f"lookups/{name}.csv"] = (ROOT / "package/lookups" / conf["filename"]).read_text(encoding="utf-8")
        else:
            fields = [one.strip() for one in conf["fields_list"].split(",")]
            about |= {"lookup_type": "kvstore", "fields": ["_key", *(one for one in fields if one != "_key")]}
        found[f"lookups/{name}.yml"] = yaml.safe_dump(about, sort_keys=False, width=120)
    return found
