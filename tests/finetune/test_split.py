"""Laws of splits: what belongs together stays on one side, whatever the rows; the seed decides the rest."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.columns import TaskColumns, row_label
from finetune.formats import TableError
from finetune.split import SHARES, Split, guess_group, labels_of, parse_time, split_rows
from telcollm.decider.rows import Row

LABELS = st.sampled_from(["ran", "core", "transport"])
GROUPED = st.lists(st.tuples(st.integers(0, 15), LABELS, st.text(max_size=60)), min_size=30, max_size=120)


def rows_of(items: list[tuple[int, str, str]]) -> list[Row]:
    return [{"group": f"g{group}", "y": label, "text": text, "t": group} for group, label, text in items]


def sides_by(rows: list[Row], split: Split, column: str) -> dict[object, set[str]]:
    found: dict[object, set[str]] = defaultdict(set)
    for row, side in zip(rows, split.sides, strict=True):
        found[row[column]].add(side)
    return found


@settings(deadline=None, max_examples=50)
@given(items=GROUPED, seed=st.integers(0, 5))
def test_no_group_is_on_two_sides(items: list[tuple[int, str, str]], seed: int) -> None:
    rows = rows_of(items)
    if len({row["group"] for row in rows}) < 3:
        return
    split = split_rows(rows, TaskColumns(text=("text",), label="y", group="group"), seed=seed)
    assert all(len(sides) == 1 for sides in sides_by(rows, split, "group").values())
    assert all(split.sizes.values()) and sum(split.sizes.values()) == len(rows)
    assert split.method == "group"


@settings(deadline=None, max_examples=50)
@given(items=GROUPED, seed=st.integers(0, 5))
def test_long_texts_alike_are_on_one_side_without_any_group(
    items: list[tuple[int, str, str]], seed: int
) -> None:
    rows = [
        {**row, "text": f"the customer of site number {row['group']} reports that all services are gone"}
        for row in rows_of(items)
    ]
    if len({row["group"] for row in rows}) < 12:
        return
    for place, row in enumerate(rows):
        # Digits alone would make all sites one text: their names must differ.
        word = "abcdefghijklmnop"[int(str(row["t"]))] * 6
        rows[place] = {**row, "text": f"{word} {word} {word} {word} {row['text']} {word} {word}"}
    split = split_rows(rows, TaskColumns(text=("text",), label="y"), seed=seed)
    assert all(len(sides) == 1 for sides in sides_by(rows, split, "text").values())
    assert split.method == "content"


@settings(deadline=None, max_examples=50)
@given(items=GROUPED, seed=st.integers(0, 5))
def test_a_split_hangs_on_rows_and_seed_alone(items: list[tuple[int, str, str]], seed: int) -> None:
    rows = rows_of(items)
    columns = TaskColumns(text=("text",), label="y")
    assert split_rows(rows, columns, seed=seed) == split_rows([dict(row) for row in rows], columns, seed=seed)


@settings(deadline=None)
@given(times=st.lists(st.integers(0, 40), min_size=30, max_size=100), grouped=st.booleans())
def test_by_time_the_past_is_learned_from_and_the_future_is_tested(times: list[int], grouped: bool) -> None:
    if len(set(times)) < 8:
        return
    rows: list[Row] = [
        {"y": "ab"[i % 2], "text": str(i), "t": time, "g": i % 7} for i, time in enumerate(times)
    ]
    columns = TaskColumns(text=("text",), label="y", time="t", group="g" if grouped else "")
    try:
        split = split_rows(rows, columns)
    except TableError:
        # Long groups may leave a side empty: that is refused, never mended by mixing times.
        assert grouped
        return
    assert split.method == "time"
    test = [times[place] for place in split.places("test")]
    train = [times[place] for place in split.places("train")]
    if grouped:
        assert all(len(sides) == 1 for sides in sides_by(rows, split, "g").values())
    else:
        assert max(train) < min(times[place] for place in split.places("validation"))
        assert max(train) < min(test)


def test_every_label_is_in_training_and_keeps_its_share() -> None:
    rows: list[Row] = [
        {"y": "rare" if place < 3 else "single" if place == 3 else "ab"[place % 2], "text": f"row {place}"}
        for place in range(1000)
    ]
    split = split_rows(rows, TaskColumns(text=("text",), label="y"))
    train = {row_label(rows[place], TaskColumns(label="y")) for place in split.places("train")}
    assert train == {"rare", "single", "a", "b"}
    for side, share in SHARES.items():
        own = [rows[place]["y"] for place in split.places(side)]
        assert abs(own.count("a") / 498 - share) < 0.02


def test_a_given_column_decides_and_a_missing_validation_side_is_cut_from_training() -> None:
    rows: list[Row] = [
        {"y": "ab"[place % 2], "text": f"r{place}", "part": "Dev" if place % 5 == 0 else "TRAIN"}
        for place in range(100)
    ]
    split = split_rows(rows, TaskColumns(text=("text",), label="y", split="part"))
    assert split.places("test") == list(range(0, 100, 5))
    assert split.method == "column" and 10 <= split.sizes["validation"] <= 20
    assert "no validation side" in split.notes[1]
    again = split_rows(rows, TaskColumns(text=("text",), label="y"), assigned=["train"] * 70 + ["test"] * 30)
    assert again.places("test") == list(range(70, 100))


def test_a_column_that_looks_like_a_conversation_is_kept_whole_unasked() -> None:
    rows: list[Row] = [
        {"y": "ab"[place % 2], "text": f"r{place}", "conversation_id": f"c{place // 4}"}
        for place in range(120)
    ]
    columns = TaskColumns(text=("text",), label="y")
    assert guess_group(rows, columns) == "conversation_id"
    split = split_rows(rows, columns)
    assert all(len(sides) == 1 for sides in sides_by(rows, split, "conversation_id").values())
    assert "looks like" in split.reason


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ([{"y": "a", "text": "x"}] * 9, TaskColumns(text=("text",), label="y"), "9 rows"),
        ([{"y": "a", "g": "1"}] * 20, TaskColumns(label="y", group="g"), "1 different groups"),
        ([{"y": "a", "t": "5"}] * 20, TaskColumns(label="y", time="t"), "1 different times"),
        ([{"y": "a", "t": "soon"}] * 20, TaskColumns(label="y", time="t"), "holds 'soon'"),
        ([{"y": "a", "s": "part 3"}] * 20, TaskColumns(label="y", split="s"), "holds 'part 3'"),
        ([{"y": "a", "s": "test"}] * 20, TaskColumns(label="y", split="s"), "leaves train and validation"),
    ],
)
def test_a_split_that_cannot_be_made_is_refused_with_what_to_do(
    rows: list[Row], columns: TaskColumns, said: str
) -> None:
    with pytest.raises(TableError, match=said) as caught:
        split_rows(rows, columns)
    assert str(caught.value).count(";") >= 1


def test_times_are_read_in_the_forms_people_write() -> None:
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()
    written = [
        "2026-01-31T12:00:00Z",
        "2026-01-31 13:00:00+01:00",
        "31 Jan 2026 12:00",
        noon,
        noon * 1000,
        str(noon),
    ]
    assert {parse_time(cell, "t") for cell in written} == {noon}
    assert parse_time(datetime(2026, 1, 31, 12, tzinfo=UTC), "t") == noon
    assert parse_time(None, "t") is None and parse_time("", "t") is None


def test_labels_come_from_training_and_validation_alone_numbers_by_size() -> None:
    rows: list[Row] = [{"y": label} for label in ("10", "9", 2.0, "b", None)]
    split = Split(("train", "validation", "train", "test", "train"), "column", "")
    assert labels_of(rows, split, TaskColumns(label="y")) == ("2", "9", "10")
