"""All that a run measured, as one tree of plain values: report, card and `metrics.json` are made of it.

Measures nothing itself but confusion and figures by label, which are counts of the answers. Does not judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from finetune.calibration import reliability_bins
from finetune.columns import row_label
from finetune.evidence import (
    DECIDER,
    disturbance_figures,
    gains,
    part_figures,
    right_of,
)
from finetune.gate import PLAIN
from finetune.predictions import Disturbed, Predictions
from finetune.preparation import Prepared
from telcollm.decider.spec import DeciderSpec


def measure(
    prepared: Prepared,
    spec: DeciderSpec,
    predictions: Predictions,
    disturbed: Sequence[Disturbed],
    *,
    created: datetime,
    cost: Mapping[str, Any],
    training: Mapping[str, Any],
    origin: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the tree; `gate`, `slices` and `errors` are empty and filled in by who judges and looks."""
    sizes = prepared.split.sizes
    notes = [finding for finding in prepared.findings if finding.code != "split"]
    fixed = spec.kind == "labels"
    return {
        "name": spec.name,
        "version": "",
        "simulated": spec.simulated,
        "created": created.isoformat(timespec="seconds"),
        "task": {
            "label": spec.label_column,
            "inputs": _inputs(spec),
            "kind": spec.kind,
            "labels": len(spec.labels),
        },
        "rows": sizes,
        "split": {"method": _METHODS.get(prepared.split.method, ""), "reason": prepared.split.reason},
        "bootstrap_by": "group" if predictions.groups else "row",
        "audit": [f"{finding.weight}: {finding.message}" for finding in notes],
        "limits": [finding.message for finding in notes if finding.weight in ("warning", "leak")],
        "parts": part_figures(predictions),
        "gains": gains(predictions),
        "perturbations": disturbance_figures(disturbed),
        "per_label": _per_label(prepared, predictions) if fixed else [],
        "confusion": _confusion(predictions, spec) if fixed else {},
        "reliability": _reliability(predictions),
        "threshold": _threshold(predictions, spec),
        "mix": dict(spec.mix),
        "temperature": spec.temperature,
        "cost": dict(cost),
        "training": dict(training),
        "origin": dict(origin),
        "command": prepared.request.command(),
        "gate": [],
        "slices": [],
        "errors": [],
    }


def best_baseline(tree: Mapping[str, Any]) -> str:
    """Return the name of the plain baseline with the highest accuracy."""
    return max(
        (name for name in PLAIN if name in tree["parts"]), key=lambda name: tree["parts"][name]["accuracy"]
    )


def flat_metrics(tree: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures by the names under which MLflow keeps them."""
    found: dict[str, float] = {}
    for part, figures in tree["parts"].items():
        for name, value in figures.items():
            if isinstance(value, int | float):
                found[f"{part}/{name}"] = float(value)
    for name in ("accuracy", "macro_f1", "top3", "ece"):
        if tree["parts"][DECIDER][name] is not None:
            found[name] = float(tree["parts"][DECIDER][name])
    for one in tree["perturbations"]:
        found[f"perturbed/{one['name']}"] = float(one["after"])
    for one in tree["per_label"]:
        found[f"label/{one['label']}/f1"] = float(one["f1"])
    for name, value in {**tree["cost"], **tree["training"]}.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[f"cost/{name}"] = float(value)
    return found


_METHODS = {
    "column": "as given",
    "time": "by time",
    "group": "by group",
    "content": "by content",
}


def _inputs(spec: DeciderSpec) -> str:
    named = [*spec.text_columns, *spec.numeric_columns]
    shown = ", ".join(named[:8]) + (f" and {len(named) - 8} more columns" if len(named) > 8 else "")
    if spec.history is not None:
        shown += f", with up to {spec.history.turns} earlier rows of the same {spec.history.group_column}"
    return shown


def _per_label(prepared: Prepared, predictions: Predictions) -> list[dict[str, Any]]:
    own = predictions.said[DECIDER]
    train = Counter(row_label(row, prepared.columns) for row in prepared.side("train"))
    true, answered = Counter(predictions.truth), Counter(own.answers)
    hits = Counter(
        answer for answer, truth in zip(own.answers, predictions.truth, strict=True) if answer == truth
    )
    return [
        {
            "label": label,
            "train": train[label],
            "count": true[label],
            "precision": hits[label] / answered[label] if answered[label] else 0.0,
            "recall": hits[label] / true[label] if true[label] else 0.0,
            "f1": 2 * hits[label] / both if (both := true[label] + answered[label]) else 0.0,
        }
        for label in sorted({*true, *answered})
    ]


def _confusion(predictions: Predictions, spec: DeciderSpec) -> dict[str, Any]:
    labels = [*spec.labels, *sorted(set(predictions.truth) - set(spec.labels))]
    numbers = {label: place for place, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    for truth, answer in zip(predictions.truth, predictions.said[DECIDER].answers, strict=True):
        counts[numbers[truth], numbers[answer]] += 1
    return {"labels": labels, "counts": counts.tolist()}


def _reliability(predictions: Predictions) -> list[dict[str, float]]:
    own = predictions.said[DECIDER]
    bins = reliability_bins(own.confidence, right_of(predictions, own))
    return [{"confidence": one.confidence, "accuracy": one.accuracy, "rows": one.rows} for one in bins]


def _threshold(predictions: Predictions, spec: DeciderSpec) -> dict[str, Any]:
    right = right_of(predictions, predictions.said[DECIDER])
    kept = ~predictions.abstained
    return {
        "confidence": spec.threshold.confidence,
        "precision": spec.threshold.precision,
        "test_coverage": float(kept.mean()),
        "test_precision": float(right[kept].mean()) if kept.any() else None,
    }
