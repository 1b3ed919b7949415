"""Laws of what is normal for a KPI: of its own past, robust to gaps, constants and old outages."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from agents.tools.found import KpiHistory
from agents.tools.normal import judge
from telcollm.identity import kpi_id
from telcollm.records import KpiSample
from tests.agents.tools.examples import HOUR, NOW, sample

SINCE = NOW - 6 * HOUR


def usual(time: datetime) -> float:
    """Busy at noon, quiet at night, half as busy at weekends."""
    day = 0.2 + 0.15 * math.sin((time.hour - 6) / 24 * 2 * math.pi)
    return day * (0.5 if time.weekday() >= 5 else 1.0)


def hourly(start: datetime, hours: int, value: Callable[[datetime], float] = usual) -> list[KpiSample]:
    times = [start + n * HOUR for n in range(hours)]
    return [sample(time, value(time)) for time in times]


def noisy(seed: int) -> Callable[[datetime], float]:
    draw = random.Random(seed)
    return lambda time: usual(time) * (1 + draw.gauss(0, 0.05))


def judged(samples: list[KpiSample], history: list[KpiSample]) -> KpiHistory:
    return judge(samples, history, SINCE, NOW)


def past(weeks: int = 8, value: Callable[[datetime], float] | None = None) -> list[KpiSample]:
    return hourly(SINCE - timedelta(weeks=weeks), weeks * 168, value or noisy(1))


def test_a_sample_is_compared_with_the_same_hour_of_the_weeks_before() -> None:
    history = judged(hourly(SINCE, 6), past(value=usual))
    assert [point.normal for point in history.items] == [usual(SINCE + n * HOUR) for n in range(6)]
    assert history.summary.basis == "same hour of week"
    assert not history.summary.departs
    assert [point.sample_id for point in history.items] == [kpi_id(one) for one in hourly(SINCE, 6)]


def test_what_is_normal_at_noon_departs_at_night_and_says_how_far() -> None:
    night = judge(
        [sample(SINCE - 4 * HOUR, 0.35), sample(SINCE - 3 * HOUR, 0.35)],
        past(),
        SINCE - 4 * HOUR,
        SINCE - 2 * HOUR,
    )
    noon = judged([sample(SINCE + 5 * HOUR, usual(SINCE + 5 * HOUR))], past())
    assert night.summary.departs and not noon.summary.departs
    assert night.summary.deviation is not None and night.summary.deviation > 3.5
    assert night.summary.worst_value == 0.35
    assert "above its normal of 0.0" in night.summary.said
    assert "(median of 7 samples in the same hour of week over 7 weeks)" in night.summary.said


def test_an_old_outage_does_not_become_normal() -> None:
    broken = [sample(one.sampled_time, 0.0) if n < 168 * 2 else one for n, one in enumerate(past())]
    healthy = judged(hourly(SINCE, 6, noisy(2)), past()).summary
    after = judged(hourly(SINCE, 6, noisy(2)), broken).summary
    assert not healthy.departs and not after.departs
    assert judged(hourly(SINCE, 6, lambda _: 0.0), broken).summary.departs


def test_gaps_in_the_past_are_bridged_and_gaps_in_the_interval_counted() -> None:
    holes = [one for n, one in enumerate(past()) if n % 3]
    summary = judged([hourly(SINCE, 6)[n] for n in (0, 1, 5)], holes).summary
    assert (summary.basis, summary.samples, summary.missing) == ("same hour of week", 3, 3)
    assert not summary.departs


def test_what_is_no_number_is_left_out() -> None:
    odd = [sample(SINCE + 2 * HOUR, math.nan), sample(SINCE + 3 * HOUR, math.inf)]
    history = judged(hourly(SINCE, 2) + odd, [*past(), sample(SINCE - HOUR, math.nan)])
    assert (len(history.items), history.summary.missing) == (2, 4)


@pytest.mark.parametrize("constant", [0.0, 1.0, 0.1 + 0.2])
def test_a_constant_is_normal_until_it_moves(constant: float) -> None:
    flat = past(value=lambda _: constant)
    still = judged(hourly(SINCE, 6, lambda _: constant), flat).summary
    assert (still.departs, still.deviation) == (False, 0.0)
    moved = judged([*hourly(SINCE, 5, lambda _: constant), sample(NOW - HOUR, constant + 0.5)], flat).summary
    assert (moved.departs, moved.deviation, moved.worst_time) == (True, None, NOW - HOUR)
    assert f"it had always been {constant:.4g}" in moved.said


def test_a_kpi_that_mostly_stands_still_is_not_unusual_when_it_moves_as_before() -> None:
    rarely = past(value=lambda time: 1.0 if time.isocalendar().week % 4 == 0 else 0.0)
    assert not judged(hourly(SINCE, 6, lambda time: 1.0 if time.hour == 8 else 0.0), rarely).summary.departs


def test_one_spike_is_noise_two_in_a_row_are_not() -> None:
    normal = hourly(SINCE, 6)
    spike = [sample(one.sampled_time, one.value * 1.35) for one in normal]
    one = judged([*normal[:3], spike[3], *normal[4:]], past()).summary
    two = judged([*normal[:2], *spike[2:4], *normal[4:]], past()).summary
    assert (one.unusual_samples, one.departs) == (1, False)
    assert (two.unusual_samples, two.departs) == (2, True)
    apart = judged([spike[0], *normal[1:5], spike[5]], past()).summary
    assert not apart.departs


def test_with_few_weeks_the_hour_of_day_stands_in_and_says_so() -> None:
    summary = judged(hourly(SINCE, 6, noisy(2)), hourly(SINCE - timedelta(days=9), 9 * 24, noisy(1))).summary
    assert summary.basis == "same hour of day"
    assert "in the same hour of day over 9 days" in summary.said


@pytest.mark.parametrize("days", [0, 4])
def test_too_little_history_says_so_and_judges_nothing(days: int) -> None:
    history = judged(hourly(SINCE, 6, lambda _: 99.0), hourly(SINCE - timedelta(days=days), days * 24))
    summary = history.summary
    assert (summary.basis, summary.departs, summary.deviation) == ("too little history", False, None)
    assert {point.normal for point in history.items} == {None}
    assert "what is normal for it cannot be said" in summary.said
    assert summary.evidence == tuple(point.sample_id for point in history.items[:5])


def test_the_order_of_samples_does_not_matter() -> None:
    samples, history = hourly(SINCE, 6, noisy(2)), past()
    mixed = list(samples), list(history)
    random.Random(5).shuffle(mixed[0])
    random.Random(6).shuffle(mixed[1])
    assert judged(*mixed) == judged(samples, history)


def test_nothing_of_the_interval_itself_or_after_it_is_history() -> None:
    history = past()
    assert judged(hourly(SINCE, 6), [*history, *hourly(SINCE, 200, lambda _: 50.0)]) == judged(
        hourly(SINCE, 6), history
    )
