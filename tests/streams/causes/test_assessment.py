from dataclasses import replace

import numpy as np
import pytest

from streams.causes import sources
from streams.causes.assessment import assess
from streams.causes.learning import SHIPPED_RULE
from streams.causes.matrices import NamedMatrix
from streams.causes.selection import THEORY
from streams.causes.sources import AlarmRecord
from telcollm.errors import SettingsError
from tests.streams.causes.planted import NAMES, TRUE_EDGES, planted_history

_TYPES = tuple(sorted(NAMES))


def _record(name: str, seed: int, edges: tuple[tuple[str, str], ...] = TRUE_EDGES) -> AlarmRecord:
    values = np.array([[int((a, b) in edges) for b in _TYPES] for a in _TYPES])
    return AlarmRecord(planted_history(seed=seed, name=name, alarms=120), NamedMatrix(_TYPES, values))


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> list[AlarmRecord]:
    records = [_record("one", 1), _record("two", 2), _record("three", 3)]
    kept = {
        record.history.name: replace(sources.PUBLIC_RECORDS["csl"], alarms_sha256=record.history.sha256)
        for record in records
    }
    monkeypatch.setattr(sources, "PUBLIC_RECORDS", kept)
    return records


def test_a_public_record_is_scored_under_a_rule_fixed_on_the_others_alone(public):
    results, _ = assess(public, public)
    assert [result.rule_fixed_on for result in results] == [
        ("two", "three"),
        ("one", "three"),
        ("one", "two"),
    ]


def test_another_truth_of_a_record_changes_no_edge_chosen_for_it(public):
    wrong = _record("one", 1, edges=(("fan", "door"), ("door", "power"), ("clock", "fan")))
    (right_result,), _ = assess(public[:1], public)
    (wrong_result,), _ = assess([wrong], [wrong, *public[1:]])
    assert right_result.rule == wrong_result.rule
    assert right_result.learned["balanced"].edges == wrong_result.learned["balanced"].edges
    assert right_result.learned["balanced"].f1 > wrong_result.learned["balanced"].f1


def test_a_public_record_under_another_name_is_still_known_by_its_alarms(public):
    disguised = AlarmRecord(replace(public[0].history, name="mine"), public[0].truth)
    (result,), _ = assess([disguised], public)
    assert result.rule_fixed_on == ("two", "three")


def test_a_public_record_alone_is_scored_by_theory_which_saw_no_truth(public):
    (result,), _ = assess(public[:1], [])
    assert result.rule == THEORY
    assert result.rule_fixed_on == ()


def test_a_record_nobody_has_seen_is_scored_under_the_shipped_rule():
    (result,), rule = assess([_record("new", 9)], [])
    assert result.rule == rule == SHIPPED_RULE
    assert result.learned["precise"].f1 == 1.0


def test_the_gift_of_a_prior_is_shown_apart():
    record = _record("new", 9)
    assert record.truth is not None
    known = np.full((5, 5), -1)
    known[_TYPES.index("power"), _TYPES.index("link")] = 1
    (result,), _ = assess([replace(record, prior=NamedMatrix(_TYPES, known))], [])
    assert result.with_prior is not None
    assert result.with_prior_unknown_pairs is not None
    assert result.with_prior["balanced"].pairs == 20
    assert result.with_prior_unknown_pairs["balanced"].pairs == 19
    assert result.with_prior_unknown_pairs["balanced"].true_edges == 1


def test_true_edges_of_types_that_never_raised_count_as_missed():
    record = _record("new", 9)
    names = (*_TYPES, "flood")
    values = np.zeros((6, 6), dtype=int)
    values[:5, :5] = record.truth.values if record.truth is not None else 0
    values[5, 0] = 1
    (result,), _ = assess([AlarmRecord(record.history, NamedMatrix(names, values))], [])
    assert result.learned["precise"].true_edges == 3
    assert result.learned["precise"].recall == pytest.approx(2 / 3)


def test_a_record_without_truth_cannot_be_scored():
    with pytest.raises(SettingsError, match="--truth"):
        assess([AlarmRecord(planted_history(alarms=20))], [])
