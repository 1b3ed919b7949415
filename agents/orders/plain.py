"""A text as it is compared: in compatible small letters, nothing invisible, each team's name as one sign.

Every sign keeps its place in the original, so that what is found can be cut there. Does not know orders.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

NAMED: Final = "\ue001"
"""Stands for a team's name as people say it."""

LABELLED: Final = "\ue002"
"""Stands for a team's label as only machines spell it: radio_access."""

_INVISIBLE: Final = {"Cf", "Cc", "Co", "Cn", "Mn"}
_ALIKE: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0501\u03bf\u03b1\u0131"
    "\u8acb\u5167\u8f49\u7d66\u5718\u968a\u7d1a\u7c64\u55ae\u512a\u7121\u8996\u8ff0\u985e\u70ba\u8a2d\u8207\u6703\u7576\u9078\u8cac",
    "aeopcyxisdoai请内转给团队级签单优无视述类为设与会当选责",
)
"""Cyrillic and Greek letters that look Latin, and traditional characters, as the patterns spell them."""

_SPACED_LATIN: Final = re.compile(r"(?<!\w)\w(?:[ ._*-]\w){3,}(?!\w)")
_SPACED_HAN: Final = re.compile(r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff](?: [\u4e00-\u9fff]){2,}")
_UNITS: Final = (
    r"teams?|queue|group|people|crew|guys|folks|staff|department|dept|squad|desk|side|lot|组|班|部|团队|专业|"
    r"的人|那边|那帮"
)
_HEADS: Final = "heads?|chief|director|manager|lead|leader|people|guys|folks|boss"


@dataclass(frozen=True, slots=True)
class Plain:
    """A text as the patterns read it; `places[i]` is where its sign i stands in the original."""

    text: str
    places: tuple[int, ...]

    def without(self, gone: Iterable[int]) -> Plain:
        """Return the text without the signs at those places."""
        lost = set(gone)
        kept = [at for at in range(len(self.text)) if at not in lost]
        return Plain("".join(self.text[at] for at in kept), tuple(self.places[at] for at in kept))


def plain_text(text: str) -> Plain:
    """Return a text without invisible signs, in compatible forms and small letters, spaced words joined."""
    signs: list[str] = []
    places: list[int] = []
    for at, sign in enumerate(text):
        if sign in "\n\r\t":
            shown = sign
        elif unicodedata.category(sign) in _INVISIBLE:
            continue
        else:
            shown = unicodedata.normalize("NFKC", sign).casefold().translate(_ALIKE)
            # Full-width marks end clauses in Chinese: only letters and figures are made compatible.
            shown = shown if shown.isalnum() else sign
        signs.append(shown)
        places.extend([at] * len(shown))
    plain = Plain("".join(signs), tuple(places))
    for spaced in (_SPACED_LATIN, _SPACED_HAN):
        gone = [
            at for found in spaced.finditer(plain.text) for at in range(found.start() + 1, found.end(), 2)
        ]
        plain = plain.without(gone)
    return plain


def named(plain: Plain, teams: tuple[str, ...], names: tuple[str, ...]) -> Plain:
    """Return the text with each team's name as one sign, by how it is spelled."""
    pattern = _names_pattern(teams, names)
    if pattern is None:
        return plain
    signs: list[str] = []
    places: list[int] = []
    at = 0
    for found in pattern.finditer(plain.text):
        signs.append(plain.text[at : found.start()])
        places.extend(plain.places[at : found.start()])
        signs.append(LABELLED if "_" in found[0] else NAMED)
        places.append(plain.places[found.start()])
        at = found.end()
    signs.append(plain.text[at:])
    places.extend(plain.places[at:])
    return Plain("".join(signs), tuple(places))


@lru_cache(maxsize=64)
def _names_pattern(teams: tuple[str, ...], names: tuple[str, ...]) -> re.Pattern[str] | None:
    spelled: set[str] = set()
    parts: set[str] = set()
    for name in (*teams, *names):
        words = [word for word in re.split(r"[\W_]+", name.casefold()) if word]
        if words:
            spelled.add(r"[\s_-]*".join(map(re.escape, words)))
            parts.update(re.escape(word) for word in words if len(word) > 1)
    if not spelled:
        return None
    # People say half of a name with what it is: the billing people.
    half = "|".join(sorted(parts, key=len, reverse=True))
    spelled.update((rf"(?:{half})[\s_-]*(?:{_UNITS})", rf"(?:{_HEADS}) of (?:the )?(?:{half})"))
    found = "|".join(sorted(spelled, key=len, reverse=True))
    return re.compile(rf"(?<![a-z0-9])(?:{found})(?![a-z0-9])")
