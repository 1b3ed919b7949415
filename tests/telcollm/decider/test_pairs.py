"""Laws of varying choices: their order changes nothing, numbers in texts are read, ties go by the text."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from telcollm.decider.decider import Decider
from telcollm.decider.pair_features import fit_reader, named_numbers
from telcollm.decider.plain import PlainExpert, fit_plain, load_plain
from telcollm.decider.rows import ROW_VERSION, Row, row_prompt
from telcollm.decider.spec import PLAIN_FILE, DeciderError, DeciderSpec
from telcollm.guard import Guard
from telcollm.testing import ScriptedModel

GUARD = Guard(b"0123456789abcdef")
SPEC = DeciderSpec(
    name="c",
    kind="choices",
    text_columns=("q",),
    choices_column="o",
    label_column="y",
    row_version=ROW_VERSION,
    mix={"plain": 1.0},
    plain=True,
)


def windows(count: int, seed: int) -> tuple[list[Row], list[int]]:
    """Rows whose right choice has the most alarms by our own count, whatever its problem's text says."""
    chance = random.Random(seed)
    rows: list[Row] = []
    truth = []
    for _ in range(count):
        alarms = chance.sample(range(1, 40), chance.randint(2, 6))
        shown = [
            f"{place} router: x alarms {chance.randint(50, 90)}; alarms {many}"
            for place, many in enumerate(alarms, 1)
        ]
        chance.shuffle(shown)
        right = max(range(len(shown)), key=lambda place: named_numbers(shown[place])["alarms"])
        rows.append({"q": "which began it", "o": shown, "y": right})
        truth.append(right)
    return rows, truth


@pytest.fixture(scope="module")
def expert() -> PlainExpert:
    (rows, truth), (checks, check) = windows(300, 0), windows(80, 1)
    return fit_plain(rows, truth, SPEC, validation_rows=checks, validation_labels=check)


def test_numbers_are_read_by_the_word_before_them() -> None:
    assert named_numbers("12 cells: off=3, power: -4.5, ge-0/0/1 up, x2") == {"": 12, "off": 3, "power": -4.5}
    assert named_numbers("no numbers") == {}


def test_where_there_is_a_semicolon_only_what_follows_has_names() -> None:
    assert named_numbers("3 router: alarms 99; links 50; alarms 2") == {"": 3, "alarms": 2}


def test_a_name_that_few_choices_have_is_not_read() -> None:
    rows: list[Row] = [{"q": "", "o": ["alarms 1", f"alarms 2, odd{n} {n}"]} for n in range(20)]
    assert fit_reader(rows, SPEC).names == ("alarms",)


def test_it_learns_what_a_number_is_among_its_rivals(expert: PlainExpert) -> None:
    rows, truth = windows(150, 2)
    assert (expert.log_probabilities(rows).argmax(axis=1) == truth).mean() > 0.95


def test_the_order_of_choices_changes_no_decision(expert: PlainExpert) -> None:
    rows, _ = windows(60, 3)
    decider = Decider(SPEC, guard=GUARD, plain=expert)
    turned = [{**row, "o": list(reversed(list(row["o"])))} for row in rows]  # type: ignore[call-overload]
    for one, other in zip(decider.decide(rows), decider.decide(turned), strict=True):
        assert one.label == other.label
        assert one.confidence == pytest.approx(other.confidence)
        assert dict(one.alternatives) == pytest.approx(dict(other.alternatives))


def test_a_tie_goes_by_the_text_whatever_the_order(expert: PlainExpert) -> None:
    tied = ["a thing; alarms 5", "b thing; alarms 5", "c thing; alarms 5"]
    decider = Decider(SPEC, guard=GUARD, plain=expert)
    answers = decider.decide(
        [{"q": "", "o": tied}, {"q": "", "o": tied[::-1]}, {"q": "", "o": tied[1:] + tied[:1]}]
    )
    assert len({one.label for one in answers}) == 1


def test_a_model_is_shown_choices_in_one_order_and_heard_in_the_rows_own() -> None:
    model = ScriptedModel(score_rule=lambda prompt, choices: [5.0, *[1.0] * (len(choices) - 1)])
    spec = DeciderSpec(
        name="c",
        kind="choices",
        text_columns=("q",),
        choices_column="o",
        label_column="y",
        row_version=ROW_VERSION,
        mix={"model": 1.0},
    )
    shown = ["beta", "gamma", "alpha"]
    decider = Decider(spec, guard=GUARD, language_model=model)
    found = decider.decide([{"q": "which", "o": shown}, {"q": "which", "o": shown[::-1]}])
    prompts = {row_prompt({"q": "which", "o": own}, spec, guard=GUARD).text for own in (shown, shown[::-1])}
    assert [one.label for one in found] == ["alpha", "alpha"]
    assert len(prompts) == 1


def test_a_kept_expert_says_the_same(expert: PlainExpert, tmp_path: Path) -> None:
    rows, _ = windows(20, 4)
    expert.save(tmp_path)
    again = load_plain(tmp_path / PLAIN_FILE, SPEC)
    assert np.allclose(again.log_probabilities(rows), expert.log_probabilities(rows), atol=1e-5)


def test_an_expert_that_reads_choices_by_their_place_is_refused(expert: PlainExpert) -> None:
    old = {name: value for name, value in expert.state.items() if name != "reader"}
    with pytest.raises(DeciderError, match="by their place"):
        PlainExpert(old, SPEC).log_probabilities(windows(2, 5)[0])


def test_without_validation_rows_it_is_fitted_all_the_same() -> None:
    rows, truth = windows(60, 6)
    found = fit_plain(rows, truth, SPEC, validation_rows=[], validation_labels=[])
    assert (found.log_probabilities(rows).argmax(axis=1) == truth).mean() > 0.9
