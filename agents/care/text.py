"""Customers' text made plain for comparison: one form of each letter, no markup, no invisible signs.

Does not know what a text means.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from typing import Final

_TAG: Final = re.compile(r"<[^<>]{0,200}>")
_MARKS: Final = re.compile(r"[*_`~#|\\]+")
_LONGEST: Final = 4_000
_LETTER: Final = r"[^\W㐀-䶿一-鿿]"
_DIGITS: Final = re.compile(r"(?<![\w<:])\+?\d(?:[ \-./()]{0,2}\d){6,14}(?![\w>])")


def folded(text: str) -> str:
    """Return a text in small letters, without markup, invisible signs and double blanks, cut if very long.

    >>> folded("<b>REFUND</b>  me")
    'refund me'
    """
    text = unicodedata.normalize("NFKC", html.unescape(text[:_LONGEST]))
    text = _MARKS.sub("", _TAG.sub("", text))
    kept = "".join(
        " " if unicodedata.category(sign) == "Cc" else sign
        for sign in text
        if unicodedata.category(sign) not in ("Cf", "Mn")
    )
    return " ".join(kept.casefold().replace("’", "'").split())  # noqa: RUF001


@functools.cache
def _pattern(phrase: str) -> re.Pattern[str]:
    words = r"\W+".join(map(re.escape, folded(phrase).split()))
    # Chinese parts no words: a Latin phrase may stand right beside a Han character.
    before = rf"(?<!{_LETTER})" if words[:1].isascii() else ""
    after = rf"(?!{_LETTER})" if words[-1:].isascii() else ""
    return re.compile(before + words + after)


def mentions(folded_text: str, phrase: str) -> bool:
    """Tell whether a phrase stands in a folded text, as whole words where it is of Latin letters.

    >>> mentions("turn airplane-mode off", "airplane mode"), mentions("scalp", "cal")
    (True, False)
    >>> mentions("请开飞行模式", "飞行模式"), mentions("apn设置不对", "apn")
    (True, True)
    """
    return bool(phrase) and _pattern(phrase).search(folded_text) is not None


def without_numbers(text: str) -> str:
    """Return a text whose numbers of seven digits and more, written in any groups, are taken out.

    The guard knows numbers by their prefix or label; a customer writes his own without either.

    >>> without_numbers("I am 555-123-2002, since 14:30")
    'I am <NUMBER>, since 14:30'
    """
    return _DIGITS.sub("<NUMBER>", text)
