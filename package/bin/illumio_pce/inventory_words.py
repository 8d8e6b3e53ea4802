"""What policy objects hold, in words: `app=Shop`, `443/tcp`, `10.0.0.0/8`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .inventory_values import first_text, href_of, integer_of, objects_of, text_of

_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
_ICMP = (1, 58)
_ALL = -1
_ACTORS = {"ams": "All workloads", "container_host": "Container host"}
#: So many entries are told: an event stays below a million characters, however long they are.
LONGEST_LABELS = 200
_LONGEST_SCOPE = 20
_PEERS = ("label", "label_group", "ip_list", "workload", "virtual_service", "virtual_server", "service")


class Names:
    """What the hrefs of labels and policy objects stand for. `unknown_labels`: how often one was asked for in vain."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self.unknown_labels = 0

    def keep(self, kind: str, href: str, name: str, last: Mapping[str, Any]) -> None:
        """A label is shown as `key=value`, a label group as `key=name`, and everything else by its name."""
        key = last.get("key")
        self._texts[href] = f"{key}={name}" if key and kind in ("label", "label_group") else name

    def keep_label(self, label: Mapping[str, Any]) -> None:
        """A label that stands with its key and value in another object, and is not known by itself."""
        href, key = href_of(label), text_of(label.get("key"))
        if key and href and href not in self._texts:
            self._texts[href] = f"{key}={text_of(label.get('value'))}"

    def of(self, href: str) -> str:
        """The text for a href; empty where nothing is known of it."""
        text = self._texts.get(href, "")
        self.unknown_labels += not text and "/labels/" in href
        return text


def label_text(label: Mapping[str, Any], names: Names) -> str:
    """A label as `key=value`; empty for one that is not known."""
    key, value = text_of(label.get("key")), text_of(label.get("value"))
    return f"{key}={value}" if key else names.of(href_of(label))


def labels_of(record: Mapping[str, Any], names: Names) -> list[str]:
    """The labels of an object in one order, whatever the PCE's is; not more than `LONGEST_LABELS`."""
    return sorted({label_text(label, names) for label in objects_of(record.get("labels") or [])} - {""})[
        :LONGEST_LABELS
    ]


def scope_text(scope: Any, names: Names) -> str:
    """One of a rule set's scopes, in one order: `app=Shop, env!=Prod`; `All` for the one without labels."""
    texts = []
    for item in objects_of(scope or []):
        text = _peer(item, names)
        if text:
            texts.append(text.replace("=", "!=", 1) if item.get("exclusion") is True else text)
    return ", ".join(sorted(texts)[:_LONGEST_SCOPE]) or "All"


def peers(value: Any, names: Names) -> list[str]:
    """Who or what a rule names: labels, label groups, IP lists, workloads, services or ports."""
    texts = []
    for item in objects_of(value or []):
        text = _peer(item, names)
        if text:
            texts.append(f"!{text}" if item.get("exclusion") is True else text)
    return sorted(set(texts))


def _peer(item: Mapping[str, Any], names: Names) -> str:
    actors = text_of(item.get("actors"))
    if actors:
        return _ACTORS.get(actors, actors)
    for kind in _PEERS:
        if isinstance(item.get(kind), Mapping):
            return _name_of(item[kind], names)
    return _name_of(item, names) if href_of(item) else port_text(item)


def _name_of(item: Mapping[str, Any], names: Names) -> str:
    """The name of an object: as it was read, as it stands here, or its href."""
    href = href_of(item)
    own = label_text(item, names) if item.get("key") and item.get("value") else ""
    return own or names.of(href) or first_text(item.get("name"), item.get("hostname")) or href


def ports(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ports of a service, each once and in one order: `443/tcp`, `8000-8010/udp`, `all`."""
    return sorted(set(map(port_text, entries)) - {""})


def port_text(entry: Mapping[str, Any]) -> str:
    """One port, range of ports, protocol, or Windows service or process."""
    protocol, port, to_port = (integer_of(entry.get(name)) for name in ("proto", "port", "to_port"))
    program = first_text(entry.get("service_name"), entry.get("process_name"))
    if protocol is None and port is None:
        return program
    if protocol == _ALL and port is None:
        return program or "all"
    name = _PROTOCOLS.get(protocol or 0, "" if protocol is None else f"protocol {protocol}")
    if protocol in _ICMP:
        kind, code = integer_of(entry.get("icmp_type")), integer_of(entry.get("icmp_code"))
        return name if kind is None else f"{name} {kind}" if code is None else f"{name} {kind}/{code}"
    span = "" if port is None else f"{port}-{to_port}" if to_port and to_port != port else str(port)
    text = "/".join(filter(None, (span, name)))
    return f"{text} {program}" if program else text


def ranges(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ranges of an IP list in one order: `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, `!` before one that is left out."""
    texts = []
    for entry in entries:
        low, high = text_of(entry.get("from_ip")), text_of(entry.get("to_ip"))
        if low:
            text = f"{low}-{high}" if high and high != low else low
            texts.append(f"!{text}" if entry.get("exclusion") is True else text)
    return sorted(texts, key=lambda text: (text.startswith("!"), text))
