"""Laws of degradation: up at a limit, down below half of it, and back to full by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.degradation import DESCRIPTIONS, Level, next_level
from telcollm.settings import StreamSettings

SETTINGS = StreamSettings(coalesce_lag=100, short_prompt_lag=200, rules_only_lag=400)
LIMITS = {Level.COALESCED: 100, Level.SHORT_PROMPTS: 200, Level.RULES_ONLY: 400}
LEVELS = st.sampled_from(list(Level))
LAGS = st.integers(0, 500)


@pytest.mark.parametrize(("level", "limit"), LIMITS.items())
def test_a_level_begins_at_its_limit_and_ends_below_half_of_it(level: Level, limit: int) -> None:
    assert next_level(Level.FULL, limit, SETTINGS) == level
    assert next_level(Level.FULL, limit - 1, SETTINGS) == level - 1
    assert next_level(level, limit - 1, SETTINGS) == level
    assert next_level(level, limit // 2, SETTINGS) == level
    assert next_level(level, limit // 2 - 1, SETTINGS) < level


@given(LEVELS, LAGS, LAGS)
def test_more_lag_never_means_less_cut_back(level: Level, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert next_level(level, low, SETTINGS) <= next_level(level, high, SETTINGS)


@given(LEVELS, LAGS)
def test_the_same_lag_twice_changes_nothing_more(level: Level, lag: int) -> None:
    once = next_level(level, lag, SETTINGS)
    assert next_level(once, lag, SETTINGS) == once


@given(st.lists(LAGS, max_size=40))
def test_a_worker_that_has_caught_up_does_everything_again(lags: list[int]) -> None:
    level = Level.FULL
    for lag in lags:
        level = next_level(level, lag, SETTINGS)
    assert next_level(level, 0, SETTINGS) == Level.FULL


@given(st.integers(50, 99), st.integers(100, 199))
def test_a_lag_that_sways_about_a_limit_does_not_switch_to_and_fro(low: int, high: int) -> None:
    level = next_level(Level.FULL, high, SETTINGS)
    for _ in range(5):
        assert next_level(level, low, SETTINGS) == next_level(level, high, SETTINGS) == level


def test_each_level_says_what_is_left_out() -> None:
    assert set(DESCRIPTIONS) == set(Level)
    assert len(set(DESCRIPTIONS.values())) == len(Level)
