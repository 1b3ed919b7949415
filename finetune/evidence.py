"""From what every part said of every test row to the figures that are shown and the evidence that is judged.

Figures are found anew from the predictions each time they are judged, so that a claim proves nothing. Does
not know models, and does not judge (`finetune.gate`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from finetune.bootstrap import Bootstrap, Draws, ece_by_chance, interval, mean_interval
from finetune.calibration import BINS, calibration_error
from finetune.gate import PLAIN, Disturbed, Evidence, Interval, Rival, Shown
from finetune.predictions import BoolArray, Predictions, Said
from finetune.predictions import Disturbed as Changed

DECIDER: Final = "decider"
FEWEST_CHANGED: Final = 30
"""A change that touches fewer test rows than this shows nothing, and is shown without being judged."""


def right_of(predictions: Predictions, part: Said) -> BoolArray:
    """Return, for the rows the part was asked about, whether it was right."""
    return np.array(
        [
            answer == predictions.truth[int(place)]
            for place, answer in zip(part.rows, part.answers, strict=True)
        ],
        dtype=bool,
    )


def part_figures(predictions: Predictions) -> dict[str, dict[str, Any]]:
    """Return {part: accuracy, macro-F1, their intervals, top 3, calibration error, rows}."""
    found = {}
    for name, part in predictions.said.items():
        bootstrap, draws = _draws(predictions, part, part)
        accuracy, macro = interval(draws.accuracy), interval(draws.macro_f1)
        found[name] = {
            "rows": len(part.rows),
            "accuracy": accuracy.value,
            "accuracy_low": accuracy.low,
            "accuracy_high": accuracy.high,
            "macro_f1": macro.value,
            "macro_f1_low": macro.low,
            "macro_f1_high": macro.high,
            "classes": len(bootstrap.classes),
            "top3": float(part.in_top3.mean()) if len(part.rows) else None,
            "ece": calibration_error(part.confidence, right_of(predictions, part)),
        }
    return found


def gains(predictions: Predictions) -> dict[str, dict[str, Any]]:
    """Return {rival: gains of the decider over it on the rows that both were asked about}."""
    return {
        name: {
            "rows": len(part.rows),
            "accuracy": _values(accuracy),
            "macro_f1": _values(macro),
        }
        for name, part in predictions.said.items()
        if name != DECIDER
        for accuracy, macro in [_gain(predictions, part)]
    }


def disturbance_figures(changes: Sequence[Changed]) -> list[dict[str, Any]]:
    """Return, per change, accuracy before and after, what was lost, and the gain over the best baseline."""
    return [
        {
            "name": change.name,
            "tried": change.tried,
            "rows": change.tried,
            "changed": len(change.row_ids),
            "before": float(change.before[DECIDER].mean()),
            "after": float(change.after[DECIDER].mean()),
            "drop": _values(_drop(change)),
            "baseline": best,
            "baseline_after": float(change.after[best].mean()) if best else None,
            "gain": _values(_disturbed(change).gain),
        }
        for change in changes
        if len(change.row_ids)
        for best in [_best_baseline(change)]
    ]


def evidence(
    predictions: Predictions,
    changes: Sequence[Changed],
    *,
    claimed: Mapping[str, float],
    test_rows: int,
    leaks: Sequence[str] = (),
    tampered: Sequence[str] = (),
    champion: str = "",
    needs_base: bool = True,
) -> Evidence:
    """Return all that the gate looks at, found anew from the predictions.

    Classes are looked at one by one only where they repeat, as labels of a fixed set do.
    """
    own = predictions.said[DECIDER]
    _, draws = _draws(predictions, own, own)
    shown = Shown(
        rows=len(own.rows),
        accuracy=float(draws.accuracy[0]),
        macro_f1=float(draws.macro_f1[0]),
        ece=calibration_error(own.confidence, right_of(predictions, own)),
        ece_by_chance=ece_by_chance(own.confidence, BINS),
        recall=_recall(predictions, own),
    )
    rivals = {}
    for name, part in predictions.said.items():
        if name != DECIDER:
            accuracy, macro = _gain(predictions, part)
            rivals[name] = Rival(len(part.rows), accuracy, macro, _recall(predictions, part))
    judged = [change for change in changes if len(change.row_ids) >= FEWEST_CHANGED]
    return Evidence(
        test_rows=test_rows,
        decider=shown,
        rivals=rivals,
        disturbed={change.name: _disturbed(change) for change in judged},
        needs_base=needs_base,
        champion=champion,
        leaks=tuple(leaks),
        tampered=tuple(tampered),
        claimed=claimed,
    )


def _draws(predictions: Predictions, part: Said, on: Said) -> tuple[Bootstrap, Draws]:
    """Return the draws of a part's answers on the rows that `on` was asked about."""
    places = [int(place) for place in on.rows]
    groups = [predictions.groups[place] for place in places] if predictions.groups else []
    bootstrap = Bootstrap([predictions.truth[place] for place in places], groups)
    answer_at = dict(zip((int(place) for place in part.rows), part.answers, strict=True))
    # A row that the part was not asked about counts as wrong: leaving it out would flatter the part.
    return bootstrap, bootstrap.draws([answer_at.get(place, "") for place in places])


def _gain(predictions: Predictions, rival: Said) -> tuple[Interval, Interval]:
    _, ours = _draws(predictions, predictions.said[DECIDER], rival)
    _, theirs = _draws(predictions, rival, rival)
    return interval(ours.accuracy - theirs.accuracy), interval(ours.macro_f1 - theirs.macro_f1)


def _recall(predictions: Predictions, part: Said) -> dict[str, tuple[int, float]]:
    return Bootstrap([predictions.truth[int(place)] for place in part.rows], draws=1).recall(part.answers)


def _best_baseline(change: Changed) -> str:
    plain = [name for name in PLAIN if name in change.after]
    return max(plain, key=lambda name: float(change.after[name].mean()), default="")


def _drop(change: Changed) -> Interval:
    lost = change.before[DECIDER].astype(np.float64) - change.after[DECIDER].astype(np.float64)
    return mean_interval(lost)


def _disturbed(change: Changed) -> Disturbed:
    best = _best_baseline(change)
    gain = Interval(0.0, 0.0, 0.0)
    if best:
        ours, theirs = change.after[DECIDER], change.after[best]
        gain = mean_interval(ours.astype(np.float64) - theirs.astype(np.float64))
    return Disturbed(len(change.row_ids), _drop(change), gain, best)


def _values(found: Interval) -> list[float]:
    return [found.value, found.low, found.high]
