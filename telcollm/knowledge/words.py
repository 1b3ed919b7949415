"""Finding chunks by their words: BM25 over Latin words and Chinese character pairs.

Does not know what words mean: that is `telcollm.knowledge.meaning`.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from telcollm.errors import MissingExtraError

_WORD: Final = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*|[\u3400-\u9fff]+")
_STOP: Final = frozenset(
    "a an and are as at be by for from has have how i in is it its of on or that the their this to was what "
    "when where which who why will with you your".split()
)


def words_of(text: str) -> list[str]:
    """Return the words that a text is found by: lower case, light plural folding, Chinese in pairs.

    A compound comes whole and in parts, so that `s1-ap` finds `S1AP` by its parts and `O-DU` by itself.

    >>> words_of("Alarms on eNodeB-12: 基站掉电")
    ['alarm', 'enodeb-12', 'enodeb', '12', '基站', '站掉', '掉电']
    """
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        if word[0] >= "\u3400":
            found.extend(word[at : at + 2] for at in range(max(1, len(word) - 1)))
            continue
        parts = re.split(r"[-_.]", word)
        if len(parts) > 1:
            found.append(word)
        found.extend(_folded(part) for part in parts if part not in _STOP)
    return found


def _folded(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


class WordIndex:
    """BM25 over a fixed list of texts. Source: Robertson et al., Okapi BM25, as bm25s computes it."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        """Index texts that `words_of` has taken apart."""
        try:
            import bm25s
        except ImportError as error:
            raise MissingExtraError(package="bm25s", extra="knowledge") from error
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._count = len(texts)
        self._holding: Counter[str] = Counter()
        for words in texts:
            self._holding.update(set(words))
        self._index = bm25s.BM25()
        if self._holding:
            self._index.index(list(texts), show_progress=False)

    def shares(self, question: str) -> npt.NDArray[np.float32]:
        """Return for each text, of shape (texts,), its share of the highest possible BM25 score, in 0-1.

        A word that no text holds counts against every text; 0 where no word is shared.
        """
        words = words_of(question)
        known = [word for word in words if word in self._holding]
        if not known:
            return np.zeros(self._count, dtype=np.float32)
        scores: npt.NDArray[np.float32] = self._index.get_scores(known)
        return scores / np.float32(sum(self._weight(word) for word in words))

    def _weight(self, word: str) -> float:
        holding = self._holding[word]
        return math.log1p((self._count - holding + 0.5) / (holding + 0.5))
