"""What `server_roles` in `server/info` holds, by what an instance is.

Source of all but ALL_IN_ONE and MEMBER_AND_CAPTAIN: Splunk's own rolling-upgrade app, in which they were noted from
clusters of 9.0.0. Without an indexer cluster `cluster_search_head` is missing.
"""

from __future__ import annotations

_SEARCH_HEAD = ("license_master", "license_manager", "search_head", "kv_store")

STANDALONE = _SEARCH_HEAD
#: The captain of a search head cluster: it has not the role of a member.
CAPTAIN = (*_SEARCH_HEAD, "cluster_search_head", "shc_captain")
MEMBER = (*_SEARCH_HEAD, "cluster_search_head", "shc_member")
DEPLOYER = ("license_master", "license_manager", "kv_store", "shc_deployer")
#: One instance for everything.
ALL_IN_ONE = ("indexer", "license_master", "kv_store")
#: Some apps take `shc_member` alone as the sign of a cluster, so that a captain would have both.
MEMBER_AND_CAPTAIN = (*MEMBER, "shc_captain")
