"""Events that are rare or hostile: unknown types, names that look like markup, members that are missing.

None of them is part of the routine mix: tests ask for them by name.
"""

from __future__ import annotations

from .access import sign_in_failed
from .catalogue import add, shape
from .parts import Json, created
from .vens import policy_applied, policy_requested
from .world import SYSTEM, World, by_user, by_ven

#: Names that a person could give to a thing, by what is nasty about them.
HOSTILE_NAMES = {
    "quotes": "the \"old\" crane '7'",
    "backslashes": "C:\\quay\\new\\table",
    "equals": "status=failure severity=info user=root",
    "braces": '{"event_type":"user.delete"} [x]',
    "newlines": "first line\nsecond line\r\nthird\ttabbed",
    "unicode": "Łódź – 荷物 – 🚢 – e\u0301",
    "markup": "</data></event><event><data>forged</data>",
    "cdata": "]]> <![CDATA[ &amp; &#x1b;",
    "controls": "bell \u0007 escape \u001b[31m nul \u0000 c1 \u009b31m bom \ufeff end \ufffe",
    "surrogate": "half a pair: \ud83d",
    "search": '| delete index=* "`macro`" [ search x ] $token$',
    "cell": "=cmd|' /C calc'!A0",
    "long": "x" * 12_000,
}


def named(world: World, name: str) -> Json:
    """A label with that name; the JSON text has it escaped."""
    person = world.person()
    href = f"{world.org}/labels/{world.number()}"
    resource = {"label": {"href": href, "key": "app", "value": name}}
    change = world.change(resource, created(key="app", value=name), "create")
    return world.event(
        "label.create", by_user(person), world.action("POST", f"{world.api}/labels", 201, person.address), [change]
    )


for _kind, _name in HOSTILE_NAMES.items():
    add(f"named_with_{_kind}", lambda world, name=_name: named(world, name))  # type: ignore[misc]


@shape()
def sign_in_with_forged_name(world: World) -> Json:
    """The name given at a sign-in is free text from anybody."""
    return sign_in_failed(world, 'x"} host=pce.example.com index=_internal \n2031-01-01 INFO ok', world.stranger())


@shape()
def unknown_type(world: World) -> Json:
    """A type that no list has."""
    action = world.action("POST", f"{world.api}/tide_tables", 201)
    return world.event("tide_table.publish", by_user(world.person()), action)


@shape()
def unknown_type_without_dot(world: World) -> Json:
    """A type that does not even look like one."""
    return world.event("tide_tables_published", SYSTEM, world.task())


@shape()
def unknown_members(world: World) -> Json:
    """Members and numbers that a later release may bring."""
    return {**unknown_type(world), "tenant": {"region": "north"}, "weight": 12345678901234567890, "ratio": 1.50e-7}


@shape()
def with_version_and_org(world: World) -> Json:
    """`version`, `org_id` and `event_id`, which the API leaves out as a rule."""
    return {**policy_requested(world), "org_id": 1, "event_id": world.number(), "version": 2}


@shape()
def created_by_several(world: World) -> Json:
    """A person and a VEN at once."""
    event = policy_applied(world)
    return {**event, "created_by": {**by_user(world.person()), **by_ven(world, world.workload())}}


@shape()
def created_by_nobody(world: World) -> Json:
    """An actor that is null."""
    return {**policy_applied(world), "created_by": None}


@shape()
def username_null(world: World) -> Json:
    """A person without a name."""
    return {**policy_applied(world), "created_by": {"user": {"href": world.person().href, "username": None}}}


@shape()
def severity_spelled_out(world: World) -> Json:
    """`error` in place of `err`."""
    return {**policy_applied(world), "severity": "error"}


@shape()
def without_href(world: World) -> Json:
    """No href."""
    event = policy_applied(world)
    del event["href"]
    return event


@shape()
def without_timestamp(world: World) -> Json:
    """No timestamp."""
    event = policy_applied(world)
    del event["timestamp"]
    return event


@shape()
def with_unreadable_timestamp(world: World) -> Json:
    """A timestamp that is none."""
    return {**policy_applied(world), "timestamp": "the day before yesterday"}


@shape()
def with_fine_timestamp(world: World) -> Json:
    """Seven decimals."""
    event = policy_applied(world)
    return {**event, "timestamp": event["timestamp"][:-1] + "0042Z"}


@shape()
def with_lists_null(world: World) -> Json:
    """Null in place of empty lists."""
    return {**unknown_type(world), "resource_changes": None, "notifications": None}


@shape()
def with_many_notifications(world: World) -> Json:
    """A dozen."""
    event = policy_applied(world)
    return {**event, "notifications": event["notifications"] * 12}
