"""Log lines without what varies and without identities: numbers, addresses, names and ids as typed marks.

What is left of a line holds no digit, so no subscriber's number can be in it. Does not know which lines are
alike: that is `logs`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

MOST_CHARACTERS: Final = 500

_WHO: Final = r"user(?:name)?|subscriber|customer|caller|callee|account|owner"
_CLOCK: Final = r"\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
_RULES: Final = tuple(
    (re.compile(pattern), mark)
    for pattern, mark in (
        # The guard's own tokens first: their digests would be taken for ids.
        (r"<(MSISDN|IMSI|IMEI|EMAIL|NAME):[0-9a-f]{10}>", r"<\1>"),
        (rf"(?i)\b({_WHO})(\s*[=:]\s*)[^\s,;|]+", r"\1\2<NAME>"),
        (r'"[^"]{1,120}"', "<TEXT>"),
        (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<ID>"),
        (r"\b(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b", "<MAC>"),
        (r"\b(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}\b", "<MAC>"),
        (rf"\b\d{{4}}-\d{{2}}-\d{{2}}(?:[T ]{_CLOCK})?", "<TIME>"),
        (r"(?<![\w:])\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?(?![\w:])", "<TIME>"),
        (r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2}|:\d{1,5})?(?![\w.]*\d)", "<IP>"),
        (r"(?i)(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){0,7}(?![\w:])", "<IP>"),
        (r"\b0[xX][0-9a-fA-F]+\b", "<HEX>"),
        (r"\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,}\b", "<HEX>"),
        (r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*", "<NUM>"),
        (r"\d+(?:\.\d+)*", "<NUM>"),
    )
)


def mask(text: str, managed_object: str, hide: Callable[[str], str]) -> str:
    """Return one line of text without what varies; `hide` is the guard's, and is asked first.

    >>> mask("port ge-0/0/1 of cell-7 down after 35.5 s, peer 10.0.0.7", "cell-7", lambda text: text)
    'port ge-<NUM>/<NUM>/<NUM> of <OBJECT> down after <NUM> s, peer <IP>'
    """
    line = hide(" ".join(text[: 4 * MOST_CHARACTERS].split()))
    if managed_object:
        line = line.replace(managed_object, "<OBJECT>")
    for pattern, mark in _RULES:
        line = pattern.sub(mark, line)
    return line[:MOST_CHARACTERS]
