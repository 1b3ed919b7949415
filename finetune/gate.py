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

RIVALS: Final = {
    "base": "the untuned base",
    "champion": "the present champion",
    "tfidf": "TF-IDF with logistic regression",
    "boosting": "gradient boosting",
    "majority": "always the commonest label",
    "plain": "its own plain expert alone",
}
"""What each rival is called."""

SENTENCES: Final = {
    "few rows": "enough test rows: {rows} test rows are too few to tell; at least {least} are needed",
    "rows left out": "every test row counts: metrics are over {counted} of {rows} test rows; rows on which "
    "the decider abstains must be counted by what it would have said",
    "leak": "leak-free split: {finding}",
    "tampered": "what was evaluated is what is registered: {finding}",
    "claim": "metrics follow from the predictions: the run claims {metric} {claimed}, its predictions give "
    "{found}",
    "not compared": "beats {rival}: not compared on the test rows",
    "compared on few": "beats {rival}: compared on {rows} rows only",
    "no gain": "beats {rival}: the gain in accuracy is {gain}; the whole 95 % interval must lie above 0",
    "gamed": "no gamed metric: macro-F1 is below that of {rival} by {gain}; accuracy was bought with the "
    "rare classes",
    "not calibrated": "calibrated: the expected calibration error is {ece}; {allowed} is allowed (chance "
    "alone gives up to {chance} on these rows)",
    "not tried": "holds when {change}: not tried",
    "falls": "holds when {change}: accuracy falls by {drop} on {rows} rows; {allowed} is allowed",
    "below": "holds when {change}: then it is below {rival} by {gain} on {rows} rows",
    "collapsed": "no class collapsed: {label} is never right in {rows} test rows, while a plain baseline "
    "finds {share} of them",
}
"""What is said of each condition that is not met, by its code; a gap is a value of it."""


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


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition that is not met: its `code` in `SENTENCES` and the values that fill the gaps there.

    A `rival` is named as in `RIVALS`, with the version of a champion in `which`. As text it is English.
    """

    code: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        called = RIVALS.get(self.values.get("rival", ""), self.values.get("rival", ""))
        which = f" ({self.values['which']})" if self.values.get("which") else ""
        return SENTENCES[self.code].format(**{**self.values, "rival": f"{called}{which}"})


def failed_conditions(evidence: Evidence) -> list[str]:
    """Return the conditions that are not met, in words and figures; an empty list lets the decider pass.

    >>> shown = Shown(rows=9, accuracy=1.0, macro_f1=1.0, ece=0.0)
    >>> failed_conditions(Evidence(9, shown, {}, {}, needs_base=False))[0]
    'enough test rows: 9 test rows are too few to tell; at least 100 are needed'
    """
    return [str(one) for one in unmet_conditions(evidence)]


def unmet_conditions(evidence: Evidence) -> list[Unmet]:
    """Return the conditions that are not met; an empty list lets the decider pass."""
    return [
        *_rows(evidence),
        *_honesty(evidence),
        *_rivals(evidence),
        *_calibration(evidence.decider),
        *_disturbances(evidence),
        *_classes(evidence),
    ]


def _unmet(code: str, **values: object) -> Unmet:
    return Unmet(code, {name: str(value) for name, value in values.items()})


def _rows(evidence: Evidence) -> Iterator[Unmet]:
    if evidence.test_rows < MIN_TEST_ROWS:
        yield _unmet("few rows", rows=evidence.test_rows, least=MIN_TEST_ROWS)
    if evidence.decider.rows != evidence.test_rows:
        yield _unmet("rows left out", counted=evidence.decider.rows, rows=evidence.test_rows)


def _honesty(evidence: Evidence) -> Iterator[Unmet]:
    for leak in evidence.leaks:
        yield _unmet("leak", finding=leak)
    for finding in evidence.tampered:
        yield _unmet("tampered", finding=finding)
    found = {
        "accuracy": evidence.decider.accuracy,
        "macro_f1": evidence.decider.macro_f1,
        "ece": evidence.decider.ece,
    }
    for name, claim in evidence.claimed.items():
        # Written so that a claim of NaN does not pass.
        if name in found and not abs(claim - found[name]) <= CLAIM_TOLERANCE:
            yield _unmet("claim", metric=name, claimed=f"{claim:.3f}", found=f"{found[name]:.3f}")


def _rivals(evidence: Evidence) -> Iterator[Unmet]:
    wanted = [BASE] if evidence.needs_base else []
    if evidence.champion:
        wanted.append(CHAMPION)
    for name in (*wanted, *PLAIN):
        named = {"rival": name, "which": evidence.champion if name == CHAMPION else ""}
        rival = evidence.rivals.get(name)
        if rival is None:
            yield _unmet("not compared", **named)
            continue
        if rival.rows < min(evidence.test_rows, MIN_TEST_ROWS):
            yield _unmet("compared on few", rows=rival.rows, **named)
        if not rival.accuracy_gain.low > 0:
            yield _unmet("no gain", gain=rival.accuracy_gain, **named)
        if name in PLAIN and not rival.macro_f1_gain.high >= 0:
            yield _unmet("gamed", gain=rival.macro_f1_gain, **named)


def _calibration(shown: Shown) -> Iterator[Unmet]:
    if not shown.ece <= max(MAX_ECE, shown.ece_by_chance):
        yield _unmet(
            "not calibrated",
            ece=f"{shown.ece:.3f}",
            allowed=f"{MAX_ECE:.2f}",
            chance=f"{shown.ece_by_chance:.3f}",
        )


def _disturbances(evidence: Evidence) -> Iterator[Unmet]:
    for name in evidence.expected_disturbances:
        if name not in evidence.disturbed:
            yield _unmet("not tried", change=name)
    for name, one in evidence.disturbed.items():
        if one.drop.value > MAX_DROP and one.drop.low > 0:
            yield _unmet("falls", change=name, drop=one.drop, rows=one.rows, allowed=f"{MAX_DROP:.2f}")
        if not one.gain.high >= 0:
            yield _unmet("below", change=name, rival=one.best_baseline, gain=one.gain, rows=one.rows)


def _classes(evidence: Evidence) -> Iterator[Unmet]:
    for label, (rows, recall) in evidence.decider.recall.items():
        if rows < MIN_CLASS_ROWS or recall > 0:
            continue
        best = max(
            (one.recall.get(label, (0, 0.0))[1] for name, one in evidence.rivals.items() if name in PLAIN),
            default=0.0,
        )
        if best >= FOUND_BY_BASELINE:
            yield _unmet("collapsed", label=repr(label), rows=rows, share=f"{best:.0%}")
