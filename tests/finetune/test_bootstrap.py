"""Laws of the intervals: exact on the rows, as wide as they must be, paired, and wider for whole groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from finetune.bootstrap import Bootstrap, ece_by_chance, interval, mean_interval

LABELS = st.sampled_from(["a", "b", "c", "d"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(LABELS, st.one_of(LABELS, st.just("foreign"))), min_size=1, max_size=60))
@pytest.mark.filterwarnings("ignore")
def test_the_figures_of_the_rows_as_they_are_are_those_of_scikit_learn(rows: list[tuple[str, str]]) -> None:
    truth, answers = [right for right, _ in rows], [answer for _, answer in rows]
    found = Bootstrap(truth, draws=2).draws(answers)
    assert found.accuracy[0] == pytest.approx(accuracy_score(truth, answers))
    assert found.macro_f1[0] == pytest.approx(f1_score(truth, answers, average="macro"))


def noisy(rows: int, right_ratio: float, seed: int) -> tuple[list[str], list[str]]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 5, rows).astype(str)
    answers = np.where(random.random(rows) < right_ratio, truth, "wrong")
    return list(truth), list(answers)


def test_an_interval_of_accuracy_is_as_wide_as_the_binomial_one() -> None:
    truth, answers = noisy(1000, 0.8, 1)
    found = interval(Bootstrap(truth).draws(answers).accuracy)
    width = 2 * 1.96 * (found.value * (1 - found.value) / 1000) ** 0.5
    assert found.high - found.low == pytest.approx(width, rel=0.1)
    assert found.low < found.value < found.high


def test_the_interval_of_a_mean_agrees_with_that_of_accuracy() -> None:
    truth, answers = noisy(500, 0.7, 2)
    right = np.array([a == b for a, b in zip(truth, answers, strict=True)], dtype=np.float64)
    assert mean_interval(right) == interval(Bootstrap(truth).draws(answers).accuracy)


def test_gains_are_paired_so_the_same_answers_gain_exactly_nothing() -> None:
    truth, answers = noisy(300, 0.6, 3)
    bootstrap = Bootstrap(truth)
    gain = interval(bootstrap.draws(answers).macro_f1 - bootstrap.draws(answers).macro_f1)
    assert (gain.value, gain.low, gain.high) == (0.0, 0.0, 0.0)


def test_rows_that_belong_together_make_the_interval_wider() -> None:
    truth, answers = noisy(60, 0.7, 4)
    truth, answers = truth * 10, answers * 10
    groups = [str(place) for place in range(60)] * 10
    alone = interval(Bootstrap(truth).draws(answers).accuracy)
    together = interval(Bootstrap(truth, groups).draws(answers).accuracy)
    assert together.value == alone.value
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_recall_counts_every_true_class() -> None:
    assert Bootstrap(["a", "a", "b"], draws=2).recall(["a", "b", "x"]) == {"a": (2, 0.5), "b": (1, 0.0)}


def test_the_calibration_error_of_chance_shrinks_with_rows_and_vanishes_with_certainty() -> None:
    random = np.random.default_rng(5)
    few, many = random.uniform(0.5, 1, 100), random.uniform(0.5, 1, 10_000)
    assert ece_by_chance(few) > 3 * ece_by_chance(many) > 0
    assert ece_by_chance(np.ones(100)) == 0
