"""Laws of the mix: it is fitted on what it is given, calibrates, and never mixes what cannot be mixed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcollm.decider.mixing import fit_mix, fit_threshold, log_softmax, mixed, pool
from telcollm.decider.spec import DeciderError, DeciderSpec


def sample(seed: int, rows: int = 1500, choices: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """True log-probabilities, and answers drawn from them."""
    generator = np.random.default_rng(seed)
    chances = generator.dirichlet(np.full(choices, 0.4), rows)
    answers = np.array([generator.choice(choices, p=row) for row in chances])
    return np.log(np.maximum(chances, 1e-9)), answers


def loss(chances: np.ndarray, answers: np.ndarray) -> float:
    return float(-np.log(chances[np.arange(len(answers)), answers] + 1e-12).mean())


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 100), wrong=st.floats(0.3, 4.0))
def test_the_temperature_undoes_that_a_part_is_too_sure_or_not_sure_enough(seed: int, wrong: float) -> None:
    logs, answers = sample(seed)
    weights, temperature = fit_mix({"one": log_softmax(logs * wrong)}, answers)
    assert weights == {"one": 1.0}
    assert temperature == pytest.approx(wrong, rel=0.15)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 100))
def test_the_mix_is_no_worse_than_its_best_part_and_ignores_noise(seed: int) -> None:
    logs, answers = sample(seed)
    noise = log_softmax(np.random.default_rng(seed + 1).normal(size=logs.shape) * 3)
    parts = {"good": logs, "noise": noise}
    weights, temperature = fit_mix(parts, answers)
    assert weights["noise"] < 0.1 and sum(weights.values()) == pytest.approx(1)
    assert loss(pool(parts, weights, temperature), answers) <= loss(np.exp(logs), answers) + 0.01


def test_two_parts_that_know_different_things_are_better_together() -> None:
    logs, answers = sample(3)
    generator = np.random.default_rng(0)
    parts = {name: log_softmax(logs + generator.normal(size=logs.shape) * 1.5) for name in ("model", "plain")}
    weights, temperature = fit_mix(parts, answers)
    alone = []
    for name, part in parts.items():
        own, own_temperature = fit_mix({name: part}, answers)
        alone.append(loss(pool({name: part}, own, own_temperature), answers))
    assert loss(pool(parts, weights, temperature), answers) < min(alone) - 0.02
    assert min(weights.values()) > 0.2


def test_padding_stays_impossible_and_does_not_change_the_fit() -> None:
    logs, answers = sample(5)
    padded = np.hstack([logs, np.full((len(logs), 2), -np.inf)])
    weights, temperature = fit_mix({"one": logs * 2}, answers)
    assert fit_mix({"one": padded * 2}, answers) == (weights, pytest.approx(temperature))
    chances = pool({"one": padded * 2}, weights, temperature)
    assert (chances[:, 4:] == 0).all() and np.allclose(chances.sum(axis=1), 1)


def test_rows_without_an_answer_are_left_out_and_no_rows_give_an_even_mix() -> None:
    logs, answers = sample(7)
    some = np.where(np.arange(len(answers)) % 2, answers, -1)
    assert fit_mix({"one": logs}, some) == fit_mix({"one": logs[1::2]}, answers[1::2])
    assert fit_mix({"a": logs[:0], "b": logs[:0]}, []) == ({"a": 0.5, "b": 0.5}, 1.0)


def test_a_part_that_knows_nothing_leaves_an_even_hand() -> None:
    generator = np.random.default_rng(0)
    logs = log_softmax(generator.normal(size=(2000, 4)) * 3)
    weights, temperature = fit_mix({"one": logs}, generator.integers(0, 4, 2000))
    assert pool({"one": logs}, weights, temperature).max() < 0.5


def test_the_spec_holds_all_that_mixing_needs() -> None:
    logs, answers = sample(2)
    parts = {"model": logs, "plain": logs * 0.5}
    weights, temperature = fit_mix(parts, answers)
    spec = DeciderSpec(name="x", mix=weights, temperature=temperature)
    assert np.allclose(mixed(parts, spec), pool(parts, weights, temperature))


def test_what_cannot_be_mixed_is_refused() -> None:
    with pytest.raises(DeciderError, match="gives no weight"):
        pool({"plain": np.zeros((1, 2))}, {"model": 1.0}, 1.0)
    with pytest.raises(DeciderError, match="cannot be mixed"):
        pool({"a": np.zeros((1, 2)), "b": np.zeros((1, 3))}, {"a": 0.5, "b": 0.5}, 1.0)
    with pytest.raises(DeciderError, match="at least one part"):
        fit_mix({}, [])


@given(
    items=st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=200),
    precision=st.floats(0.5, 1.0),
)
def test_answers_above_the_threshold_are_as_right_as_was_asked(
    items: list[tuple[int, bool]], precision: float
) -> None:
    confidences = np.array([level / 20 for level, _ in items])
    right = np.array([good for _, good in items])
    found = fit_threshold(confidences, right, precision, fewest=5)
    kept = confidences >= found.confidence
    assert found.coverage == pytest.approx(kept.mean())
    assert not kept.any() or (right[kept].mean() >= precision - 1e-9 and kept.sum() >= 5)


def test_a_threshold_that_cannot_be_had_lets_nothing_pass_and_a_wrong_wish_is_refused() -> None:
    confidences = np.linspace(0, 1, 50)
    assert fit_threshold(confidences, np.zeros(50, dtype=bool), 0.9).coverage == 0
    assert fit_threshold(confidences, np.ones(50, dtype=bool), 0.9).coverage == 1
    with pytest.raises(DeciderError, match=r"precision=95 must lie"):
        fit_threshold(confidences, np.ones(50, dtype=bool), 95)
