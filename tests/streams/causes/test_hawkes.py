import numpy as np

from streams.causes import hawkes
from streams.causes.history import alarm_history
from tests.streams.causes.planted import TRUE_EDGES, planted_history


def test_planted_causes_gain_most_and_in_the_right_direction():
    history = planted_history()
    found = hawkes.fit(history)
    place = {name: number for number, name in enumerate(history.type_names)}
    planted = {(place[cause], place[effect]) for cause, effect in TRUE_EDGES}
    order = np.argsort(-found.gain, axis=None)[: len(planted)]
    assert {
        (int(a), int(b)) for a, b in zip(*np.unravel_index(order, found.gain.shape), strict=True)
    } == planted


def test_offspring_and_lag_come_near_what_was_planted():
    history = planted_history(alarms=2000)
    found = hawkes.fit(history)
    a, b = history.type_names.index("power"), history.type_names.index("link")
    assert 0.55 < found.offspring[a, b] < 0.85  # planted 0.7
    assert 8.0 < found.lag_s[a, b] < 30.0  # planted: a median of 15 s


def test_every_figure_is_finite_and_not_negative_and_shares_add_up_to_at_most_one():
    found = hawkes.fit(planted_history(alarms=100))
    for values in (found.gain, found.offspring, found.explained, found.lag_s):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    assert (found.explained.sum(axis=0) <= 1.0 + 1e-6).all()
    assert (np.diag(found.gain) == 0).all()


def test_a_history_of_one_instant_excites_nothing():
    found = hawkes.fit(alarm_history("x", ["a", "b"], ["o", "o"], [5, 5]))
    assert not found.gain.any()
    assert not found.explained.any()
