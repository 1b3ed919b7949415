"""A change touches what it is named for and nothing else, and never what makes the answer right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from finetune.perturbation import VENDORS, perturb
from telcollm.decider.rows import HISTORY, Row, right_choice, row_choices
from telcollm.decider.spec import DeciderSpec, HistorySpec

SPEC = DeciderSpec(name="p", text_columns=("text",), labels=("a", "b"), history=HistorySpec("c"))
CHOICES = DeciderSpec(name="p", kind="choices", text_columns=("text",), choices_column="o", label_column="y")


def one(row: Row, change: str, spec: DeciderSpec = SPEC) -> Row:
    return perturb([row], spec, seed=3)[change][0]


def test_a_renamed_object_has_its_old_shape_and_one_new_name_throughout() -> None:
    row: Row = {
        "text": "BTS-0041 lost ge-0/0/1, BTS-0041 is 12 km off",
        HISTORY: ({"text": "BTS-0041 again"},),
        "c": 1,
    }
    changed = one(row, "identifiers")
    words = str(changed["text"]).split()
    assert words[0].startswith("BTS-") and words[0] != "BTS-0041" and words[0] == words[3]
    assert words[2].startswith("ge-") and words[-3:] == ["12", "km", "off"]
    assert changed[HISTORY][0]["text"] == f"{words[0]} again"  # type: ignore[index]


def test_numbers_times_quantities_and_words_are_no_names() -> None:
    text = "at 2026-01-31T12:00:00Z 5GB 10ms -71.5dBm 4G 80% 10.0.0.1 <MSISDN:0a1b2c3d4e> link-down 17"
    row: Row = {"text": text}
    assert one(row, "identifiers") is row


def test_vendors_are_exchanged_one_for_one_and_keep_their_case() -> None:
    row: Row = {"text": "HUAWEI router, Nokia cell, huawei again"}
    words = str(one(row, "vendors")["text"]).split()
    assert words[0].isupper() and words[4].islower() and words[0].lower() == words[4]
    assert words[2] in VENDORS and words[2] != "Nokia" and words[2].upper() != words[0]


def test_only_lines_of_one_second_change_places() -> None:
    text = "\n".join(
        [f"+1s o{place} down" for place in range(6)] + [f"+{place}s up" for place in range(2, 6)]
    )
    lines = str(one({"text": text}, "lines")["text"]).split("\n")
    assert sorted(lines[:6]) == text.split("\n")[:6] != lines[:6]
    assert lines[6:] == text.split("\n")[6:]


TEXTS = st.text(st.sampled_from("abc12 -"), min_size=1, max_size=6).filter(lambda text: bool(text.strip()))


@given(st.lists(TEXTS, min_size=2, max_size=6), st.integers(0, 5))
def test_the_right_choice_stays_the_right_one_wherever_it_stands(choices: list[str], right: int) -> None:
    right %= len(choices)
    row: Row = {"text": "which", "o": choices, "y": choices[right]}
    if len({" ".join(choice.split()) for choice in choices}) < len(choices):
        return
    changed = one(row, "choices", CHOICES)
    shown = row_choices(changed, CHOICES)
    assert sorted(shown) == sorted(choices)
    assert shown[right_choice(changed, CHOICES)] == choices[right]


def test_names_in_choices_are_renamed_with_the_text_and_the_label_follows() -> None:
    row: Row = {"text": "BTS-1 is dark", "o": ["BTS-1 power", "RNC12 link"], "y": "BTS-1 power"}
    changed = one(row, "identifiers", CHOICES)
    choices = row_choices(changed, CHOICES)
    assert choices[0].split()[0] == str(changed["text"]).split()[0]
    assert right_choice(changed, CHOICES) == 0


def test_a_row_without_what_changes_is_the_same_object_and_the_seed_decides_the_rest() -> None:
    rows: list[Row] = [{"text": "no light on the modem"}, {"text": "BTS-7 Nokia"}]
    found = perturb(rows, SPEC, seed=1)
    assert set(found) == {"identifiers", "vendors", "lines"}
    assert all(changed[0] is rows[0] for changed in found.values())
    assert found == perturb(rows, SPEC, seed=1) != perturb(rows, SPEC, seed=2)
