"""Runs and comparisons in MLflow: params, figures, and the files as artefacts.

Deliberately does not know what was measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.scenarios.comparing import Comparison
from benchmarks.scenarios.results import Results
from telcollm.settings import Settings
from telcollm.tracking import MlflowTracker

EXPERIMENT: Final = "scenarios"
_NAME: Final = re.compile(r"[^\w\-./ ]")


def track_run(results: Results, files: Sequence[Path], settings: Settings) -> str:
    """Return the id of the MLflow run that holds a run's params, figures and files.

    Raises:
        MissingExtraError: mlflow is not installed.
        TransientError: the tracking server does not answer.
    """
    metrics: dict[str, float] = {"cases": float(len(results.cases))}
    for name, figure in results.figures.items():
        metrics[name] = figure.value
        metrics[f"{name}.cases"] = float(figure.count)
        if figure.low is not None and figure.high is not None:
            metrics[f"{name}.low"], metrics[f"{name}.high"] = figure.low, figure.high
    for name, cost in results.costs.items():
        metrics[f"{name}.p50"], metrics[f"{name}.p95"] = cost.p50, cost.p95
    for part, figures in results.slices.items():
        if results.headline in figures:
            metrics[f"{results.headline}/{part}"] = figures[results.headline].value
    return _track(
        settings,
        kind="run",
        params={
            **_facts(results),
            "variant": results.variant,
            "code_version": results.code_version,
            "cases": f"{len(results.cases)} of {results.available}",
            **{f"identity.{name}": value for name, value in results.identity.items()},
        },
        metrics=metrics,
        files=files,
    )


def track_comparison(comparison: Comparison, files: Sequence[Path], settings: Settings) -> str:
    """Return the id of the MLflow run that holds a comparison's differences and its page.

    Raises:
        MissingExtraError: mlflow is not installed.
        TransientError: the tracking server does not answer.
    """
    before, after = comparison.before, comparison.after
    metrics = {"cases": float(comparison.paired)}
    for one in comparison.differences:
        metrics[f"{one.name}.change"] = one.change.value
        metrics[f"{one.name}.better"], metrics[f"{one.name}.worse"] = float(one.better), float(one.worse)
    return _track(
        settings,
        kind="comparison",
        params={
            **_facts(before),
            "variant.a": before.variant,
            "variant.b": after.variant,
            "code_version.a": before.code_version,
            "code_version.b": after.code_version,
        },
        metrics=metrics,
        files=files,
    )


def _facts(results: Results) -> dict[str, Any]:
    return {"suite": results.suite, "part": results.part, "data_hash": results.data_hash}


def _track(
    settings: Settings,
    *,
    kind: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    files: Sequence[Path],
) -> str:
    tracker = MlflowTracker(
        settings.tracking_uri,
        f"{settings.tracking.experiment}-{EXPERIMENT}",
        params=params,
        tags={"telcollm.kind": kind, "telcollm.suite": str(params["suite"])},
    )
    tracker.log_metrics({_NAME.sub("_", name)[:250]: value for name, value in metrics.items()}, 0)
    for path in files:
        tracker.log_file(path)
    tracker.close("FINISHED")
    return tracker.run_id
