from __future__ import annotations

import pytest

from finetune.progress import Pace


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_time_left_follows_the_speed_of_the_last_steps() -> None:
    clock = Clock()
    pace = Pace(50, None, clock)
    for step in range(1, 31):
        clock.now_s += 5.0 if step < 8 else 2.0
        pace.count(step, 100, 1.0 / step)
    seen = pace.progress(30, 1.5)
    assert seen.left_s == pytest.approx(2.0 * 20)
    assert seen.tokens_per_s == pytest.approx(50.0)
    assert seen.tokens == 3000
    assert seen.elapsed_s == pytest.approx(7 * 5 + 23 * 2)
    assert pace.fraction(30) == pytest.approx(0.6)
    assert not pace.over


def test_the_tighter_of_steps_and_budget_decides() -> None:
    clock = Clock()
    pace = Pace(1000, 60.0, clock)
    for step in (1, 2, 3):
        clock.now_s += 10.0
        pace.count(step, 10, 1.0)
        pace.mark(pace.elapsed_s)
    assert pace.fraction(3) == pytest.approx(0.5)
    assert pace.progress(3, 0.1).left_s == pytest.approx(30.0)
    clock.now_s += 30.0
    assert not pace.over  # nothing is decided between two marks
    pace.mark(pace.elapsed_s)
    assert pace.over
    assert pace.fraction(3) == 1.0
    assert pace.progress(3, 0.1).left_s == 0.0


def test_what_was_spent_before_a_kill_counts() -> None:
    clock = Clock()
    pace = Pace(100, 60.0, clock)
    pace.go_on(50.0, 700)
    clock.now_s += 8.0
    pace.count(1, 10, 2.0)
    assert pace.elapsed_s == pytest.approx(58.0)
    assert pace.tokens == 710
    pace.mark(pace.elapsed_s)
    assert not pace.over
    clock.now_s += 2.0
    pace.mark(pace.elapsed_s)
    assert pace.over


def test_nothing_is_told_that_is_not_known_yet() -> None:
    seen = Pace(10, None, Clock()).progress(0, 0.0)
    assert (seen.left_s, seen.loss, seen.validation_loss, seen.tokens_per_s) == (None, None, None, 0.0)
