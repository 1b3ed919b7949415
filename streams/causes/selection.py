"""The one rule that decides the number of edges: evidence weighed against what chance alone would give.

It deliberately does not know whose true graph it will be scored on: its parameters are fixed on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.causes.evaluation import Mask, Scores, score_edges
from streams.causes.evidence import PairEvidence
from telcollm.graph import OperatingPoint

Floats = npt.NDArray[np.float64]

_PRICES = tuple(float(price) for price in np.geomspace(1.0, 100.0, 41))


@dataclass(frozen=True)
class Rule:
    """What an edge that chance would give costs at each operating point, and how strength becomes weight.

    The edges chosen are those at least as strong as the threshold that makes (edges chosen) - price x (edges
    that chance alone would give) largest: the last edges taken in are then real with odds of price - 1 to 1.
    An edge's weight is 1 / (1 + exp(-(intercept + slope x strength))): how often an edge of such strength
    was a true one in the records that the rule was fixed on.
    """

    balanced_price: float
    precise_price: float
    weight_intercept: float
    weight_slope: float

    def price(self, point: OperatingPoint) -> float:
        """Return the price of an edge of chance at an operating point."""
        return self.balanced_price if point == "balanced" else self.precise_price

    def weights(self, strength: Floats) -> Floats:
        """Return the weights, 0-1, of edges of these strengths."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.weight_intercept + self.weight_slope * strength))))


THEORY = Rule(balanced_price=2.0, precise_price=20.0, weight_intercept=-1.0, weight_slope=0.6)
"""Learned from no truth: the last edge is as likely real as not at balanced, 19 to 1 at precise."""


def candidates(strength: Floats, explained: Floats, point: OperatingPoint) -> Floats:
    """Return strengths (..., types, types) with what can be no edge at this operating point set to 0.

    A cause graph has no two-way edges, so only the stronger direction of a pair stays. The precise point
    also wants the cause to explain a larger share of the effect's alarms than the other way round: both
    measures must agree on the direction.
    """
    kept = strength >= np.swapaxes(strength, -1, -2)
    if point == "precise":
        kept = kept & (explained >= np.swapaxes(explained, -1, -2))
    return np.where(kept & ~np.eye(strength.shape[-1], dtype=bool), strength, 0.0)


def choose(evidence: PairEvidence, rule: Rule, point: OperatingPoint) -> Mask:
    """Return the mask (types, types) of the edges that the rule chooses at an operating point."""
    return _choose(evidence, rule.price(point), point)


def fit_rule(labelled: Sequence[tuple[PairEvidence, Mask]]) -> Rule:
    """Return the rule fixed on these records, each its evidence and its true edges (types, types).

    Prices are those with the best mean F1 (balanced) and mean g-score (precise), smoothed over neighbouring
    prices. The curves are flat where chance and evidence are well apart; so among prices within 3 % of the
    best the one nearest to THEORY is taken. With no record at all, THEORY itself is returned.
    """
    if not labelled:
        return THEORY
    balanced = np.zeros(len(_PRICES))
    precise = np.zeros(len(_PRICES))
    for evidence, truth in labelled:
        balanced += _smooth([_scored(evidence, truth, price, "balanced").f1 for price in _PRICES])
        precise += _smooth([_scored(evidence, truth, price, "precise").g_score for price in _PRICES])
    intercept, slope = _calibration(labelled)
    return Rule(
        _nearest(balanced, THEORY.balanced_price), _nearest(precise, THEORY.precise_price), intercept, slope
    )


def _choose(evidence: PairEvidence, price: float, point: OperatingPoint) -> Mask:
    strength = candidates(evidence.strength, evidence.explained, point)
    values = np.unique(strength[strength > 0])
    if len(values) == 0:
        return np.zeros(strength.shape, dtype=bool)
    chance = np.sort(candidates(evidence.chance_strength, evidence.chance_explained, point).ravel())
    chosen = (strength.ravel()[:, None] >= values).sum(axis=0)
    by_chance = (len(chance) - np.searchsorted(chance, values, side="left")) / len(evidence.chance_strength)
    worth = chosen - price * by_chance
    best = int(np.argmax(worth))
    if worth[best] <= 0:
        return np.zeros(strength.shape, dtype=bool)
    return np.asarray(strength >= values[best])


def _scored(evidence: PairEvidence, truth: Mask, price: float, point: OperatingPoint) -> Scores:
    return score_edges(_choose(evidence, price, point), evidence.strength, truth)


def _smooth(curve: Sequence[float], reach: int = 4) -> Floats:
    padded = np.pad(np.asarray(curve), reach, mode="edge")
    return np.convolve(padded, np.ones(2 * reach + 1) / (2 * reach + 1), mode="valid")


def _nearest(curve: Floats, theory: float) -> float:
    good = [price for price, mean in zip(_PRICES, curve, strict=True) if mean >= 0.97 * curve.max()]
    return min(good, key=lambda price: abs(np.log(price / theory)))


def _calibration(labelled: Sequence[tuple[PairEvidence, Mask]]) -> tuple[float, float]:
    """Return intercept and slope of truth on strength over candidates, each record counting alike."""
    from scipy.optimize import minimize

    strengths, truths, shares = [], [], []
    for evidence, truth in labelled:
        strength = candidates(evidence.strength, evidence.explained, "balanced")
        kept = strength > 0
        strengths.append(strength[kept])
        truths.append(truth[kept].astype(np.float64))
        shares.append(np.full(int(kept.sum()), 1.0 / max(int(kept.sum()), 1)))
    x, y, share = np.concatenate(strengths), np.concatenate(truths), np.concatenate(shares)
    if len(x) == 0:
        return THEORY.weight_intercept, THEORY.weight_slope

    def loss(line: Floats) -> float:
        logit = line[0] + line[1] * x
        return float((share * (np.logaddexp(0.0, logit) - y * logit)).sum() + 1e-3 * line[1] ** 2)

    found = minimize(loss, np.array([THEORY.weight_intercept, THEORY.weight_slope]))
    # A slope below 0 would rank weaker edges higher; it can only come from records without any signal.
    return float(found.x[0]), max(float(found.x[1]), 0.0)
