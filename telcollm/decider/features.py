"""What the plain expert sees of a row: its words, tokens that stand for facts about it, and its numbers.

The expert gets what the model gets: all columns, and the same earlier rows. Does not know labels.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telcollm.decider.numerals import number
from telcollm.decider.rows import Row, cell_text, row_history
from telcollm.decider.spec import DeciderSpec
from telcollm.model.port import FloatArray

WORD_PATTERN: Final = r"(?u)[^\W\u3400-\u9fff\u3040-\u30ff]+|[\u3400-\u9fff\u3040-\u30ff]"
"""A word, or one sign of a script that does not part its words."""

_WORDS: Final = re.compile(WORD_PATTERN)
_DIGIT: Final = re.compile(r"\d")
_MOST_WORDS: Final = 200
_MOST_TURN: Final = 12
BINS: Final = 8

_LEAST_SPREAD: Final = 1e-9


def document(row: Row, spec: DeciderSpec) -> str:
    """Return all of a row's texts as one."""
    return " \n ".join(cell_text(row.get(name)) for name in spec.text_columns)


def own_tokens(row: Row, spec: DeciderSpec) -> list[str]:
    """Return tokens for facts about the row itself: short cells as wholes, words by column, its length."""
    tokens = []
    for place, name in enumerate(spec.text_columns):
        words = _normal_words(cell_text(row.get(name)))
        if len(words) <= 6:
            tokens.append(f"c{place}=" + "_".join(words))
        tokens.append(f"n{place}={min(len(words), 8) if len(words) < 8 else 8 + len(words) // 16}")
        if words:
            tokens += [f"a{place}=" + "_".join(words[:2]), f"z{place}=" + "_".join(words[-2:])]
        if len(spec.text_columns) > 1:
            tokens += [f"c{place}:{word}" for word in words[:_MOST_WORDS]]
    return tokens


def history_tokens(row: Row, spec: DeciderSpec) -> list[str]:
    """Return tokens for the earlier rows, and for the row's words after what was said last."""
    earlier = row_history(row, spec)
    turn = min(len(earlier), _MOST_TURN)
    words = _normal_words(document(row, spec))
    start = "_".join(words[:4])
    tokens = [f"t={turn}", f"x={start}&t={turn}"]
    tokens += [f"w={word}&t={turn}" for word in words[:8]]
    if not earlier:
        return tokens
    last = _normal_words(document(earlier[-1], spec))
    last_start = "_".join(last[:4])
    tokens += [f"p={last_start}", f"x={start}&p={last_start}"]
    tokens += [f"p:{word}" for word in last[:_MOST_WORDS]]
    tokens += [f"p:{one}_{two}" for one, two in itertools.pairwise(last[:40])]
    tokens += [f"w={word}&p={last_start}" for word in words[:4]]
    if len(earlier) > 1:
        before = _normal_words(document(earlier[-2], spec))
        tokens += [f"q:{word}" for word in before[:_MOST_WORDS]] + ["q=" + "_".join(before[:4])]
    for one in earlier:
        tokens += [f"h:{word}" for word in _normal_words(document(one, spec))[:_MOST_WORDS]]
    return tokens


def numeric_matrix(rows: Sequence[Row], spec: DeciderSpec) -> FloatArray:
    """Return the numeric columns, of shape (rows, columns), missing cells as NaN."""
    matrix = np.full((len(rows), len(spec.numerics)), np.nan)
    for place, name in enumerate(spec.numeric_columns):
        for index, row in enumerate(rows):
            value = number(row.get(name), name)
            if value is not None:
                matrix[index, place] = value
    return matrix


@dataclass(frozen=True, slots=True)
class NumericScale:
    """How numbers become features of a linear model, as training rows showed them.

    Per column: its usual value, middle and spread after a signed logarithm, and the edges of bins, of shape
    (columns, bins - 1).
    """

    usual: FloatArray
    middle: FloatArray
    spread: FloatArray
    edges: FloatArray

    def features(self, matrix: FloatArray) -> Any:
        """Return a sparse matrix: scaled values, unusual and missing marks, and which bin a value is in."""
        from scipy import sparse

        if not matrix.shape[1]:
            return sparse.csr_matrix(matrix.astype(np.float32))
        missing = np.isnan(matrix)
        scaled = np.where(missing, 0.0, (_signed_log(matrix) - self.middle) / self.spread).clip(-5, 5)
        unusual = (matrix != self.usual) & ~missing
        blocks = [
            sparse.csr_matrix(scaled.astype(np.float32)),
            sparse.csr_matrix(unusual.astype(np.float32)),
            sparse.csr_matrix(missing.astype(np.float32)),
        ]
        for edge in range(self.edges.shape[1]):
            above = (matrix > self.edges[:, edge]) & ~missing
            blocks.append(sparse.csr_matrix(above.astype(np.float32)))
        return sparse.hstack(blocks).tocsr()


def fit_scale(matrix: FloatArray) -> NumericScale:
    """Return the scale of training rows; columns without a value are left at nothing."""
    columns = matrix.shape[1]
    usual, middle, spread = np.full(columns, np.nan), np.zeros(columns), np.ones(columns)
    edges = np.full((columns, BINS - 1), np.inf)
    logs = _signed_log(matrix)
    for place in range(columns):
        known = ~np.isnan(matrix[:, place])
        values = matrix[known, place]
        if not len(values):
            continue
        found, counts = np.unique(values, return_counts=True)
        usual[place] = found[counts.argmax()]
        middle[place] = usual[place] if counts.max() > len(values) / 2 else 0.0
        middle[place] = float(_signed_log(np.array(middle[place]))) or float(np.median(logs[known, place]))
        deviation = float(logs[known, place].std())
        spread[place] = deviation if deviation > _LEAST_SPREAD else 1.0
        others = values[values != usual[place]]
        if len(others):
            marks = np.unique(np.quantile(others, np.linspace(0, 1, BINS + 1)[1:-1]))
            edges[place, : len(marks)] = marks
    return NumericScale(usual, middle, spread, edges)


def _signed_log(values: FloatArray) -> FloatArray:
    return np.sign(values) * np.log1p(np.abs(values))


def _normal_words(text: str) -> list[str]:
    return _WORDS.findall(_DIGIT.sub("0", text.casefold()))
