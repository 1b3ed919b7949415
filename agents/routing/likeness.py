"""How much two texts have in common: shared words, or pairs of characters where words are not parted.

Does not know what the words mean; texts in two languages have nothing in common.
"""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W\u4e00-\u9fff]+")
_HAN_RUN: Final = re.compile(r"[\u4e00-\u9fff]+")


def terms(text: str) -> frozenset[str]:
    """Return a text's words, and pairs of neighbouring Chinese characters.

    >>> sorted(terms("Cell 7 断电了"))
    ['7', 'cell', '断电', '电了']
    """
    folded = text.casefold()
    found = set(_WORD.findall(folded))
    for run in _HAN_RUN.findall(folded):
        found.update(run[at : at + 2] for at in range(max(1, len(run) - 1)))
    return frozenset(found)


def alike_ratio(one: str, other: str) -> float:
    """Return the share of all terms of two texts that both have; 0 where either has none.

    >>> alike_ratio("cell 7 is down", "cell 7 is down again")
    0.8
    """
    left, right = terms(one), terms(other)
    if not left or not right:
        return 0.0
    return len(left & right) / len(left | right)
