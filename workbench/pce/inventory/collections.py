"""The collections that can be read: where each is, who may read it, and whether a scope narrows it.

Source: the OpenAPI of 25.2.10, which names rights; "Scoped Roles and Permissions" (Administration, 25.2.10) for scopes.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.pce.keys import READ_INVENTORY, READ_PRINCIPALS, READ_SETTINGS


class Collection(NamedTuple):
    """One collection.

    `policy`: it has a draft and an active version. `scoped`: a scoped role sees a part of it. `numbered`: its hrefs end
    with numbers, not UUIDs. `of_org`: it is below an organisation.
    """

    policy: bool = False
    right: str = READ_INVENTORY
    scoped: bool = False
    numbered: bool = False
    of_org: bool = True


COLLECTIONS = {
    "workloads": Collection(scoped=True),
    "vens": Collection(scoped=True),
    "labels": Collection(numbered=True),
    "label_groups": Collection(policy=True),
    "ip_lists": Collection(policy=True, numbered=True),
    "services": Collection(policy=True, numbered=True),
    "rule_sets": Collection(policy=True, numbered=True, scoped=True),
    "virtual_services": Collection(policy=True, scoped=True),
    "virtual_servers": Collection(policy=True),
    "enforcement_boundaries": Collection(policy=True, numbered=True, right=READ_SETTINGS),
    "pairing_profiles": Collection(numbered=True, right=READ_SETTINGS),
    "container_clusters": Collection(right=READ_SETTINGS),
    "container_workloads": Collection(scoped=True),
    "kubernetes_workloads": Collection(scoped=True),
    "label_dimensions": Collection(),
    "users": Collection(numbered=True, of_org=False),
    "service_accounts": Collection(right=READ_PRINCIPALS),
    "auth_security_principals": Collection(right=READ_PRINCIPALS),
}
