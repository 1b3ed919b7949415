"""The promotion gate: what a decider must have shown before it may decide, each condition told apart.

A pure function over figures. Does not know how they were found (`finetune.evidence` finds them anew from the
predictions, whatever a run claims), nor registries, files or people.
Source: the project's design, "Learning".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

MIN_TEST_ROWS: Final = 100
"""Fewer test rows carry no promotion: an interval over them is wider than most gains."""
MAX_ECE: Final = 0.05
"""Expected calibration error over ten equal-mass bins that a decider may have, beyond chance."""
MAX_DROP: Final = 0.03
"""Accuracy a decider may lose when identifiers, vendors or orders are changed."""
MIN_CLASS_ROWS: Final = 20
"""A class with this many test rows must be found at least sometimes, where a plain baseline finds it."""
FOUND_BY_BASELINE: Final = 0.2
"""Recall of a plain baseline from which a class counts as one that can be found."""
CLAIM_TOLERANCE: Final = 0.002
"""How far a claimed metric may lie from the one that the predictions give."""
BASE: Final = "base"
CHAMPION: Final = "champion"
PLAIN: Final = ("tfidf", "boosting", "majority")
"""The plain baselines, all of which are always there."""

_CALLED: Final = {
    "base": "the untuned base",
    "champion": "the present champion",
    "tfidf": "TF-IDF with logistic regression",
    "boosting": "gradient boosting",
    "majority": "always the commonest label",
    "plain": "its own plain expert alone",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the decider shows on every test row, abstained or not.

    `ece_by_chance` is the 95 % quantile of the calibration error that a perfectly calibrated decider with the
    same confidences would show on as many rows. `recall` maps a class to (test rows, recall).
    """

    rows: int
    accuracy: float
    macro_f1: float
    ece: float
    ece_by_chance: float = 0.0
    recall: Mapping[str, tuple[int, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rival:
    """What one rival shows on the same rows, and the decider's gains over it by paired bootstrap."""

    rows: int
    accuracy_gain: Interval
    macro_f1_gain: Interval
    recall: Mapping[str, tuple[int, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Disturbed:
    """What is left of the decider on rows changed in one way.

    `drop` is the accuracy lost against the same rows unchanged; `gain` is over the best plain baseline on the
    rows changed in the same way.
    """

    rows: int
    drop: Interval
    gain: Interval
    best_baseline: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the gate looks at.

    `test_rows` is the size of the test split, whatever part of it was counted. `leaks` says in words where
    training and test rows meet; `tampered` what does not agree with what was registered. `claimed` holds the
    metrics that the run wrote down.
    """

    test_rows: int
    decider: Shown
    rivals: Mapping[str, Rival]
    disturbed: Mapping[str, Disturbed]
    needs_base: bool = True
    champion: str = ""
    expected_disturbances: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()
    tampered: tuple[str, ...] = ()
    claimed: Mapping[str, float] = field(default_factory=dict)


def failed_conditions(evidence: Evidence) -> list[str]:
    """Return the conditions that are not met, in words and figures; an empty list lets the decider pass.

    >>> shown = Shown(rows=9, accuracy=1.0, macro_f1=1.0, ece=0.0)
    >>> failed_conditions(Evidence(9, shown, {}, {}, needs_base=False))[0]
    'enough test rows: 9 test rows are too few to tell; at least 100 are needed'
    """
    return [
        *_rows(evidence),
        *_honesty(evidence),
        *_rivals(evidence),
        *_calibration(evidence.decider),
        *_disturbances(evidence),
        *_classes(evidence),
    ]


def _rows(evidence: Evidence) -> Iterator[str]:
    if evidence.test_rows < MIN_TEST_ROWS:
        yield (
            f"enough test rows: {evidence.test_rows} test rows are too few to tell; "
            f"at least {MIN_TEST_ROWS} are needed"
        )
    if evidence.decider.rows != evidence.test_rows:
        yield (
            f"every test row counts: metrics are over {evidence.decider.rows} of {evidence.test_rows} test "
            "rows; rows on which the decider abstains must be counted by what it would have said"
        )


def _honesty(evidence: Evidence) -> Iterator[str]:
    for leak in evidence.leaks:
        yield f"leak-free split: {leak}"
    for finding in evidence.tampered:
        yield f"what was evaluated is what is registered: {finding}"
    found = {
        "accuracy": evidence.decider.accuracy,
        "macro_f1": evidence.decider.macro_f1,
        "ece": evidence.decider.ece,
    }
    for name, claim in evidence.claimed.items():
        # Written so that a claim of NaN does not pass.
        if name in found and not abs(claim - found[name]) <= CLAIM_TOLERANCE:
            yield (
                f"metrics follow from the predictions: the run claims {name} {claim:.3f}, "
                f"its predictions give {found[name]:.3f}"
            )


def _rivals(evidence: Evidence) -> Iterator[str]:
    wanted = [BASE] if evidence.needs_base else []
    if evidence.champion:
        wanted.append(CHAMPION)
    for name in (*wanted, *PLAIN):
        called = _CALLED[name] + (f" ({evidence.champion})" if name == CHAMPION else "")
        rival = evidence.rivals.get(name)
        if rival is None:
            yield f"beats {called}: not compared on the test rows"
            continue
        if rival.rows < min(evidence.test_rows, MIN_TEST_ROWS):
            yield f"beats {called}: compared on {rival.rows} rows only"
        if not rival.accuracy_gain.low > 0:
            yield (
                f"beats {called}: the gain in accuracy is {rival.accuracy_gain}; "
                "the whole 95 % interval must lie above 0"
            )
        if name in PLAIN and not rival.macro_f1_gain.high >= 0:
            yield (
                f"no gamed metric: macro-F1 is below that of {called} by {rival.macro_f1_gain}; "
                "accuracy was bought with the rare classes"
            )


def _calibration(shown: Shown) -> Iterator[str]:
    if not shown.ece <= max(MAX_ECE, shown.ece_by_chance):
        yield (
            f"calibrated: the expected calibration error is {shown.ece:.3f}; "
            f"{MAX_ECE:.2f} is allowed (chance alone gives up to {shown.ece_by_chance:.3f} on these rows)"
        )


def _disturbances(evidence: Evidence) -> Iterator[str]:
    for name in evidence.expected_disturbances:
        if name not in evidence.disturbed:
            yield f"holds when {name}: not tried"
    for name, one in evidence.disturbed.items():
        if one.drop.value > MAX_DROP and one.drop.low > 0:
            yield (
                f"holds when {name}: accuracy falls by {one.drop} on {one.rows} rows; "
                f"{MAX_DROP:.2f} is allowed"
            )
        if not one.gain.high >= 0:
            yield (
                f"holds when {name}: then it is below {_CALLED.get(one.best_baseline, one.best_baseline)} "
                f"by {one.gain} on {one.rows} rows"
            )


def _classes(evidence: Evidence) -> Iterator[str]:
    for label, (rows, recall) in evidence.decider.recall.items():
        if rows < MIN_CLASS_ROWS or recall > 0:
            continue
        best = max(
            (one.recall.get(label, (0, 0.0))[1] for name, one in evidence.rivals.items() if name in PLAIN),
            default=0.0,
        )
        if best >= FOUND_BY_BASELINE:
            yield (
                f"no class collapsed: {label!r} is never right in {rows} test rows, "
                f"while a plain baseline finds {best:.0%} of them"
            )
