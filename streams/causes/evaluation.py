"""How well a set of edges matches a true graph: counted over ordered pairs of different types.

It deliberately does not know how edges or scores were found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from telcollm.errors import SettingsError

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """One comparison of chosen edges with true ones; every ratio is in 0-1.

    `density` is the share of pairs that are true edges, `average_precision` that of the ranking behind the
    choice, `ap_over_density` how many times better than chance it is (1 is chance). `g_score` is
    max(0, TP - FP) / (TP + FN), which is 0 for the full graph; `trivial_f1` what choosing every pair gives.
    """

    pairs: int
    true_edges: int
    edges: int
    precision: float
    recall: float
    f1: float
    g_score: float
    average_precision: float
    density: float
    ap_over_density: float
    trivial_f1: float


def off_diagonal(types: int) -> Mask:
    """Return the mask (types, types) of pairs of two different types."""
    return ~np.eye(types, dtype=bool)


def score_edges(chosen: Mask, ranking: Floats, truth: Mask, counted: Mask | None = None) -> Scores:
    """Return how `chosen` and the `ranking` behind it compare with `truth`, over the `counted` pairs.

    All are of shape (types, types), cause in rows; the diagonal never counts. Where there is no true edge
    or none is chosen, the ratios that would divide by zero are 0.0.

    Raises:
        SettingsError: the shapes differ.

    >>> import numpy as np
    >>> truth = np.array([[0, 1], [0, 0]], dtype=bool)
    >>> found = score_edges(truth, truth.astype(float), truth)
    >>> found.f1, found.g_score, found.density
    (1.0, 1.0, 0.5)
    """
    if not chosen.shape == ranking.shape == truth.shape:
        msg = (
            f"shapes {chosen.shape}, {ranking.shape} and {truth.shape} of edges, ranking and truth must "
            "be equal; give the true graph of these very alarms"
        )
        raise SettingsError(msg)
    mask = off_diagonal(len(truth)) if counted is None else counted & off_diagonal(len(truth))
    picked, actual, scores = chosen[mask], truth[mask], ranking[mask]
    hits, edges, positives = int((picked & actual).sum()), int(picked.sum()), int(actual.sum())
    density = _ratio(positives, len(actual))
    precision, recall = _ratio(hits, edges), _ratio(hits, positives)
    ap = average_precision(scores, actual)
    return Scores(
        pairs=len(actual),
        true_edges=positives,
        edges=edges,
        precision=precision,
        recall=recall,
        f1=_ratio(2 * hits, edges + positives),
        g_score=_ratio(max(0, hits - (edges - hits)), positives),
        average_precision=ap,
        density=density,
        ap_over_density=_ratio(ap, density),
        trivial_f1=_ratio(2 * positives, len(actual) + positives),
    )


def average_precision(scores: Floats, actual: Mask) -> float:
    """Return the mean precision at each true item, best score first; 0.0 where nothing is true.

    Items with equal scores count as one step, so that their order cannot flatter.
    """
    positives = int(actual.sum())
    if positives == 0:
        return 0.0
    levels, place = np.unique(-scores, return_inverse=True)
    hits = np.cumsum(np.bincount(place, actual, len(levels)))
    taken = np.cumsum(np.bincount(place, minlength=len(levels)))
    return float(np.sum(np.diff(hits, prepend=0.0) * hits / taken) / positives)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
