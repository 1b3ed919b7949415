"""Mixing and calibrating: log-probabilities of several parts become probabilities that mean what they say.

The mix is log-linear: log-probabilities are weighted, added, divided by a temperature, and made to sum to
one again. Weights and temperature are fitted on validation rows, never on test rows. Arrays have the shape
(rows, choices); where rows have fewer choices than the widest, they are padded with minus infinity. Does
not know what the parts are.
Source: Genest and Zidek, Combining probability distributions, 1986; Guo et al., On calibration of modern
neural networks, 2017.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from telcollm.decider.spec import DeciderError, DeciderSpec, Threshold
from telcollm.model.port import FloatArray

IntArray = npt.NDArray[np.int64]
LEAST_LOG: Final = -30.0
"""No part may be so sure that no other can outvote it."""

_SHRINKAGE: Final = 2.0
"""Weight of the pull towards an even mix at temperature 1, in rows: it matters only where rows are few."""

FEWEST_KEPT: Final = 20


def log_softmax(scores: FloatArray) -> FloatArray:
    """Return scores as log-probabilities by row; padding of minus infinity stays.

    >>> np.exp(log_softmax(np.array([[1.0, 1.0, -np.inf]]))).tolist()
    [[0.5, 0.5, 0.0]]
    """
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def pool(parts: Mapping[str, FloatArray], weights: Mapping[str, float], temperature: float) -> FloatArray:
    """Return the probabilities of the mix: see `pool_logs`."""
    return np.asarray(np.exp(pool_logs(parts, weights, temperature)))


def pool_logs(
    parts: Mapping[str, FloatArray], weights: Mapping[str, float], temperature: float
) -> FloatArray:
    """Return the log-probabilities of the mix; parts without a weight count for nothing.

    Raises:
        DeciderError: no part has a weight above 0, or the parts differ in shape.
    """
    names = [name for name in parts if weights.get(name, 0.0) > 0]
    if not names:
        message = (
            f"mix {dict(weights)} gives no weight to any of the parts {sorted(parts)}; a weight above 0 is "
            "needed; load the part that was measured or train again"
        )
        raise DeciderError(message)
    if len({parts[name].shape for name in names}) > 1:
        shapes = {name: parts[name].shape for name in names}
        message = f"parts of shapes {shapes} cannot be mixed; one shape is needed; give them the same rows"
        raise DeciderError(message)
    total = sum(weights[name] * _floored(parts[name]) for name in names)
    return log_softmax(np.asarray(total) / temperature)


def mixed(parts: Mapping[str, FloatArray], spec: DeciderSpec) -> FloatArray:
    """Return a decider's probabilities; with one part only, as that part was calibrated."""
    return pool(parts, spec.mix, spec.temperature)


def fit_mix(
    parts: Mapping[str, FloatArray], answers: Sequence[int] | IntArray
) -> tuple[dict[str, float], float]:
    """Return weights that sum to 1 and the temperature, by the likelihood of the validation answers.

    Rows with the answer -1 are left out. Without any row the parts have even weights and temperature 1.

    Raises:
        DeciderError: there is no part.
    """
    from scipy.optimize import minimize

    names = list(parts)
    if not names:
        message = "parts={} cannot be mixed; at least one part is needed; train the model or the plain expert"
        raise DeciderError(message)
    truth = np.asarray(answers, dtype=np.int64)
    known = truth >= 0
    truth = truth[known]
    even = {name: 1 / len(names) for name in names}
    if not len(truth):
        return even, 1.0
    stacked = np.stack([_floored(parts[name])[known] for name in names])
    gold = stacked[:, np.arange(len(truth)), truth]
    filled = np.where(np.isneginf(stacked), 0.0, stacked)
    padding = np.isneginf(stacked[0])
    start = np.full(len(names), 1 / len(names))

    def loss(scales: FloatArray) -> tuple[float, FloatArray]:
        scores = np.tensordot(scales, filled, axes=1)
        scores[padding] = -np.inf
        logs = log_softmax(scores)
        value = -float(logs[np.arange(len(truth)), truth].sum())
        expected = np.einsum("rc,prc->p", np.exp(logs), filled)
        slope = expected - gold.sum(axis=1)
        pull = scales - start
        return value + _SHRINKAGE * float(pull @ pull), slope + 2 * _SHRINKAGE * pull

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, 20.0)] * len(names))
    scales = np.maximum(np.asarray(found.x), 0.0)
    total = float(scales.sum())
    if total <= 1e-6:
        # Nothing the parts say helps on these rows: they count evenly, and hardly at all.
        return even, 100.0
    return {name: float(scale / total) for name, scale in zip(names, scales, strict=True)}, 1 / total


def fit_threshold(
    confidences: FloatArray, correct: npt.NDArray[np.bool_], precision: float, *, fewest: int = FEWEST_KEPT
) -> Threshold:
    """Return the lowest confidence from which on validation answers reach a wanted precision.

    Where none does on at least `fewest` rows, the threshold is one that no answer passes, with coverage 0.

    Raises:
        DeciderError: the precision is not between 0 and 1.
    """
    if not 0 < precision <= 1:
        message = f"precision={precision} must lie above 0 and be at most 1; give a share such as 0.95"
        raise DeciderError(message)
    order = np.argsort(-confidences, kind="stable")
    ranked, right = confidences[order], correct[order].astype(float)
    rates = right.cumsum() / np.arange(1, len(right) + 1)
    # A threshold keeps all answers of one confidence or none.
    ends = np.append(ranked[1:] < ranked[:-1], True) if len(ranked) else np.zeros(0, dtype=bool)
    fits = np.flatnonzero(ends & (rates >= precision) & (np.arange(1, len(right) + 1) >= fewest))
    if not len(fits):
        return Threshold(confidence=1.01, precision=precision, coverage=0.0)
    last = int(fits[-1])
    if last == len(ranked) - 1:
        return Threshold(confidence=0.0, precision=precision, coverage=1.0)
    return Threshold(
        confidence=float((ranked[last] + ranked[last + 1]) / 2),
        precision=precision,
        coverage=(last + 1) / len(ranked),
    )


def _floored(logs: FloatArray) -> FloatArray:
    """Return log-probabilities with no choice under the least, padding apart."""
    return np.where(np.isneginf(logs), -np.inf, np.maximum(logs, LEAST_LOG))
