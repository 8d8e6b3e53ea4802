"""Writes the cases as pytest-splunk-addon 7.0.5 reads them: sample files in XML, by its schema.xsd, and their conf."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from tools.replay.cases import WRITERS, Case, cases

#: Our names of datasets → the suite's.
_MODELS = {
    "Change.account": "Change_Account_Management",
    "Change.audit": "Change_Auditing_Changes",
    "Change.endpoint": "Change_Endpoint_Changes",
    "Change.network": "Change_Network_Changes",
    "Event_Signatures": "Event_Signatures_Signatures",
}
_CIM_FIELDS = re.compile(
    "action|app|change_type|command|dest|dvc|id|object|object_(attrs|category|id)|reason|result|result_id|severity|"
    "signature|signature_id|src|src_user|src_user_type|status|type|user|user_type|vendor_account|vendor_product"
)
#: HEC's event endpoint takes them ("modinput"): one event each, through the index-time rules.
_STANZA = """[illumio_pce_{format}\\.xml]
requirement_test_sample = 1
input_type = modinput
host_type = plugin
timestamp_type = plugin
sourcetype = {sent}
sourcetype_to_search = {found}
source = pytest_splunk_addon:illumio_pce
sample_count = 1

"""


def write(folder: Path) -> list[Path]:
    """Write `samples/*.xml` and `pytest-splunk-addon-data.conf` into the folder; what was written."""
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    found, conf, written = list(cases()), "", []
    for format_ in WRITERS:
        own = [case for case in found if case.format == format_]
        path = folder / "samples" / f"illumio_pce_{format_}.xml"
        _document(own).write(path, encoding="utf-8", xml_declaration=True)
        written.append(path)
        # JSON goes in as the API brings it: the suite looks for the text that it sent, and syslog headers are cut off.
        sent = own[0].sourcetype if format_ == "json" else "illumio:pce:syslog"
        conf += _STANZA.format(format=format_, sent=sent, found=own[0].sourcetype)
    path = folder / "pytest-splunk-addon-data.conf"
    path.write_text(conf, encoding="utf-8")
    return [*written, path]


def _document(found: Iterable[Case]) -> ET.ElementTree:
    device = ET.Element("device")
    ET.SubElement(device, "vendor").text = "Illumio"
    ET.SubElement(device, "product").text = "PCE"
    ET.SubElement(device, "version", id="26.2").text = "26.2"
    for case in found:
        device.append(_event(case))
    return ET.ElementTree(device)


def _event(case: Case) -> ET.Element:
    event = ET.Element("event", code="", name=case.name, format=case.format)
    ET.SubElement(event, "transport", type="modinput")
    ET.SubElement(ET.SubElement(event, "source"), "comment").text = case.about
    ET.SubElement(event, "raw").text = case.kept
    cim = ET.SubElement(event, "cim")
    models = ET.SubElement(cim, "models")
    for dataset in case.datasets:
        ET.SubElement(models, "model").text = _MODELS.get(dataset, dataset)
    single = {field: value for field, value in case.fields.items() if isinstance(value, str)}
    fields = ET.SubElement(cim, "cim_fields")
    others = ET.Element("other_mappings")
    for field, value in single.items():
        ET.SubElement(fields if _CIM_FIELDS.fullmatch(field) else others, "field", name=field, value=value)
    if len(others):
        event.append(others)
    return event
