"""Everything that is created, updated and deleted in the same way: one table instead of many functions.

A row: resource kind, its place below the organisation (or from /, without one), a member that changes
with its values before and after, and the verbs that occur.
"""

from __future__ import annotations

from typing import Any

from .catalogue import add
from .parts import Json, changed, created
from .world import World, by_user

_ALL = ("create", "update", "delete")
_CODES = {"create": ("POST", 201), "update": ("PUT", 204), "delete": ("DELETE", 204)}

_ROWS: tuple[tuple[str, str, str, Any, Any, tuple[str, ...]], ...] = (
    ("access_restriction", "access_restrictions", "ips", ["10.77.0.0/16"], ["0.0.0.0/0"], _ALL),
    ("auth_security_principal", "auth_security_principals", "display_name", "Quay staff", "Quay and yard staff", _ALL),
    ("authentication_settings", "authentication_settings", "authentication_type", "SAML", "Local", ("update",)),
    ("cluster", "/clusters", "name", "north", "north-east", _ALL),
    ("container_cluster", "container_clusters", "description", "", "Terminal two", _ALL),
    ("container_workload_profile", "container_workload_profiles", "managed", False, True, _ALL),
    ("domain", "/domains", "name", "kestrel.example", "kestrel-freight.example", _ALL),
    ("enforcement_boundary", "sec_policy/draft/enforcement_boundaries", "name", "Stop RDP", "Stop RDP and SSH", _ALL),
    ("event_settings", "settings/events", "audit_event_min_severity", "informational", "warning", ("update",)),
    ("firewall_settings", "sec_policy/draft/firewall_settings", "ike_authentication_type", "psk", "cert", ("update",)),
    ("ip_list", "sec_policy/draft/ip_lists", "description", "", "Port authority, both quays", ("create", "delete")),
    ("ip_tables_rule", "sec_policy/draft/rule_sets/3005/ip_tables_rules", "enabled", True, False, _ALL),
    ("label", "labels", "value", "yard", "container-yard", _ALL),
    ("label_dimension", "label_dimensions", "display_name", "Zone", "Customs zone", _ALL),
    ("label_group", "sec_policy/draft/label_groups", "name", "Inland", "Inland depots", _ALL),
    ("label_mapping_rule", "label_mapping_rules", "enabled", False, True, _ALL),
    ("ldap_config", "authentication_settings/ldap_configs", "tls_mode", "starttls", "none", _ALL),
    ("license", "licenses", "state", "trial", "active", ("update",)),
    ("network", "networks", "name", "Quay", "Quay and crane", _ALL),
    ("network_device", "network_devices", "description", None, "Switch of shed four", _ALL),
    ("org", "", "display_name", "Kestrel", "Kestrel Freight", ("update",)),
    ("pairing_profile", "pairing_profiles", "enforcement_mode", "full", "idle", _ALL),
    ("password_policy", "/domains/8/password_policy", "min_length", 14, 8, _ALL),
    ("permission", "permissions", "role", {"href": "/orgs/1/roles/viewer"}, {"href": "/orgs/1/roles/owner"}, _ALL),
    ("radius_config", "radius_configs", "endpoint", "10.77.9.50:1812", "10.77.9.51:1812", _ALL),
    ("saml_config", "/saml_configs", "remote_login_url", "https://id.example/a", "https://id.example/b", _ALL),
    ("saml_sp_config", "authentication_settings/saml_sp_configs", "issuer", "kestrel", "kestrel-2", _ALL),
    ("secure_connect_gateway", "sec_policy/draft/secure_connect_gateways", "name", "Ferry", "Ferry line", _ALL),
    ("security_principal", "security_principals", "name", "Crane crew", "Crane crews", _ALL),
    ("service", "sec_policy/draft/services", "name", "Telemetry", "Crane telemetry", ("update", "delete")),
    ("service_account", "service_accounts", "name", "cmdb", "cmdb-sync", ("update", "delete")),
    ("service_binding", "service_bindings", "external_data_set", None, "cmdb", ("create", "delete")),
    ("settings", "settings", "max_explorer_results", 10_000, 100_000, ("update",)),
    ("slb", "slbs", "name", "front", "front-2", _ALL),
    ("syslog_destination", "settings/syslog/destinations", "type", "remote_syslog", "local_syslog", _ALL),
    ("traffic_collector_setting", "settings/traffic_collector", "action", "drop", "aggregate", _ALL),
    ("trusted_proxy_ips", "settings/trusted_proxy_ips", "trusted_proxy_ips", [], ["10.77.9.2"], ("update",)),
    ("user", "/users", "full_name", "A. Okafor", "Amara Okafor", _ALL),
    ("ven_settings", "settings/vens", "uninstall_timeout_hours", 168, 24, ("update",)),
    ("virtual_server", "sec_policy/draft/virtual_servers", "name", "vip-a", "vip-b", _ALL),
    ("virtual_service", "sec_policy/draft/virtual_services", "name", "edi", "edi-2", _ALL),
    ("workload", "workloads", "name", None, "Gate camera", _ALL),
    ("workload_settings", "settings/workloads", "workload_disconnected_timeout_seconds", 3600, 7200, ("update",)),
)


def _make(row: tuple[str, str, str, Any, Any, tuple[str, ...]], verb: str, world: World) -> Json:
    kind, place, member, before, after, _ = row
    person = world.person()
    base = place if place.startswith("/") else f"{world.org}/{place}".rstrip("/")
    href = base if kind.endswith("settings") or not place else f"{base}/{world.number()}"
    method, code = _CODES[verb]
    changes = {"create": created(**{member: after}), "update": changed(**{member: (before, after)}), "delete": {}}
    action = world.action(method, f"/api/v2{base if verb == 'create' else href}", code, person.address)
    resource = {kind: {"href": href, **_named(kind, world)}}
    return world.event(f"{kind}.{verb}", by_user(person), action, [world.change(resource, changes[verb], verb)])


def _named(kind: str, world: World) -> Json:
    """What says which one it is: a name, or of a permission the account that has it."""
    number = world.number()
    if kind != "permission":
        return {"name": f"Quay {number}"}
    principal = f"{world.org}/auth_security_principals/{number}"
    return {"auth_security_principal": {"href": principal, "name": f"crew-{number}@kestrel-freight.example"}}


def _register() -> None:
    for row in _ROWS:
        for verb in row[-1]:
            # Bound as defaults: each shape keeps its own row and verb.
            def make(world: World, row: Any = row, verb: str = verb) -> Json:
                return _make(row, verb, world)

            add(f"{row[0]}_{verb}", make, 0.02)


_register()
