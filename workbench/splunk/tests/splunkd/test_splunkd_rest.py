"""splunkd's REST API as the stand-in has it: who may ask what, and what the answers look like."""

from __future__ import annotations

import base64
import ssl
import urllib.request
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from workbench.splunk.splunkd import Splunkd
from workbench.splunk.tests.splunkd.conftest import Client
from workbench.splunk.tests.splunkd.sample_addon import APP, STANZA, build_sample_addon

REALM = "__REST_CREDENTIAL__#TA_sample#configs/conf-sample_account"


def raw_get(splunkd: Splunkd, path: str, authorization: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", urlsplit(splunkd.uri).port or 0, timeout=10)
    try:
        connection.request("GET", path, headers={"Authorization": authorization})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def basic(splunkd: Splunkd, password: str) -> str:
    return "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()


def test_only_a_session_or_the_password_opens_the_api(splunkd: Splunkd) -> None:
    path = "/services/server/info"
    assert raw_get(splunkd, path, "")[0] == 401
    assert raw_get(splunkd, path, "Splunk wrong")[0] == 401
    assert raw_get(splunkd, path, basic(splunkd, "wrong"))[0] == 401
    assert raw_get(splunkd, path, basic(splunkd, splunkd.sessions.passwords["admin"]))[0] == 200
    assert raw_get(splunkd, path, f"Splunk {splunkd.session_key()}")[0] == 200


def test_login_gives_a_session_for_the_password_only(splunkd: Splunkd, admin: Client) -> None:
    good = {"username": "viewer", "password": splunkd.sessions.passwords["viewer"]}
    key = admin("POST", "/services/auth/login", good).json["sessionKey"]
    assert raw_get(splunkd, "/services/server/info", f"Splunk {key}")[0] == 200
    assert admin("POST", "/services/auth/login", {**good, "password": "x"}).status == 401
    assert admin("POST", "/services/auth/login", {"username": "nobody", "password": ""}).status == 401


def test_splunkd_shows_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    with Splunkd(tmp_path) as splunkd:
        assert splunkd.uri.startswith("https://127.0.0.1:")
        request = urllib.request.Request(f"{splunkd.uri}/services/server/info")
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(request, timeout=10)
        request.add_header("Authorization", f"Splunk {splunkd.session_key()}")
        context = ssl.create_default_context(cafile=splunkd.home / "etc/auth/cacert.pem")
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            assert answer.status == 200
            assert answer.headers["Connection"] == "Keep-Alive"


def test_server_info_tells_the_start_and_the_roles(tmp_path: Path) -> None:
    now = [1_800_000_000.7]
    with Splunkd(tmp_path, clock=lambda: now[0], tls=False) as splunkd:
        splunkd.server_roles = ["shc_member"]
        info = Client(splunkd)("GET", "/services/server/info").entries["server-info"]
        assert (info["startup_time"], info["server_roles"]) == (1_800_000_000, ["shc_member"])
        now[0] += 100
        splunkd.restart()
        assert Client(splunkd)("GET", "/services/server/info").entries["server-info"]["startup_time"] == 1_800_000_100


def test_version_1_of_the_export_endpoint_is_refused_and_recorded_unless_switched_on(
    splunkd: Splunkd, admin: Client
) -> None:
    splunkd.search = lambda *_: [{"n": "1"}]
    form = {"search": "search index=main"}
    assert admin("POST", "/services/search/v2/jobs/export", form).json["result"] == {"n": "1"}
    refused = admin("POST", "/services/search/jobs/export", form)
    assert (refused.status, "search/v2/jobs/export" in refused.text) == (404, True)
    assert len(splunkd.refused) == 1
    splunkd.search_v1 = True
    assert admin("POST", "/services/search/jobs/export", form).json["result"] == {"n": "1"}


def test_what_the_workbench_does_not_have_is_refused_and_recorded(splunkd: Splunkd, admin: Client) -> None:
    assert admin("GET", "/services/licenser/pools").status == 404
    assert admin("POST", "/services/server/info", {}).status == 405
    assert admin("GET", "/elsewhere").status == 404
    assert splunkd.refused == ["GET /services/licenser/pools", "POST /services/server/info", "GET /elsewhere"]


def test_a_stanza_is_made_read_changed_and_removed(splunkd: Splunkd, admin: Client) -> None:
    conf = "configs/conf-sample_account"
    assert admin("POST", conf, {"name": "a b/c", "colour": "red"}).status == 201
    assert admin("POST", conf, {"name": "a b/c"}).status == 409
    assert admin("POST", f"{conf}/a%20b%2Fc", {"size": "1", "text": "two\nlines"}).status == 200
    content = admin("GET", f"{conf}/a%20b%2Fc").entries["a b/c"]
    assert (content["colour"], content["size"], content["text"]) == ("red", "1", "two\nlines")
    assert admin("DELETE", f"{conf}/a%20b%2Fc").status == 200
    assert admin("GET", f"{conf}/a%20b%2Fc").status == 404
    assert admin("POST", f"{conf}/a%20b%2Fc", {"size": "1"}).status == 404
    assert splunkd.refused == []


def test_a_default_stanza_is_read_overridden_and_not_removable(admin: Client) -> None:
    conf = "configs/conf-sample_settings/logging"
    assert admin("GET", conf).entries["logging"]["loglevel"] == "INFO"
    assert admin("POST", conf, {"loglevel": "DEBUG"}).status == 200
    assert admin("GET", conf).entries["logging"]["loglevel"] == "DEBUG"
    assert admin("DELETE", conf).status == 400


def test_a_conf_that_nobody_has_has_no_stanzas_and_no_properties(admin: Client) -> None:
    assert admin("GET", "configs/conf-_TA_config").entries == {}
    assert admin("GET", "configs/conf-_TA_config/config").status == 404
    assert admin("GET", "properties/_TA_config").status == 404
    assert list(admin("GET", "properties/sample_settings").entries) == ["logging"]


def test_default_meta_decides_who_can_write(admin: Client, viewer: Client) -> None:
    assert viewer("GET", "configs/conf-sample_settings/logging").status == 200
    assert viewer("POST", "configs/conf-sample_settings/logging", {"loglevel": "DEBUG"}).status == 403
    assert viewer("POST", "configs/conf-sample_open", {"name": "x"}).status == 201
    assert viewer("DELETE", "storage/collections/data/sample_states").status == 403
    assert "permission" in viewer("POST", "configs/conf-sample_settings/logging", {"loglevel": "x"}).text


def test_atom_is_the_form_unless_json_is_asked_for(splunkd: Splunkd) -> None:
    status, body = raw_get(splunkd, f"/servicesNS/nobody/{APP}/configs/conf-sample_settings/logging", _key(splunkd))
    assert status == 200
    assert b"<title>logging</title>" in body
    assert b'<s:key name="loglevel">INFO</s:key>' in body
    missing = raw_get(splunkd, f"/servicesNS/nobody/{APP}/configs/conf-sample_settings/none", _key(splunkd))
    assert missing[0] == 404
    assert b'<msg type="ERROR">' in missing[1]


def _key(splunkd: Splunkd) -> str:
    return f"Splunk {splunkd.session_key()}"


def test_a_secret_is_stored_under_its_realm_and_never_in_the_clear(splunkd: Splunkd, admin: Client) -> None:
    secret, path = "canary-Secret-123", "storage/passwords"
    given = {"name": "acc``splunk_cred_sep``1", "realm": REALM, "password": secret}
    assert admin("POST", path, given).status == 201
    assert admin("POST", path, given).status == 409
    (found,) = admin("GET", f"{path}?search=realm%3D{REALM.replace('#', '%23')}&count=-1").entries.values()
    assert (found["clear_password"], found["realm"], found["username"]) == (secret, REALM, given["name"])
    assert admin("GET", f"{path}?search=realm%3Dother").entries == {}
    everything = b"".join(file.read_bytes() for file in splunkd.home.rglob("*") if file.is_file())
    for form in (secret.encode(), base64.b64encode(secret.encode())):
        assert form not in everything


def test_a_secret_is_addressed_with_the_slash_of_its_realm_unquoted(admin: Client) -> None:
    admin("POST", "storage/passwords", {"name": "acc", "realm": REALM, "password": "one"})
    path = f"storage/passwords/{REALM.replace('#', '%23')}:acc:"
    assert admin("POST", path, {"password": "two"}).status == 200
    assert [e["clear_password"] for e in admin("GET", path).entries.values()] == ["two"]
    assert admin("DELETE", path).status == 200
    assert admin("DELETE", path).status == 404


def test_a_secret_of_another_splunk_secret_cannot_be_decrypted(splunkd: Splunkd, admin: Client) -> None:
    admin("POST", "storage/passwords", {"name": "acc", "realm": "r", "password": "one"})
    (splunkd.home / "etc/auth/splunk.secret").write_bytes(b"another")
    (entry,) = admin("GET", "storage/passwords").entries.values()
    assert "clear_password" not in entry
    assert entry["username"] == "acc"
    splunkd.passwords.garbled = True
    (entry,) = admin("GET", "storage/passwords").entries.values()
    assert entry["clear_password"] not in ("one", "")
    admin("POST", "storage/passwords/r:acc:", {"password": "two"})
    assert [e["clear_password"] for e in admin("GET", "storage/passwords").entries.values()] == ["two"]


def test_secrets_are_not_for_everybody(viewer: Client) -> None:
    assert viewer("GET", "storage/passwords").status == 403
    assert viewer("POST", "storage/passwords", {"name": "x", "password": "y"}).status == 403


def test_messages_are_created_and_deleted(splunkd: Splunkd, admin: Client, viewer: Client) -> None:
    given = {"name": "warned", "value": "twice the same", "severity": "warn"}
    assert viewer("POST", "/services/messages", given).status == 403
    assert admin("POST", "/services/messages", given).status == 201
    assert viewer("GET", "/services/messages").entries["warned"]["warned"] == "twice the same"
    assert splunkd.messages["warned"]["severity"] == "warn"
    assert admin("DELETE", "/services/messages/warned").status == 200
    assert admin("GET", "/services/messages/warned").status == 404


def test_index_names_are_validated(admin: Client) -> None:
    def valid(name: str) -> str:
        answer = admin("POST", "data/indexes/_validateName", {"index_name": name})
        return str(answer.entries["_validateName"]["is_valid"])

    assert [valid(name) for name in ("main", "audit-1", "_internal", "_mine", "-x", "Ünder")] == [
        "true", "true", "true", "false", "false", "false",
    ]  # fmt: skip


def test_the_apps_and_who_asks_are_told(admin: Client, viewer: Client) -> None:
    app = admin("GET", f"/services/apps/local/{APP}").entries[APP]
    assert (app["version"], app["build"]) == ("1.2.3", "7")
    assert viewer("GET", "/services/authentication/current-context").entries["context"]["username"] == "viewer"


def test_an_input_is_saved_once_its_script_agrees(splunkd: Splunkd, admin: Client) -> None:
    path = "data/inputs/sample_input"
    refused = admin("POST", path, {"name": "two", "script": "bad"})
    assert (refused.status, refused.text) == (
        400,
        "Argument validation for scheme=sample_input: that is a <bad> script",
    )
    assert admin("POST", path, {"name": "two"}).text == "The following required arguments are missing: script."
    unknown = admin("POST", path, {"name": "two", "script": "pass", "colour": "red"})
    assert unknown.text == 'Argument "colour" is not supported by this handler.'
    assert admin("POST", path, {"name": "two", "script": "pass", "interval": "30"}).status == 201
    assert admin("POST", path, {"name": "two", "script": "pass"}).status == 409
    content = admin("GET", path).entries["two"]
    assert (content["interval"], content["index"], content["disabled"]) == ("30", "default", False)
    assert splunkd.run_input("sample_input://two").exit_code == 0


def test_an_input_is_disabled_changed_and_removed(splunkd: Splunkd, admin: Client) -> None:
    path = "data/inputs/sample_input"
    admin("POST", path, {"name": "two", "script": "pass"})
    assert admin("POST", f"{path}/two/disable", {}).status == 200
    assert admin("GET", f"{path}/two").entries["two"]["disabled"] is True
    assert admin("POST", f"{path}/two/enable", {}).status == 200
    assert admin("POST", f"{path}/two", {"script": "bad"}).status == 400
    assert admin("POST", f"{path}/two", {"interval": "5"}).status == 200
    assert admin("DELETE", f"{path}/two").status == 200
    assert admin("GET", f"{path}/two").status == 404
    assert admin("GET", "data/inputs/other_input").status == 404


def test_disabling_an_input_ends_its_run(splunkd: Splunkd, admin: Client) -> None:
    splunkd.confs.write(APP, "inputs", STANZA, {"script": "time.sleep(60)"})
    run = splunkd.start_input(STANZA)
    admin("POST", "data/inputs/sample_input/one/disable", {})
    assert not run.running


def test_inputs_are_not_for_everybody(viewer: Client) -> None:
    assert viewer("GET", "data/inputs/sample_input").status == 403
    assert viewer("POST", "data/inputs/sample_input", {"name": "x", "script": "pass"}).status == 403


def test_a_handler_answers_for_real_and_stays(admin: Client) -> None:
    created = admin("POST", "sample_account", {"name": "red one", "colour": "red", "size": ""})
    assert created.status == 201
    assert created.entries["red one"]["given"] == "[('colour', ['red']), ('size', [None])]"
    assert created.json["entry"][0]["acl"] == {"app": "from the handler"}
    assert list(admin("GET", "sample_account").entries) == ["all"]


def test_a_handlers_refusals_are_worded_as_splunkd_words_them(splunkd: Splunkd, admin: Client) -> None:
    missing = admin("POST", "sample_account", {"name": "x"})
    assert (missing.status, missing.text) == (400, "The following required arguments are missing: colour.")
    unknown = admin("POST", "sample_account", {"name": "x", "colour": "c", "taste": "t"})
    assert (unknown.status, unknown.text) == (400, 'Argument "taste" is not supported by this handler.')
    failed = admin("POST", "sample_account/x", {"colour": "c"})
    assert failed.status == 500
    assert failed.text == (
        "Unexpected error \"<class 'RuntimeError'>\" from python handler: "
        '"REST Error [400]: Bad Request -- no edits today". See splunkd.log for more details.'
    )
    assert "no edits today" in splunkd.log_file.read_text(encoding="utf-8")
    assert admin("DELETE", "sample_account/x").status == 405


def test_restmaps_capabilities_count_before_the_handler(viewer: Client) -> None:
    assert viewer("POST", "sample_account", {"name": "x", "colour": "c"}).status == 403
    assert viewer("GET", "sample_account").status == 200


def test_what_was_saved_survives_a_restart_and_another_version(tmp_path: Path) -> None:
    built = build_sample_addon(tmp_path / "built")
    with Splunkd(tmp_path / "splunk", tls=False) as first:
        first.install(built)
        Client(first)("POST", "storage/passwords", {"name": "acc", "realm": "r", "password": "kept"})
        Client(first)("POST", "storage/collections/data/sample_states", value={"_key": "k", "n": 1})
        Client(first)("POST", "data/inputs/sample_input", {"name": "two", "script": "out.write(b'" + ONE + "')"})
        first.run_input("sample_input://two")
        uri = first.uri
        first.restart()
        assert first.uri == uri
    (built / "default" / "app.conf").write_text("[launcher]\nversion = 2.0.0\n", encoding="utf-8")
    with Splunkd(tmp_path / "splunk", tls=False) as second:
        second.install(built)
        admin = Client(second)
        assert [e["clear_password"] for e in admin("GET", "storage/passwords").entries.values()] == ["kept"]
        assert admin("GET", "storage/collections/data/sample_states/k").json["n"] == 1
        assert list(admin("GET", "data/inputs/sample_input").entries) == ["two"]
        assert [event.raw for event in second.events()] == ["one"]
        assert admin("GET", f"/services/apps/local/{APP}").entries[APP]["version"] == "2.0.0"


ONE = "<stream><event><data>one</data></event></stream>"


def test_a_restart_forgets_the_sessions(splunkd: Splunkd) -> None:
    key = f"Splunk {splunkd.session_key()}"
    splunkd.restart()
    assert raw_get(splunkd, "/services/server/info", key)[0] == 401
