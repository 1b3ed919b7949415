"""Learn the weights of `agents.orders.scoring`, or show how they do on kinds of orders left out.

    python -m benchmarks.orders train --operator FOLDER --multidogo FOLDER
    python -m benchmarks.orders check --operator FOLDER --multidogo FOLDER

FOLDER of the operator holds what `telcollm simulate --plan training --no-kpis` writes; of its tickets and
messages only the teaching split is read. The orders of `benchmarks.scenarios.orders` are the test and are
not known here.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agents.orders import scoring
from benchmarks.orders.texts import Sample, samples

_FOLDS = 5
_STRENGTH = 3.0
_THRESHOLDS = (-2.25, -1.5, scoring.DOUBT, scoring.ORDER)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.orders", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("what", choices=("train", "check"))
    parser.add_argument("--operator", type=Path, required=True, help="the simulated operator's tables")
    parser.add_argument("--multidogo", type=Path, help="the MultiDoGO data; left out where not given")
    parser.add_argument("--to", type=Path, default=scoring.WEIGHTS, help="where the weights are written")
    given = parser.parse_args(arguments)
    rows = samples(given.operator, given.multidogo)
    print(
        f"{sum(row.order for row in rows):,} orders and {sum(not row.order for row in rows):,} honest texts"
    )
    if given.what == "check":
        _check(rows)
        return 0
    weights, bias = _learned(rows, range(len(rows)))
    np.savez_compressed(given.to, weights=weights.astype(np.float16), bias=np.float64(bias))
    print(f"{given.to}: {given.to.stat().st_size:,} bytes")
    return 0


def _check(rows: Sequence[Sample]) -> None:
    """Print by source which share is above each threshold, each kind of order learned without."""
    kinds = sorted({row.kind for row in rows})
    folds = np.array([kinds.index(row.kind) % _FOLDS for row in rows])
    scores = np.zeros(len(rows))
    matrix = _matrix(rows)
    for fold in range(_FOLDS):
        weights, bias = _learned(rows, np.flatnonzero(folds != fold), matrix)
        held = folds == fold
        scores[held] = matrix[held] @ weights + bias
    print("source".ljust(14), *(f">= {one:5.2f}" for one in _THRESHOLDS), "texts", sep="  ")
    for source in sorted({row.source for row in rows}):
        own = scores[[row.source == source for row in rows]]
        print(source.ljust(14), *(f"{np.mean(own >= one):8.4f}" for one in _THRESHOLDS), len(own), sep="  ")


def _matrix(rows: Sequence[Sample]) -> Any:
    from scipy.sparse import csr_matrix

    made = [scoring.features(row.text) for row in rows]
    ends = np.cumsum([0, *(len(places) for places, _ in made)])
    values = np.concatenate([values for _, values in made])
    places = np.concatenate([places for places, _ in made])
    return csr_matrix((values, places, ends), shape=(len(rows), scoring.BUCKETS + scoring.DENSE))


def _learned(rows: Sequence[Sample], chosen: Any, matrix: Any = None) -> tuple[Any, float]:
    from sklearn.linear_model import LogisticRegression

    matrix = _matrix(rows) if matrix is None else matrix
    taken = np.asarray(chosen)
    model = LogisticRegression(C=_STRENGTH, max_iter=100, tol=1e-3)
    model.fit(
        matrix[taken],
        [rows[place].order for place in taken],
        sample_weight=[rows[place].weight for place in taken],
    )
    return model.coef_[0], float(model.intercept_[0])


if __name__ == "__main__":
    raise SystemExit(main())
