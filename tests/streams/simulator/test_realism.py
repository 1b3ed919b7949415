"""Laws of telling streams apart: a stream is like itself, unlike another, and its size does not tell."""

from __future__ import annotations

import numpy as np
import pytest

from streams.simulator.realism import (
    ARRIVALS,
    BURSTS,
    DEVICES,
    FEATURES,
    PROBLEMS,
    AlarmStream,
    halves,
    hour_features,
    stream_of,
    tell_apart,
)
from telcollm.errors import SettingsError


def poisson(seed: int, *, hours: int = 96, per_hour: float = 60.0, devices: int = 30) -> AlarmStream:
    random = np.random.default_rng(seed)
    count = int(random.poisson(per_hour * hours))
    times = random.integers(0, hours * 3600, count)
    return stream_of(
        f"poisson {seed}",
        [
            (float(at_s), f"d{device}", f"p{problem}")
            for at_s, device, problem in zip(
                times, random.integers(0, devices, count), random.integers(0, 6, count), strict=True
            )
        ],
    )


def bursty(seed: int) -> AlarmStream:
    random = np.random.default_rng(seed)
    raises = []
    for start_s in random.uniform(0, 96 * 3600, 960):
        device = random.integers(0, 30)
        raises += [(float(start_s + step), f"d{device}", "p1") for step in range(6)]
    return stream_of(f"bursty {seed}", raises)


def test_two_draws_of_one_process_are_not_told_apart() -> None:
    assert abs(tell_apart(poisson(1), poisson(2), seeds=2).auc - 0.5) < 0.15


def test_a_stream_is_not_told_from_itself() -> None:
    assert abs(tell_apart(*halves(poisson(3, hours=192)), seeds=2, block_hours=6).auc - 0.5) < 0.15


def test_bursts_are_told_from_single_alarms_at_the_same_rate() -> None:
    told = tell_apart(poisson(1), bursty(1), seeds=1)

    assert told.auc > 0.95
    assert told.hours == (96, 96)


def test_a_stream_of_twice_the_alarms_is_told_by_its_count() -> None:
    told = tell_apart(poisson(1), poisson(2, per_hour=120.0), features=("count_log",), seeds=1)

    assert told.auc > 0.95


def test_hours_that_tell_of_nothing_are_left_out() -> None:
    stream = stream_of("s", [(0.0, "a", "p"), (1.0, "a", "p"), (2.0, "a", "p"), (7300.0, "a", "p")])

    table, hours = hour_features(stream)

    assert table.shape == (1, len(FEATURES))
    assert hours.tolist() == [0]


def test_features_of_a_known_hour_are_what_counting_gives() -> None:
    raises = [(0.0, "a", "p"), (0.0, "a", "q"), (60.0, "b", "p"), (61.0, "b", "p"), (1800.0, "a", "p")]
    row = dict(zip(FEATURES, hour_features(stream_of("s", raises))[0][0], strict=True))

    assert row["count_log"] == pytest.approx(np.log(5))
    assert row["same_second_ratio"] == pytest.approx(1 / 4)
    assert row["burst2_count_log"] == pytest.approx(np.log(3))
    assert row["burst2_largest_log"] == pytest.approx(np.log(2))
    assert row["devices_log"] == pytest.approx(np.log(2))
    assert row["device_top_ratio"] == pytest.approx(3 / 5)
    assert row["problems_per_device"] == pytest.approx(3 / 2)


def test_no_feature_stands_in_two_groups() -> None:
    assert len(set(FEATURES)) == len(FEATURES)
    assert set(FEATURES) == {*ARRIVALS, *BURSTS, *DEVICES, *PROBLEMS}


def test_an_unknown_feature_is_named_in_the_refusal() -> None:
    with pytest.raises(SettingsError, match="wibble"):
        tell_apart(poisson(1), poisson(2), features=("wibble",))


def test_too_short_a_stream_is_refused_with_its_blocks() -> None:
    with pytest.raises(SettingsError, match="blocks"):
        tell_apart(poisson(1).first(24), poisson(2))


def test_columns_out_of_order_are_refused() -> None:
    with pytest.raises(SettingsError, match="order"):
        AlarmStream("s", np.array([2.0, 1.0]), np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64))
