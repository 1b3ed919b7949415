from __future__ import annotations

from random import Random

from streams.simulator.language.slips import careless, shorten, slip

ENGLISH = "battery voltage at site S0042-A1 fell below 46 volts since 03:12 please check the rectifier"
CHINESE = "基站断电已经三小时\uff0c用户电话打不通\uff0c请派人修"


def test_no_rate_no_slips() -> None:
    assert slip(ENGLISH, False, 0.0, Random(1)) == ENGLISH
    assert shorten(ENGLISH, 0.0, Random(1)) == ENGLISH


def test_numbers_and_names_of_equipment_are_never_mistyped() -> None:
    for seed in range(50):
        words = slip(ENGLISH, False, 1.0, Random(seed)).split()
        assert {"S0042-A1", "46", "03:12"} <= set(words)


def test_slips_change_letters_but_not_the_number_of_words() -> None:
    slipped = slip(ENGLISH, False, 1.0, Random(3))
    assert slipped != ENGLISH
    assert len(slipped.split()) == len(ENGLISH.split())


def test_chinese_slips_are_homophones_sign_by_sign() -> None:
    slipped = slip(CHINESE, True, 1.0, Random(2))
    assert len(slipped) == len(CHINESE)
    assert slipped != CHINESE
    assert "\uff0c" in slipped


def test_haste_never_loses_a_digit() -> None:
    for seed in range(50):
        digits = [sign for sign in careless(ENGLISH, Random(seed)) if sign.isdigit()]
        assert digits == [sign for sign in ENGLISH if sign.isdigit()]


def test_some_words_are_abbreviated() -> None:
    assert "pls" in shorten(ENGLISH, 1.0, Random(1)) or "plz" in shorten(ENGLISH, 1.0, Random(1))
