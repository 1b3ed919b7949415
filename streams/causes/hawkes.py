"""A topological Hawkes process: how much each type of alarm excites each other, near by and soon after.

It deliberately does not know which excitations count as edges (`selection`), nor any true graph: everything
here comes from the alarms alone.

Source: Cai, Wu, Qiao, Hao, Zhang, Zhang, "THPs: Topological Hawkes Processes for Learning Causal Structure on
Event Sequences", IEEE TNNLS 2022; here with several decays at once, a baseline per type and object, and every
pair weighed by what the likelihood loses without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from streams.causes.history import AlarmHistory
from streams.causes.kernels import Traces, traces

Floats = npt.NDArray[np.float64]
Reals = npt.NDArray[np.floating[Any]]

DECAYS_S = (1.0, 5.0, 25.0, 125.0, 625.0, 3125.0)
"""From one second to about an hour by factors of five: wide instead of tuned."""
HOPS = 2
ROUNDS = 20
REFIT_ROUNDS = 5
PENALTY_ALARMS = 20.0
"""Exposure added to every kernel (an exponential prior on its excitation): rare types look uncertain."""
_NEGLIGIBLE_ALARMS = 0.05
_FADED = 1e-20


@dataclass(frozen=True)
class Excitation:
    """What a fitted process says of every ordered pair of types, cause in rows, effect in columns.

    All (types, types). `gain` is the log-likelihood, penalty included, that is lost when the cause is taken
    away and the rest fitted again, at least 0; `offspring` the expected number of effect alarms that one
    cause alarm brings about; `explained` the share of the effect's alarms that the cause explains, 0-1;
    `lag_s` the median delay, 0 where nothing is excited. The diagonals hold self-excitation, with gain 0.
    """

    gain: Floats
    offspring: Floats
    explained: Floats
    lag_s: Floats


def fit(
    history: AlarmHistory,
    *,
    decays_s: tuple[float, ...] = DECAYS_S,
    hops: int = HOPS,
    penalty_alarms: float = PENALTY_ALARMS,
) -> Excitation:
    """Return the excitations that expectation maximisation finds in a history of at least one alarm."""
    kinds = len(history.type_names)
    felt = traces(history, decays_s, hops)
    result = Excitation(*(np.zeros((kinds, kinds)) for _ in range(4)))
    if history.span_s <= 0.0:
        return result
    for effect in range(kinds):
        rows = np.flatnonzero(history.types == effect)
        if len(rows):
            _fit_effect(history, felt, effect, rows, penalty_alarms, result)
    return result


def _fit_effect(
    history: AlarmHistory,
    felt: Traces,
    effect: int,
    rows: npt.NDArray[np.int64],
    penalty_alarms: float,
    result: Excitation,
) -> None:
    kinds, kernels = felt.exposure.shape
    narrow = felt.felt[rows].reshape(len(rows), -1)
    live = np.flatnonzero(narrow.any(axis=0))
    # 32-bit products were a quarter faster, but raised a spurious floating-point flag once in many runs.
    seen = narrow[:, live].astype(np.float64)
    weight = (felt.exposure.ravel() + penalty_alarms)[live]
    causes = live // kernels
    _, home, at_home = np.unique(history.objects[rows], return_inverse=True, return_counts=True)
    process = _Process(seen, weight, home, at_home, history.span_s)
    alpha = np.full(len(live), 0.5 * len(rows) / max(float(weight.sum()), 1.0))
    alpha, base = process.climb(alpha, 0.5 * at_home / history.span_s, ROUNDS)
    full = process.log_likelihood(alpha, base)
    share = process.explained(alpha, base)
    by_cause = np.bincount(causes, share, kinds)
    result.explained[:, effect] = by_cause / len(rows)
    alarms = np.maximum(np.bincount(history.types, minlength=kinds), 1)
    reach = (felt.exposure / alarms[:, None]).ravel()[live]
    result.offspring[:, effect] = np.bincount(causes, alpha * reach, kinds)
    by_delay = np.zeros((kinds, kernels))
    by_delay[causes, live % kernels] = share
    result.lag_s[:, effect] = _median_delay(by_delay, felt.delay_s)
    used = share > _NEGLIGIBLE_ALARMS / 50
    small = replace(process, seen=np.ascontiguousarray(seen[:, used]), weight=weight[used])
    base = np.maximum(base, 0.02 * at_home / history.span_s)
    for cause in np.flatnonzero(by_cause > _NEGLIGIBLE_ALARMS).tolist():
        if cause != effect:
            # What is 0 stays 0 as it climbs: the cause is gone without its columns being copied away.
            without = np.where(causes[used] == cause, 0.0, alpha[used])
            loss = full - small.log_likelihood(*small.climb(without, base, REFIT_ROUNDS))
            result.gain[cause, effect] = max(0.0, loss)


def _median_delay(shares: Floats, delay_s: Floats) -> Floats:
    """Return for each cause the time within which half of what it explains has followed, (causes,)."""
    times_s = np.geomspace(delay_s.min() / 100, delay_s.max() * 10, 200)
    followed = shares @ (1.0 - np.exp(-times_s / delay_s[:, None]))
    total = shares.sum(axis=1)
    half = np.argmax(followed >= total[:, None] / 2, axis=1)
    return np.where(total > 0, times_s[half], 0.0)


@dataclass(frozen=True)
class _Process:
    """The alarms of one effect: what they felt (alarms, features), and at which of their objects they are."""

    seen: Reals
    weight: Reals
    home: npt.NDArray[np.int64]
    at_home: npt.NDArray[np.int64]
    span_s: float

    def climb(self, alpha: Reals, base: Reals, rounds: int) -> tuple[Reals, Reals]:
        for _ in range(rounds):
            own, rate = self._rates(alpha, base)
            alpha = alpha * self._pull(rate) / self.weight
            alpha[alpha < _FADED] = 0.0  # before it turns denormal, and slow
            # The hundredth of an alarm keeps a baseline from vanishing, and a rate with it.
            base = (np.bincount(self.home, own / rate, len(base)) + 0.01) / self.span_s
        return alpha, base

    def explained(self, alpha: Reals, base: Reals) -> Reals:
        return alpha * self._pull(self._rates(alpha, base)[1])

    def log_likelihood(self, alpha: Reals, base: Reals) -> float:
        rate = self._rates(alpha, base)[1]
        return float(np.log(rate).sum() - (alpha * self.weight).sum() - base.sum() * self.span_s)

    def _rates(self, alpha: Reals, base: Reals) -> tuple[Reals, Reals]:
        own = base[self.home]
        return own, own + self.seen @ alpha

    def _pull(self, rate: Reals) -> Reals:
        return self.seen.T @ (1.0 / rate)
