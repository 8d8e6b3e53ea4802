"""The add-on's saved searches by the ids of their detections."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.splunk.refusal import Refused
from workbench.splunk.schedule.savedsearches_conf import Stanzas
from workbench.splunk.schedule.savedsearches_conf import saved_searches as by_name

_ANNOTATIONS = "action.correlationsearch.annotations"


def saved_searches(folders: Sequence[Path]) -> Stanzas:
    """The saved searches by their ids: see `id_of`. A clone, which has the id too, goes by its stanza's name."""
    found: Stanzas = {}
    for name, stanza in by_name(folders).items():
        own = id_of(name, stanza)
        found[name if own in found else own] = stanza
    return found


def id_of(name: str, stanza: Mapping[str, str]) -> str:
    """The id of a shipped detection, which is the annotation `illumio_pce`; the stanza's name of any other search."""
    try:
        annotations = json.loads(stanza.get(_ANNOTATIONS, "{}"))
        return str(annotations["illumio_pce"][0]) if "illumio_pce" in annotations else name
    except (ValueError, TypeError, LookupError):
        raise Refused("is no JSON object of lists", f"savedsearches.conf [{name}] {_ANNOTATIONS}") from None
