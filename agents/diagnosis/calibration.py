"""How sure a diagnosis is, and from when on it is given: learned from cases whose causes are known.

What was learned on one network's incidents says nothing of another's: none is shipped. Does not know where
cases come from.
Source: Platt, Probabilistic outputs for support vector machines, 1999 (a logistic function of a score, fitted
on cases that the score was not made from).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec

from agents.diagnosis.shape import NAMES, SHARE
from telcollm.errors import SettingsError

LEAST_CASES: Final = 30
FOLDS: Final = 5
_STEPS: Final = 25
_Z: Final = 1.645
"""One-sided 95 %."""


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least confidence at which diagnoses were right as often as wanted, and the cases it rests on.

    `answered` of the `cases` lay at or above `threshold`, `right` of these named the root cause. With
    `weights` the confidence is a logistic function of the diagnosis's shape, else the lead's share.
    """

    threshold: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    target_precision: Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]
    cases: int
    answered: int
    right: int
    weights: dict[str, float] = {}
    bias: float = 0.0

    def confidence(self, shape: Mapping[str, float]) -> float:
        """Return how sure a diagnosis of that shape is, in 0-1."""
        if not self.weights:
            return shape[SHARE]
        score = self.bias + sum(weight * shape.get(name, 0.0) for name, weight in self.weights.items())
        return round(_logistic(score), 6)


class Known(NamedTuple):
    """A diagnosis of a known cause: its shape, whether it was right, and what it hangs together with."""

    shape: Mapping[str, float]
    right: bool
    group: str


def learn(cases: Sequence[Known], target_precision: float) -> Calibration:
    """Return weights of shapes, and the threshold for them; each case's confidence is of others' weights.

    Raises:
        SettingsError: there are fewer than 30 cases.
    """
    told: list[tuple[float, bool]] = []
    for fold in range(FOLDS):
        held = [one for one in cases if _fold(one.group) == fold]
        if held:
            weights, bias = _fitted([one for one in cases if _fold(one.group) != fold])
            part = Calibration(0.0, target_precision, 0, 0, 0, weights, bias)
            told += [(part.confidence(one.shape), one.right) for one in held]
    found = calibrate(told, target_precision)
    weights, bias = _fitted(cases)
    return msgspec.structs.replace(found, weights=weights, bias=bias)


def _fitted(cases: Sequence[Known]) -> tuple[dict[str, float], float]:
    """Return the weights and the bias of the likeliest logistic function, drawn a little towards none."""
    import numpy as np

    if not cases:
        return {}, 0.0
    rows = np.array([[one.shape.get(name, 0.0) for name in NAMES] for one in cases])
    right = np.array([one.right for one in cases], dtype=float)
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0.0] = 1.0
    design = np.column_stack([np.ones(len(rows)), (rows - middle) / spread])
    draw = np.diag([1e-6, *([1.0] * len(NAMES))])
    beta = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        told = 1.0 / (1.0 + np.exp(-design @ beta))
        slope = design.T @ (right - told) - draw @ beta
        curve = (design * (told * (1.0 - told))[:, None]).T @ design + draw
        beta = beta + np.linalg.solve(curve, slope)
    weights = beta[1:] / spread
    return (
        dict(zip(NAMES, map(float, weights), strict=True)),
        float(beta[0] - float(weights @ middle)),
    )


def _fold(group: str) -> int:
    return blake2b(group.encode(), digest_size=4).digest()[0] % FOLDS


def _logistic(score: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))


def calibrate(cases: Sequence[tuple[float, bool]], target_precision: float = 0.9) -> Calibration:
    """Return the lowest threshold at which the answers were right at least so often, beyond chance.

    `cases` are (confidence, right). Beyond chance: the lower 95 % bound (Wilson) of the share that was right
    reaches the target. Where no threshold does, it is 1: every diagnosis abstains.

    Raises:
        SettingsError: there are fewer than 30 cases.

    >>> found = calibrate([(0.2, False)] * 40 + [(0.8, True)] * 60)
    >>> found.threshold, found.answered, found.right
    (0.8, 60, 60)
    """
    if len(cases) < LEAST_CASES:
        message = (
            f"cases={len(cases)} are too few to calibrate on; at least {LEAST_CASES} with known causes are "
            "allowed; add more, or set diagnosis.abstain_below by hand"
        )
        raise SettingsError(message)
    ranked = sorted(cases, key=lambda case: -case[0])
    best: tuple[float, int, int] | None = None
    right = 0
    for place, (confidence, good) in enumerate(ranked, start=1):
        right += good
        last_of_its_kind = place == len(ranked) or ranked[place][0] < confidence
        if last_of_its_kind and _lower_bound(right, place) >= target_precision:
            best = (confidence, place, right)
    threshold, answered, kept = best or (1.0, 0, 0)
    return Calibration(threshold, target_precision, len(cases), answered, kept)


def load_calibration(path: Path) -> Calibration:
    """Return the calibration kept at `path` as JSON.

    Raises:
        SettingsError: the file is missing or holds none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Calibration)
    except (OSError, msgspec.DecodeError) as error:
        message = (
            f"calibration file {path} cannot be read ({error}); the JSON of one is allowed; make it anew, or "
            "leave the setting out"
        )
        raise SettingsError(message) from error


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Keep a calibration at `path` as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(calibration), indent=1) + b"\n")


def _lower_bound(right: int, count: int) -> float:
    """Return the lower end of Wilson's interval of a share."""
    share, square = right / count, _Z * _Z / count
    middle = share + square / 2
    spread = _Z * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return (middle - spread) / (1 + square)
