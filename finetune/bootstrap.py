"""Intervals of accuracy and macro-F1, and of the gains of one part over another on the same rows.

Rows that belong together are drawn together. A draw is a vector of weights, so a thousand draws of macro-F1
over all classes are three matrix products. Does not know what the parts are.
Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13 (percentile intervals).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from finetune.gate import Interval
from telcollm.model.port import FloatArray

DRAWS: Final = 1000
_SEED: Final = 20260101
_LOW, _HIGH = 2.5, 97.5

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draws:
    """Accuracy and macro-F1 of one part: on the rows as they are (first) and in each draw after that."""

    accuracy: FloatArray
    macro_f1: FloatArray


class Bootstrap:
    """The same draws for every part, so that differences are paired."""

    def __init__(self, truth: Sequence[str], groups: Sequence[str] = (), *, draws: int = DRAWS) -> None:
        """Take the true labels; `groups`, where given, say which rows are drawn together.

        Macro-F1 is the mean over the classes that are true or answered at least once, as scikit-learn's.
        """
        self.classes: tuple[str, ...] = tuple(sorted(set(truth)))
        self._numbers = {name: place for place, name in enumerate(self.classes)}
        self._truth = self._codes(truth)
        self._weights = _weights(len(truth), groups, draws)

    def draws(self, answers: Sequence[str]) -> Draws:
        """Return the part's figures, of the rows as they are and of every draw.

        >>> Bootstrap(["a", "a", "b"]).draws(["a", "b", "b"]).accuracy[0].round(3).item()
        0.667
        """
        numbers = dict(self._numbers)
        codes = np.array([numbers.setdefault(name, len(numbers)) for name in answers], dtype=np.int64)
        right = codes == self._truth
        total = self._weights.sum(axis=1)
        accuracy = self._weights @ right.astype(np.float64) / total
        one_of = np.eye(len(numbers))
        hits = self._weights @ (one_of[self._truth] * right[:, None])
        both = self._weights @ (one_of[self._truth] + one_of[codes])
        present = both > 0
        scores = np.divide(2 * hits, both, out=np.zeros_like(both), where=present)
        return Draws(accuracy, scores.sum(axis=1) / present.sum(axis=1))

    def recall(self, answers: Sequence[str]) -> dict[str, tuple[int, float]]:
        """Return {class: (rows, recall)}."""
        right = self._codes(answers) == self._truth
        found = {}
        for place, name in enumerate(self.classes):
            own = self._truth == place
            found[name] = (int(own.sum()), float(right[own].mean()))
        return found

    def _codes(self, names: Sequence[str]) -> IntArray:
        other = len(self.classes)
        return np.array([self._numbers.get(name, other) for name in names], dtype=np.int64)


def interval(values: FloatArray) -> Interval:
    """Return the first value and the 95 % interval of the others."""
    low, high = np.percentile(values[1:], [_LOW, _HIGH])
    return Interval(float(values[0]), float(low), float(high))


def mean_interval(values: FloatArray, groups: Sequence[str] = (), *, draws: int = DRAWS) -> Interval:
    """Return the mean of a value per row and its 95 % interval; groups are drawn whole."""
    weights = _weights(len(values), groups, draws)
    return interval(weights @ values / weights.sum(axis=1))


def ece_by_chance(confidence: FloatArray, bins: int = 10, *, draws: int = 200) -> float:
    """Return the 95 % quantile of the calibration error that perfect calibration shows on these confidences.

    In bins of equal size, as the error itself is measured.
    """
    order = np.sort(confidence)
    parts = np.array_split(np.arange(len(order)), bins)
    random = np.random.default_rng(_SEED)
    errors = []
    for _ in range(draws):
        right = random.random(len(order)) < order
        errors.append(sum(abs(right[part].sum() - order[part].sum()) for part in parts) / max(len(order), 1))
    return float(np.quantile(errors, 0.95))


def _weights(rows: int, groups: Sequence[str], draws: int) -> FloatArray:
    """Return weights of shape (1 + draws, rows), the first all ones."""
    random = np.random.default_rng(_SEED)
    if groups:
        numbers = np.unique(np.array(groups, dtype=object).astype(str), return_inverse=True)[1]
        count = int(numbers.max()) + 1
        drawn = random.multinomial(count, np.full(count, 1 / count), size=draws)[:, numbers]
    else:
        drawn = random.multinomial(rows, np.full(rows, 1 / rows), size=draws)
    return np.vstack([np.ones((1, rows)), drawn.astype(np.float64)])
