"""What is normal for a KPI, from its own past, and how far samples are from it: pure functions of samples.

Normal is the median of the same hour of the week (UTC) in the weeks before, its spread 1.4826 times the
median absolute deviation: neither is moved by gaps nor by an old outage. Does not know why a KPI moved.
Source: Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993 (3.5; mean deviation where MAD is 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import fmean, median
from typing import Final, NamedTuple

from agents.tools.found import Basis, KpiHistory, KpiPoint, KpiSummary
from telcollm.identity import kpi_id
from telcollm.records import KpiSample

WEEKS: Final = 8
"""How many weeks before are looked at for the same hour of week."""

DAYS: Final = 14
"""How many days before are looked at for the same hour of day, where there are too few weeks."""

LEAST_WEEKS: Final = 3
LEAST_DAYS: Final = 5
UNUSUAL: Final = 3.5
"""From how many robust standard deviations on a sample is unusual."""

ALONE: Final = 10.0
"""From how many on one sample is enough; else two in a row on one side are, as single spikes are noise."""

_EVIDENCE: Final = 5


class Normal(NamedTuple):
    """The centre and the spread of a KPI at one time of its week; the spread of one that never moved is 0."""

    basis: Basis
    centre: float
    spread: float
    samples: int
    periods: int


def windows(since: datetime, until: datetime, step: timedelta, times: int) -> list[tuple[datetime, datetime]]:
    """Return the intervals that lie 1 to `times` steps before, in whole hours, none reaching past `since`.

    >>> noon = datetime(2026, 1, 29, 12, 30, tzinfo=UTC)
    >>> [(a.isoformat(), b.hour) for a, b in windows(noon, noon + timedelta(hours=1), timedelta(weeks=1), 2)]
    [('2026-01-15T12:00:00+00:00', 14), ('2026-01-22T12:00:00+00:00', 14)]
    """
    hour = timedelta(hours=1)
    first = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    last = until.astimezone(UTC)
    rounded = last.replace(minute=0, second=0, microsecond=0)
    last = rounded if rounded == last else rounded + hour
    merged: list[tuple[datetime, datetime]] = []
    for number in range(times, 0, -1):
        start, end = first - number * step, min(last - number * step, since)
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def judge(
    samples: Sequence[KpiSample], history: Iterable[KpiSample], since: datetime, until: datetime
) -> KpiHistory:
    """Return the samples of one KPI of one object in order of time, each beside its normal, and a summary.

    `history` are its samples before `since`, in any order; what is not a finite number is left out. There
    must be at least one finite sample.
    """
    known = sorted(_finite(samples), key=lambda sample: sample.sampled_time)
    past = [sample for sample in _finite(history) if sample.sampled_time < since]
    by_week = _slots(past, _hour_of_week, lambda time: time.isocalendar()[:2])
    by_day = _slots(past, lambda time: time.hour, lambda time: time.date())
    normals = [_normal_at(sample.sampled_time.astimezone(UTC), by_week, by_day) for sample in known]
    points = [_point(sample, normal) for sample, normal in zip(known, normals, strict=True)]
    return KpiHistory(
        _summary(known, points, normals, len(past), _missing(known, since, until)), tuple(points)
    )


def normal_of(values: Sequence[float]) -> tuple[float, float]:
    """Return the centre and the spread of values, in their unit; the spread of values all alike is 0.

    >>> normal_of([1.0, 2.0, 3.0]), normal_of([5.0, 5.0, 5.0]), normal_of([0.0, 0.0, 0.0, 4.0])
    ((2.0, 1.4826), (5.0, 0.0), (0.0, 1.253314))
    """
    centre = median(values)
    away = [abs(value - centre) for value in values]
    spread = 1.4826 * median(away)
    return centre, spread if spread > 0 else 1.253314 * fmean(away)


def deviation(value: float, centre: float, spread: float) -> float | None:
    """Return how many spreads a value lies above (+) or below (-) the centre; None where there is no spread.

    >>> deviation(8.0, 2.0, 1.5), deviation(2.0, 2.0, 0.0), deviation(3.0, 2.0, 0.0)
    (4.0, 0.0, None)
    """
    if math.isclose(value, centre, rel_tol=1e-9, abs_tol=1e-12):
        return 0.0
    # A spread below a float's own grain is no spread: a constant that was computed, not measured.
    return (value - centre) / spread if spread > 1e-9 * max(abs(centre), 1e-3) else None


_Slots = dict[int, tuple[list[float], set[object]]]


def _finite(samples: Iterable[KpiSample]) -> list[KpiSample]:
    return [sample for sample in samples if math.isfinite(sample.value)]


def _hour_of_week(time: datetime) -> int:
    return time.weekday() * 24 + time.hour


def _slots(
    past: Sequence[KpiSample], slot: Callable[[datetime], int], period: Callable[[datetime], object]
) -> _Slots:
    """Return past values by slot, with the periods (weeks or days) that they come from."""
    found: _Slots = {}
    for sample in past:
        time = sample.sampled_time.astimezone(UTC)
        values, periods = found.setdefault(slot(time), ([], set()))
        values.append(sample.value)
        periods.add(period(time))
    return found


def _normal_at(time: datetime, by_week: _Slots, by_day: _Slots) -> Normal | None:
    ways: tuple[tuple[_Slots, int, int, int, Basis], ...] = (
        (by_week, _hour_of_week(time), 168, LEAST_WEEKS, "same hour of week"),
        (by_day, time.hour, 24, LEAST_DAYS, "same hour of day"),
    )
    for slots, slot, hours, least, basis in ways:
        values, periods = slots.get(slot, ([], set()))
        if len(periods) >= least:
            centre, spread = normal_of(values)
            return Normal(basis, centre, _steadied(slots, slot, hours, spread), len(values), len(periods))
    return None


def _steadied(slots: _Slots, slot: int, hours: int, spread: float) -> float:
    """Return the spread around the medians of three hours: that of a few samples is too often too small."""
    residuals: list[float] = []
    for number in (slot - 1, slot, slot + 1):
        values, _ = slots.get(number % hours, ([], set()))
        if len(values) >= LEAST_WEEKS:
            centre = median(values)
            residuals += [abs(value - centre) for value in values]
    return (1.4826 * median(residuals) if residuals else 0.0) or spread


def _point(sample: KpiSample, normal: Normal | None) -> KpiPoint:
    if normal is None:
        return KpiPoint(kpi_id(sample), sample.sampled_time, sample.value)
    away = deviation(sample.value, normal.centre, normal.spread)
    told = None if away is None else round(away, 2)
    return KpiPoint(kpi_id(sample), sample.sampled_time, sample.value, normal.centre, told)


def _side(point: KpiPoint) -> int:
    """Return +1 or -1 for a sample unusually above or below its normal, else 0."""
    if point.normal is None:
        return 0
    if point.deviation is None:
        return 1 if point.value > point.normal else -1
    return 0 if abs(point.deviation) < UNUSUAL else (1 if point.deviation > 0 else -1)


def _size(point: KpiPoint) -> float:
    if point.normal is None:
        return -1.0
    return math.inf if point.deviation is None else abs(point.deviation)


def _summary(
    known: Sequence[KpiSample],
    points: Sequence[KpiPoint],
    normals: Sequence[Normal | None],
    past: int,
    missing: int,
) -> KpiSummary:
    first = known[0]
    middle = median(point.value for point in points)
    place = max(range(len(points)), key=lambda number: _size(points[number]))
    worst, normal = points[place], normals[place]
    if normal is None:
        return KpiSummary(
            managed_object=first.managed_object,
            kpi=first.kpi,
            samples=len(points),
            median=middle,
            basis="too little history",
            missing=missing,
            history_samples=past,
            said=(
                f"{first.kpi} on {first.managed_object} had a median of {middle:.4g}; what is normal for it "
                f"cannot be said from {past} samples: {LEAST_WEEKS} weeks or {LEAST_DAYS} days are needed"
            ),
            evidence=tuple(point.sample_id for point in points[:_EVIDENCE]),
        )
    sides = [_side(point) for point in points]
    in_a_row = any(one and one == other for one, other in pairwise(sides))
    alone = len(points) == 1 and sides[0] != 0
    unusual = sorted((number for number, side in enumerate(sides) if side), key=lambda n: -_size(points[n]))
    shown = sorted((unusual or [place])[:_EVIDENCE])
    return KpiSummary(
        managed_object=first.managed_object,
        kpi=first.kpi,
        samples=len(points),
        median=middle,
        basis=normal.basis,
        departs=in_a_row or alone or _size(worst) >= ALONE,
        normal=normal.centre,
        deviation=worst.deviation,
        worst_value=worst.value,
        worst_time=worst.sampled_time,
        unusual_samples=len(unusual),
        missing=missing,
        history_samples=past,
        said=_said(first, worst, normal),
        evidence=tuple(points[number].sample_id for number in shown),
    )


def _said(sample: KpiSample, worst: KpiPoint, normal: Normal) -> str:
    """Return the most unusual sample in words."""
    unit = "weeks" if normal.basis == "same hour of week" else "days"
    past = f"median of {normal.samples} samples in the {normal.basis} over {normal.periods} {unit}"
    what = (
        f"{sample.kpi} on {sample.managed_object} was {worst.value:.4g} at {worst.sampled_time.isoformat()}"
    )
    if worst.deviation is None:
        return f"{what}; in the {past} it had always been {normal.centre:.4g}"
    if worst.deviation == 0:
        return f"{what}, its normal ({past})"
    side = "above" if worst.deviation > 0 else "below"
    return (
        f"{what}, {abs(worst.deviation):.1f} robust standard deviations {side} its normal of "
        f"{normal.centre:.4g} ({past})"
    )


def _missing(known: Sequence[KpiSample], since: datetime, until: datetime) -> int:
    """Return how many samples are missing, from how often they are taken as far as that can be told."""
    times = sorted({sample.sampled_time for sample in known})
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    step_s = float(known[0].granularity_s) or (median(gaps) if gaps else 0.0)
    if step_s <= 0:
        return 0
    return max(int((until - since).total_seconds() // step_s) - len(times), 0)
