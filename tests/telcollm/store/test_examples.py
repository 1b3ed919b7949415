from __future__ import annotations

import doctest

import pytest

from telcollm.store import columns, rows


@pytest.mark.parametrize("module", [columns, rows])
def test_examples_in_docstrings_hold(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0
