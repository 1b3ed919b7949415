"""Laws of the gate: it lets through what was shown, and refuses each way of seeming better than one is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from finetune.gate import (
    MAX_ECE,
    MIN_TEST_ROWS,
    SENTENCES,
    Disturbed,
    Evidence,
    Interval,
    Rival,
    Shown,
    failed_conditions,
    unmet_conditions,
)

GAIN = Interval(0.03, 0.01, 0.05)
NONE = Interval(0.0, -0.01, 0.01)
LOSS = Interval(-0.03, -0.05, -0.01)


def rival(**changes: Any) -> Rival:
    return replace(Rival(1000, GAIN, GAIN, {"a": (500, 0.9), "b": (500, 0.9)}), **changes)


def evidence(**changes: Any) -> Evidence:
    good = Evidence(
        test_rows=1000,
        decider=Shown(1000, 0.95, 0.94, 0.02, 0.01, {"a": (500, 0.95), "b": (500, 0.93)}),
        rivals={name: rival() for name in ("base", "champion", "tfidf", "boosting", "majority")},
        disturbed={"identifiers are renamed": Disturbed(1000, NONE, GAIN, "tfidf")},
        champion="version 3",
        expected_disturbances=("identifiers are renamed",),
        claimed={"accuracy": 0.95, "macro_f1": 0.94, "ece": 0.02},
    )
    return replace(good, **changes)


def with_rival(name: str, **changes: Any) -> Evidence:
    good = evidence()
    return replace(good, rivals={**good.rivals, name: rival(**changes)})


def wrong_in_all() -> Evidence:
    """Evidence that meets no condition, in each way in which it may be missed."""
    return evidence(
        test_rows=50,
        decider=Shown(40, 0.5, 0.4, 0.3, 0.01, {"b": (40, 0.0)}),
        rivals={
            "champion": rival(accuracy_gain=NONE),
            "tfidf": rival(macro_f1_gain=LOSS),
            "boosting": rival(rows=10),
            "majority": rival(accuracy_gain=LOSS),
        },
        disturbed={
            "vendors": Disturbed(1000, Interval(0.1, 0.05, 0.2), LOSS, "tfidf"),
            "capitals": Disturbed(1000, NONE, LOSS, "boosting"),
        },
        expected_disturbances=("lines",),
        leaks=("copies",),
        tampered=("the decider's files differ",),
    )


def test_what_beats_every_rival_and_holds_passes() -> None:
    assert failed_conditions(evidence()) == []


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("base", "the untuned base"),
        ("champion", "the present champion (version 3)"),
        ("tfidf", "TF-IDF with logistic regression"),
        ("boosting", "gradient boosting"),
        ("majority", "always the commonest label"),
    ],
)
@pytest.mark.parametrize(
    "gain", [NONE, LOSS, Interval(0.02, 0.0, 0.04), Interval(math.nan, math.nan, math.nan)]
)
def test_a_gain_whose_interval_touches_zero_is_no_gain(name: str, called: str, gain: Interval) -> None:
    (failure,) = failed_conditions(with_rival(name, accuracy_gain=gain))
    assert failure.startswith(f"beats {called}: the gain in accuracy is {gain}")


@pytest.mark.parametrize("name", ["base", "champion", "tfidf", "boosting", "majority"])
def test_a_rival_that_was_not_compared_is_not_beaten(name: str) -> None:
    good = evidence()
    rivals = {key: value for key, value in good.rivals.items() if key != name}
    (failure,) = failed_conditions(replace(good, rivals=rivals))
    assert "not compared on the test rows" in failure


def test_a_comparison_on_a_few_rows_does_not_count() -> None:
    (failure,) = failed_conditions(with_rival("tfidf", rows=40))
    assert failure == "beats TF-IDF with logistic regression: compared on 40 rows only"


def test_a_first_decider_has_no_champion_to_beat_and_a_plain_one_no_base() -> None:
    good = evidence()
    rivals = {key: value for key, value in good.rivals.items() if key not in ("champion", "base")}
    assert failed_conditions(replace(good, rivals=rivals, champion="", needs_base=False)) == []


def test_accuracy_bought_with_the_rare_classes_is_refused() -> None:
    (failure,) = failed_conditions(with_rival("tfidf", macro_f1_gain=LOSS))
    assert failure.startswith("no gamed metric: macro-F1 is below that of TF-IDF")
    assert "-0.030 [-0.050, -0.010]" in failure


def test_rows_abstained_on_cannot_be_left_out_of_the_metrics() -> None:
    good = evidence()
    (failure,) = failed_conditions(replace(good, decider=replace(good.decider, rows=700)))
    assert "metrics are over 700 of 1000 test rows" in failure


def test_a_class_that_is_never_found_while_a_baseline_finds_it_is_refused() -> None:
    good = evidence()
    collapsed = replace(good.decider, recall={"a": (960, 1.0), "b": (40, 0.0)})
    (failure,) = failed_conditions(replace(good, decider=collapsed))
    assert (
        failure
        == "no class collapsed: 'b' is never right in 40 test rows, while a plain baseline finds 90% of them"
    )


def test_a_class_with_a_handful_of_rows_or_that_nobody_finds_is_no_collapse() -> None:
    good = evidence()
    few = replace(good.decider, recall={"a": (960, 1.0), "b": (19, 0.0), "unfindable": (40, 0.0)})
    assert failed_conditions(replace(good, decider=few)) == []


def test_too_few_test_rows_carry_no_promotion() -> None:
    good = evidence()
    few = replace(good, test_rows=99, decider=replace(good.decider, rows=99))
    assert failed_conditions(few) == [
        f"enough test rows: 99 test rows are too few to tell; at least {MIN_TEST_ROWS} are needed"
    ]
    assert failed_conditions(replace(good, test_rows=100, decider=replace(good.decider, rows=100))) == []


def test_a_leak_is_told_in_its_own_words() -> None:
    leak = "12 of 1000 test rows are copies of training rows"
    assert failed_conditions(evidence(leaks=(leak,))) == [f"leak-free split: {leak}"]


def test_what_was_changed_after_it_was_measured_is_refused() -> None:
    (failure,) = failed_conditions(evidence(tampered=("the decider's files differ",)))
    assert failure == "what was evaluated is what is registered: the decider's files differ"


@pytest.mark.parametrize(
    ("metric", "claim"), [("accuracy", 0.99), ("macro_f1", 0.97), ("ece", 0.001), ("accuracy", math.nan)]
)
def test_a_claim_that_its_predictions_do_not_bear_out_is_refused(metric: str, claim: float) -> None:
    good = evidence()
    (failure,) = failed_conditions(replace(good, claimed={**good.claimed, metric: claim}))
    assert failure.startswith(f"metrics follow from the predictions: the run claims {metric}")


@pytest.mark.parametrize(
    ("ece", "chance", "passes"),
    [
        (MAX_ECE, 0.0, True),
        (0.06, 0.01, False),
        (0.06, 0.07, True),
        (0.08, 0.07, False),
        (math.nan, 0.0, False),
    ],
)
def test_calibration_may_be_off_by_the_limit_or_by_what_chance_alone_gives(
    ece: float, chance: float, passes: bool
) -> None:
    good = evidence()
    shown = replace(good.decider, ece=ece, ece_by_chance=chance)
    failures = failed_conditions(replace(good, decider=shown, claimed={}))
    assert (failures == []) is passes
    assert all("calibrated" in failure for failure in failures)


@pytest.mark.parametrize(
    ("drop", "gain", "words"),
    [
        (Interval(0.08, 0.05, 0.11), GAIN, "accuracy falls by +0.080 [+0.050, +0.110]"),
        (NONE, LOSS, "then it is below TF-IDF with logistic regression by -0.030"),
    ],
)
def test_what_does_not_hold_under_renaming_is_refused(drop: Interval, gain: Interval, words: str) -> None:
    shaken = {"identifiers are renamed": Disturbed(1000, drop, gain, "tfidf")}
    (failure,) = failed_conditions(evidence(disturbed=shaken))
    assert failure.startswith("holds when identifiers are renamed: ")
    assert words in failure


def test_a_disturbance_that_was_due_and_not_tried_is_refused() -> None:
    assert failed_conditions(evidence(disturbed={})) == ["holds when identifiers are renamed: not tried"]


def test_every_failed_condition_is_told_not_only_the_first() -> None:
    bad = with_rival("tfidf", accuracy_gain=LOSS, macro_f1_gain=LOSS)
    failures = failed_conditions(replace(bad, leaks=("copies",), test_rows=50))
    assert len(failures) == 5


def test_each_code_is_said_and_each_gap_is_filled() -> None:
    found = unmet_conditions(wrong_in_all())
    assert {one.code for one in found} == set(SENTENCES)
    assert list(map(str, found)) == failed_conditions(wrong_in_all())
    for one in found:
        assert all(value in str(one) for name, value in one.values.items() if name != "rival")
        assert not set("{}") & set(str(one))


def test_braces_in_what_was_found_are_no_gaps() -> None:
    assert failed_conditions(evidence(leaks=("{rows} {0}",))) == ["leak-free split: {rows} {0}"]
