from __future__ import annotations

from random import Random

import pytest

from streams.simulator.language.grammar import Writer, combinations, expand, parse, slots
from telcollm.errors import SettingsError


def writer(seed: int, habit: int = 1, **values: str) -> Writer:
    return Writer(habit, Random(seed), values, {})


def test_every_alternative_and_option_comes_up() -> None:
    tree = parse("{a|b|{c|d}}[ e]")
    texts = {expand(tree, writer(seed, habit=seed)) for seed in range(300)}
    assert texts == {f"{word}{end}" for word in "abcd" for end in ("", " e")}
    assert combinations(tree, {}) == 8


def test_slots_take_values_and_grammars() -> None:
    who = Writer(1, Random(1), {"n": "5"}, {"thing": parse("cell")})
    assert expand(parse("<n> <thing>s"), who) == "5 cells"
    assert slots(parse("{<n>|<thing>} <n>")) == {"n", "thing"}


def test_escaped_brackets_stand_for_themselves() -> None:
    assert expand(parse(r"\{a\|b\} \<n\>"), writer(1)) == "{a|b} <n>"


def test_a_writer_has_habits() -> None:
    tree = parse("{a|b|c|d|e|f|g|h}")
    same = [expand(tree, writer(seed, habit=12345)) for seed in range(400)]
    most = max(same.count(word) for word in "abcdefgh")
    assert 0.4 * 400 < most < 0.7 * 400


@pytest.mark.parametrize("broken", ["{a|b", "a]", "<n", "{a]", "[a|{b]}"])
def test_a_wording_with_broken_brackets_is_refused(broken: str) -> None:
    with pytest.raises(SettingsError, match="correct the wording"):
        parse(broken)


def test_an_unknown_slot_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="slot 'who' has no value"):
        expand(parse("<who>"), writer(1, what="x"))
