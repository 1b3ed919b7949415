import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.causes.evaluation import average_precision, off_diagonal, score_edges
from telcollm.errors import SettingsError


def _square(size: int) -> st.SearchStrategy[np.ndarray]:
    cells = st.lists(st.booleans(), min_size=size * size, max_size=size * size)
    return cells.map(lambda flat: np.array(flat, dtype=bool).reshape(size, size))


@given(_square(4))
def test_the_truth_itself_scores_one_and_the_diagonal_never_counts(truth):
    found = score_edges(truth, truth.astype(float), truth)
    expected = 1.0 if (truth & off_diagonal(4)).any() else 0.0
    assert found.f1 == found.g_score == found.average_precision == expected
    assert found.edges == found.true_edges == (truth & off_diagonal(4)).sum()


@given(_square(4))
def test_choosing_every_pair_scores_the_trivial_f1(truth):
    found = score_edges(np.ones((4, 4), dtype=bool), np.ones((4, 4)), truth)
    assert found.f1 == found.trivial_f1
    assert found.average_precision == pytest.approx(found.density)


def test_the_full_graph_has_no_g_score_where_most_pairs_are_no_edges():
    truth = np.zeros((4, 4), dtype=bool)
    truth[0, 1] = truth[1, 2] = True
    assert score_edges(np.ones((4, 4), dtype=bool), np.ones((4, 4)), truth).g_score == 0.0


def test_figures_are_those_counted_by_hand():
    truth = np.zeros((3, 3), dtype=bool)
    truth[0, 1] = truth[0, 2] = truth[1, 2] = True
    chosen = np.zeros((3, 3), dtype=bool)
    chosen[0, 1] = chosen[0, 2] = chosen[2, 0] = True
    found = score_edges(chosen, chosen.astype(float), truth)
    assert (found.precision, found.recall, found.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert found.g_score == pytest.approx(1 / 3)
    assert found.density == 0.5


def test_only_counted_pairs_count():
    truth = np.zeros((3, 3), dtype=bool)
    truth[0, 1] = truth[1, 2] = True
    counted = np.zeros((3, 3), dtype=bool)
    counted[0, 1] = counted[1, 0] = True
    found = score_edges(truth, truth.astype(float), truth, counted)
    assert (found.pairs, found.true_edges, found.edges) == (2, 1, 1)


def test_average_precision_does_not_hang_on_the_order_of_equal_scores():
    scores = np.array([0.9, 0.5, 0.5, 0.1])
    one = average_precision(scores, np.array([True, True, False, False]))
    two = average_precision(scores, np.array([True, False, True, False]))
    assert one == two == pytest.approx((1 + 2 / 3) / 2)


def test_shapes_that_differ_are_refused():
    with pytest.raises(SettingsError, match="must be equal"):
        score_edges(np.zeros((2, 2), dtype=bool), np.zeros((2, 2)), np.zeros((3, 3), dtype=bool))
