"""Boosted trees as arrays: what is kept of a scikit-learn model, and how it is read without one.

All trees lie in one set of arrays, so that a file of thousands loads at once and runs nothing it brings.
Does not know how trees are grown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from telcollm.model.port import FloatArray

_ROWS_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class Trees:
    """Nodes of all trees, one after the other; `roots` has the shape (rounds, scores).

    A leaf is its own `left` and `right`, so that going down from it stays there.
    """

    feature: npt.NDArray[np.int32]
    threshold: FloatArray
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    missing_left: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float32]
    roots: npt.NDArray[np.int32]
    baseline: FloatArray
    depth: npt.NDArray[np.int32]

    def scores(self, matrix: FloatArray) -> FloatArray:
        """Return scores of shape (rows, labels) for numbers of shape (rows, columns), NaN where missing."""
        rounds, outputs = self.roots.shape
        scores = np.tile(self.baseline, (len(matrix), 1)).astype(float)
        for start in range(0, len(matrix), _ROWS_AT_ONCE):
            part = matrix[start : start + _ROWS_AT_ONCE]
            lines = np.arange(len(part))[:, None]
            nodes = np.tile(self.roots.ravel(), (len(part), 1))
            for _ in range(int(self.depth[0])):
                values = part[lines, self.feature[nodes]]
                leftwards = np.where(
                    np.isnan(values), self.missing_left[nodes], values <= self.threshold[nodes]
                )
                nodes = np.where(leftwards, self.left[nodes], self.right[nodes])
            summed = self.value[nodes].reshape(len(part), rounds, outputs).sum(axis=1, dtype=float)
            scores[start : start + len(part)] += summed
        if outputs == 1:
            scores = np.hstack([np.zeros((len(matrix), 1)), scores])
        return scores


def trees_of(model: Any) -> Trees:
    """Return a fitted HistGradientBoostingClassifier's trees; its columns must be numeric."""
    grown = [predictor.nodes for row in model._predictors for predictor in row]
    starts = np.cumsum([0, *(len(nodes) for nodes in grown)])[:-1]
    nodes = np.concatenate(grown)
    offset = np.repeat(starts, [len(tree) for tree in grown])
    own = np.arange(len(nodes))
    leaf = nodes["is_leaf"].astype(bool)
    outputs = len(model._predictors[0])
    return Trees(
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        threshold=nodes["num_threshold"].astype(float),
        left=np.where(leaf, own, nodes["left"] + offset).astype(np.int32),
        right=np.where(leaf, own, nodes["right"] + offset).astype(np.int32),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=np.where(leaf, nodes["value"], 0.0).astype(np.float32),
        roots=starts.reshape(-1, outputs).astype(np.int32),
        baseline=np.asarray(model._baseline_prediction, dtype=float).reshape(1, -1),
        depth=np.array([int(nodes["depth"].max())], dtype=np.int32),
    )
