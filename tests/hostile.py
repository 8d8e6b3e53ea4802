"""Text that somebody could put into the name of a label, a user or a workload, in the hope that it is taken for more."""

from __future__ import annotations

#: Line breaks of every kind, what moves a terminal's cursor, what hides or turns text round.
_CHARACTERS = (
    "\r", "\n", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1b[2J\x1b[1;1H", "\x9b31m", "\x00", "\x07", "\x7f",
    "\ufeff", "\u202e", "\u2066", "\u200f", "\u200b", "\ufffe", "\U000e0041", "\x1c", "\x1d", "\x1e",
)  # fmt: skip
#: What a log, a search, a conf file, the stream to splunkd, a page, a spreadsheet or a shell would take for its own.
_MARKUP = (
    'x" log_level=CRITICAL category=ok error="',
    "index=_audit source=forged sourcetype=forged host=forged _time=0",
    "***SPLUNK*** index=_audit source=forged sourcetype=forged host=forged",
    "| delete", "] | outputlookup x.csv | search [", "`illumio_pce_index` OR index=*", "$result.user$", '" OR user="*',
    "</data></event><event><index>_audit</index><data>", "]]>", "<!--", "&lt;/data&gt;", "&#10;", '<?xml version="1.0"?>',
    "<script>alert(1)</script>", "=HYPERLINK(A1)", "+1", "-1", "@SUM(A1)", "\t=1",
    '","timestamp":"2001-01-01T00:00:00Z","pce_fqdn":"forged.example.net","x":"',
    "timestamp=2001-01-01T00:00:00Z", "rt=Jan 01 2001 00:00:00 dvchost=forged", "CEF:0|Illumio|PCE|1|forged|x|1|",
    "LEEF:2.0|Illumio|PCE|1|forged|", "%s%n%(message)s{0}", "\\n\\r\\u000a", "../../etc/passwd", "a::b", "^_^",
)  # fmt: skip

TEXTS = (*(f"before{text}after" for text in _CHARACTERS), *_MARKUP)
