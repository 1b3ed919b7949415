"""Tools over KPIs: samples are read here, and judged in `normal`. Does not know what is normal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from agents.tools.arguments import OfKpi, OverInterval
from agents.tools.found import Found, KpiHistory, KpiSummary
from agents.tools.normal import ALONE, DAYS, WEEKS, judge, windows
from agents.tools.sources import Finding, Sources, counted, interval, milliseconds, named
from telcollm.records import KpiSample

_Series = tuple[str, int]
"""A KPI and how often it is sampled, in seconds: a quarter of an hour and a day of one KPI are two series."""


def find_kpi_history(sources: Sources, asked: OfKpi) -> Finding:
    """Return one KPI's samples in [since, until), the finest granularity there is, each beside its normal."""
    searched = f"{asked.kpi} on {asked.object} {interval(asked.since, asked.until)}"
    samples, complete = _read(sources, asked.object, (asked.kpi,), asked.since, asked.until)
    series = _by_series(samples)
    if not series:
        there, _ = _read(sources, asked.object, (), asked.since, asked.until)
        kinds = sorted({sample.kpi for sample in there})
        searched += f"; KPIs that {asked.object} has there: {', '.join(kinds[:20]) or 'none'}"
        return Finding(Found[KpiSummary](), searched, complete)
    key = min(series, key=lambda entry: entry[1] or 10**9)
    judged, full = _judged(sources, asked.object, {key: series[key]}, asked.since, asked.until)
    history = judged[0]
    return Finding(history, searched, complete and full)


def find_kpi_deviations(sources: Sources, asked: OverInterval) -> Finding:
    """Return every KPI of the objects in [since, until): first those that depart, the farthest first."""
    searched = f"all KPIs on {named(asked.objects)} {interval(asked.since, asked.until)}"
    summaries: list[KpiSummary] = []
    complete = True
    for name in asked.objects:
        samples, all_read = _read(sources, name, (), asked.since, asked.until)
        judged, full = _judged(sources, name, _by_series(samples), asked.since, asked.until)
        summaries += [history.summary for history in judged]
        complete = complete and all_read and full
    summaries.sort(key=_rank)
    counts = {
        "verdict": counted(["departs from its past" if one.departs else "as ever" for one in summaries]),
        "basis": counted([one.basis for one in summaries]),
    }
    return Finding(Found(tuple(summaries), counts), searched, complete)


def _rank(summary: KpiSummary) -> tuple[bool, float, str, str]:
    # One that had never moved before has no deviation: it counts as far enough to stand alone, no farther.
    away = (
        ALONE if summary.normal is not None and summary.deviation is None else abs(summary.deviation or 0.0)
    )
    return (not summary.departs, -away, summary.managed_object, summary.kpi)


def _judged(
    sources: Sources, name: str, series: dict[_Series, list[KpiSample]], since: datetime, until: datetime
) -> tuple[list[KpiHistory], bool]:
    """Return each series beside its normal, and whether all of its past was read."""
    if not series:
        return [], True
    kinds = sorted({kpi for kpi, _ in series})
    past, complete = _past(sources, name, kinds, windows(since, until, timedelta(weeks=1), WEEKS))
    until_now = min(until, max(sources.now, since))
    judged = {key: judge(found, past.get(key, ()), since, until_now) for key, found in sorted(series.items())}
    short = {key for key, one in judged.items() if one.summary.basis == "too little history"}
    if short:
        daily = windows(since, until, timedelta(days=1), DAYS)
        days, full = _past(sources, name, sorted({kpi for kpi, _ in short}), daily)
        complete = complete and full
        judged.update((key, judge(series[key], days.get(key, ()), since, until_now)) for key in sorted(short))
    return list(judged.values()), complete


def _past(
    sources: Sources, name: str, kinds: Sequence[str], spans: Iterable[tuple[datetime, datetime]]
) -> tuple[dict[_Series, list[KpiSample]], bool]:
    found: list[KpiSample] = []
    complete = True
    for start, end in spans:
        samples, full = _read(sources, name, kinds, start, end)
        found += samples
        complete = complete and full
    return _by_series(found), complete


def _read(
    sources: Sources, name: str, kinds: Sequence[str], since: datetime, until: datetime
) -> tuple[list[KpiSample], bool]:
    samples = sources.stores.telemetry.kpis(
        sources.scope,
        [name],
        kpis=kinds,
        since_ms=milliseconds(since),
        until_ms=milliseconds(until),
        limit=sources.rows + 1,
    )
    return samples[: sources.rows], len(samples) <= sources.rows


def _by_series(samples: Iterable[KpiSample]) -> dict[_Series, list[KpiSample]]:
    """Return finite samples by series."""
    found: dict[_Series, list[KpiSample]] = {}
    for sample in samples:
        if math.isfinite(sample.value):
            found.setdefault((sample.kpi, sample.granularity_s), []).append(sample)
    return found
