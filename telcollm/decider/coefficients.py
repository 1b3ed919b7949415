"""Coefficients of linear models in a byte each: what a decider's file and a laptop's memory have room for.

Each row has a scale of its own. Does not know what the columns are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from telcollm.model.port import FloatArray

_STEPS: Final = 127


def pack(coefficients: FloatArray) -> dict[str, Any]:
    """Return arrays that `unpack` reads, off by no more than half a step: 1/254 of a row's largest.

    `coefficients` has the shape (classes, features).
    """
    scales = np.abs(coefficients).max(axis=1, initial=0.0) / _STEPS
    steps = np.rint(coefficients / np.where(scales > 0, scales, 1.0)[:, None])
    return {"steps": steps.astype(np.int8), "scales": scales.astype(np.float32)}


def unpack(packed: Mapping[str, Any]) -> FloatArray:
    """Return the coefficients, of shape (classes, features)."""
    found: FloatArray = packed["steps"].astype(np.float32) * packed["scales"][:, None]
    return found
