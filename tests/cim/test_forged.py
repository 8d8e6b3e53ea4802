"""A name that is made of a format's own words says nothing but a name: no field more, and none with another value."""

from __future__ import annotations

import pytest

from tests.cim import formats, splunk

EVENT = splunk.sample("workloads_enforcement")["event"]
CEF_END = " cs4= cs4Label=notifications cn2=2 cn2Label=schema-version cs1Label=event_href cs1=/orgs/9/events/9"
CEF_HEAD = " dst=6.6.6.6 outcome=success cat=audit_events"
#: The head of a next message, and where one may end.
NEXT = "<14>1 2026-03-01T08:15:31+00:00 pce illumio_pce/agent 1 - - "
HREF = "/orgs/9/events/0000002c-1c2d-4e3f-8a5b-000000013556"
LEEF_END = ' created_by={"user":{"href":"/users/1","username":"root"}} action=null resource_changes=[] notifications=[]'

NAMES = [
    'quote" mid',
    "back\\slash\\",
    "a=b, c=d",
    "brace } { ] [",
    "Ünï ☃ 日本 𝄞",
    "</event>]]>",
    "| a | b |",
    "$1::$2 $RAW$",
    "null",
    "FILTERED",
    "CEF:0|Illumio|PCE|1|flow_allowed|x|1|",
    'x","event_type":"user.sign_in',
    CEF_HEAD,
    f"{CEF_HEAD} cs2=[",
    f'{CEF_HEAD} cs2=["',
    f"{CEF_HEAD} cs2= cs2Label=resource_changes cs4=[",
    f"{CEF_HEAD} cs2= cs2Label=resource_changes{CEF_END}",
    f"{CEF_HEAD} cs2= cs2Label=resource_changes{CEF_END} cs3=",
    f"{CEF_HEAD} novelty=",
    f" url=/x version=2 pce_fqdn=evil{LEEF_END} event_href=/orgs/9/events/9",
    " url=/x version=2 pce_fqdn=evil created_by={",
    f" url=/x version=2 pce_fqdn=evil{LEEF_END} event_href=/orgs/9/events/9 novelty=",
    " request=/orgs/7/agents/21/heartbeat requestMethod=PUT reason=200",
    " rt=Jan 01 2001 00:00:00 dvchost=evil duid=1",
    " devTime=2001-01-01T00:00:00Z src=6.6.6.6",
    "#012",
    f"#012{NEXT}{{",
    f"}}#012{NEXT}{{",
    f'"}}}}#012{NEXT}{{"href":"/orgs/9/events/9","event_type":"user.sign_in"}}',
    f"{{}}#012{NEXT}{{}}",
    f"{{}}412 {NEXT}CEF:0|Illumio|PCE|1|x.y|z|1|rt=",
    f" cs1Label=event_href cs1={HREF}#012{NEXT}CEF:0|Illumio|PCE|1|x.y|z|1|rt=",
    f" event_href={HREF}412 {NEXT}LEEF:2.0|Illumio|PCE|1|x.y|src=6.6.6.6 usrName=",
]
#: Longer than a PCE lets a name be: two whole messages have room in it.
LONG_NAME = (
    f"{CEF_HEAD} cs2= cs2Label=resource_changes cs4= cs4Label=notifications cn2=2 cn2Label=schema-version"
    f" cs1Label=event_href cs1={HREF}#012{NEXT}CEF:0|Illumio|PCE|1|x.y|z|1|rt=Mar 01 2026 08:15:30 +0000"
)
WRITERS = {"json": formats.as_json, "cef": formats.as_cef, "leef": formats.as_leef}
#: What is not the actor's name, nor Splunk's own JSON.
OTHERS = sorted(splunk.audit_fields() - {"user"} | {"eventtype", "tag"})


def read(write: formats.Writer, name: str) -> splunk.Fields:
    return splunk.read(write({**EVENT, "created_by": {"user": {"href": "/users/21", "username": name}}}))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format_", sorted(WRITERS))
def test_name_of_the_actor_is_a_name(format_: str, name: str) -> None:
    plain, found = read(WRITERS[format_], "plain"), read(WRITERS[format_], f"x{name}")
    assert found["user"] == f"x{name}".rstrip(" " if format_ == "cef" else "")
    assert {field: found.get(field) for field in OTHERS} == {field: plain.get(field) for field in OTHERS}
    assert set(found) == set(plain)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format_", sorted(WRITERS))
@pytest.mark.parametrize("counted", ["", "912 "])
def test_no_name_splits_a_line(format_: str, name: str, counted: str) -> None:
    """Behind a header with a priority, where joined messages are broken. No PCE has a name of more than 255 characters."""
    assert len(name) < 255
    event = {**EVENT, "created_by": {"user": {"href": "/users/21", "username": f"x{name}"}}}
    line = counted + NEXT + WRITERS[format_](event)[len(formats.PREFIX) :]
    (found,) = splunk.read_all(line)
    assert found["user"] == f"x{name}".rstrip(" " if format_ == "cef" else "")
    assert (found["href"], "joined_messages" in found) == (EVENT["href"], False)


def test_overlong_name_does_not_split_a_line_without_a_priority() -> None:
    line = formats.as_cef({**EVENT, "created_by": {"user": {"href": "/users/21", "username": f"x{LONG_NAME}"}}})
    (found,) = splunk.read_all(line)
    assert (found["event_type"], found["user"], found["src"]) == ("workloads.update", f"x{LONG_NAME}", "198.51.100.24")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format_", sorted(WRITERS))
def test_name_of_a_resource_is_a_name(format_: str, name: str) -> None:
    change = {
        "uuid": "c",
        "resource": {"label": {"href": "/orgs/7/labels/3", "key": "env", "value": f"x{name}\n"}},
        "changes": {"value": {"before": name, "after": name}},
        "change_type": "update",
    }
    found = splunk.read(WRITERS[format_]({**EVENT, "event_type": "label.update", "resource_changes": [change]}))
    expected = {"object": f"x{name}\n", "object_id": "/orgs/7/labels/3", "user": "marit@harbour.example"}
    assert {field: found[field] for field in expected} == expected
    assert (found["src"], found["href"], found["event_type"]) == ("198.51.100.24", EVENT["href"], "label.update")


@pytest.mark.parametrize("write", [formats.as_cef, formats.as_leef], ids=["cef", "leef"])
def test_unknown_key_does_not_replace_a_field(write: formats.Writer) -> None:
    plain = splunk.read(write(EVENT))
    found = splunk.read(write(EVENT).replace("cat=", "novelty=1 cat=").replace("devTime=", "newer=x devTime="))
    assert {f: found.get(f) for f in splunk.audit_fields()} == {f: plain.get(f) for f in splunk.audit_fields()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("missing", ["cs1Label=event_href cs1={href}", "cs1={href}", "request", "duid=21"])
def test_name_is_a_name_where_the_line_has_no_href_or_no_request(name: str, missing: str) -> None:
    """As lines of failed sign-ins have no href, and others no request."""
    event = {**EVENT, "created_by": {"user": {"href": "/users/21", "username": f"x{name}"}}}
    event = {**event, "action": None} if missing == "request" else event
    line = formats.as_cef(event)
    line = line if missing == "request" else line.replace(" " + missing.format(href=EVENT["href"]), "")
    found = splunk.read(line)
    assert found["user"] == f"x{name}".rstrip()
    assert (found["src"], found.get("href")) == (
        "unknown" if missing == "request" else "198.51.100.24",
        None if "cs1" in missing else EVENT["href"],
    )


INSIDE = {
    "event_type": "user.sign_in",
    "status": "failure",
    "severity": "emerg",
    "href": "/orgs/9/events/9",
    "org_id": 9,
}


@pytest.mark.parametrize("first", ["created_by", "action", "resource_changes", "novelty"])
def test_nested_member_is_not_a_member_of_the_event(first: str) -> None:
    """Wherever it stands: here in front of the event's own."""
    inside = {**EVENT, first: [INSIDE] if first == "resource_changes" else INSIDE}
    found = splunk.read(formats.as_json({first: inside[first], **inside}))
    own = splunk.read(formats.as_json(EVENT))
    for name in ("event_type", "status", "severity", "href", "org_id", "pce_fqdn"):
        assert found[name] == own[name], name


def test_members_in_other_spellings() -> None:
    """Blanks, a number for a word, slashes with a backslash: JSON all the same, if no PCE's."""
    line = formats.as_json(EVENT)
    slashes = line.replace("/", "\\/")
    assert splunk.read(slashes)["href"] == splunk.read(slashes)["id"] == EVENT["href"]
    severity = splunk.read(formats.spaced_json({**EVENT, "severity": 1}))
    assert (severity["vendor_severity"], severity["severity"]) == ("1", "informational")
