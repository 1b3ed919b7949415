from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcollm.errors import TelcollmError
from telcollm.model.port import Prompt, Usage, choices_per_prompt, probabilities


@given(st.lists(st.lists(st.floats(-800, 0), min_size=1, max_size=9), min_size=1, max_size=9))
def test_each_row_of_probabilities_sums_to_one_and_ends_in_zeros(rows: list[list[float]]) -> None:
    table = probabilities(rows)
    assert np.allclose(table.sum(axis=1), 1.0)
    for row, given_row in zip(table, rows, strict=True):
        assert not row[len(given_row) :].any()


def test_a_list_in_which_one_choice_begins_another_is_closed_by_newlines() -> None:
    assert choices_per_prompt(1, ["b", "power supply", "power"]) == [("b\n", "power supply\n", "power\n")]
    assert choices_per_prompt(2, [["a", "ab"], ["c", "d"]]) == [("a\n", "ab\n"), ("c", "d")]


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ([], "at least one label"),
        (["a", ""], "none empty"),
        (["a", "a"], "differ from each other"),
        ("yes", "one string"),
        ([["a"], ["b"]], "2 lists of choices came for 1 prompts"),
    ],
)
def test_choices_that_cannot_be_scored_are_refused_with_the_reason(choices: list[str], reason: str) -> None:
    with pytest.raises(TelcollmError, match=reason):
        choices_per_prompt(1, choices)


def test_a_prompt_reads_as_its_shared_part_and_the_rest() -> None:
    assert Prompt("b", shared="a").whole == "ab"


def test_the_difference_of_two_usages_is_what_lay_between() -> None:
    before, after = Usage(calls=1, tokens_in=5), Usage(calls=3, tokens_in=9, forward_s=0.5)
    assert after - before == Usage(calls=2, tokens_in=4, forward_s=0.5)
    assert before + (after - before) == after
