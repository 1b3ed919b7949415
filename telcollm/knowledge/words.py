"""Finding chunks by their words: BM25 over Latin words and Chinese character pairs.

Does not know what words mean: that is `telcollm.knowledge.meaning`.
"""

from __future__ import annotations

import logging
import re
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

    def __init__(self, texts: Sequence[str]) -> None:
        try:
            import bm25s
        except ImportError as error:
            raise MissingExtraError(package="bm25s", extra="knowledge") from error
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._count = len(texts)
        self._known: set[str] = set()
        self._index = bm25s.BM25()
        tokens = [words_of(text) for text in texts]
        for words in tokens:
            self._known.update(words)
        if self._known:
            self._index.index(tokens, show_progress=False)

    def scores(self, question: str) -> npt.NDArray[np.float32]:
        """Return a score for each text, of shape (texts,); 0 where no word is shared."""
        words = [word for word in words_of(question) if word in self._known]
        if not words:
            return np.zeros(self._count, dtype=np.float32)
        scores: npt.NDArray[np.float32] = self._index.get_scores(words)
        return scores
