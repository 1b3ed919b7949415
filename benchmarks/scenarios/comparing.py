"""Two runs over the same cases, paired: what changed, by how much beyond chance, and which cases.

Deliberately does not know suites, nor how a comparison is shown.
Source: McNemar (1947), exact by the binomial distribution; paired bootstrap as in `figures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from benchmarks.scenarios.case import Scored
from benchmarks.scenarios.figures import mean_figure
from benchmarks.scenarios.results import Figure, Results
from benchmarks.scenarios.suite import Measure
from telcollm.errors import SettingsError

_HALVES: Final = 0.5


class Difference(msgspec.Struct, frozen=True):
    """One measure over the cases that both runs were asked and scored on: B's less A's.

    `better` and `worse` count cases by the measure's own direction, those of measures without one by number.
    `p` is McNemar's, None where scores are not 0 or 1 or none changed.
    """

    name: str
    measure: Measure
    cases: int
    before: float
    after: float
    change: Figure
    better: int
    worse: int
    p: float | None

    @property
    def beyond_chance(self) -> bool:
        """Whether the 95 % interval of the change leaves out none."""
        low, high = self.change.low, self.change.high
        return low is not None and high is not None and (low > 0 or high < 0)


class Changed(msgspec.Struct, frozen=True):
    """One case as both runs saw it."""

    before: Scored
    after: Scored

    @property
    def case_id(self) -> str:
        """The case."""
        return self.before.case_id


class Comparison(msgspec.Struct, frozen=True):
    """What a page shows: differences, and the cases that got better, worse, or were said otherwise."""

    before: Results
    after: Results
    paired: int
    differences: tuple[Difference, ...]
    slices: dict[str, Difference]
    better: tuple[Changed, ...]
    worse: tuple[Changed, ...]
    otherwise: tuple[Changed, ...]


def compare(before: Results, after: Results) -> Comparison:
    """Return the comparison of two runs of one suite over the same data.

    Raises:
        SettingsError: the runs are of different suites, parts or data, or have no case in common.
    """
    for what in ("suite", "part", "data_hash"):
        one, other = getattr(before, what), getattr(after, what)
        if one != other:
            message = (
                f"the runs differ in {what}: {one!r} and {other!r}; two runs over the same cases are "
                "allowed; run both variants on the same data"
            )
            raise SettingsError(message)
    by_id = {case.case_id: case for case in after.cases}
    pairs = [Changed(case, by_id[case.case_id]) for case in before.cases if case.case_id in by_id]
    if not pairs:
        message = (
            f"the runs have none of their {len(before.cases)} and {len(after.cases)} cases in common; runs "
            "that share cases are allowed; run both with the same --limit"
        )
        raise SettingsError(message)
    measures = {**before.measures, **after.measures}
    differences = [found for name in measures if (found := _difference(name, measures[name], pairs))]
    slices = {}
    for name in sorted({f"{key}={value}" for pair in pairs for key, value in pair.before.slices.items()}):
        key, _, value = name.partition("=")
        part = [pair for pair in pairs if pair.before.slices.get(key) == value]
        found = _difference(before.headline, measures[before.headline], part)
        if found is not None and found.cases >= 10:
            slices[name] = found
    changed = [pair for pair in pairs if pair.before.outcome != pair.after.outcome]
    return Comparison(
        before,
        after,
        len(pairs),
        tuple(differences),
        slices,
        tuple(pair for pair in pairs if pair.after.correct and not pair.before.correct),
        tuple(pair for pair in pairs if pair.before.correct and not pair.after.correct),
        tuple(pair for pair in changed if pair.before.correct == pair.after.correct),
    )


def _difference(name: str, measure: Measure, pairs: Sequence[Changed]) -> Difference | None:
    values = [
        (one, other, pair.before.group)
        for pair in pairs
        if (one := pair.before.scores.get(name)) is not None
        and (other := pair.after.scores.get(name)) is not None
    ]
    if not values:
        return None
    changes = [other - one for one, other, _ in values]
    groups = [group for _, _, group in values]
    if any(changes):
        change = mean_figure(changes, groups)
    else:
        change = Figure(0.0, len(values), len(set(groups)), 0.0, 0.0)
    sign = -1.0 if measure.better == "lower" else 1.0
    better = sum(1 for one in changes if one * sign > 0)
    worse = sum(1 for one in changes if one * sign < 0)
    binary = all(one in (0.0, 1.0) and other in (0.0, 1.0) for one, other, _ in values)
    return Difference(
        name,
        measure,
        len(values),
        sum(one for one, _, _ in values) / (1 if measure.kind == "sum" else len(values)),
        sum(other for _, other, _ in values) / (1 if measure.kind == "sum" else len(values)),
        change,
        better,
        worse,
        mcnemar(better, worse) if binary else None,
    )


def mcnemar(better: int, worse: int) -> float | None:
    """Return the two-sided exact p of so many changes one way and so many the other; None without any.

    >>> mcnemar(0, 0), round(mcnemar(1, 9), 4)
    (None, 0.0215)
    """
    if better + worse == 0:
        return None
    from scipy.stats import binomtest

    return float(binomtest(min(better, worse), better + worse, _HALVES).pvalue)
