from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.simulator.language.places import owner, town
from streams.simulator.language.quantities import clock_words, count_words


@given(st.integers(0, 60_000), st.integers(0, 1_000))
def test_digits_of_a_count_stay_near_the_count(count: int, seed: int) -> None:
    words = count_words(count, "en", Random(seed))
    if words.replace(",", "").replace(" ", "").isdigit():
        assert abs(int(words.replace(",", "").replace(" ", "")) - count) <= 0.051 * count


def test_chinese_counts_use_ten_thousands_and_signs_for_round_numbers() -> None:
    texts = {count_words(count, "zh", Random(seed)) for count in (23_012, 3_000, 400) for seed in range(60)}
    assert {"2.3\u4e07", "\u4e09\u5343", "\u56db\u767e"} <= texts


def test_names_hang_on_the_key_alone() -> None:
    assert town("S1") == town("S1")
    assert owner("S1") == owner("S1")
    assert len({town(f"S{number}").en for number in range(100)}) > 60


def test_a_time_of_day_keeps_its_hour_and_minute() -> None:
    for seed in range(20):
        assert clock_words(3, 7, Random(seed)).lstrip("0").replace("h", ":") == "3:07"
