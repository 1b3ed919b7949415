"""From scores of cases to figures: means with 95 % intervals, sums, costs, and all of it by slices.

Cases of one group are drawn together. Deliberately does not know suites or files.
Source: Efron and Tibshirani (1993), chapter 13; where all scores are alike, the rule of three (Hanley and
Lippman-Hand, JAMA 249, 1983) in the place of a bootstrap that would show no doubt at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from benchmarks.scenarios.case import Scored
from benchmarks.scenarios.results import Cost, Figure
from benchmarks.scenarios.suite import Measure
from finetune.bootstrap import mean_interval

DRAWS: Final = 2000


def figures_of(cases: Sequence[Scored], measures: Mapping[str, Measure]) -> dict[str, Figure]:
    """Return the figure of each measure that was asked of at least one case, in the measures' order."""
    found = {}
    for name, measure in measures.items():
        asked = [(case.scores[name], case.group) for case in cases if case.scores.get(name) is not None]
        if not asked:
            continue
        values = [float(value or 0.0) for value, _ in asked]
        groups = [group for _, group in asked]
        if measure.kind == "sum":
            found[name] = Figure(float(sum(values)), len(values), len(set(groups)))
        else:
            found[name] = mean_figure(values, groups)
    return found


def mean_figure(values: Sequence[float], groups: Sequence[str]) -> Figure:
    """Return the mean of the values and its 95 % interval, groups drawn whole.

    >>> figure = mean_figure([1.0] * 60, [str(number) for number in range(60)])
    >>> figure.value, figure.low, figure.high
    (1.0, 0.95, 1.0)
    """
    count = len(set(groups))
    mean = float(np.mean(values))
    if min(values) == max(values):
        doubt = min(1.0, 3.0 / count)
        if mean in (0.0, 1.0):
            return Figure(mean, len(values), count, max(0.0, mean - doubt), min(1.0, mean + doubt))
        return Figure(mean, len(values), count, mean, mean)
    within = mean_interval(np.array(values, dtype=np.float64), list(groups), draws=DRAWS)
    return Figure(mean, len(values), count, within.low, within.high)


def slices_of(
    cases: Sequence[Scored], measures: Mapping[str, Measure], least: int = 10
) -> dict[str, dict[str, Figure]]:
    """Return the figures of each slice, named "name=value", that holds at least so many cases."""
    parts: dict[str, list[Scored]] = defaultdict(list)
    for case in cases:
        for name, value in case.slices.items():
            parts[f"{name}={value}"].append(case)
    return {name: figures_of(parts[name], measures) for name in sorted(parts) if len(parts[name]) >= least}


def costs_of(cases: Sequence[Scored]) -> dict[str, Cost]:
    """Return what a case cost: `ms`, `tokens`."""
    ways: Mapping[str, Callable[[Scored], float]] = {
        "ms": lambda case: case.seconds * 1000,
        "tokens": lambda case: float(case.tokens),
    }
    found = {}
    for name, way in ways.items():
        values = np.array([way(case) for case in cases], dtype=np.float64)
        if len(values):
            p50, p95 = np.percentile(values, [50, 95])
            found[name] = Cost(float(p50), float(p95), float(values.sum()))
    return found
