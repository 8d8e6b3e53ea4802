"""People and keys: sign-ins, sessions, passwords, refused requests, credentials."""

from __future__ import annotations

from .catalogue import shape
from .parts import FILTERED, Json, changed, created, refused_request
from .world import SYSTEM, World, as_user, by_agent, by_user

_SIGN_IN = "/login/users/sign_in"


def sign_in(world: World, *, source: str | None = None, counter: str = "sign_in_attempts_count") -> Json:
    """A person signs in at the console, from an address unlike the last one where `source` is given."""
    person = world.person()
    count = world.number(40, 900)
    changes = changed(last_sign_in_ip=(person.address, source)) if source else {}
    changes.update(changed(**{counter: (count, count + 1)}))
    return world.event(
        "user.sign_in",
        by_user(person),
        world.action("POST", _SIGN_IN, 302, source or person.address),
        [world.change(as_user(person), changes)],
        [world.note("user.login_session_created", as_user(person))],
    )


@shape(3)
def sign_in_local(world: World) -> Json:
    """The usual sign-in."""
    return sign_in(world)


@shape(1)
def sign_in_new_address(world: World) -> Json:
    """From another address than last time."""
    return sign_in(world, source="10.77.4.250")


@shape()
def sign_in_of_2019(world: World) -> Json:
    """With the counter's earlier name."""
    return sign_in(world, counter="sign_in_count")


def sign_in_failed(world: World, username: str, source: str, *, locked: bool = False) -> Json:
    """Someone fails to sign in; the PCE tells only which name was given."""
    supplied = {"associated_user": {"supplied_username": username}}
    notes = [world.note("user.login_failed", supplied)]
    if locked:
        notes.append(world.note("user.login_failure_count_exceeded", supplied))
    action = world.action("POST", _SIGN_IN, 200, source)
    return world.event("user.sign_in", SYSTEM, action, (), notes, status="failure")


@shape(0.6)
def sign_in_wrong_password(world: World) -> Json:
    """A known user's wrong password."""
    person = world.person()
    return sign_in_failed(world, person.username, person.address)


@shape(0.1)
def sign_in_unknown_user(world: World) -> Json:
    """A name that does not exist."""
    return sign_in_failed(world, f"backup{world.number()}@kestrel-freight.example", world.stranger())


@shape()
def sign_in_locked_out(world: World) -> Json:
    """One failure too many."""
    person = world.person()
    return sign_in_failed(world, person.username, person.address, locked=True)


@shape(3)
def login(world: World) -> Json:
    """The console's session on the PCE."""
    person = world.person()
    return world.event(
        "user.login",
        by_user(person),
        world.action("GET", "/api/v2/users/login", 200, person.address),
        (),
        [world.note("user.pce_session_created", by_user(person))],
    )


@shape(0.2)
def login_failed(world: World) -> Json:
    """A login without a valid token; a system event."""
    source, endpoint = world.person().address, "/api/v2/users/login"
    note = world.note("request.authentication_failed", refused_request(endpoint, "GET", source))
    action = world.action("GET", endpoint, 401, source)
    return world.event("user.login", SYSTEM, action, (), [note], status="failure", severity="err", system=True)


@shape(1)
def sign_out(world: World) -> Json:
    """Signed out at the console."""
    person = world.person()
    action = world.action("GET", "/login/logout", 302, person.address)
    return world.event("user.sign_out", by_user(person), action)


@shape(0.5)
def sign_out_noted(world: World) -> Json:
    """The same, with the end of the session as a notification."""
    person = world.person()
    return world.event(
        "user.sign_out",
        by_user(person),
        world.action("GET", "/login/logout", 302, person.address),
        (),
        [world.note("user.login_session_terminated", {"reason": "user_logout", **by_user(person)})],
    )


@shape(0.5)
def sign_out_timeout(world: World) -> Json:
    """A session that had ended before the person signed out."""
    person = world.person()
    return world.event(
        "user.sign_out",
        SYSTEM,
        world.action("GET", "/login/logout", 200, person.address),
        (),
        [world.note("user.login_session_terminated", {"reason": "timeout", **by_user(person)})],
        status="failure",
    )


@shape(1)
def logout(world: World) -> Json:
    """The PCE session ends with the console's; a system event that holds the person in its notification."""
    person = world.person()
    return world.event(
        "user.logout",
        SYSTEM,
        world.action("POST", "/api/v2/users/logout_from_jwt", 204, person.address),
        (),
        [world.note("user.pce_session_terminated", {"reason": "user_logout", **by_user(person)})],
        system=True,
    )


@shape(12)
def session_created(world: World) -> Json:
    """A session opened on the PCE, by the system for a person."""
    return world.event(
        "user.create_session",
        SYSTEM,
        world.action("POST", "/api/v2/users/create_session", 201),
        (),
        [world.note("user.pce_session_created", by_user(world.person()))],
    )


@shape(8)
def session_timed_out(world: World) -> Json:
    """A session ended by the PCE: no status, no action."""
    info = {"reason": "timeout", **by_user(world.person())}
    notes = [world.note("user.pce_session_terminated", info)]
    return world.event("user.pce_session_terminated", SYSTEM, None, (), notes, status=None)


@shape(0.5)
def authenticated(world: World) -> Json:
    """Password accepted, second factor to come."""
    person = world.person()
    count = world.number(40, 900)
    return world.event(
        "user.authenticate",
        by_user(person),
        world.action("POST", "/api/v2/login_users/authenticate", 200, person.address),
        [
            world.change(as_user(person), changed(sign_in_attempts_count=(count, count + 1))),
            world.change(as_user(person), changed(last_sign_in_ip=(person.address, person.address))),
        ],
    )


@shape(0.5)
def second_factor(world: World) -> Json:
    """A second factor that was right."""
    person = world.person()
    return world.event("user.verify_mfa", by_user(person), world.action("POST", "/login/mfa", 302, person.address))


@shape(0.1)
def second_factor_wrong(world: World) -> Json:
    """A second factor that was wrong."""
    person = world.person()
    supplied = {"reason": "code not valid", "associated_user": {"supplied_username": person.username}}
    action = world.action("POST", "/login/mfa", 200, person.address)
    return world.event(
        "user.verify_mfa", SYSTEM, action, (), [world.note("user.login_failed", supplied)], status="failure"
    )


@shape(0.1)
def password_too_simple(world: World) -> Json:
    """A new password that the policy does not allow."""
    return world.event(
        "user.update_password",
        SYSTEM,
        world.action("PUT", "/login/users/password/update", 302, world.person().address),
        (),
        [
            world.note("user.pw_complexity_not_met"),
            world.note("user.pw_change_failure", {"reason": "The new password lacks a digit"}),
        ],
        status="failure",
    )


@shape(0.1)
def password_changed(world: World) -> Json:
    """A new password."""
    person = world.person()
    secrets = changed(salt=(FILTERED, FILTERED), token_hash=(FILTERED, FILTERED))
    return world.event(
        "user.update_password",
        by_user(person),
        world.action("PUT", "/login/users/password/update", 302, person.address),
        [world.change(as_user(person), secrets)],
        [world.note("user.pw_changed", as_user(person))],
    )


@shape()
def password_reset_asked_for(world: World) -> Json:
    """A forgotten password."""
    person = world.person()
    action = world.action("POST", "/login/users/password", 302, person.address)
    return world.event(
        "user.reset_password", SYSTEM, action, (), [world.note("user.pw_reset_requested", as_user(person))]
    )


def _refused(world: World, kind: str, created_by: Json, info: Json, code: int, system: bool = False) -> Json:
    action = world.action(info["api_method"], info["api_endpoint"], code, info["src_ip"])
    notes = [world.note(kind, info)]
    return world.event(kind, created_by, action, (), notes, status="failure", severity="err", system=system)


@shape(0.2)
def key_refused(world: World) -> Json:
    """A wrong or expired API key."""
    info = refused_request(f"{world.api}/workloads", "GET", "10.77.9.40", world.key_id())
    return _refused(world, "request.authentication_failed", SYSTEM, info, 401, system=True)


@shape(0.4, office_hours=False)
def agent_refused(world: World) -> Json:
    """A VEN whose token is no longer valid; the system writes it."""
    workload = world.workload()
    info = refused_request(f"{world.api}/agents/{workload.agent_id}/heartbeat", "POST", workload.address)
    return _refused(world, "request.authentication_failed", SYSTEM, info, 401)


@shape(0.2, office_hours=False)
def agent_refused_by_name(world: World) -> Json:
    """The same, written in the VEN's name."""
    workload = world.workload()
    info = refused_request(f"{world.api}/agents/{workload.agent_id}/put_from_agent", "PUT", workload.address)
    return _refused(world, "request.authentication_failed", by_agent(world, workload), info, 401)


@shape()
def request_refused_without_action(world: World) -> Json:
    """As early releases write it."""
    kind = "request.authentication_failed"
    info = refused_request(f"{world.api}/jobs", "GET", world.stranger())
    return world.event(kind, SYSTEM, None, (), [world.note(kind, info)], status="failure", severity="err")


@shape(0.1)
def not_allowed(world: World) -> Json:
    """A person asks for what they may not."""
    person = world.person()
    info = refused_request(f"{world.api}/permissions", "POST", person.address)
    return _refused(world, "request.authorization_failed", by_user(person), info, 403)


@shape()
def forged_request(world: World) -> Json:
    """A request from another site in the name of a person."""
    person = world.person()
    endpoint = f"{world.api}/sec_policy"
    action = world.action("POST", endpoint, 403, world.stranger())
    info = refused_request(endpoint, "POST", action["src_ip"])
    notes = [world.note("user.csrf_validation_failed", info), world.note("request.authorization_failed", info)]
    return world.event(
        "request.authorization_failed", by_user(person), action, (), notes, status="failure", severity="err"
    )


def api_key_created(world: World, lifetime: int) -> Json:
    """A person makes an API key; `lifetime` in seconds, -1 is for ever."""
    person = world.person()
    key_id = world.key_id()
    return world.event(
        "api_key.create",
        by_user(person),
        world.action("POST", f"/api/v2{person.href}/api_keys", 201, person.address),
        [
            world.change(
                {"api_key": {"href": f"{person.href}/api_keys/{key_id}", "name": "nightly-export"}},
                created(
                    user_id={"href": person.href},
                    name="nightly-export",
                    description="Copies the inventory every night",
                    key_id=key_id,
                    login_count=0,
                    account_type="user",
                    expiration_in_seconds=lifetime,
                    state="active",
                    secret_hash=FILTERED,
                ),
                "create",
            )
        ],
    )


@shape(0.05)
def api_key_for_ever(world: World) -> Json:
    """A key that never expires."""
    return api_key_created(world, -1)


@shape(0.05)
def api_key_for_a_month(world: World) -> Json:
    """A key that does."""
    return api_key_created(world, 30 * 86_400)


@shape(0.05)
def service_account_created(world: World) -> Json:
    """A service account with its first key."""
    person = world.person()
    return world.event(
        "service_account.create",
        by_user(person),
        world.action("POST", f"{world.api}/service_accounts", 201, person.address),
        [
            world.change(
                {"service_account": world.service_account},
                created(name=world.service_account["name"], access_restriction=None, permissions=[{"role": "viewer"}]),
                "create",
            )
        ],
    )


@shape()
def permission_granted(world: World) -> Json:
    """An account becomes the owner of the organisation."""
    person = world.person()
    account = {
        "href": f"{world.org}/auth_security_principals/{world.uuid()}",
        "name": "backup-operator@kestrel-freight.example",
    }
    role = {"href": f"{world.org}/roles/owner"}
    resource = {
        "permission": {
            "href": f"{world.org}/permissions/{world.uuid()}",
            "role": role,
            "auth_security_principal": account,
        }
    }
    change = world.change(resource, created(role=role, scope=[], auth_security_principal=account), "create")
    action = world.action("POST", f"{world.api}/permissions", 201, person.address)
    return world.event("permission.create", by_user(person), action, [change])


@shape(0.3, office_hours=False)
def service_account_keys_expired(world: World) -> Json:
    """The daily task that takes expired keys out of use."""
    return world.event("system_task.expire_service_account_api_keys", SYSTEM, world.task())


@shape(2, office_hours=False)
def vulnerability_uploaded(world: World) -> Json:
    """A request with an API key: the person stands in `created_by`, the key in the action."""
    info = {"api_key_id": "1c0ffee0ddba11ad5"}
    action = world.action("POST", f"{world.api}/vulnerabilities", 201, "10.77.9.41", info=info)
    return world.event("vulnerability.create", by_user(world.people[0]), action)
