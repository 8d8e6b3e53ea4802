"""Which settings are known: those that act here, and those that change nothing that can be seen here.

Source: Splunk's *.conf.spec 9.2. Everything else in these files is refused when the confs are loaded.
"""

from __future__ import annotations

import re

from workbench.splunk.refusal import Refused

# Names of settings, by file; a name that ends in `-` or a dot begins a class of settings.
_ACTING = {
    "props": """priority CHARSET TRUNCATE LINE_BREAKER SHOULD_LINEMERGE BREAK_ONLY_BEFORE_DATE BREAK_ONLY_BEFORE
        MUST_BREAK_AFTER MUST_NOT_BREAK_AFTER MUST_NOT_BREAK_BEFORE MAX_EVENTS DATETIME_CONFIG TIME_PREFIX TIME_FORMAT
        MAX_TIMESTAMP_LOOKAHEAD TZ MAX_DAYS_AGO MAX_DAYS_HENCE TRANSFORMS- SEDCMD- KV_MODE AUTO_KV_JSON KV_TRIM_SPACES
        MATCH_LIMIT EXTRACT- REPORT- FIELDALIAS- EVAL- LOOKUP- rename""",
    "transforms": """REGEX FORMAT MATCH_LIMIT LOOKAHEAD WRITE_META DEST_KEY DEFAULT_VALUE SOURCE_KEY REPEAT_MATCH
        INGEST_EVAL DELIMS FIELDS MV_ADD CLEAN_KEYS KEEP_EMPTY_VALS filename max_matches min_matches default_match
        case_sensitive_match match_type filter external_cmd external_type collection fields_list""",
    "eventtypes": "disabled search priority",
    "macros": "args definition validation errormsg iseval",
    "fields": "",
    "limits": "limit maxchars maxcols extraction_cutoff",
    "collections": "enforceTypes replicate field.",
}
_WITHOUT_EFFECT = {
    "props": """sourcetype description category
        pulldown_type _actions ANNOTATE_PUNCT SEGMENTATION SEGMENTATION- NO_BINARY_CHECK
        LEARN_SOURCETYPE LEARN_MODEL maxDist LINE_BREAKER_LOOKBEHIND EVENT_BREAKER_ENABLE EVENT_BREAKER
        LB_CHUNK_BREAKER LB_CHUNK_BREAKER_TRUNCATE MAX_DIFF_SECS_AGO MAX_DIFF_SECS_HENCE
        detect_trailing_nulls CHECK_METHOD initCrcLength force_local_processing termFrequencyWeightedDist""",
    "transforms": """DEPTH_LIMIT CAN_OPTIMIZE batch_index_query allow_caching cache_size max_ext_batch check_permission
        replicate index_fields_list reverse_lookup_honor_case_sensitive_match python.version""",
    "eventtypes": "description color",
    "macros": "description",
    "fields": "INDEXED INDEXED_VALUE",
    "limits": "avg_extractor_time max_extractor_time indexed_kv_limit extract_all",
    "collections": "accelerated_fields.",
}
CONFS = ("props", "transforms", "eventtypes", "tags", "macros", "fields", "limits", "collections")

# The scheduler of the workbench judges its own limits.
_JUDGED_ELSEWHERE = ("scheduler",)
_LIMITS = ("default", "kv", "spath", *_JUDGED_ELSEWHERE)
_LOOKUP = re.compile(r"LOOKUP[-_]?(?=.)", re.IGNORECASE)


def normalized(conf: str, key: str) -> str:
    """The key as the engine reads it: LOOKUP- is taken in any case, with `-`, `_` or nothing behind it."""
    return _LOOKUP.sub("LOOKUP-", key, count=1) if conf == "props" and _LOOKUP.match(key) else key


def check(conf: str, stanza: str, key: str, value: str) -> None:
    """Raise Refused for a setting that is neither emulated nor known to change nothing here."""
    place = f"{conf}.conf [{stanza}] {key}"
    if conf == "limits" and stanza not in _LIMITS:
        raise Refused("these limits are not known to the workbench", place)
    if conf == "limits" and stanza in _JUDGED_ELSEWHERE:
        return
    if conf == "tags":
        if value not in ("enabled", "disabled"):
            raise Refused(f"a tag is enabled or disabled, not {value!r}", place)
        return
    if not any(_covers(table[conf], key) for table in (_ACTING, _WITHOUT_EFFECT)):
        raise Refused("this setting is not known to the workbench", place)


def _covers(table: str, key: str) -> bool:
    return any(
        key.startswith(name) and key != name if name.endswith(("-", ".")) else key == name for name in table.split()
    )
