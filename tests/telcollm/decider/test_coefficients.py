"""Laws of packed coefficients: a byte each, and near enough to what was packed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from telcollm.decider.coefficients import pack, unpack

MATRICES = arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(0, 6)),
    elements=st.integers(-(10**9), 10**9).map(lambda n: n / 1e6),
)


@given(coefficients=MATRICES)
def test_what_is_packed_is_off_by_half_a_step_at_most(coefficients: np.ndarray) -> None:
    packed = pack(coefficients)
    assert packed["steps"].dtype == np.int8
    largest = np.abs(coefficients).max(axis=1, initial=0.0)[:, None]
    assert (np.abs(unpack(packed) - coefficients) <= largest / 254 * 1.001 + 1e-30).all()


@given(coefficients=MATRICES)
def test_packing_again_changes_nothing(coefficients: np.ndarray) -> None:
    packed = pack(coefficients)
    again = pack(unpack(packed).astype(np.float64))
    assert (again["steps"] == packed["steps"]).all()
