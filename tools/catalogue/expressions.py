"""Pieces of expressions and searches that follow from the catalogue."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tools.catalogue import entries
from tools.catalogue.entries import Row

#: Datasets that few events belong to, so that the words of their types are worth looking up in the index.
_FEW = ("Alerts", "Authentication", "Change.Account_Management", "Change.Auditing_Changes")


def pieces() -> dict[str, str]:
    """Name → text of every piece that the templates may name as `[[name]]`."""
    found = {f"names:{dataset}": _quoted(entries.names(entries.event_types(dataset))) for dataset in _datasets()}
    found.update({f"terms:{d}": _terms(_as_written(entries.names(entries.event_types(d)))) for d in _FEW})
    found.update(
        alert_notifications="|".join(map(re.escape, entries.alert_notifications())),
        alert_notification_terms=_terms(entries.alert_notifications()),
        change_patterns=_quoted(f"*.{verb}" for verb in entries.CHANGE_VERBS),
        action_by_type=_action_by_type(),
        change_type_by_type=_change_type_by_type(),
        change_type_by_path=_change_type_by_path(),
        category_by_type=_category_by_type(),
        **_change_lists(),
    )
    return found


def _datasets() -> set[str]:
    return {row["cim_dataset"] for row in entries.event_types()}


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _as_written(types: Iterable[str]) -> Iterator[str]:
    """The types as they stand in an event: CEF and LEEF put the status behind."""
    return (name + status for name in types for status in ("", ".success", ".failure"))


def _terms(names: Iterable[str]) -> str:
    """The names as whole words of the raw text, which the index knows; their parts are in every other event."""
    return " OR ".join(f"TERM({name})" for name in names)


def _is_one_of(names: Iterable[str]) -> str:
    """Whether a type is one of the names: compared, since a regular expression would cost more."""
    return f"in({{{{event_type}}}},{_quoted(names)})"


def _any_of(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


def _change_lists() -> dict[str, str]:
    changes = entries.names(entries.event_types("Change"))
    others = set(entries.names(entries.event_types())) - set(changes)
    return {
        "change_names": _quoted(name for name in changes if not entries.goes_by_verb(name)),
        "names_of_others_that_fit": _quoted(sorted(filter(entries.goes_by_verb, others)) or ["none"]),
    }


def _action_by_type() -> str:
    """Arguments of case(): the verb's action, after what the catalogue says of types where the verb is silent."""
    exceptions: dict[str, list[str]] = defaultdict(list)
    for row in entries.event_types("Change"):
        if row["action"] != entries.action_by_verb(row["event_type"]):
            exceptions[row["action"]].append(row["event_type"])
    verbs: dict[str, list[str]] = defaultdict(list)
    for verb, action in entries.CHANGE_VERBS.items():
        verbs[action].append(verb)
    cases = [(_is_one_of(names), action) for action, names in exceptions.items()]
    cases += [(" OR ".join(map(_ends_with, found)), action) for action, found in verbs.items()]
    return _cases(cases)


def _ends_with(verb: str) -> str:
    return f'like({{{{event_type}}}},"%.{verb}")'


def _category_by_type() -> str:
    """Arguments of case(): kinds of object that a change's name does not say."""
    exceptions: dict[str, list[str]] = defaultdict(list)
    for row in entries.event_types("Change"):
        if row["object_category"] not in ("user", entries.category_by_resource(row["event_type"])):
            exceptions[row["object_category"]].append(row["event_type"])
    return _cases([(_is_one_of(names), category) for category, names in exceptions.items()])


def _change_types() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Groups of resources, and of types that stand apart from their resource: group → names."""
    groups: dict[str, list[str]] = defaultdict(list)
    single: dict[str, list[str]] = defaultdict(list)
    for resource, found in _by_resource().items():
        kinds = {row["change_type"] for row in found if row["change_type"]}
        if len(kinds) == 1 and resource not in ("", "system_task"):
            groups[kinds.pop()].append(resource)
            continue
        for row in found:
            if row["change_type"]:
                single[row["change_type"]].append(row["event_type"])
    return groups, single


def _change_type_by_type() -> str:
    """Arguments of case(): the group of a type's resource, after types that stand apart from their resource."""
    groups, single = _change_types()
    cases = [(_is_one_of(names), group) for group, names in single.items()]
    cases += [(f"in([[resource]],{_quoted(resources)})", group) for group, resources in groups.items()]
    return _cases(cases)


def _change_type_by_path() -> str:
    """The group of the resource that a refused request names; in one chain, so that the long path stands there once."""
    text = "[[path_kind]]"
    for group, resources in _change_types()[0].items():
        text = f'replace({text},"^{_any_of(resources)}$","={group}")'
    return f'replace(replace({text},"^(?!=).*$","other"),"^=","")'


def _by_resource() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in entries.event_types():
        resource = row["resource"] if "." in row["event_type"] else ""
        found[resource].append(row)
    return found


def _cases(cases: list[tuple[str, str]]) -> str:
    return ",".join(f'{condition},"{value}"' for condition, value in cases)
