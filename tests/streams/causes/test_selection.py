import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streams.causes.evaluation import Mask
from streams.causes.evidence import PairEvidence, gather, shifted
from streams.causes.selection import THEORY, Rule, candidates, choose, fit_rule
from tests.streams.causes.planted import NAMES, TRUE_EDGES, planted_evidence, planted_history

_STRENGTHS = arrays(float, (4, 4), elements=st.floats(0, 10))
_CHANCES = arrays(float, (2, 4, 4), elements=st.floats(0, 10))


def _evidence(strength: np.ndarray, chance: np.ndarray) -> PairEvidence:
    zeros = np.zeros_like(strength)
    return PairEvidence(("a", "b", "c", "d"), strength, zeros, zeros, chance, np.zeros_like(chance))


def _truth(names: tuple[str, ...]) -> Mask:
    return np.array([[(a, b) in TRUE_EDGES for b in names] for a in names])


@given(_STRENGTHS, _CHANCES, st.floats(1, 100), st.floats(1, 100))
def test_a_higher_price_never_chooses_more_edges(strength, chance, one, two):
    evidence = _evidence(strength, chance)
    low, high = (Rule(price, price, 0.0, 1.0) for price in sorted((one, two)))
    assert not (choose(evidence, high, "balanced") & ~choose(evidence, low, "balanced")).any()


@given(_STRENGTHS, _CHANCES)
def test_a_stronger_candidate_is_never_left_out_for_a_weaker_one(strength, chance):
    evidence = _evidence(strength, chance)
    chosen = choose(evidence, THEORY, "balanced")
    ranked = candidates(strength, evidence.explained, "balanced")
    if chosen.any():
        assert ranked[~chosen].max() < ranked[chosen].min()


@given(_STRENGTHS)
def test_only_the_stronger_direction_of_a_pair_is_a_candidate(strength):
    found = candidates(strength, np.zeros_like(strength), "balanced")
    both = (found > 0) & (found.T > 0)
    assert (strength[both] == strength.T[both]).all()
    assert (np.diag(found) == 0).all()


@given(_STRENGTHS, arrays(float, (4, 4), elements=st.floats(0, 1)))
def test_precise_candidates_are_balanced_candidates_too(strength, explained):
    precise, balanced = (candidates(strength, explained, point) for point in ("precise", "balanced"))
    assert not ((precise > 0) & ~(balanced > 0)).any()


def test_evidence_no_stronger_than_chance_chooses_nothing():
    strength = np.triu(np.full((4, 4), 2.0), 1)
    assert not choose(_evidence(strength, np.stack([strength, strength])), THEORY, "balanced").any()


def test_evidence_above_all_chance_is_chosen_whole():
    strength = np.triu(np.full((4, 4), 2.0), 1)
    chosen = choose(_evidence(strength, np.stack([strength / 4, strength / 4])), THEORY, "precise")
    assert (chosen == (strength > 0)).all()


def test_no_evidence_at_all_chooses_nothing():
    zeros = np.zeros((4, 4))
    assert not choose(_evidence(zeros, np.stack([zeros, zeros])), THEORY, "balanced").any()


def test_planted_edges_are_chosen_by_theory_alone_and_nothing_is_where_none_was_planted():
    evidence = planted_evidence()
    truth = _truth(evidence.type_names)
    assert (choose(evidence, THEORY, "precise") & ~truth).sum() <= 1
    assert choose(evidence, THEORY, "precise")[truth].all()
    assert choose(evidence, THEORY, "balanced")[truth].all()
    noise = planted_evidence(causes=False)
    assert choose(noise, THEORY, "precise").sum() <= 1


def test_evidence_is_the_same_for_the_same_seed():
    history = planted_history(alarms=60)
    one, two = gather(history, seed=3), gather(history, seed=3)
    assert (one.chance_strength == two.chance_strength).all()
    assert (one.strength == two.strength).all()


def test_shifting_keeps_every_alarm_and_the_gaps_within_a_type():
    history = planted_history(alarms=60)
    moved = shifted(history, np.random.default_rng(0))
    assert np.bincount(moved.types).tolist() == np.bincount(history.types).tolist()
    assert np.bincount(moved.objects).tolist() == np.bincount(history.objects).tolist()
    assert moved.raised_s.tolist() == sorted(moved.raised_s.tolist())
    period_s = history.span_s + 1
    for kind in range(len(NAMES)):
        before, after = (np.sort(part.raised_s[part.types == kind]) for part in (history, moved))
        gaps = [np.sort(np.diff(np.append(times, times[0] + period_s))) for times in (before, after)]
        np.testing.assert_allclose(gaps[0], gaps[1], atol=1e-6)


def test_a_rule_fixed_on_no_record_is_theory():
    assert fit_rule([]) == THEORY


def test_a_fixed_rule_weighs_strong_edges_above_weak_ones():
    evidence = planted_evidence()
    rule = fit_rule([(evidence, _truth(evidence.type_names))])
    weights = rule.weights(np.array([0.0, 1.0, 5.0]))
    assert (np.diff(weights) > 0).all()
    assert (weights > 0).all() and (weights < 1).all()


@pytest.mark.parametrize("point", ["balanced", "precise"])
def test_a_fixed_price_is_one_that_scores_well_where_it_was_fixed(point):
    evidence = planted_evidence()
    truth = _truth(evidence.type_names)
    chosen = choose(evidence, fit_rule([(evidence, truth)]), point)
    assert (chosen & truth).sum() == truth.sum()
    assert (chosen & ~truth).sum() <= 1
