import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.causes.history import AlarmHistory, alarm_history
from streams.causes.kernels import neighbours_by_hop, onsets, traces

_DECAYS_S = (2.0, 30.0)
_CHAIN = [("0", "1"), ("1", "2"), ("2", "3")]
_ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=20)


def _history(rows, links=_CHAIN) -> AlarmHistory:
    types, objects, raised_s = (list(column) for column in zip(*rows, strict=True))
    return alarm_history("x", types, objects, raised_s, links=links)


def _by_hand(history: AlarmHistory, hops: int) -> np.ndarray:
    """Traces as their definition says, every pair of alarms looked at."""
    rings = neighbours_by_hop(history, hops)
    felt = np.zeros((len(history), len(history.type_names), len(rings) * len(_DECAYS_S)))
    for here in range(len(history)):
        for there in range(len(history)):
            age_s = history.raised_s[here] - history.raised_s[there]
            for hop, ring in enumerate(rings):
                if age_s > 0 and history.objects[there] in ring[history.objects[here]]:
                    for step, decay_s in enumerate(_DECAYS_S):
                        kernel = hop * len(_DECAYS_S) + step
                        felt[here, history.types[there], kernel] += np.exp(-age_s / decay_s) / decay_s
    return felt


@settings(deadline=None)
@given(_ROWS)
def test_traces_are_what_their_definition_says(rows):
    history = _history(rows)
    np.testing.assert_allclose(traces(history, _DECAYS_S, 2).felt, _by_hand(history, 2), atol=1e-6)


@settings(deadline=None)
@given(_ROWS, st.integers(-1000, 1_000_000))
def test_traces_do_not_hang_on_the_origin_of_time(rows, origin_s):
    moved = [(kind, where, raised_s + origin_s) for kind, where, raised_s in rows]
    one, two = traces(_history(rows), _DECAYS_S, 2), traces(_history(moved), _DECAYS_S, 2)
    np.testing.assert_allclose(one.felt, two.felt, atol=1e-6)
    np.testing.assert_allclose(one.exposure, two.exposure)


def test_exposure_counts_every_object_in_reach_even_a_silent_one():
    history = _history([(0, 0, 0), (1, 0, 10_000)])
    exposure = traces(history, _DECAYS_S, 2).exposure
    np.testing.assert_allclose(exposure[0], [1, 1, 1, 1, 1, 1], atol=1e-6)  # 0 itself, 1, and 2 two hops off
    np.testing.assert_allclose(exposure[1], np.zeros(6), atol=1e-6)  # nothing came after the last alarm


def test_without_links_only_the_same_object_is_near():
    assert len(neighbours_by_hop(_history([(0, 0, 0)], links=None), 2)) == 1


def test_rings_are_those_of_shortest_paths():
    rings = neighbours_by_hop(_history([(0, 0, 0), (0, 3, 1)]), 2)
    assert [ring[0].tolist() for ring in rings] == [[0], [1], [2]]
    assert [ring[1].tolist() for ring in rings] == [[1], [0, 2], [3]]


def test_an_onset_follows_quiet_of_its_own_type_and_object():
    history = _history([(0, 0, 0), (0, 0, 50), (0, 0, 200), (1, 0, 60), (0, 1, 60), (0, 0, 240)])
    kept = onsets(history, 100.0)
    assert list(zip(kept.types, kept.objects, kept.raised_s, strict=True)) == [
        (0, 0, 0),
        (0, 1, 60),
        (1, 0, 60),
        (0, 0, 200),
    ]
    assert len(onsets(history, 0.0)) == len(history)
