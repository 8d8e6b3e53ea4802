"""Texts that would do harm wherever a dashboard put them unquoted into a search, a link or a page."""

from __future__ import annotations

HOSTILE = [
    '"', '""', "\\", '\\"', '\\\\"', "'", "`", "``", "$", "$$", "$who$", "$who|s$", "$env:user$", "*", "?", "%",
    "|", "||", "[", "]", "[]", "(", ")", ")(", ",", "=", "!=", "<", ">", "&", "#", "+", ";", ":", "{}", "\n", "\t", "a\r\nb",
    '" | delete', '" OR user="*', '") OR (user="*', '"] | outputlookup x.csv', "[search index=_internal]",
    '" [| makeresults | dump basefilename=x] "', "x | sendemail to=a@example.com", "`illumio_pce_index`",
    '" `comment(x)` "', "```comment```", "<script>alert(1)</script>", "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "&lt;b&gt;", "javascript:alert(1)", "../../../etc/passwd", "form.who=*&form.x=1",
    "a&form.severity=critical", "%22%20%7C%20delete", "-24h@h", "=cmd()", "@SUM(A1)", "\u202ereversed", "ü ß 漢字 🙂",
    "\x00", "\x1b[31m", "a" * 2000,
]  # fmt: skip
