"""How good decisions are: accuracy, macro-F1, top-3, confusion, slices, and how sure one can be of it.

Truth is an index per row, -1 where no choice is right (a label that training never saw): such a row is
an error whatever is answered. Probabilities have the shape (rows, choices), padded with 0 where a row has
fewer. Does not know where answers come from.
Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from finetune.calibration import brier_score, calibration_error, log_loss
from telcollm.decider.mixing import IntArray
from telcollm.errors import TelcollmError
from telcollm.model.port import FloatArray

_Z: Final = 1.96
FEWEST_OF_A_SLICE: Final = 20


class MetricError(TelcollmError):
    """Arrays that do not belong together were given, or none at all."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label's figures; `support` counts rows of it, `predicted` answers with it."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class SliceScore:
    """Accuracy on the rows with one value of a column, such as a vendor."""

    column: str
    value: str
    rows: int
    accuracy: Interval


def accuracy(truth: IntArray, predicted: IntArray) -> float:
    """Return the share of right answers.

    >>> accuracy(np.array([0, 1, -1, 1]), np.array([0, 1, 0, 0]))
    0.5
    """
    _check(truth, predicted)
    return float((truth == predicted).mean())


def macro_f1(truth: IntArray, predicted: IntArray) -> float:
    """Return the mean F1 of all labels that are true or answered anywhere, each counted alike.

    >>> macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    0.7333333333333334
    """
    _check(truth, predicted)
    right, support, answered = _counts(truth, predicted)
    present = (support + answered) > 0
    return float((2 * right[present] / (support + answered)[present]).mean())


def top_accuracy(truth: IntArray, probabilities: FloatArray, places: int = 3) -> float:
    """Return the share of rows whose right choice is among the `places` likeliest."""
    _check(truth, probabilities)
    ranked = np.argsort(-probabilities, axis=1, kind="stable")[:, :places]
    return float((ranked == truth[:, None]).any(axis=1).mean())


def label_scores(truth: IntArray, predicted: IntArray, labels: Sequence[str]) -> list[LabelScore]:
    """Return each label's precision, recall and F1 with counts, in the order of the labels.

    Rows whose label training never saw are under the label "(unseen)", where there are any.
    """
    names = [*labels, "(unseen)"] if (truth < 0).any() else list(labels)
    right, support, answered = _counts(truth, predicted, len(names))
    return [
        LabelScore(
            name,
            float(right[place] / answered[place]) if answered[place] else 0.0,
            float(right[place] / support[place]) if support[place] else 0.0,
            float(2 * right[place] / max(1, support[place] + answered[place])),
            int(support[place]),
            int(answered[place]),
        )
        for place, name in enumerate(names)
    ]


def confusion(truth: IntArray, predicted: IntArray, labels: int) -> IntArray:
    """Return counts of shape (labels, labels), true by row and answered by column, unseen labels left out."""
    table = np.zeros((labels, labels), dtype=np.int64)
    known = truth >= 0
    np.add.at(table, (truth[known], predicted[known]), 1)
    return table


def slice_scores(
    truth: IntArray,
    predicted: IntArray,
    values: Mapping[str, Sequence[str]],
    *,
    fewest: int = FEWEST_OF_A_SLICE,
) -> list[SliceScore]:
    """Return the accuracy by each value of each column, worst first; values with few rows are left out."""
    _check(truth, predicted)
    scores = []
    for column, cells in values.items():
        names = np.asarray([cell or "(missing)" for cell in cells], dtype=object)
        for name in dict.fromkeys(names):
            rows = np.flatnonzero(names == name)
            if len(rows) >= fewest:
                found = _wilson(int((truth[rows] == predicted[rows]).sum()), len(rows))
                scores.append(SliceScore(column, str(name), len(rows), found))
    return sorted(scores, key=lambda score: (score.accuracy.value, score.column, score.value))


def summary(truth: IntArray, probabilities: FloatArray, *, fixed_labels: bool = True) -> dict[str, float]:
    """Return the figures of one part: accuracy, macro_f1, top_3, ece, nll, brier, coverage counts.

    Macro-F1 is left out for varying choices, whose places mean nothing.
    """
    _check(truth, probabilities)
    predicted = probabilities.argmax(axis=1)
    figures = {
        "rows": float(len(truth)),
        "accuracy": accuracy(truth, predicted),
        "top_3": top_accuracy(truth, probabilities),
        "ece": calibration_error(probabilities.max(axis=1), truth == predicted),
        "nll": log_loss(truth, probabilities),
        "brier": brier_score(truth, probabilities),
    }
    if fixed_labels:
        figures["macro_f1"] = macro_f1(truth, predicted)
    return figures


def _counts(
    truth: IntArray, predicted: IntArray, labels: int | None = None
) -> tuple[IntArray, IntArray, IntArray]:
    """Return right answers, true rows and answers per label; unseen truth is one label more."""
    size = labels if labels is not None else int(max(truth.max(), predicted.max())) + 2
    known = np.where(truth < 0, size - 1, truth)
    support = np.bincount(known, minlength=size)
    answered = np.bincount(predicted, minlength=size)
    right = np.bincount(predicted[truth == predicted], minlength=size)
    return right, support, answered


def _wilson(right: int, rows: int) -> Interval:
    """Return a share with its 95 % interval, which holds for few rows and shares near 0 and 1 as well."""
    share, spread = right / rows, _Z * _Z / rows
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * ((share * (1 - share) + spread / 4) / rows) ** 0.5 / (1 + spread)
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def _check(truth: IntArray, answers: IntArray | FloatArray) -> None:
    if not len(truth) or len(truth) != len(answers):
        message = (
            f"{len(truth)} true labels came with {len(answers)} answers; as many of one as of the "
            "other, and at "
            "least one, are needed; give the rows of one side"
        )
        raise MetricError(message)
