"""Whether confidences mean what they say: calibration error and reliability bins.

Does not know how confidences are made better: see `telcollm.decider.mixing`.
Source: Naeini et al., Obtaining well calibrated probabilities using Bayesian binning, 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from telcollm.model.port import FloatArray

BINS: Final = 10


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
