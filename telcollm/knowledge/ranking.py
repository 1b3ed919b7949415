"""Putting passages in order by what words and meaning say of each, and leaving out what does not answer.

The figures are measured by `benchmarks/retrieval.py` on its tuning half. Does not know passages or readers.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]

WORDS_WEIGHT: Final = 0.5
"""What a full share of words adds to the cosine."""

ENOUGH: Final = 0.33
"""The least sum of cosine and weighted words at which a passage is taken for an answer."""

WORDS_ENOUGH: Final = 0.25
"""The least share of words that is enough alone: names, numbers and codes mean little to an embedding."""


def rank(words: FloatArray, meaning: FloatArray | None) -> list[tuple[int, float]]:
    """Return (place, score) of what answers, the best first; without meaning, all that shares a word.

    `words` holds shares in 0-1 and `meaning` cosines, both of shape (passages,).

    >>> rank(np.array([0.0, 0.3, 0.1]), np.array([0.5, 0.2, 0.1]))
    [(0, 0.5), (1, 0.35)]
    """
    if meaning is None:
        scores, kept = words, words > 0.0
    else:
        scores = meaning + WORDS_WEIGHT * words
        kept = (scores >= ENOUGH) | (words >= WORDS_ENOUGH)
    order = np.argsort(-scores, kind="stable")
    return [(int(place), float(scores[place])) for place in order if kept[place]]


def nearly_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether two sets of words overlap so far that showing both would tell a reader nothing.

    >>> nearly_same(frozenset("abcdefghijklmnopqrs"), frozenset("abcdefghijklmnopqrst"))
    True
    """
    return len(one & other) >= NEARLY_SAME * len(one | other)


NEARLY_SAME: Final = 0.9
