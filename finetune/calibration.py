"""Whether confidences mean what they say: calibration error, reliability bins, log loss, conformal sets.

Does not know how confidences are made better: see `telcollm.decider.mixing`.
Source: Naeini et al., Obtaining well calibrated probabilities using Bayesian binning, 2015; Angelopoulos
and Bates, A gentle introduction to conformal prediction, 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from telcollm.decider.mixing import IntArray
from telcollm.model.port import FloatArray

BINS: Final = 10
_LEAST: Final = 1e-12


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Rows of similar confidence: how sure the answers were, and how many were right."""

    rows: int
    confidence: float
    accuracy: float
    lowest: float
    highest: float


def reliability_bins(
    confidences: FloatArray, correct: npt.NDArray[np.bool_], bins: int = BINS
) -> list[ReliabilityBin]:
    """Return bins of as equal numbers of rows as can be, by rising confidence.

    Rows of one confidence count with the share of them that was right, so that their order says nothing.
    """
    order = np.argsort(confidences, kind="stable")
    _, same = np.unique(confidences, return_inverse=True)
    shares = np.bincount(same, weights=correct.astype(float)) / np.maximum(1, np.bincount(same))
    rights = shares[same]
    found = []
    for rows in np.array_split(order, min(bins, len(order)) or 1):
        if len(rows):
            own = confidences[rows]
            found.append(
                ReliabilityBin(
                    len(rows), float(own.mean()), float(rights[rows].mean()), float(own[0]), float(own[-1])
                )
            )
    return found


def calibration_error(confidences: FloatArray, correct: npt.NDArray[np.bool_], bins: int = BINS) -> float:
    """Return the expected calibration error over bins of equal mass: 0 is perfect, 1 the worst.

    >>> calibration_error(np.array([0.5, 0.5]), np.array([True, False]), bins=1)
    0.0
    """
    parts = reliability_bins(confidences, correct, bins)
    total = sum(part.rows for part in parts)
    return sum(part.rows * abs(part.confidence - part.accuracy) for part in parts) / max(1, total)


def log_loss(truth: IntArray, probabilities: FloatArray) -> float:
    """Return the mean negative log-probability of the right choice; a truth of -1 costs the most there is."""
    return float(-np.log(np.maximum(_of_truth(truth, probabilities), _LEAST)).mean())


def brier_score(truth: IntArray, probabilities: FloatArray) -> float:
    """Return the mean squared distance of the probabilities from the truth, between 0 and 2."""
    own = _of_truth(truth, probabilities)
    return float(((probabilities**2).sum(axis=1) - 2 * own + 1).mean())


def conformal_level(truth: IntArray, probabilities: FloatArray, coverage: float) -> float:
    """Return the probability from which on choices belong to a set that holds the truth that often.

    For rows drawn alike, the set of choices at or above this level holds the right one with at least the
    wanted `coverage`, whatever the model. 0 where too few rows were given to promise anything less.
    """
    own = np.sort(_of_truth(truth, probabilities))
    rank = int(np.floor((len(own) + 1) * (1 - coverage)))
    return float(own[rank - 1]) if rank >= 1 else 0.0


def conformal_sets(probabilities: FloatArray, level: float) -> npt.NDArray[np.bool_]:
    """Return which choices belong to each row's set, of shape (rows, choices); the likeliest always does."""
    sets = (probabilities >= level) & (probabilities > 0)
    sets[np.arange(len(sets)), probabilities.argmax(axis=1)] = True
    return np.asarray(sets)


def _of_truth(truth: IntArray, probabilities: FloatArray) -> FloatArray:
    """Return the probability of each row's right choice, 0 where there is none."""
    own = probabilities[np.arange(len(truth)), np.maximum(truth, 0)]
    return np.where(truth < 0, 0.0, own)
