"""Metrics agree with scikit-learn, whatever the answers; calibration keeps its laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as judge

from finetune.calibration import calibration_error, conformal_level, conformal_sets, reliability_bins
from finetune.metrics import (
    MetricError,
    accuracy,
    confusion,
    label_scores,
    macro_f1,
    slice_scores,
    summary,
    top_accuracy,
)

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


def arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    both = np.array(pairs, dtype=np.int64)
    return both[:, 0], both[:, 1]


@given(pairs=PAIRS)
def test_accuracy_and_macro_f1_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, answers = arrays(pairs)
    assert accuracy(truth, answers) == pytest.approx(judge.accuracy_score(truth, answers))
    assert macro_f1(truth, answers) == pytest.approx(
        judge.f1_score(truth, answers, average="macro", zero_division=0)
    )


@given(pairs=PAIRS)
def test_each_label_has_the_figures_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, answers = arrays(pairs)
    wanted = judge.precision_recall_fscore_support(truth, answers, labels=range(5), zero_division=0)
    found = label_scores(truth, answers, "abcde")
    for row, (precision, recall, f1, support) in zip(found, zip(*wanted, strict=True), strict=True):
        assert (row.precision, row.recall, row.f1) == pytest.approx((precision, recall, f1))
        assert row.support == support
    assert (confusion(truth, answers, 5) == judge.confusion_matrix(truth, answers, labels=range(5))).all()


def test_a_label_that_training_never_saw_is_an_error_and_a_class_of_its_own() -> None:
    truth, answers = np.array([0, 0, 1, -1]), np.array([0, 0, 1, 1])
    assert accuracy(truth, answers) == 0.75
    assert macro_f1(truth, answers) == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert label_scores(truth, answers, "ab")[-1].label == "(unseen)"


@settings(deadline=None)
@given(seed=st.integers(0, 1000), rows=st.integers(5, 60))
def test_top_places_and_log_loss_are_those_of_scikit_learn(seed: int, rows: int) -> None:
    generator = np.random.default_rng(seed)
    chances = generator.dirichlet(np.ones(5), rows)
    truth = np.concatenate([np.arange(5), generator.integers(0, 5, rows - 5)])
    figures = summary(truth, chances)
    assert top_accuracy(truth, chances, 3) == pytest.approx(judge.top_k_accuracy_score(truth, chances, k=3))
    assert figures["nll"] == pytest.approx(judge.log_loss(truth, chances))
    assert figures["top_3"] >= figures["accuracy"] == top_accuracy(truth, chances, 1)
    brier = ((chances - np.eye(5)[truth]) ** 2).sum(axis=1).mean()
    assert figures["brier"] == pytest.approx(brier)


@given(seed=st.integers(0, 1000), rows=st.integers(1, 80), bins=st.integers(1, 12))
def test_reliability_bins_hold_every_row_once_in_parts_of_one_size(seed: int, rows: int, bins: int) -> None:
    generator = np.random.default_rng(seed)
    confidence, right = generator.random(rows), generator.random(rows) < 0.5
    found = reliability_bins(confidence, right, bins)
    sizes = [one.rows for one in found]
    assert sum(sizes) == rows and max(sizes) - min(sizes) <= 1
    assert all(before.highest <= after.lowest for before, after in itertools.pairwise(found))
    assert 0 <= calibration_error(confidence, right, bins) <= 1


def test_calibration_error_is_nothing_for_honest_and_the_gap_for_boastful_confidence() -> None:
    generator = np.random.default_rng(0)
    confidence = generator.random(20_000)
    assert calibration_error(confidence, generator.random(20_000) < confidence) < 0.02
    assert calibration_error(np.full(100, 0.9), np.arange(100) < 60) == pytest.approx(0.3)


def test_conformal_sets_hold_the_truth_as_often_as_promised() -> None:
    generator = np.random.default_rng(1)
    held = []
    for _ in range(200):
        chances = generator.dirichlet(np.ones(6) * 0.5, 400)
        truth = np.array([generator.choice(6, p=row) for row in chances])
        # A model that is wrong about its chances: the promise must hold all the same.
        said = chances**2 / (chances**2).sum(axis=1, keepdims=True)
        level = conformal_level(truth[:200], said[:200], 0.9)
        sets = conformal_sets(said[200:], level)
        held.append(sets[np.arange(200), truth[200:]].mean())
    assert 0.895 <= float(np.mean(held)) <= 0.93


def test_the_worst_slice_comes_first_and_small_ones_are_left_out() -> None:
    truth, answers = np.zeros(90, dtype=np.int64), np.zeros(90, dtype=np.int64)
    answers[:30] = 1
    vendors = ["Nokia"] * 40 + ["ZTE"] * 45 + ["rare"] * 5
    found = slice_scores(truth, answers, {"vendor": vendors})
    figures = [(one.value, one.rows, one.accuracy.value) for one in found]
    assert figures == [("Nokia", 40, 0.25), ("ZTE", 45, 1.0)]
    assert found[0].accuracy.low < 0.25 < found[0].accuracy.high < 1


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(MetricError, match="0 true labels"):
        accuracy(np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    with pytest.raises(MetricError, match="2 true labels came with 1"):
        macro_f1(np.array([0, 1]), np.array([0]))
