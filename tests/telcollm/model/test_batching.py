from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcollm.errors import SettingsError
from telcollm.model.batching import BatchLimits, plan_batches

LENGTHS = st.lists(st.integers(1, 3000), max_size=120)
LIMITS = st.builds(
    BatchLimits,
    token_budget=st.integers(1, 5000),
    max_waste_ratio=st.floats(0, 1),
    max_rows=st.integers(1, 64),
)


@given(LENGTHS, LIMITS)
def test_a_plan_holds_every_prompt_exactly_once(lengths: list[int], limits: BatchLimits) -> None:
    planned = [place for batch in plan_batches(lengths, limits) for place in batch]
    assert sorted(planned) == list(range(len(lengths)))


@given(LENGTHS, LIMITS)
def test_every_batch_of_a_plan_keeps_the_limits(lengths: list[int], limits: BatchLimits) -> None:
    for batch in plan_batches(lengths, limits):
        longest = max(lengths[place] for place in batch)
        area = longest * len(batch)
        waste = area - sum(lengths[place] for place in batch)
        assert len(batch) <= limits.max_rows
        assert area <= limits.token_budget or len(batch) == 1
        assert waste <= limits.max_waste_ratio * area


@given(LENGTHS, LIMITS, st.randoms())
def test_the_order_of_prompts_does_not_change_how_lengths_are_grouped(
    lengths: list[int], limits: BatchLimits, random: object
) -> None:
    shuffled = list(lengths)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    grouped = [[lengths[place] for place in batch] for batch in plan_batches(lengths, limits)]
    assert grouped == [[shuffled[place] for place in batch] for batch in plan_batches(shuffled, limits)]


@pytest.mark.parametrize("wrong", [(0, 0.1, 1), (1, 1.1, 1), (1, -0.1, 1), (1, 0.1, 0)])
def test_limits_out_of_range_are_refused(wrong: tuple[int, float, int]) -> None:
    with pytest.raises(SettingsError, match="out of range"):
        BatchLimits(*wrong)
